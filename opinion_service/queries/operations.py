"""Whether the desk works: what is wrong, what waits, and which processes live."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.listening.hearing import SourceState
from opinion_service.domain.listening.polling import POLLED
from opinion_service.models import (
    CalendarDay,
    Heartbeat,
    ImportRun,
    Item,
    OutboxMail,
    Quarantine,
    RuleSimulation,
    Source,
    User,
)
from opinion_service.queries.listening.hearing import count_in
from opinion_service.queries.reminders.mailroom import stuck_or_lost

# After how long without a sign a process counts as gone: a few times the longest pause it makes.
SILENT_AFTER = {"sweeper": timedelta(minutes=1), "auditor": timedelta(minutes=2), "worker": timedelta(minutes=2)}
NEXT_YEAR_FROM_MONTH = 12


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at: its code, whether it is well, and the figure behind that."""

    code: str
    is_fine: bool
    figure: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that gave a sign of life."""

    name: str
    at: datetime
    is_alive: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """Work that waits: how much of it, and since when the oldest."""

    code: str
    count: int
    oldest_at: datetime | None


def checks(session: Session, *, now: datetime) -> tuple[Check, ...]:
    """Return what is looked at, in the order in which to mend it."""
    year = now.astimezone(ZONE).year
    deaf = count_in(session, (SourceState.FAILING, SourceState.UNCHECKED, SourceState.EMPTY), now=now)
    lost = stuck_or_lost(session, now=now)
    users = session.scalar(select(func.count(User.id)).where(User.is_active)) or 0
    alive = {one.name: one for one in processes(session, now=now)}
    return (
        Check("users", users > 0, str(users)),
        *(Check(name, name in alive and alive[name].is_alive, _at(alive.get(name))) for name in ("sweeper", "auditor")),
        _calendar(session, now, year),
        Check("sources", not deaf, str(deaf)),
        Check("mail", not lost, str(lost)),
    )


def processes(session: Session, *, now: datetime) -> tuple[Process, ...]:
    """Return the processes that ever gave a sign of life, in the order of their names."""
    rows = session.scalars(select(Heartbeat).order_by(Heartbeat.kind, Heartbeat.name))
    return tuple(Process(row.name, row.at, now - row.at < SILENT_AFTER[row.kind], row.detail) for row in rows)


def backlogs(session: Session, *, now: datetime) -> tuple[Backlog, ...]:
    """Return what waits to be done, each with its oldest; one statement each."""
    day_ago = now - timedelta(days=1)
    return (
        _backlog(
            session,
            "fetch",
            Source.next_check_at,
            Source.is_active,
            Source.kind.in_(POLLED),
            Source.next_check_at <= now,
        ),
        _backlog(session, "read", Item.first_seen_at, Item.analysed_at.is_(None)),
        _backlog(session, "mail", OutboxMail.next_try_at, OutboxMail.state.in_(("pending", "uncertain"))),
        _backlog(session, "import", ImportRun.created_at, ImportRun.state.in_(("queued", "running"))),
        _backlog(session, "simulation", RuleSimulation.created_at, RuleSimulation.state.in_(("waiting", "running"))),
        _backlog(session, "quarantine", Quarantine.seen_at, Quarantine.seen_at > day_ago),
    )


def _backlog(session: Session, code: str, since: Any, *conditions: Any) -> Backlog:
    count, oldest = session.execute(select(func.count(), func.min(since)).where(*conditions)).one()
    return Backlog(code, count, oldest)


def _calendar(session: Session, now: datetime, year: int) -> Check:
    """Return whether this year's holidays are loaded, and in December the next one's."""
    known = {day.year for day in session.scalars(select(CalendarDay.day))}
    wanted = {year, year + 1} if now.astimezone(ZONE).month >= NEXT_YEAR_FROM_MONTH else {year}
    return Check("calendar", wanted <= known, "、".join(str(one) for one in sorted(wanted - known)) or str(year))


def _at(process: Process | None) -> str:
    return process.at.isoformat() if process else ""
