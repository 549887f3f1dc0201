"""Events as the desk looks at them: the list with its small curves, filtered, sorted and paged by key."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from opinion_service.domain import typed_values
from opinion_service.domain.reading.heat import hour_of
from opinion_service.models import Case, Department, Event, EventHour
from opinion_service.queries import paging

PAGE = 30
MOST_COUNTED = 1_000
CURVE_HOURS = 48
# What each sort goes by, and what reads it from a key.
SORTS: Mapping[str, tuple[Any, Callable[[str], Any]]] = {
    "heat": (Event.heat, paging.real),
    "new": (Event.first_seen_at, paging.moment),
    "last": (Event.last_item_at, paging.moment),
    "count": (Event.item_count, paging.number),
}
# A case without a running clock comes after all that have one.
FAR = datetime(typed_values.LAST_YEAR, 12, 31, tzinfo=UTC)
DUE = (func.coalesce(Case.next_due_at, FAR), paging.moment)
PRESSING = timedelta(hours=4)
STATES: Mapping[str, str] = {
    "open": "待研判",
    "cased": "已立案",
    "dismissed": "已移出",
    "merged": "已合并",
    "quiet": "已静默",
}


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What the list is narrowed to; `after` is the key of the last row seen (`value|id`).

    state: one of STATES, or empty for all but the merged ones; of the inbox `inbox` (no case yet and not put off),
    `to_dispatch` (with a case that nobody was given, and not put off) and `snoozed`.
    """

    state: str = ""
    nature: str = ""
    topic: str = ""
    text: str = ""
    is_rising: bool = False
    since: datetime | None = None
    sort: str = "heat"
    is_ascending: bool = False
    after: str = ""


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line of the list; `curve` counts items by the hour over the last 48 hours, oldest first."""

    id: int
    title: str
    state: str
    heat: float
    heat_parts: tuple[tuple[str, float], ...]
    is_rising: bool
    first_seen_at: datetime
    last_item_at: datetime
    item_count: int
    source_count: int
    negative_count: int
    nature: str
    hot_topic: str
    territory: str
    department: str
    confidence: float
    case_number: str
    curve: tuple[int, ...]
    case_state: str
    case_version: int
    is_declining: bool
    next_due_at: datetime | None
    snoozed_until: datetime | None
    snooze_reason: str
    department_id: int | None

    def pressing(self, now: datetime) -> str:
        """Return `late`, `soon` (within four hours) or `ok` for the case's next deadline."""
        if self.next_due_at is None or self.next_due_at > now + PRESSING:
            return "ok"
        return "late" if self.next_due_at <= now else "soon"


@dataclass(frozen=True, slots=True)
class EventPage:
    """One page of events; `after` leads to the next, empty on the last; `total` counts up to a thousand."""

    rows: tuple[EventRow, ...]
    after: str
    total: int
    sort: str
    descending: bool


def list_events(session: Session, wanted: EventFilter, *, now: datetime) -> EventPage:
    """Return a page of events in three statements. Who may see the inbox sees every event.

    Cases that wait to be given out can be sorted by their next deadline as well (`due`).
    """
    by_due = wanted.sort == "due" and wanted.state == "to_dispatch"
    sort = wanted.sort if by_due or wanted.sort in SORTS else "heat"
    column, read = DUE if by_due else SORTS[sort]
    order = paging.Order(Event.id, column, read, not wanted.is_ascending)
    found, last = order.page(session, _selected().where(*_conditions(wanted, now)), wanted.after, PAGE)
    total = session.scalar(counted(wanted, now=now)) or 0
    curves = curves_of(session, [row.Event.id for row in found], now=now)
    rows = tuple(_row(row, curves) for row in found)
    return EventPage(rows, key_of(rows[-1], sort) if last else "", total, sort, not wanted.is_ascending)


def counted(wanted: EventFilter, *, now: datetime) -> Any:
    """Return the statement that counts the events of a filter, up to MOST_COUNTED."""
    some = select(Event.id).outerjoin(Case, Case.event_id == Event.id).where(*_conditions(wanted, now))
    return select(func.count()).select_from(some.limit(MOST_COUNTED).subquery())


