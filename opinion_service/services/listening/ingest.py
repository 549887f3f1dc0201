"""Keeps what the sources bring: items through `item_store`, what could not be read, and the line in the ledger."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from opinion_service.models import Source
from opinion_service.services.listening import flood, hosts, item_store, ledger, one_by_one
from opinion_service.services.listening.checks import LEASE, claim, due_sources
from opinion_service.services.listening.haul import Counts, Haul, Incoming, RobotsCopy, SourceLease
from opinion_service.services.listening.source_book import NewSource, add_source, set_listening
from opinion_service.services.transaction import transaction

__all__ = [
    "LEASE",
    "Counts",
    "Haul",
    "Incoming",
    "NewSource",
    "RobotsCopy",
    "SourceLease",
    "add_source",
    "claim",
    "due_sources",
    "set_listening",
    "store",
]


def store(source_id: int, haul: Haul, *, token: str | None, now: datetime) -> Counts:
    """Keep what a check brought and write its line in the ledger; nothing is kept twice.

    token: of the lease; None for a file read by hand. A lost lease keeps nothing. The validators
    (etag) are saved with the items, so that a crash cannot lose what they stand for.
    """
    prepared = item_store.prepare(haul.entries)

    def attempt(is_careful: bool) -> Counts:
        keep = one_by_one.keep_each if is_careful else item_store.keep
        return _stored(source_id, haul, partial(keep, prepared=prepared, now=now), token=token, now=now)

    return one_by_one.spared(attempt)


def _stored(source_id: int, haul: Haul, keep: Callable[..., Counts], *, token: str | None, now: datetime) -> Counts:
    with transaction() as session:
        source = session.get(Source, source_id, with_for_update=True)
        if source is None or (token is not None and source.lease_token != token):
            return Counts()
        room = flood.room(session, source, now=now) if token is not None else None
        counts = keep(session, source, room=room)
        counts.broken += len(haul.broken)
        for reason, excerpt in haul.broken:
            item_store.quarantine(session, source, reason, excerpt, now)
        if token is not None:
            hosts.release(session, source.host, token, haul, now=now)
        ledger.note(session, source, flood.told(haul, counts), counts, now=now)
        if counts.overflow:
            flood.tell(session, source, now=now)
        return counts
