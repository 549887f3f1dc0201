"""What the system proposes about cases: of one case, and as a list for those who decide."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.grading import ProposalKind
from opinion_service.domain.people import Actor, Role
from opinion_service.models import Case, CaseProposal, Department, User
from opinion_service.queries import paging
from opinion_service.queries.scope import visible_to
from opinion_service.queries.todo import Todo

PAGE = 30
MOST_OF_CASE = 30


@dataclass(frozen=True, slots=True)
class ProposalFilter:
    """What the list is narrowed to; `after` is the id of the last row seen."""

    state: str = "open"
    kind: str = ""
    department_id: int | None = None
    text: str = ""
    descending: bool = True
    after: str = ""


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """One proposal with its case and who decided it."""

    id: int
    kind: ProposalKind
    value: str
    reasons: tuple[str, ...]
    state: str
    proposed_at: datetime
    decided_at: datetime | None
    decided_by: str
    note: str
    number: str
    title: str
    department: str
    grade: str


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """A page of proposals; `after` leads to the next, empty on the last."""

    rows: tuple[ProposalRow, ...]
    after: str
    sort: str
    descending: bool


def list_proposals(session: Session, actor: Actor, wanted: ProposalFilter) -> ProposalPage:
    """Return a page of the proposals on the actor's cases in the order in which they were made; one statement."""
    order = paging.Order(CaseProposal.id, descending=wanted.descending)
    statement = _rows().where(visible_to(actor), *_conditions(wanted))
    found, last = order.page(session, statement, wanted.after, PAGE)
    after = str(last.CaseProposal.id) if last else ""
    return ProposalPage(tuple(_row(row) for row in found), after, "proposed", wanted.descending)


def of_case(session: Session, case_id: int) -> tuple[ProposalRow, ...]:
    """Return the proposals on a case, the open ones first, then the latest."""
    statement = _rows().where(CaseProposal.case_id == case_id)
    rows = session.execute(statement.order_by(CaseProposal.state != "open", CaseProposal.id.desc()).limit(MOST_OF_CASE))
    return tuple(_row(row) for row in rows)


def todos(session: Session, actor: Actor) -> list[Todo]:
    """Return how many proposals wait for a decision, as todos; one statement."""
    if actor.role not in (Role.LIAISON, Role.SUPERVISOR):
        return []
    is_round = CaseProposal.kind == ProposalKind.ROUND.value
    row = session.execute(
        select(func.count().filter(~is_round), func.count().filter(is_round)).where(CaseProposal.state == "open")
    ).one()
    return [
        Todo(row[1], "件发布后复燃，待决定是否重新办理", "/proposals?kind=round", "决定", "soon"),
        Todo(row[0], "项定级建议待决定", "/proposals", "决定", "info"),
    ]


def _rows() -> Any:
    return (
        select(CaseProposal, Case.number, Case.title, Case.grade, Department.name, User.name.label("person"))
        .join(Case, Case.id == CaseProposal.case_id)
        .outerjoin(Department, Department.id == Case.lead_department_id)
        .outerjoin(User, User.id == CaseProposal.decided_by_id)
    )


def _row(row: Any) -> ProposalRow:
    one = row.CaseProposal
    return ProposalRow(
        one.id, ProposalKind(one.kind), one.value, tuple(one.reasons), one.state, one.proposed_at, one.decided_at,
        row.person or "", one.note, row.number, row.title, row.name or "", row.grade,
    )  # fmt: skip


def _conditions(wanted: ProposalFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    pairs = (
        (CaseProposal.state, wanted.state), (CaseProposal.kind, wanted.kind),
        (Case.lead_department_id, wanted.department_id),
    )  # fmt: skip
    found += [column == value for column, value in pairs if value]
    if wanted.text:
        found.append(
            or_(Case.number.contains(wanted.text, autoescape=True), Case.title.contains(wanted.text, autoescape=True))
        )
    return found
