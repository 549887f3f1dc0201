"""Hot lists as they stood at one moment, and the way of one entry through them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from opinion_service.domain.people import Actor
from opinion_service.models import Case, Item, RankPoint, Source
from opinion_service.queries.scope import visible_to

MOST_ROWS = 200
MOST_POINTS = 2_000
BEHIND = timedelta(hours=24)
SORTS = ("rank", "heat", "new")


@dataclass(frozen=True, slots=True)
class HotRow:
    """One entry at one moment; `ranks` are those of the 24 hours before, oldest first."""

    item_id: int
    title: str
    rank: int | None
    heat_value: float | None
    first_seen_at: datetime
    case_number: str
    ranks: tuple[int, ...]

    @property
    def is_climbing(self) -> bool:
        """Return whether the entry stands higher than at the snapshot before."""
        return len(self.ranks) > 1 and self.ranks[-1] < self.ranks[-2]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A hot list at one moment, with the moments beside it."""

    at: datetime
    earlier_at: datetime | None
    later_at: datetime | None
    rows: tuple[HotRow, ...]
    sort: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """Where an entry stood at each snapshot that named it: (instant, rank, heat value), oldest first."""

    item_id: int
    title: str
    url: str
    source_id: int
    source: str
    case_number: str
    points: tuple[tuple[datetime, int | None, float | None], ...]

    @property
    def first_at(self) -> datetime:
        """Return when the entry was first on the list."""
        return self.points[0][0]

    @property
    def last_at(self) -> datetime:
        """Return when the entry was last on the list."""
        return self.points[-1][0]

    @property
    def point_count(self) -> int:
        """Return how many snapshots named the entry."""
        return len(self.points)

    @property
    def best_rank(self) -> int | None:
        """Return the highest place, 1 being the top."""
        return min((rank for _, rank, _ in self.points if rank is not None), default=None)

    @property
    def best_value(self) -> float | None:
        """Return the largest heat value."""
        return max((value for _, _, value in self.points if value is not None), default=None)


def lists(session: Session) -> tuple[tuple[int, str], ...]:
    """Return (id, name) of every source that is a hot list."""
    rows = session.execute(select(Source.id, Source.name).where(Source.kind == "hotlist").order_by(Source.id))
    return tuple((row.id, row.name) for row in rows)


def snapshot(
    session: Session, source_id: int, at: datetime | None, *, text: str = "", sort: str = "rank"
) -> Snapshot | None:
    """Return the list at `at` (the latest when None), or None when the source has no snapshot up to then.

    sort: rank, heat (largest first) or new (latest discovery first).
    """
    here = session.scalar(_moments(source_id, RankPoint.at <= at if at else None).order_by(RankPoint.at.desc()))
    if here is None:
        return None
    earlier = session.scalar(_moments(source_id, RankPoint.at < here).order_by(RankPoint.at.desc()))
    later = session.scalar(_moments(source_id, RankPoint.at > here).order_by(RankPoint.at))
    rows = _rows(session, source_id, here, text)
    chosen = sort if sort in SORTS else "rank"
    return Snapshot(here, earlier, later, _sorted(rows, chosen), chosen, chosen != "rank")


def timeline(session: Session, actor: Actor, item_id: int) -> Timeline | None:
    """Return the way of one entry through its list; None for an item that was never on one.

    The case is named only to those who may see it.
    """
    item = session.execute(
        select(Item.id, Item.title, Item.url, Item.event_id, Source.id.label("source_id"), Source.name.label("source"))
        .join(Source, Source.id == Item.source_id)
        .where(Item.id == item_id)
    ).first()
    statement = select(RankPoint).where(RankPoint.item_id == item_id).order_by(RankPoint.at.desc()).limit(MOST_POINTS)
    points = [(row.at, row.rank, row.heat_value) for row in session.scalars(statement)][::-1]
    if item is None or not points:
        return None
    number = session.scalar(select(Case.number).where(Case.event_id == item.event_id, visible_to(actor)).limit(1))
    return Timeline(item.id, item.title, item.url, item.source_id, item.source, number or "", tuple(points))


def _moments(source_id: int, condition: Any) -> Select[datetime]:
    statement = select(RankPoint.at).join(Item, Item.id == RankPoint.item_id).where(Item.source_id == source_id)
    return (statement if condition is None else statement.where(condition)).limit(1)


def _rows(session: Session, source_id: int, at: datetime, text: str) -> list[HotRow]:
    statement = (
        select(Item.id, Item.title, Item.first_seen_at, RankPoint.rank, RankPoint.heat_value, Case.number)
        .join(RankPoint, RankPoint.item_id == Item.id)
        .outerjoin(Case, Case.event_id == Item.event_id)
        .where(Item.source_id == source_id, RankPoint.at == at)
        .order_by(RankPoint.rank, Item.id)
        .limit(MOST_ROWS)
    )
    if text:
        statement = statement.where(Item.title.contains(text, autoescape=True))
    found = session.execute(statement).all()
    ranks = _ranks(session, [row.id for row in found], at)
    return [
        HotRow(
            row.id, row.title, row.rank, row.heat_value, row.first_seen_at, row.number or "",
            tuple(ranks.get(row.id, ())),
        )
        for row in found
    ]  # fmt: skip


def _ranks(session: Session, item_ids: Sequence[int], at: datetime) -> dict[int, list[int]]:
    statement = (
        select(RankPoint.item_id, RankPoint.rank)
        .where(RankPoint.item_id.in_(item_ids), RankPoint.at > at - BEHIND, RankPoint.at <= at)
        .where(RankPoint.rank.is_not(None))
        .order_by(RankPoint.at)
    )
    found: dict[int, list[int]] = {}
    for row in session.execute(statement):
        found.setdefault(row.item_id, []).append(row.rank)
    return found


def _sorted(rows: list[HotRow], sort: str) -> tuple[HotRow, ...]:
    if sort == "heat":
        return tuple(sorted(rows, key=lambda row: (-(row.heat_value or 0), row.item_id)))
    if sort == "new":
        return tuple(sorted(rows, key=lambda row: (row.first_seen_at, row.item_id), reverse=True))
    return tuple(rows)
