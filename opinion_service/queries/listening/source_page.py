"""The page of one source: its ledger, its story, its hours, how late it is heard, and what it brought last."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.listening.rhythm import quantiles
from opinion_service.domain.listening.watch import Watch
from opinion_service.models import (
    BlindWindow,
    Case,
    Item,
    Quarantine,
    RawBody,
    Source,
    SourceCheck,
    SourceHour,
    SourceStory,
)
from opinion_service.queries import paging
from opinion_service.queries.listening import scope_page
from opinion_service.queries.listening.hearing import HOUR, ORDER, WEEK, blind_hours, grid_hours, state_rank

CHECKS = 20
STORY = 15
ITEMS = 15
SAMPLE = 500
DAYS = 7


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing in the life of a source; `until` is set for a blind window that ended."""

    at: datetime
    kind: str
    text: str
    actor_name: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lag:
    """How late something is: median and 90th percentile over `count` cases, None where there are none."""

    count: int
    median: timedelta | None
    tail: timedelta | None


@dataclass(frozen=True, slots=True)
class ItemLag:
    """One item with its way: published (a claim), seen by the desk, case opened."""

    title: str
    url: str
    published_at: datetime | None
    first_seen_at: datetime
    case_number: str
    opened_at: datetime | None


@dataclass(frozen=True, slots=True)
class SourceStoryPage:
    """Everything the page of a source shows; `after` leads to older checks, empty on the last page.

    watch: the expression, in force or not; passed: entries of seven days that it did not want.
    hours: new items by hour of the last seven days; grid: (checks, heard) by hour of the same.
    """

    source: Source
    state: str
    checks: tuple[SourceCheck, ...]
    after: str
    story: tuple[StoryLine, ...]
    blind: timedelta
    hours: tuple[tuple[datetime, float], ...]
    grid: tuple[tuple[int, int], ...]
    items: tuple[ItemLag, ...]
    seen: Lag
    opened: Lag
    broken: tuple[Quarantine, ...]
    has_body: bool
    watch: Watch
    passed: int


def source_page(session: Session, source_id: int, *, now: datetime, before: str = "") -> SourceStoryPage | None:
    """Return the page of a source, or None when there is none; at most twelve statements.

    before: the key of the oldest check seen (`time|id`).
    """
    row = session.execute(select(Source, state_rank(now).label("rank")).where(Source.id == source_id)).first()
    if row is None:
        return None
    checks, after = _checks(session, source_id, before)
    seen, opened = _lags(session, source_id, now)
    grid = grid_hours(session, [source_id], now=now, hours=DAYS * 24)[source_id]
    broken = select(Quarantine).where(Quarantine.source_id == source_id).order_by(Quarantine.id.desc()).limit(5)
    return SourceStoryPage(
        row.Source, ORDER[row.rank].value, checks, after, _story(session, source_id),
        blind_hours(session, [source_id], now=now).get(source_id, timedelta(0)), _hours(session, source_id, now), grid,
        _items(session, source_id), seen, opened, tuple(session.scalars(broken)),
        bool(session.scalar(select(RawBody.id).where(RawBody.source_id == source_id).limit(1))),
        scope_page.watch_of(session, source_id), scope_page.passed_count(session, source_id, now=now),
    )  # fmt: skip


def last_body(session: Session, source_id: int) -> RawBody | None:
    """Return the document of a source that was seen last, or None when none is kept."""
    wanted = select(RawBody).where(RawBody.source_id == source_id)
    return session.scalar(wanted.order_by(RawBody.fetched_at.desc(), RawBody.id.desc()).limit(1))


def _checks(session: Session, source_id: int, before: str) -> tuple[tuple[SourceCheck, ...], str]:
    wanted = select(SourceCheck).where(SourceCheck.source_id == source_id)
    order = paging.Order(SourceCheck.id, SourceCheck.finished_at, paging.moment, descending=True)
    found, last = order.page(session, wanted, before, CHECKS)
    checks = tuple(one for (one,) in found)
    return checks, paging.key_of(checks[-1].finished_at, checks[-1].id) if last else ""


def _story(session: Session, source_id: int) -> tuple[StoryLine, ...]:
    told = session.scalars(
        select(SourceStory).where(SourceStory.source_id == source_id).order_by(SourceStory.at.desc()).limit(STORY)
    )
    windows = session.scalars(
        select(BlindWindow).where(BlindWindow.source_id == source_id).order_by(BlindWindow.began_at.desc()).limit(STORY)
    )
    lines = [StoryLine(one.at, one.kind, one.summary, one.actor_name) for one in told]
    lines += [
        StoryLine(one.began_at, "blind" if one.ended_at else "deaf", one.detail, until=one.ended_at) for one in windows
    ]
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True)[:STORY])


def _hours(session: Session, source_id: int, now: datetime) -> tuple[tuple[datetime, float], ...]:
    first = now.replace(minute=0, second=0, microsecond=0) - HOUR * (DAYS * 24 - 1)
    rows = session.execute(
        select(SourceHour.hour, SourceHour.new_count).where(SourceHour.source_id == source_id, SourceHour.hour >= first)
    )
    found: dict[datetime, int] = dict(rows.tuples().all())
    return tuple((first + HOUR * number, float(found.get(first + HOUR * number, 0))) for number in range(DAYS * 24))


def _items(session: Session, source_id: int) -> tuple[ItemLag, ...]:
    rows = session.execute(
        select(Item.title, Item.url, Item.published_at, Item.first_seen_at, Case.number, Case.opened_at)
        .outerjoin(Case, Case.event_id == Item.event_id)
        .where(Item.source_id == source_id)
        .order_by(Item.id.desc())
        .limit(ITEMS)
    )
    return tuple(ItemLag(row[0], row[1], row[2], row[3], row[4] or "", row[5]) for row in rows)


def _lags(session: Session, source_id: int, now: datetime) -> tuple[Lag, Lag]:
    """Return published → seen and seen → case over the last seven days, from at most 500 items.

    What was published before the source's first check was waiting already: it says nothing about listening.
    """
    begun = select(func.min(SourceCheck.finished_at)).where(SourceCheck.source_id == source_id).scalar_subquery()
    rows = session.execute(
        select(Item.published_at, Item.first_seen_at, Case.opened_at, begun)
        .outerjoin(Case, Case.event_id == Item.event_id)
        .where(Item.source_id == source_id, Item.first_seen_at > now - WEEK)
        .order_by(Item.id.desc())
        .limit(SAMPLE)
    ).all()
    seen = [
        max(at - published, timedelta(0))
        for published, at, _, first in rows
        if published is not None and first is not None and published >= first
    ]
    opened = [opened_at - at for _, at, opened_at, _ in rows if opened_at is not None and opened_at >= at]
    return _lag(seen), _lag(opened)


def _lag(values: list[timedelta]) -> Lag:
    both = quantiles(values)
    return Lag(len(values), both[0] if both else None, both[1] if both else None)
