"""Issues the papers of the ladder: one with each rung that calls for it, and the 通报 on the supervisor's word."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.errors import Forbidden, InvalidInput
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.reminders.ladder import OWED_BY_DESK
from opinion_service.domain.reminders.papers import Lateness, PaperKind, circular, paper_number, rung_paper
from opinion_service.models import (
    Acknowledgement,
    Case,
    CircularEntry,
    Clock,
    Department,
    LadderDocument,
    Rung,
)
from opinion_service.models.conditions import OWING_DEPARTMENT
from opinion_service.services import journal
from opinion_service.services.transaction import transaction

MOST_IN_ONE = 200


def issue_for(session: Session, rung: Rung, clock: Clock, case: Case, told: Sequence[str], *, now: datetime) -> str:
    """Issue the paper that a fired rung calls for inside the caller's transaction; return its number or nothing."""
    code = rung.wording["document"]
    if code not in (PaperKind.REMINDER, PaperKind.NOTICE):
        return ""
    kind, year = PaperKind(code), now.astimezone(ZONE).year
    serial = _next_serial(session, kind, year)
    number = paper_number(kind, year, serial)
    owing = session.get(Department, clock.party) if clock.party else case.lead_department
    late = _lateness(case, clock, owing.name if owing else "")
    session.add(
        LadderDocument(
            kind=kind.value, year=year, serial=serial, case_id=case.id, rung_id=rung.id,
            content=rung_paper(kind, number, late, told, now=now), issued_at=now,
        )
    )  # fmt: skip
    session.flush()
    return number


def issue_circular(rung_ids: Sequence[int], note: str, *, actor: Actor, now: datetime) -> int:
    """Issue a 通报 of the chosen rungs and return its id; each rung stands in one 通报 only.

    Raise Forbidden for anybody but a supervisor, InvalidInput when nothing is chosen, when more than 200
    are, or when one of them is not a reached last rung or stands in a 通报 already.
    """
    if actor.role is not Role.SUPERVISOR:
        raise Forbidden("只有督查可以印发通报。")
    wanted = sorted(set(rung_ids))
    if not 1 <= len(wanted) <= MOST_IN_ONE:
        raise InvalidInput(f"请勾选 1–{MOST_IN_ONE} 件列入通报的事项。", "rung_id")
    with transaction() as session:
        year = now.astimezone(ZONE).year
        serial = _next_serial(session, PaperKind.CIRCULAR, year)
        rows = _late(session, wanted)
        if len(rows) != len(wanted):
            raise InvalidInput("所选事项中有的已列入通报或未到通报时点，请刷新后重选。", "rung_id")
        number = paper_number(PaperKind.CIRCULAR, year, serial)
        paper = LadderDocument(
            kind=PaperKind.CIRCULAR.value, year=year, serial=serial, content=circular(number, rows, note, now=now),
            issued_at=now, issued_by_id=actor.user_id,
        )  # fmt: skip
        session.add(paper)
        session.flush()
        session.add_all(CircularEntry(rung_id=rung_id, document_id=paper.id) for rung_id in wanted)
        entry = journal.Entry("circular_issued", f"印发通报 {number}，{len(wanted)} 件", detail={"rungs": wanted})
        journal.record(session, entry, actor=actor, now=now)
        return paper.id


def _next_serial(session: Session, kind: PaperKind, year: int) -> int:
    # Two issues at once wait for each other here; the year's first number has no row to lock yet.
    journal.hold(session)
    statement = select(func.max(LadderDocument.serial)).where(
        LadderDocument.kind == kind.value, LadderDocument.year == year
    )
    return (session.scalar(statement) or 0) + 1


def _lateness(case: Case, clock: Clock, department: str, reminded: int = 0, explanation: str = "") -> Lateness:
    department = "" if clock.kind in OWED_BY_DESK else department
    label = ClockKind(clock.kind).label
    return Lateness(
        case.number, case.title, department, label, clock.due_at, clock.basis, reminded, explanation
    )  # fmt: skip


def _late(session: Session, rung_ids: Sequence[int]) -> list[Lateness]:
    """Return the chosen rungs that may stand in a 通报, with how often was reminded and what was said last."""
    listed = select(CircularEntry.rung_id)
    rows = session.execute(
        select(Rung, Clock, Case, Department.name.label("department"))
        .join(Clock, Clock.id == Rung.clock_id)
        .join(Case, Case.id == Rung.case_id)
        .outerjoin(Department, Department.id == OWING_DEPARTMENT)
        .where(Rung.id.in_(rung_ids), Rung.state == "fired", Rung.id.not_in(listed))
    ).all()
    clocks = [row.Clock.id for row in rows]
    reminded = dict(
        session.execute(
            select(Rung.clock_id, func.count(Rung.id))
            .where(Rung.clock_id.in_(clocks), Rung.state == "fired")
            .group_by(Rung.clock_id)
        ).all()
    )
    said = {
        ack.clock_id: ack.note
        for ack in session.scalars(
            select(Acknowledgement)
            .where(Acknowledgement.clock_id.in_(clocks), Acknowledgement.note != "")
            .order_by(Acknowledgement.id)
        )
    }
    return [
        _lateness(
            row.Case, row.Clock, row.department or "", int(reminded[row.Clock.id]) - 1, said.get(row.Clock.id, "")
        )
        for row in rows
        if row.Rung.wording["document"] == PaperKind.CIRCULAR
    ]  # fmt: skip
