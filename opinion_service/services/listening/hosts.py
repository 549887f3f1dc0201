"""The servers that are asked: one process at a time, with a pause between.

A host is taken and given back inside the caller's transaction.
"""

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from opinion_service.models import FeedHost
from opinion_service.services.listening.haul import Haul, RobotsCopy
from opinion_service.services.transaction import transaction

LONGEST_ROBOTS = 512_000


def take(session: Session, host: str, token: str, *, now: datetime, lease: timedelta) -> FeedHost | None:
    """Take the host for one request and return its row; None when somebody has it or it is owed a pause."""
    _ensure(session, host, now)
    taken = session.execute(
        update(FeedHost)
        .where(
            FeedHost.host == host,
            FeedHost.free_at <= now,
            or_(FeedHost.lease_until.is_(None), FeedHost.lease_until < now),
        )
        .values(lease_token=token, lease_until=now + lease)
    )
    return session.get_one(FeedHost, host, populate_existing=True) if taken.rowcount else None  # type: ignore[attr-defined]


def release(session: Session, host: str, token: str, haul: Haul, *, now: datetime) -> None:
    """Give back the host that `token` holds, its pause begun and its robots.txt noted; nothing when it is lost."""
    row = session.get(FeedHost, host)
    if row is None or row.lease_token != token:
        return
    row.lease_token = row.lease_until = None
    row.free_at = now + timedelta(milliseconds=haul.took_ms) + haul.host_delay if haul.host_delay else now
    if haul.robots is not None:
        _note_robots(row, haul.robots)


def copy_of(row: FeedHost) -> RobotsCopy:
    """Return the robots.txt of a host as last read."""
    return RobotsCopy(row.robots_state, row.robots_text, row.robots_at, row.robots_failed_since)


def robots_of(host: str) -> RobotsCopy:
    """Return the robots.txt of a host as last read, whoever read it."""
    with transaction() as session:
        row = session.get(FeedHost, host)
        return copy_of(row) if row is not None else RobotsCopy()


def visited(host: str, robots: RobotsCopy, delay: timedelta, *, now: datetime) -> None:
    """Note that a redirect led to a host: its robots.txt, and the pause it is owed by those who ask it next."""
    with transaction() as session:
        _ensure(session, host, now)
        row = session.get_one(FeedHost, host, with_for_update=True)
        _note_robots(row, robots)
        row.free_at = max(row.free_at, now + delay)


def _note_robots(row: FeedHost, robots: RobotsCopy) -> None:
    row.robots_state, row.robots_text = robots.state, robots.text[:LONGEST_ROBOTS]
    row.robots_at, row.robots_failed_since = robots.read_at, robots.failed_since


def _ensure(session: Session, host: str, now: datetime) -> None:
    if session.get(FeedHost, host) is not None:
        return
    try:
        with session.begin_nested():
            session.add(FeedHost(host=host, free_at=now, robots_state="unknown", robots_text=""))
    except IntegrityError:
        # Another process met the same host for the first time at the same moment.
        return
