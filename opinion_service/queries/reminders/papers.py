"""The papers of the ladder as a list and one by one, and what waits to be put into a 通报."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.people import Actor
from opinion_service.domain.reminders.ladder import OWED_BY_DESK
from opinion_service.domain.reminders.papers import DESK, PaperKind
from opinion_service.models import Acknowledgement, Case, CircularEntry, Clock, Department, LadderDocument, Rung
from opinion_service.models.conditions import OWING_DEPARTMENT
from opinion_service.queries import paging
from opinion_service.queries.scope import visible_to

PAGE = 30


@dataclass(frozen=True, slots=True)
class PaperFilter:
    """What the list is narrowed to; `after` is the id of the last paper seen."""

    kind: str = ""
    text: str = ""
    department_id: int | None = None
    descending: bool = True
    after: str = ""


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One paper of the list."""

    id: int
    kind: PaperKind
    number: str
    to: str
    case_number: str
    title: str
    issued_at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class PaperPage:
    """A page of papers; `after` leads to the next, empty on the last."""

    rows: tuple[PaperRow, ...]
    after: str
    sort: str
    descending: bool


def list_papers(session: Session, actor: Actor, wanted: PaperFilter) -> PaperPage:
    """Return a page of the papers the actor may see, by the order of issue; one statement."""
    statement = (
        select(LadderDocument, Case.number, Case.title)
        .outerjoin(Case, Case.id == LadderDocument.case_id)
        .where(_may_see(actor), *_conditions(wanted))
    )
    order = paging.Order(LadderDocument.id, descending=wanted.descending)
    found, last = order.page(session, statement, wanted.after, PAGE)
    after = str(last.LadderDocument.id) if last else ""
    return PaperPage(tuple(_row(row) for row in found), after, "issued", wanted.descending)


def paper(session: Session, actor: Actor, paper_id: int) -> LadderDocument | None:
    """Return one paper when the actor may see it, else None."""
    statement = (
        select(LadderDocument)
        .outerjoin(Case, Case.id == LadderDocument.case_id)
        .where(LadderDocument.id == paper_id, _may_see(actor))
    )
    return session.scalar(statement)


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A reached last rung that stands in no 通报 yet."""

    rung_id: int
    case_number: str
    title: str
    department: str
    clock: str
    due_at: datetime
    met_at: datetime | None
    reminded: int
    explanation: str


def candidates(
    session: Session, *, department_id: int | None = None, after: str = ""
) -> tuple[tuple[CandidateRow, ...], str]:
    """Return a page of what waits to be put into a 通报, the earliest first, and the next key (empty: none)."""
    reminded, said = aliased(Rung), aliased(Acknowledgement)
    times = select(func.count(reminded.id)).where(reminded.clock_id == Clock.id, reminded.state == "fired")
    words = (
        select(said.note).where(said.clock_id == Clock.id, said.note != "").order_by(said.id.desc()).limit(1)
    ).scalar_subquery()
    statement = (
        select(
            Rung, Clock, Case.number, Case.title, Department.name, times.scalar_subquery().label("times"),
            words.label("words"),
        )
        .join(Clock, Clock.id == Rung.clock_id)
        .join(Case, Case.id == Rung.case_id)
        .outerjoin(Department, Department.id == OWING_DEPARTMENT)
        .where(Rung.state == "fired", Rung.wording["document"].as_string() == PaperKind.CIRCULAR.value)
        .where(~exists().where(CircularEntry.rung_id == Rung.id))
    )  # fmt: skip
    if department_id:
        statement = statement.where(OWING_DEPARTMENT.in_((department_id,)))
    found, last = paging.Order(Rung.id).page(session, statement, after, PAGE)
    return tuple(_candidate(row) for row in found), str(last.Rung.id) if last else ""


def _candidate(row: Any) -> CandidateRow:
    return CandidateRow(
        row.Rung.id, row.number, row.title,
        DESK if row.Clock.kind in OWED_BY_DESK else row.name or DESK, ClockKind(row.Clock.kind).label, row.Clock.due_at,
        row.Clock.met_at, row.times - 1, row.words or "",
    )  # fmt: skip


def _may_see(actor: Actor) -> ColumnElement[bool]:
    """Return the condition: the papers of the actor's cases, and every 通报 for the desk."""
    own = and_(LadderDocument.case_id.is_not(None), visible_to(actor))
    return or_(own, LadderDocument.kind == PaperKind.CIRCULAR.value) if actor.sees_every_case else own


def _conditions(wanted: PaperFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.kind:
        conditions.append(LadderDocument.kind == wanted.kind)
    if wanted.department_id:
        conditions.append(Case.lead_department_id == wanted.department_id)
    if wanted.text:
        conditions.append(
            or_(Case.number.contains(wanted.text, autoescape=True), Case.title.contains(wanted.text, autoescape=True))
        )
    return conditions


def _row(row: Any) -> PaperRow:
    one = row.LadderDocument
    return PaperRow(
        one.id, PaperKind(one.kind), one.content["number"], one.content["to"].rstrip("："), row.number or "",
        row.title or "", one.issued_at, len(one.content["rows"]),
    )  # fmt: skip
