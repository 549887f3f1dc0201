"""The list of sources: each with its state, the broken first, what it brings and how long it was not heard."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from opinion_service.domain.listening.hearing import ALARM_AFTER, EMPTY_AFTER, UNCHECKED_ALARM, SourceState
from opinion_service.models import BlindWindow, Source, SourceHour
from opinion_service.models.base import UTCDateTime
from opinion_service.queries import paging

PAGE = 30
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
GRID_HOURS = 48
ORDER = tuple(SourceState)
# A source that was never heard comes before all that were.
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """What the list is narrowed to and how it is sorted; `after` is the key of the last row seen (`value|id`)."""

    state: str = ""
    kind: str = ""
    folder: str = ""
    text: str = ""
    sort: str = "state"
    is_descending: bool = False
    after: str = ""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One line of the list; `hours` tell of the last 48 hours, oldest first: (checks, heard)."""

    id: int
    name: str
    url: str
    kind: str
    folder: str
    state: str
    last_ok_at: datetime | None
    last_new_at: datetime | None
    next_check_at: datetime
    paused_until: datetime | None
    failures: int
    error: str
    week_count: int
    usual_count: float
    blind: timedelta
    hours: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class SourcePage:
    """One page of sources; `counts` holds the number in each state, whatever the filter."""

    rows: tuple[SourceRow, ...]
    after: str
    total: int
    counts: dict[str, int]
    folders: tuple[str, ...]
    sort: str
    descending: bool


def list_sources(session: Session, wanted: SourceFilter, *, now: datetime) -> SourcePage:
    """Return a page of sources, the broken first unless sorted otherwise; six statements for any number."""
    rank = state_rank(now)
    counted = session.execute(select(rank.label("rank"), func.count()).group_by("rank")).all()
    counts = {ORDER[number].value: count for number, count in counted}
    folders = tuple(
        session.scalars(select(Source.folder).where(Source.folder != "").distinct().order_by(Source.folder))
    )
    columns = _columns(rank)
    sort = wanted.sort if wanted.sort in columns else "state"
    conditions = _conditions(wanted, rank)
    total = session.scalar(select(func.count(Source.id)).where(*conditions)) or 0
    key, read = columns[sort]
    order = paging.Order(Source.id, key, read, wanted.is_descending)
    statement: Any = select(Source, rank.label("rank"), key.label("key")).where(*conditions)
    found, last = order.page(session, statement, wanted.after, PAGE)
    after = paging.key_of(last.key, last.Source.id) if last else ""
    return SourcePage(_rows(session, found, now), after, total, counts, folders, sort, wanted.is_descending)


def state_rank(now: datetime) -> ColumnElement[int]:
    """Return the place of a source's state in `SourceState`, as SQL; the first that applies counts."""
    places = {state: number for number, state in enumerate(ORDER)}
    awake_since = or_(Source.paused_until.is_(None), Source.paused_until <= now - UNCHECKED_ALARM)
    return case(
        (Source.kind.not_in(("feed", "hotlist")), places[SourceState.IMPORT]),
        (or_(Source.is_active.is_(False), Source.paused_until > now), places[SourceState.PAUSED]),
        (Source.failures >= ALARM_AFTER, places[SourceState.FAILING]),
        (and_(Source.next_check_at <= now - UNCHECKED_ALARM, awake_since), places[SourceState.UNCHECKED]),
        (and_(Source.empties >= EMPTY_AFTER, Source.last_new_at.is_not(None)), places[SourceState.EMPTY]),
        (Source.failures > 0, places[SourceState.TROUBLED]),
        (Source.quiet_from < now, places[SourceState.QUIET]),
        else_=places[SourceState.OK],
    )


def count_in(session: Session, states: Sequence[SourceState], *, now: datetime) -> int:
    """Return how many sources are in one of the states."""
    ranks = [ORDER.index(state) for state in states]
    return session.scalar(select(func.count(Source.id)).where(state_rank(now).in_(ranks))) or 0


