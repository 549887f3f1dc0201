"""One event with everything its page shows, read in a fixed number of statements."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from opinion_service.models import (
    Case,
    Department,
    Event,
    EventChange,
    EventChangeItem,
    EventHour,
    Item,
    ItemKey,
    RankPoint,
    Source,
    User,
)
from opinion_service.queries import paging
from opinion_service.queries.reading.learning import Mark, marks_of

ITEMS = 50
MOST_HOURS = 24 * 14
MOST_POINTS = 200
MOST_CHANGES = 20
MOST_KIN = 8
KIN_FROM = 10
KINDS = {"merge": "合并", "split": "拆分", "move": "移动"}


@dataclass(frozen=True, slots=True)
class EventItem:
    """One item of the event in the order of time."""

    id: int
    title: str
    body: str
    url: str
    source: str
    at: datetime
    mark: Mark | None
    reason: str
    is_by_hand: bool
    rank: int | None
    heat_value: float | None


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One merge, split or move that concerned the event."""

    id: int
    kind: str
    at: datetime
    actor: str
    reason: str
    other_id: int
    other_title: str
    is_outward: bool
    count: int
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the event's entries stood on hot lists at one snapshot: the best rank and the largest value."""

    at: datetime
    rank: int | None
    value: float | None


@dataclass(frozen=True, slots=True)
class EventView:
    """Everything the event page shows; `event` is detached and read only."""

    event: Event
    department: str
    case_number: str
    merged_into: str
    items: tuple[EventItem, ...]
    after: str
    hours: tuple[tuple[datetime, int, float], ...]
    standings: tuple[Standing, ...]
    changes: tuple[ChangeView, ...]
    kin: tuple[tuple[int, str, str], ...]

    @property
    def best_rank(self) -> int | None:
        """Return the best place on a hot list ever seen, or None."""
        return min((one.rank for one in self.standings if one.rank is not None), default=None)

    @property
    def largest_value(self) -> float | None:
        """Return the largest public counter ever seen, or None."""
        return max((one.value for one in self.standings if one.value is not None), default=None)


def event_view(session: Session, event_id: int, after: str = "", *, now: datetime) -> EventView | None:
    """Return the event, or None when there is none; `after` is the key of the last item seen (`time|id`)."""
    into = aliased(Event)
    row = session.execute(
        select(Event, Department.name.label("department"), Case.number, into.title.label("into"))
        .outerjoin(Department, Department.id == Event.department_id)
        .outerjoin(Case, Case.event_id == Event.id)
        .outerjoin(into, into.id == Event.merged_into_id)
        .where(Event.id == event_id)
    ).first()
    if row is None:
        return None
    items, key = _items(session, event_id, after)
    return EventView(
        row.Event, row.department or "", row.number or "", row.into or "", items, key,
        _hours(session, event_id, now), _standings(session, event_id), _changes(session, event_id),
        _kin(session, row.Event),
    )  # fmt: skip


def _items(session: Session, event_id: int, after: str) -> tuple[tuple[EventItem, ...], str]:
    statement = (
        select(Item, Source.name.label("source"))
        .join(Source, Source.id == Item.source_id)
        .where(Item.event_id == event_id)
    )
    order = paging.Order(Item.id, Item.first_seen_at, paging.moment)
    found, last = order.page(session, statement, after, ITEMS)
    marks = marks_of(session, (one.Item for one in found))
    shown = tuple(_item(one, marks.get(one.Item.id)) for one in found)
    return shown, paging.key_of(last.Item.first_seen_at, last.Item.id) if last else ""


def _item(row: Any, mark: Mark | None) -> EventItem:
    item = row.Item
    return EventItem(
        item.id, item.title, item.body, item.url, row.source, item.published_at or item.first_seen_at,
        mark, item.join_reason, item.is_placed_by_hand, item.rank, item.heat_value,
    )  # fmt: skip


def _hours(session: Session, event_id: int, now: datetime) -> tuple[tuple[datetime, int, float], ...]:
    """Return (hour, items, load) without gaps from the event's first hour to its last; at most its last fortnight."""
    statement = select(EventHour).where(EventHour.event_id == event_id, EventHour.hour <= now)
    rows = {one.hour: one for one in session.scalars(statement.order_by(EventHour.hour.desc()).limit(MOST_HOURS))}
    if not rows:
        return ()
    last = max(rows)
    first = max(min(rows), last - timedelta(hours=MOST_HOURS - 1))
    hours = [first + timedelta(hours=number) for number in range((last - first) // timedelta(hours=1) + 1)]
    return tuple((at, rows[at].item_count if at in rows else 0, rows[at].weight if at in rows else 0.0) for at in hours)


def _standings(session: Session, event_id: int) -> tuple[Standing, ...]:
    """Return the snapshots in the order of time, the latest two hundred."""
    rows = session.execute(
        select(RankPoint.at, func.min(RankPoint.rank).label("rank"), func.max(RankPoint.heat_value).label("value"))
        .join(Item, Item.id == RankPoint.item_id)
        .where(Item.event_id == event_id)
        .group_by(RankPoint.at)
        .order_by(RankPoint.at.desc())
        .limit(MOST_POINTS)
    )
    return tuple(Standing(row.at, row.rank, row.value) for row in rows)[::-1]


def _changes(session: Session, event_id: int) -> tuple[ChangeView, ...]:
    origin, goal = aliased(Event), aliased(Event)
    moved = select(func.count()).where(EventChangeItem.change_id == EventChange.id).scalar_subquery()
    rows = session.execute(
        select(EventChange, origin.title.label("origin"), goal.title.label("goal"), User.name, moved.label("moved"))
        .join(origin, origin.id == EventChange.event_id)
        .join(goal, goal.id == EventChange.target_id)
        .join(User, User.id == EventChange.actor_id)
        .where(or_(EventChange.event_id == event_id, EventChange.target_id == event_id))
        .order_by(EventChange.id.desc())
        .limit(MOST_CHANGES)
    )
    return tuple(_change(row, event_id) for row in rows)


def _change(row: Any, event_id: int) -> ChangeView:
    change = row.EventChange
    is_outward = change.event_id == event_id
    return ChangeView(
        change.id, KINDS[change.kind], change.at, row.name, change.reason,
        change.target_id if is_outward else change.event_id, row.goal if is_outward else row.origin,
        is_outward, row.moved, change.undone_at,
    )  # fmt: skip


def _kin(session: Session, event: Event) -> tuple[tuple[int, str, str], ...]:
    """Return (id, title, state) of the events of the same days that share most rare words: what to merge with."""
    week = timedelta(days=7)
    own = select(Item.id).where(Item.event_id == event.id).order_by(Item.id.desc()).limit(KIN_FROM)
    terms = select(ItemKey.term).where(ItemKey.item_id.in_(own))
    shared = (
        select(Item.event_id, func.count().label("shared"))
        .join(ItemKey, ItemKey.item_id == Item.id)
        .where(
            ItemKey.term.in_(terms), ItemKey.at >= event.first_seen_at - week, ItemKey.at <= event.last_item_at + week,
            Item.event_id != event.id,
        )
        .group_by(Item.event_id)
        .order_by(func.count().desc(), Item.event_id.desc())
        .limit(2 * MOST_KIN)
        .subquery()
    )  # fmt: skip
    rows = session.execute(
        select(Event.id, Event.title, Event.state)
        .join(shared, shared.c.event_id == Event.id)
        .where(Event.state.in_(("open", "cased", "quiet")))
        .order_by(shared.c.shared.desc(), Event.id.desc())
        .limit(MOST_KIN)
    )
    return tuple((row.id, row.title, row.state) for row in rows)
