"""The co-departments of a case: what each has said, whether it has countersigned, and what is in dispute."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.models import CoPart, CountersignDispute, Department, Draft, User
from opinion_service.queries.casework.case_page import CaseView, ClockView


@dataclass(frozen=True, slots=True)
class DisputeView:
    """One disagreement with one version of the draft, with the ruling when there is one."""

    id: int
    version: int
    department: str
    reason: str
    raised_by: str
    raised_at: datetime
    decision: str
    ruling: str
    ruled_at: datetime | None


@dataclass(frozen=True, slots=True)
class CoUnit:
    """One co-department: its newest part, its countersignature and its clock."""

    department_id: int
    name: str
    part: CoPart | None
    signed_version: int
    signed_at: datetime | None
    has_signed_latest: bool
    clock: ClockView | None


@dataclass(frozen=True, slots=True)
class CoWork:
    """The co-departments and every dispute, newest first."""

    units: tuple[CoUnit, ...]
    disputes: tuple[DisputeView, ...]

    @property
    def open(self) -> tuple[DisputeView, ...]:
        """Return the disputes that wait for a ruling."""
        return tuple(one for one in self.disputes if not one.decision)


def co_work(session: Session, view: CaseView) -> CoWork:
    """Return the co-work on a case in three statements at most."""
    links = view.case.co_departments
    rows = session.execute(
        select(Department.id, Department.name).where(Department.id.in_([x.department_id for x in links]))
    )
    names = {row.id: row.name for row in rows}
    parts = {
        part.department_id: part
        for part in session.scalars(select(CoPart).where(CoPart.case_id == view.case.id).order_by(CoPart.version))
    }
    latest = view.draft.version if view.draft else 0
    clocks = {clock.owner: clock for clock in view.clocks if clock.name == "协办意见"}
    units = tuple(
        CoUnit(
            link.department_id, names[link.department_id], parts.get(link.department_id), link.countersigned_version,
            link.countersigned_at, bool(latest) and link.countersigned_version == latest,
            clocks.get(names[link.department_id]),
        )
        for link in links
    )  # fmt: skip
    return CoWork(units, _disputes(session, view))


def _disputes(session: Session, view: CaseView) -> tuple[DisputeView, ...]:
    rows = session.execute(
        select(CountersignDispute, Draft.version, Department.name.label("department"), User.name.label("person"))
        .join(Draft, Draft.id == CountersignDispute.draft_id)
        .join(Department, Department.id == CountersignDispute.department_id)
        .join(User, User.id == CountersignDispute.raised_by_id)
        .where(Draft.case_id == view.case.id)
        .order_by(CountersignDispute.id.desc())
    )
    return tuple(
        DisputeView(
            row.CountersignDispute.id, row.version, row.department, row.CountersignDispute.reason, row.person,
            row.CountersignDispute.raised_at, row.CountersignDispute.decision, row.CountersignDispute.ruling,
            row.CountersignDispute.ruled_at,
        )
        for row in rows
    )  # fmt: skip