def blind_hours(session: Session, ids: Sequence[int], *, now: datetime) -> dict[int, timedelta]:
    """Return how long each source was not heard in the last seven days; windows that overlap count once."""
    since = now - WEEK
    windows = session.execute(
        select(BlindWindow.source_id, BlindWindow.began_at, BlindWindow.ended_at)
        .where(BlindWindow.source_id.in_(ids), or_(BlindWindow.ended_at.is_(None), BlindWindow.ended_at > since))
        .order_by(BlindWindow.source_id, BlindWindow.began_at)
    )
    total: dict[int, timedelta] = {}
    covered: dict[int, datetime] = {}
    for source_id, began, ended in windows:
        start = max(began, covered.get(source_id, since))
        end = min(ended or now, now)
        if end > start:
            total[source_id] = total.get(source_id, timedelta(0)) + (end - start)
            covered[source_id] = end
    return total


def _columns(rank: ColumnElement[int]) -> dict[str, tuple[SQLColumnExpression[Any], Callable[[str], Any]]]:
    """Return what each sort goes by, and what reads it from a key."""
    never = literal(BEGINNING, UTCDateTime())
    return {
        "state": (rank, paging.number),
        "name": (Source.name, paging.words),
        "heard": (func.coalesce(Source.last_ok_at, never, type_=UTCDateTime()), paging.moment),
        "new": (func.coalesce(Source.last_new_at, never, type_=UTCDateTime()), paging.moment),
        "next": (Source.next_check_at, paging.moment),
        "usual": (Source.items_per_week, paging.real),
    }


def _conditions(wanted: SourceFilter, rank: ColumnElement[int]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state in set(SourceState):
        conditions.append(rank == ORDER.index(SourceState(wanted.state)))
    if wanted.kind:
        conditions.append(Source.kind == wanted.kind)
    if wanted.folder:
        conditions.append(Source.folder == wanted.folder)
    if wanted.text:
        conditions.append(
            or_(Source.name.contains(wanted.text, autoescape=True), Source.url.contains(wanted.text, autoescape=True))
        )
    return conditions


def _rows(session: Session, found: Sequence[Any], now: datetime) -> tuple[SourceRow, ...]:
    ids = [row.Source.id for row in found]
    weekly = session.execute(
        select(SourceHour.source_id, func.sum(SourceHour.new_count))
        .where(SourceHour.source_id.in_(ids), SourceHour.hour > now - WEEK)
        .group_by(SourceHour.source_id)
    )
    week = {source_id: int(count) for source_id, count in weekly}
    blind, hours = blind_hours(session, ids, now=now), grid_hours(session, ids, now=now)
    return tuple(
        SourceRow(
            one.id, one.name, one.url, one.kind, one.folder, ORDER[row.rank].value, one.last_ok_at, one.last_new_at,
            one.next_check_at, one.paused_until, one.failures, one.last_error, week.get(one.id, 0),
            one.items_per_week, blind.get(one.id, timedelta(0)), hours[one.id],
        )
        for row in found
        for one in (row.Source,)
    )  # fmt: skip


def grid_hours(
    session: Session, ids: Sequence[int], *, now: datetime, hours: int = GRID_HOURS
) -> dict[int, tuple[tuple[int, int], ...]]:
    """Return (checks, heard) of each source by hour, the last hours, oldest first; (0, 0) without a row."""
    first = now.replace(minute=0, second=0, microsecond=0) - HOUR * (hours - 1)
    cells = {one: [(0, 0)] * hours for one in ids}
    rows = session.execute(
        select(SourceHour.source_id, SourceHour.hour, SourceHour.check_count, SourceHour.heard_count).where(
            SourceHour.source_id.in_(ids), SourceHour.hour >= first
        )
    )
    for source_id, hour, checks, heard in rows:
        place = (hour - first) // HOUR
        if place < hours:
            cells[source_id][place] = (checks, heard)
    return {one: tuple(found) for one, found in cells.items()}
