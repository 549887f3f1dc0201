"""The list of cases as frozen rows, filtered, paged by key and scoped to the actor."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import FINISHED, MOVES, CaseAction, CaseState
from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.people import Actor
from opinion_service.models import Case, CountersignDispute, Department, Draft
from opinion_service.queries import paging
from opinion_service.queries.scope import visible_to

PAGE = 30
# From when on a due time is called near, on the home page too.
SOON = timedelta(hours=4)
MOST_COUNTED = 1000
_REVISITED = tuple(state.value for state in MOVES[CaseAction.REVISIT].sources)
# A co-department disagrees with the newest draft and the office has not ruled yet.
IS_DISPUTED = Case.id.in_(
    select(Draft.case_id)
    .join(CountersignDispute, CountersignDispute.draft_id == Draft.id)
    .where(CountersignDispute.decision == "")
)


def _to_revisit(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a refusal to be reviewed, or a closed case to be visited again, today or before."""
    today = now.astimezone(ZONE).date()
    return Case.review_on <= today, Case.revisited_at.is_(None), Case.state.in_(_REVISITED)


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What a list is narrowed to; `after` is the key of the last row seen (`due|id`)."""

    state: str = ""
    department_id: int | None = None
    grade: str = ""
    topic: str = ""
    text: str = ""
    is_late: bool = False
    is_soon: bool = False
    handler_id: int | None = None
    is_disputed: bool = False
    is_to_revisit: bool = False
    after: str = ""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of a list of cases."""

    id: int
    number: str
    title: str
    state: str
    state_label: str
    grade: str
    hot_topic: str
    department: str
    next_due_at: datetime | None
    opened_at: datetime
    urgency: str


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of cases; `after` leads to the next, empty on the last."""

    rows: tuple[CaseRow, ...]
    after: str
    total: int
    sort: str = "due"
    descending: bool = False


def list_cases(session: Session, actor: Actor, wanted: CaseFilter, *, now: datetime) -> CasePage:
    """Return a page of the actor's cases, the earliest deadline first; at most three statements.

    Cases without a running clock come last, by a statement of their own: one order over both would
    keep the database from walking the index.
    """
    conditions = _conditions(actor, wanted, now)
    by_due, by_id = paging.Order(Case.id, Case.next_due_at, paging.moment), paging.Order(Case.id)
    # The key of a case without a running clock has no time: `|id`.
    further = by_id.beyond(wanted.after) if wanted.after.startswith("|") else ()
    found: list[Any] = []
    if not further:
        running = _listed(*conditions, Case.next_due_at.is_not(None), *by_due.beyond(wanted.after))
        found = list(session.execute(running.order_by(*by_due.by()).limit(PAGE + 1)))
    if len(found) <= PAGE:
        stopped = _listed(*conditions, Case.next_due_at.is_(None), *further)
        found += session.execute(stopped.order_by(*by_id.by()).limit(PAGE + 1 - len(found)))
    total = session.scalar(_counted(conditions)) or 0
    rows = tuple(_row(row, now) for row in found[:PAGE])
    after = paging.key_of(rows[-1].next_due_at or "", rows[-1].id) if len(found) > PAGE else ""
    return CasePage(rows, after, total)


def counts(session: Session, actor: Actor, filters: tuple[CaseFilter, ...], *, now: datetime) -> tuple[int, ...]:
    """Return how many of the actor's cases each filter finds, up to a thousand; one statement for all of them."""
    parts = [
        select(
            literal(place, Integer).label("place"), _counted(_conditions(actor, one, now)).scalar_subquery().label("n")
        )
        for place, one in enumerate(filters)
    ]
    found = {row.place: row.n for row in session.execute(union_all(*parts))} if parts else {}
    return tuple(found[place] for place in range(len(filters)))


def _counted(conditions: list[Any]) -> Any:
    return select(func.count()).select_from(select(Case.id).where(*conditions).limit(MOST_COUNTED).subquery())


def _listed(*conditions: Any) -> Any:
    return (
        select(
            Case.id, Case.number, Case.title, Case.state, Case.grade, Case.hot_topic, Case.next_due_at,
            Case.opened_at, Department.name.label("department"),
        )
        .outerjoin(Department, Department.id == Case.lead_department_id)
        .where(*conditions)
    )  # fmt: skip


def _conditions(actor: Actor, wanted: CaseFilter, now: datetime) -> list[Any]:
    conditions: list[Any] = [visible_to(actor)]
    if wanted.state == "open":
        conditions.append(Case.state.not_in([state.value for state in FINISHED]))
    elif wanted.state:
        conditions.append(Case.state.in_(wanted.state.split(",")))
    same = (
        (Case.lead_department_id, wanted.department_id),
        (Case.grade, wanted.grade),
        (Case.hot_topic, wanted.topic),
        (Case.handler_id, wanted.handler_id),
    )
    conditions += [column == value for column, value in same if value]
    if wanted.is_disputed:
        conditions.append(IS_DISPUTED)
    if wanted.is_to_revisit:
        conditions += _to_revisit(now)
    if wanted.is_late:
        conditions.append(Case.next_due_at < now)
    if wanted.is_soon:
        conditions += [Case.next_due_at > now, Case.next_due_at <= now + SOON]
    if wanted.text:
        conditions.append(
            or_(Case.number.contains(wanted.text, autoescape=True), Case.title.contains(wanted.text, autoescape=True))
        )
    return conditions


def _row(row: Any, now: datetime) -> CaseRow:
    late = row.next_due_at is not None and row.next_due_at <= now
    soon = row.next_due_at is not None and row.next_due_at - now < SOON
    return CaseRow(
        row.id, row.number, row.title, row.state, CaseState(row.state).label, row.grade, row.hot_topic,
        row.department or "", row.next_due_at, row.opened_at, "late" if late else "soon" if soon else "ok",
    )  # fmt: skip
