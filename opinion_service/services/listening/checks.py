"""Which sources are due, and the right to fetch one of them: a lease on the source and on its host."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from opinion_service.domain.listening.polling import POLLED
from opinion_service.models import FeedHost, Source
from opinion_service.services.listening import hosts, ledger, vault
from opinion_service.services.listening.haul import Haul, SourceLease
from opinion_service.services.transaction import transaction

LEASE = timedelta(seconds=120)
MOST_OF_A_HOST = 5


def due_sources(limit: int, *, now: datetime) -> list[int]:
    """Return the ids of sources whose check is due, that nobody holds and whose host is free; reads only.

    At most five sources of each host: first the one of each that has waited longest, then the second, and so on.
    The lease on the host keeps them apart.
    """
    busy = select(FeedHost.host).where(or_(FeedHost.free_at > now, FeedHost.lease_until >= now))
    turn = func.row_number().over(partition_by=Source.host, order_by=(Source.next_check_at, Source.id))
    due = select(Source.id, Source.next_check_at, turn.label("turn")).where(*is_due(now), Source.host.not_in(busy))
    waiting = due.subquery()
    with transaction() as session:
        return list(
            session.scalars(
                select(waiting.c.id)
                .where(waiting.c.turn <= MOST_OF_A_HOST)
                .order_by(waiting.c.turn, waiting.c.next_check_at, waiting.c.id)
                .limit(limit)
            )
        )


def claim(source_id: int, *, now: datetime) -> SourceLease | None:
    """Return the lease of a due source, or None when it is not due, or somebody has it or its host."""
    token = str(uuid.uuid4())
    with transaction() as session:
        source = session.scalar(select(Source).where(Source.id == source_id, *is_due(now)).with_for_update())
        if source is None:
            return None
        host = hosts.take(session, source.host, token, now=now, lease=LEASE)
        if host is None:
            return None
        if source.lease_token is not None:
            _note_lost(session, source, now)
        source.lease_token, source.lease_until = token, now + LEASE
        credential = vault.unseal(source.credential)
        return SourceLease(
            source.id, token, source.url, source.etag, source.last_modified, source.zone, source.body_sha256,
            credential.header if credential else "", source.credential_origin, hosts.copy_of(host),
        )  # fmt: skip


def is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a source is to be checked at `now`; a pause ends by itself."""
    free = or_(Source.lease_until.is_(None), Source.lease_until < now)
    awake = or_(Source.paused_until.is_(None), Source.paused_until <= now)
    return (Source.is_active.is_(True), Source.kind.in_(POLLED), Source.next_check_at <= now, free, awake)


def _note_lost(session: Session, source: Source, now: datetime) -> None:
    """Write down a check that was begun and never ended: its worker died or was stopped."""
    haul = Haul("lost", detail="上次检查未完成，执行进程已中断；本次重新检查。")
    ledger.note(session, source, haul, ledger.NOTHING, now=now)
