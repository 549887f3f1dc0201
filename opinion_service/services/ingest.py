"""Keeps what the sources bring: items scrubbed and counted, revisions, ranks, and what could not be read."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.feed_dates import clamp_published
from opinion_service.domain.scrub import scrub
from opinion_service.domain.text import clean_text, fingerprint
from opinion_service.models import Item, ItemRevision, Quarantine, RankPoint, Source
from opinion_service.services import hosts, ledger
from opinion_service.services.checks import LEASE, claim, due_sources
from opinion_service.services.haul import Counts, Haul, Incoming, RobotsCopy, SourceLease
from opinion_service.services.source_book import NewSource, add_source, set_listening
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

LONGEST_TITLE = 200
LONGEST_BODY = 4_000
LOOKED_UP_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Work:
    """One store under way: `known` are the items that are there, by identity; `counts` grows."""

    session: Session
    source: Source
    now: datetime
    counts: Counts
    known: dict[str, Item]


def store(source_id: int, haul: Haul, *, token: str | None, now: datetime) -> Counts:
    """Keep what a check brought and write its line in the ledger; nothing is kept twice.

    token: of the lease; None for a file read by hand. A lost lease keeps nothing. The validators
    (etag) are saved with the items, so that a crash cannot lose what they stand for.
    """
    prepared = [_prepared(entry) for entry in haul.entries]
    with transaction() as session:
        source = session.get(Source, source_id, with_for_update=True)
        if source is None or (token is not None and source.lease_token != token):
            return Counts()
        counts = Counts(broken=len(haul.broken))
        work = _Work(session, source, now, counts, _known(session, source, (entry.identity for entry, _ in prepared)))
        for entry, scrubbed in prepared:
            _keep(work, entry, scrubbed)
        for reason, excerpt in haul.broken:
            _quarantine(session, source, reason, excerpt, now)
        if token is not None:
            hosts.release(session, source.host, token, haul, now=now)
        ledger.note(session, source, haul, counts, now=now)
        return counts


def _known(session: Session, source: Source, identities: Iterable[str]) -> dict[str, Item]:
    """Return the items of the source that are there already, by identity; a few questions for any number."""
    wanted = list(dict.fromkeys(identities))
    found: dict[str, Item] = {}
    for start in range(0, len(wanted), LOOKED_UP_AT_ONCE):
        some = wanted[start : start + LOOKED_UP_AT_ONCE]
        rows = session.scalars(select(Item).where(Item.source_id == source.id, Item.identity.in_(some)))
        found.update((row.identity, row) for row in rows)
    return found


def _prepared(entry: Incoming) -> tuple[Incoming, dict[str, int]]:
    title = scrub(clean_text(entry.title, LONGEST_TITLE))
    body = scrub(clean_text(entry.body, LONGEST_BODY))
    counts = dict(title.counts)
    for kind, number in body.counts.items():
        counts[kind] = counts.get(kind, 0) + number
    shown = title.text or body.text[:40]
    clean = Incoming(
        entry.identity, shown[:300], body.text, clean_text(entry.url, 2000), entry.published_at, entry.rank,
        entry.heat_value, entry.external_id[:120], entry.territory[:60],
    )  # fmt: skip
    return clean, counts


def _keep(work: _Work, entry: Incoming, scrubbed: dict[str, int]) -> None:
    session, source, counts, now = work.session, work.source, work.counts, work.now
    if not entry.title:
        counts.broken += 1
        _quarantine(session, source, "清洗后没有文字", entry.url, now)
        return
    words = source.match_words if source.scope == "match" else []
    if words and not any(word in entry.title or word in entry.body for word in words):
        counts.unmatched += 1
        return
    content = hashlib.sha256(f"{entry.title}\n{entry.body}".encode()).hexdigest()
    row = work.known.get(entry.identity)
    if row is None:
        row = work.known[entry.identity] = _new_item(source, entry, scrubbed, content, now)
        session.add(row)
        counts.new += 1
    elif row.content_hash != content:
        _revise(session, row, entry, content, now)
        counts.revised += 1
    else:
        counts.repeated += 1
    if entry.rank is not None or entry.heat_value is not None:
        session.flush()
        row.rank, row.heat_value = entry.rank, entry.heat_value
        session.merge(RankPoint(item_id=row.id, at=now, rank=entry.rank, heat_value=entry.heat_value))


def _new_item(source: Source, entry: Incoming, scrubbed: dict[str, int], content: str, now: datetime) -> Item:
    return Item(
        source_id=source.id, identity=entry.identity, external_id=entry.external_id, url=entry.url,
        title=entry.title, body=entry.body, published_at=clamp_published(entry.published_at, now), first_seen_at=now,
        territory=entry.territory, content_hash=content, fingerprint=fingerprint(entry.title),
        scrub_counts=scrubbed,
    )  # fmt: skip


def _revise(session: Session, row: Item, entry: Incoming, content: str, now: datetime) -> None:
    # An entry may come twice in one document: its row has no number before it is written.
    session.flush()
    session.add(ItemRevision(item_id=row.id, revision=row.revision, title=row.title, body=row.body, replaced_at=now))
    row.title, row.body, row.content_hash = entry.title, entry.body, content
    row.revision += 1
    row.fingerprint = fingerprint(entry.title)


def _quarantine(session: Session, source: Source, reason: str, excerpt: str, now: datetime) -> None:
    shown = scrub(clean_text(excerpt, 300)).text
    content = hashlib.sha256(f"{reason}\n{excerpt}".encode("utf-8", "replace")).hexdigest()
    known = select(Quarantine.id).where(Quarantine.source_id == source.id, Quarantine.content_hash == content)
    if session.scalar(known) is None:
        session.add(
            Quarantine(source_id=source.id, seen_at=now, reason=reason[:300], excerpt=shown, content_hash=content)
        )
        session.flush()
