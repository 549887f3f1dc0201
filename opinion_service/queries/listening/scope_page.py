"""What a source brought in the last days, wanted or not: for the effect of a change, and the list of what was not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.listening.watch import Watch
from opinion_service.models import Item, PassedOver, SourceWatch
from opinion_service.queries import paging

DAYS = timedelta(days=7)
MOST_WEIGHED = 3_000
PAGE = 30


@dataclass(frozen=True, slots=True)
class Recent:
    """One entry of the last seven days; `is_kept` when it is an item of the desk."""

    title: str
    body: str
    first_seen_at: datetime
    is_kept: bool


@dataclass(frozen=True, slots=True)
class PassedFilter:
    """Which of the entries that were passed over; `after` is the key of the last one seen (`time|id`)."""

    grounds: str = ""
    text: str = ""
    is_oldest_first: bool = False
    after: str = ""


@dataclass(frozen=True, slots=True)
class PassedRow:
    """An entry that was passed over, with the reason and the line that decided."""

    id: int
    title: str
    url: str
    published_at: datetime | None
    first_seen_at: datetime
    grounds: str
    line: str


@dataclass(frozen=True, slots=True)
class PassedPage:
    """A page of them; `total` counts every one that the filter finds."""

    rows: tuple[PassedRow, ...]
    total: int
    after: str
    before: str = ""


def watch_of(session: Session, source_id: int) -> Watch:
    """Return the expression that is written down for a source, in force or not."""
    row = session.get(SourceWatch, source_id)
    return row.expression if row is not None else Watch()


def passed_count(session: Session, source_id: int, *, now: datetime) -> int:
    """Return how many entries of the last seven days were passed over."""
    recent = (PassedOver.source_id == source_id, PassedOver.first_seen_at > now - DAYS)
    return session.scalar(select(func.count(PassedOver.id)).where(*recent)) or 0


def recent(session: Session, source_id: int, *, now: datetime) -> tuple[Recent, ...]:
    """Return the newest entries of the last seven days, at most 3,000 kept and 3,000 passed over."""
    found: list[Recent] = []
    for model, is_kept in ((Item, True), (PassedOver, False)):
        rows = session.execute(
            select(model.title, model.body, model.first_seen_at)
            .where(model.source_id == source_id, model.first_seen_at > now - DAYS)
            .order_by(model.first_seen_at.desc(), model.id.desc())
            .limit(MOST_WEIGHED)
        )
        found += [Recent(row.title, row.body, row.first_seen_at, is_kept) for row in rows]
    return tuple(sorted(found, key=lambda one: one.first_seen_at, reverse=True))


def passed_over(session: Session, source_id: int, wanted: PassedFilter, *, now: datetime) -> PassedPage:
    """Return a page of what a source brought in the last seven days and its expression did not want; two statements."""
    where = [PassedOver.source_id == source_id, PassedOver.first_seen_at > now - DAYS]
    if wanted.grounds:
        where.append(PassedOver.grounds == wanted.grounds)
    if wanted.text:
        where.append(PassedOver.title.contains(wanted.text, autoescape=True))
    total = session.scalar(select(func.count(PassedOver.id)).where(*where)) or 0
    order = paging.Order(PassedOver.id, PassedOver.first_seen_at, paging.moment, not wanted.is_oldest_first)
    found, last = order.page(session, select(PassedOver).where(*where), wanted.after, PAGE)
    rows = tuple(
        PassedRow(one.id, one.title, one.url, one.published_at, one.first_seen_at, one.grounds, one.line)
        for (one,) in found
    )
    return PassedPage(rows, total, paging.key_of(rows[-1].first_seen_at, rows[-1].id) if last else "")
