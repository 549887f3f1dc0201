"""The inbox: events that wait for a liaison, with or without a case, and everything needed to decide about one."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, func, literal, select, union_all
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import FINISHED, CaseState
from opinion_service.domain.casework.concerns import suggest
from opinion_service.domain.casework.inbox_acts import InboxAct, RowFacts, refusal
from opinion_service.models import Case, Concern, Department, Event, Item, ItemKey, Publication, Source
from opinion_service.queries.reading import events
from opinion_service.queries.reading.events import EventFilter, EventPage, EventRow
from opinion_service.queries.reading.learning import Mark, marks_of

STATES = {"": ("inbox", "to_dispatch"), "cases": ("to_dispatch",), "events": ("inbox",), "snoozed": ("snoozed",)}
MOST_ITEMS = 12
MOST_NEAR = 4_000
MOST_KIN = 20
# One rare word in common is chance.
LEAST_SHARED = 2
SHOWN_KIN = 5
EXCERPT = 160
MOST_QUESTIONS = 20


@dataclass(frozen=True, slots=True)
class InboxItem:
    """One item of the event with what the reader needs to judge it."""

    title: str
    body: str
    url: str
    source: str
    at: datetime
    id: int
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class KinCase:
    """A case about something alike; `answer` and `publication_id` are those of its latest answer in force."""

    number: str
    title: str
    state: str
    state_label: str
    department: str
    opened_at: datetime
    is_open: bool
    publication_id: int | None
    answer: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The right pane: the row, its latest items, the routing decision as stored, what the public asks, cases alike."""

    row: EventRow
    items: tuple[InboxItem, ...]
    decision: dict[str, Any]
    concerns: tuple[str, ...]
    open_kin: tuple[KinCase, ...]
    answered_kin: tuple[KinCase, ...]


def list_inbox(session: Session, wanted: EventFilter, *, now: datetime) -> EventPage:
    """Return a page of the inbox; `wanted.state` is a key of STATES. At most six statements.

    Rows with and without a case are read apart, each along its own index, and put together here.
    """
    kinds = STATES.get(wanted.state, STATES[""])
    pages = [events.list_events(session, replace(wanted, state=kind), now=now) for kind in kinds]
    if len(pages) == 1:
        return pages[0]
    sort = pages[0].sort
    rows = sorted(
        (row for page in pages for row in page.rows),
        key=lambda row: (events.sort_value(row, sort), row.id),
        reverse=not wanted.is_ascending,
    )
    is_more = len(rows) > events.PAGE or any(page.after for page in pages)
    shown = tuple(rows[: events.PAGE])
    after = events.key_of(shown[-1], sort) if shown and is_more else ""
    return EventPage(shown, after, sum(page.total for page in pages), sort, not wanted.is_ascending)


def counts(session: Session, filters: tuple[EventFilter, ...], *, now: datetime) -> tuple[int, ...]:
    """Return how many rows each filter finds, up to two thousand; one statement for all of them."""
    parts = [
        select(literal(place, Integer).label("place"), _counted(replace(one, state=kind), now).label("n"))
        for place, one in enumerate(filters)
        for kind in STATES.get(one.state, STATES[""])
    ]  # fmt: skip
    found = [0] * len(filters)
    if parts:
        for row in session.execute(union_all(*parts)):
            found[row.place] += row.n
    return tuple(found)


def _counted(wanted: EventFilter, now: datetime) -> Any:
    return events.counted(wanted, now=now).scalar_subquery()


def preview(session: Session, event_id: int, *, now: datetime) -> Preview | None:
    """Return what is shown of one event, or None when there is none; a fixed number of statements."""
    found = events.rows_of(session, (event_id,), now=now)
    if not found:
        return None
    items, kin = _items(session, event_id), _kin(session, event_id)
    return Preview(
        row=found[0],
        items=items,
        decision=session.scalar(select(Event.routing).where(Event.id == event_id)) or {},
        concerns=_concerns(session, event_id, items),
        open_kin=tuple(one for one in kin if one.is_open)[:SHOWN_KIN],
        answered_kin=tuple(one for one in kin if one.publication_id)[:SHOWN_KIN],
    )


