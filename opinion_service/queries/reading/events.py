"""Events as the desk looks at them: the list with its small curves, filtered, sorted and paged by key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from opinion_service.domain.reading.heat import hour_of
from opinion_service.models import Case, Department, Event, EventHour

PAGE = 30
MOST_COUNTED = 1_000
CURVE_HOURS = 48
# Column and whether the first press sorts from the top down.
SORTS: Mapping[str, Any] = {
    "heat": Event.heat,
    "new": Event.first_seen_at,
    "last": Event.last_item_at,
    "count": Event.item_count,
}
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

    state: one of STATES, `inbox` (open and not put off), or empty for all but the merged ones.
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


@dataclass(frozen=True, slots=True)
class EventPage:
    """One page of events; `after` leads to the next, empty on the last; `total` counts up to a thousand."""

    rows: tuple[EventRow, ...]
    after: str
    total: int
    sort: str
    descending: bool


def list_events(session: Session, wanted: EventFilter, *, now: datetime) -> EventPage:
    """Return a page of events in three statements. Who may see the inbox sees every event."""
    sort = wanted.sort if wanted.sort in SORTS else "heat"
    column, conditions = SORTS[sort], _conditions(wanted, now)
    order = (column.asc(), Event.id.asc()) if wanted.is_ascending else (column.desc(), Event.id.desc())
    statement = (
        select(Event, Department.name.label("department"), Case.number)
        .outerjoin(Department, Department.id == Event.department_id)
        .outerjoin(Case, Case.event_id == Event.id)
        .where(*conditions, *_beyond(column, wanted))
        .order_by(*order)
        .limit(PAGE + 1)
    )
    found = session.execute(statement).all()
    counted = select(Event.id).where(*conditions).limit(MOST_COUNTED).subquery()
    total = session.scalar(select(func.count()).select_from(counted)) or 0
    curves = curves_of(session, [row.Event.id for row in found[:PAGE]], now=now)
    rows = tuple(_row(row, curves) for row in found[:PAGE])
    after = _key(found[PAGE - 1].Event, sort) if len(found) > PAGE else ""
    return EventPage(rows, after, total, sort, not wanted.is_ascending)


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
    if wanted.state == "inbox":
        conditions += [Event.state == "open", or_(Event.snoozed_until.is_(None), Event.snoozed_until <= now)]
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


def _beyond(column: Any, wanted: EventFilter) -> tuple[Any, ...]:
    """Return the condition for rows after the key; none for the first page or a key that cannot be read."""
    text, _, id_text = wanted.after.rpartition("|")
    if not (id_text.isascii() and id_text.isdigit() and len(id_text) < 19):
        return ()
    is_time = column in (Event.first_seen_at, Event.last_item_at)
    try:
        value = datetime.fromisoformat(text) if is_time else float(text)
    except ValueError:
        return ()
    if isinstance(value, datetime) and value.tzinfo is None:
        return ()
    last = int(id_text)
    if wanted.is_ascending:
        return (or_(column > value, and_(column == value, Event.id > last)),)
    return (or_(column < value, and_(column == value, Event.id < last)),)


def _key(event: Event, sort: str) -> str:
    value = {"heat": event.heat, "new": event.first_seen_at, "last": event.last_item_at, "count": event.item_count}[
        sort
    ]
    return f"{value.isoformat() if isinstance(value, datetime) else repr(value)}|{event.id}"


def _row(row: Any, curves: Mapping[int, tuple[int, ...]]) -> EventRow:
    event = row.Event
    return EventRow(
        event.id, event.title, event.state, event.heat, tuple((str(a), float(b)) for a, b in event.heat_parts),
        event.is_rising, event.first_seen_at, event.last_item_at, event.item_count, event.source_count,
        event.negative_count, event.nature, event.hot_topic, event.territory, row.department or "",
        event.confidence, row.number or "", curves[event.id],
    )  # fmt: skip