def rows_of(session: Session, ids: Sequence[int], *, now: datetime) -> tuple[EventRow, ...]:
    """Return the rows of these events in the order of the ids, without those that do not exist; two statements."""
    found = {row.Event.id: row for row in session.execute(_selected().where(Event.id.in_(ids)))}
    curves = curves_of(session, list(found), now=now)
    return tuple(_row(found[one], curves) for one in dict.fromkeys(ids) if one in found)


def _selected() -> Any:
    return (
        select(
            Event, Department.name.label("department"), Case.number, Case.state.label("case_state"),
            Case.version, Case.decline_proposer_id, Case.next_due_at,
        )
        .outerjoin(Department, Department.id == Event.department_id)
        .outerjoin(Case, Case.event_id == Event.id)
    )  # fmt: skip


def curves_of(session: Session, ids: Sequence[int], *, now: datetime) -> dict[int, tuple[int, ...]]:
    """Return the items by the hour of the last 48 hours for each event, oldest first; one statement."""
    first = hour_of(now) - timedelta(hours=CURVE_HOURS - 1)
    curves = {event_id: [0] * CURVE_HOURS for event_id in ids}
    rows = session.execute(
        select(EventHour.event_id, EventHour.hour, EventHour.item_count).where(
            EventHour.event_id.in_(ids), EventHour.hour >= first, EventHour.hour <= now
        )
    )
    for row in rows:
        curves[row.event_id][(row.hour - first) // timedelta(hours=1)] = row.item_count
    return {event_id: tuple(curve) for event_id, curve in curves.items()}


def _conditions(wanted: EventFilter, now: datetime) -> list[Any]:
    conditions: list[Any] = []
    is_due = or_(Event.snoozed_until.is_(None), Event.snoozed_until <= now)
    if wanted.state == "inbox":
        conditions += [Event.state == "open", is_due]
    elif wanted.state == "to_dispatch":
        # Found from the few new cases, not from the many events that ever became one.
        conditions += [Event.id.in_(select(Case.event_id).where(Case.state == "new")), is_due]
    elif wanted.state == "snoozed":
        waits = or_(Case.id.is_(None), Case.state == "new")
        conditions += [Event.snoozed_until > now, Event.state.not_in(("dismissed", "merged", "quiet")), waits]
    elif wanted.state in STATES:
        conditions.append(Event.state == wanted.state)
    else:
        conditions.append(Event.state != "merged")
    equal = ((Event.nature, wanted.nature), (Event.hot_topic, wanted.topic))
    conditions += [column == value for column, value in equal if value]
    if wanted.is_rising:
        conditions.append(Event.is_rising)
    if wanted.since is not None:
        conditions.append(Event.first_seen_at >= wanted.since)
    if wanted.text:
        conditions.append(Event.title.contains(wanted.text, autoescape=True))
    return conditions


def sort_value(row: EventRow, sort: str) -> Any:
    """Return what a row is sorted by."""
    return {
        "heat": row.heat, "new": row.first_seen_at, "last": row.last_item_at, "count": row.item_count,
        "due": row.next_due_at or FAR,
    }[sort]  # fmt: skip


def key_of(row: EventRow, sort: str) -> str:
    """Return the key that the page after this row begins with."""
    return paging.key_of(sort_value(row, sort), row.id)


def _row(row: Any, curves: Mapping[int, tuple[int, ...]]) -> EventRow:
    event = row.Event
    return EventRow(
        event.id, event.title, event.state, event.heat, tuple((str(a), float(b)) for a, b in event.heat_parts),
        event.is_rising, event.first_seen_at, event.last_item_at, event.item_count, event.source_count,
        event.negative_count, event.nature, event.hot_topic, event.territory, row.department or "",
        event.confidence, row.number or "", curves[event.id], row.case_state or "", row.version or 0,
        row.decline_proposer_id is not None, row.next_due_at, event.snoozed_until, event.snooze_reason,
        event.department_id,
    )  # fmt: skip