def _concerns(session: Session, event_id: int, items: tuple[InboxItem, ...]) -> tuple[str, ...]:
    """Return the questions on the event's case; before there are any, those that stand in the items shown."""
    asked = select(Concern.question).join(Case, Case.id == Concern.case_id).where(Case.event_id == event_id)
    kept = tuple(session.scalars(asked.order_by(Concern.id).limit(MOST_QUESTIONS)))
    texts = ((place, f"{one.title}\n{one.body}") for place, one in enumerate(items))
    return kept or tuple(one.question for one in suggest(texts))


def refusals(rows: tuple[EventRow, ...], act: InboxAct) -> dict[int, str]:
    """Return for each row by its id why the act would skip it; empty when it would not."""
    return {row.id: refusal(act, facts_of(row)) or _missing(row, act) for row in rows}


def facts_of(row: EventRow) -> RowFacts:
    """Return what decides which acts are open for a row."""
    return RowFacts(row.state, row.case_state, row.is_declining)


def _missing(row: EventRow, act: InboxAct) -> str:
    return "没有建议承办单位，请单独交办。" if act is InboxAct.DISPATCH and row.department_id is None else ""


def _items(session: Session, event_id: int) -> tuple[InboxItem, ...]:
    """Return the latest items in the order of time."""
    rows = session.execute(
        select(Item, Source.name.label("source"))
        .join(Source, Source.id == Item.source_id)
        .where(Item.event_id == event_id)
        .order_by(Item.first_seen_at.desc(), Item.id.desc())
        .limit(MOST_ITEMS)
    ).all()
    marks = marks_of(session, (row.Item for row in rows))
    return tuple(_item(row, marks.get(row.Item.id)) for row in reversed(rows))


def _item(row: Any, mark: Mark | None) -> InboxItem:
    one = row.Item
    at = one.published_at or one.first_seen_at
    return InboxItem(one.title, one.body, one.url, row.source, at, one.id, mark)


def _kin(session: Session, event_id: int) -> tuple[KinCase, ...]:
    """Return the cases that share at least two rare words with the event, the nearest first; two statements."""
    own = select(Item.id).where(Item.event_id == event_id).order_by(Item.id.desc()).limit(events.PAGE)
    terms = select(ItemKey.term).where(ItemKey.item_id.in_(own))
    # The newest four thousand that share a word: enough to find the nearest, whatever the archive holds.
    near = (
        select(ItemKey.item_id, ItemKey.term)
        .where(ItemKey.term.in_(terms))
        .order_by(ItemKey.at.desc())
        .limit(MOST_NEAR)
        .subquery()
    )
    shared = (
        select(Item.event_id, func.count(near.c.term.distinct()).label("shared"))
        .join(near, near.c.item_id == Item.id)
        .where(Item.event_id != event_id)
        .group_by(Item.event_id)
        .having(func.count(near.c.term.distinct()) >= LEAST_SHARED)
        .subquery()
    )
    rows = session.execute(
        select(Case, Department.name.label("department"))
        .join(shared, shared.c.event_id == Case.event_id)
        .outerjoin(Department, Department.id == Case.lead_department_id)
        .where(Case.state.not_in((CaseState.MERGED.value, CaseState.DECLINED.value)))
        .order_by(shared.c.shared.desc(), Case.id.desc())
        .limit(MOST_KIN)
    ).all()
    answers = _answers(session, [row.Case.id for row in rows])
    return tuple(_kin_case(row, answers.get(row.Case.id)) for row in rows)


def _answers(session: Session, case_ids: list[int]) -> dict[int, Publication]:
    statement = select(Publication).where(Publication.case_id.in_(case_ids), Publication.withdrawn_at.is_(None))
    return {one.case_id: one for one in session.scalars(statement.order_by(Publication.id))}


def _kin_case(row: Any, answer: Publication | None) -> KinCase:
    case, state = row.Case, CaseState(row.Case.state)
    return KinCase(
        case.number, case.title, case.state, state.label, row.department or "", case.opened_at, state not in FINISHED,
        answer.id if answer else None, answer.body[:EXCERPT] if answer else "",
    )  # fmt: skip
