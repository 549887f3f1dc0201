"""Keeps entries as items: cleaned, scrubbed, told apart, revised and ranked; every entry is counted once.

Works inside the caller's transaction and reads what it needs once for a whole batch, not once an entry.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from opinion_service.domain.listening.addresses import public_link
from opinion_service.domain.listening.feed_dates import clamp_published
from opinion_service.domain.listening.polling import POLLED
from opinion_service.domain.listening.scrub import scrub
from opinion_service.domain.listening.watch import Verdict
from opinion_service.domain.text import clean_text, fingerprint
from opinion_service.models import Item, ItemRevision, Quarantine, RankPoint, Source
from opinion_service.services.listening import scope
from opinion_service.services.listening.haul import Counts, Incoming

LONGEST_TITLE = 200
LONGEST_BODY = 4_000
# As many values as every database takes in one IN.
_CHUNK = 400


@dataclass(frozen=True, slots=True)
class Prepared:
    """An entry cleaned and scrubbed; `scrubbed` counts what was taken out by kind, `content` is its hash."""

    entry: Incoming
    scrubbed: dict[str, int]
    content: str


def prepare(entries: Iterable[Incoming]) -> list[Prepared]:
    """Return the entries cleaned and scrubbed; needs no database, so that no lock is held meanwhile."""
    return [_prepared(entry) for entry in entries]


def keep(
    session: Session, source: Source, prepared: Sequence[Prepared], *, now: datetime, room: int | None = None
) -> Counts:
    """Store the entries as items of `source` and return the counts; an entry known already changes nothing.

    What the source's scope does not want is remembered apart for some days. An item that was taken in once is
    followed to its next revision, whatever the scope says of it now. room: how many may be new; the rest are counted
    as overflow.
    """
    counts = Counts()
    known, wanted = _known(session, source, prepared), scope.scope_of(session, source)
    known |= _renamed(session, source, prepared, known, now)
    ranked: list[tuple[Item, Incoming]] = []
    passed: list[tuple[Incoming, Verdict]] = []
    for one in prepared:
        row = known.get(one.entry.identity)
        kind, verdict = _judge(wanted, one, row.content_hash if row else None)
        if kind == "new" and room is not None and counts.new >= room:
            kind = "overflow"
        setattr(counts, kind, getattr(counts, kind) + 1)
        if kind == "broken":
            quarantine(session, source, "清洗后没有文字", one.entry.url, now)
        if verdict is not None:
            passed.append((one.entry, verdict))
        if kind in ("broken", "unmatched", "overflow"):
            continue
        item = known[one.entry.identity] = _kept(session, source, one, row, now)
        if one.entry.rank is not None or one.entry.heat_value is not None:
            ranked.append((item, one.entry))
    session.flush()
    _keep_ranks(session, ranked, now)
    if wanted is not None:
        scope.pass_over(session, source, passed, now=now)
        scope.forget(session, source.id, list(known))
    return counts


def weigh(session: Session, source: Source, prepared: Sequence[Prepared], seen: dict[str, str]) -> Counts:
    """Return what `keep` would count, storing nothing; `seen` carries the hashes from batch to batch."""
    counts, wanted = Counts(), scope.scope_of(session, source)
    stored = {identity: row.content_hash for identity, row in _known(session, source, prepared).items()}
    for one in prepared:
        identity = one.entry.identity
        kind, _ = _judge(wanted, one, seen.get(identity, stored.get(identity)))
        setattr(counts, kind, getattr(counts, kind) + 1)
        if kind in ("new", "revised", "repeated"):
            seen[identity] = one.content
    return counts


def quarantine(session: Session, source: Source, reason: str, excerpt: str, now: datetime) -> None:
    """Write down, once, what could not be read; the excerpt is scrubbed."""
    shown = scrub(clean_text(excerpt, 300)).text
    content = hashlib.sha256(f"{reason}\n{excerpt}".encode("utf-8", "replace")).hexdigest()
    known = select(Quarantine.id).where(Quarantine.source_id == source.id, Quarantine.content_hash == content)
    if session.scalar(known) is None:
        session.add(
            Quarantine(source_id=source.id, seen_at=now, reason=reason[:300], excerpt=shown, content_hash=content)
        )
        session.flush()


def _prepared(entry: Incoming) -> Prepared:
    title = scrub(clean_text(entry.title, LONGEST_TITLE))
    body = scrub(clean_text(entry.body, LONGEST_BODY))
    counts = dict(title.counts)
    for kind, number in body.counts.items():
        counts[kind] = counts.get(kind, 0) + number
    shown = (title.text or body.text[:40])[:300]
    clean = replace(
        entry, title=shown, body=body.text, url=public_link(clean_text(entry.url, 2000)),
        external_id=clean_text(entry.external_id, 120), territory=scrub(clean_text(entry.territory, 60)).text[:60],
    )  # fmt: skip
    return Prepared(clean, counts, hashlib.sha256(f"{shown}\n{body.text}".encode()).hexdigest())


def _judge(wanted: scope.Scope | None, one: Prepared, known: str | None) -> tuple[str, Verdict | None]:
    """Return which count the entry belongs to, with the verdict when the scope does not want it.

    known: the hash of what is stored under its identity.
    """
    if not one.entry.title:
        return "broken", None
    if known is not None:
        return "repeated" if known == one.content else "revised", None
    verdict = wanted.judge(one.entry.title, one.entry.body) if wanted is not None else None
    return ("new", None) if verdict is None or verdict.is_wanted else ("unmatched", verdict)


def _known(session: Session, source: Source, prepared: Sequence[Prepared]) -> dict[str, Item]:
    identities = list(dict.fromkeys(one.entry.identity for one in prepared))
    found: dict[str, Item] = {}
    for start in range(0, len(identities), _CHUNK):
        wanted = Item.identity.in_(identities[start : start + _CHUNK])
        rows = session.scalars(select(Item).where(Item.source_id == source.id, wanted))
        found |= {row.identity: row for row in rows}
    return found


def _renamed(
    session: Session, source: Source, prepared: Sequence[Prepared], known: dict[str, Item], now: datetime
) -> dict[str, Item]:
    """Return the items that entries of unknown identity repeat: same address, words and claimed time.

    Some feeds give a new guid at every visit, and one that two stories share names neither only while both are in
    the window. What is handed in is not compared: many citizens send the same words through one page.
    """
    if source.kind not in POLLED:
        return {}
    strange = [one for one in prepared if one.entry.url and one.entry.title and one.entry.identity not in known]
    stored: dict[tuple[str, str, datetime | None], Item] = {}
    for start in range(0, len(strange), _CHUNK):
        prints = {fingerprint(one.entry.title) for one in strange[start : start + _CHUNK]}
        rows = session.scalars(select(Item).where(Item.source_id == source.id, Item.fingerprint.in_(prints)))
        stored |= {(row.url, row.content_hash, row.published_at): row for row in rows}
    claims = {one.entry.identity: (one.entry.url, one.content, _claimed(one.entry, now)) for one in strange}
    return {identity: stored[claim] for identity, claim in claims.items() if claim in stored}


def _claimed(entry: Incoming, now: datetime) -> datetime | None:
    return clamp_published(entry.published_at or entry.seen_at, now)


def _kept(session: Session, source: Source, one: Prepared, row: Item | None, now: datetime) -> Item:
    if row is None:
        row = _new_item(source, one, now)
        session.add(row)
    elif row.content_hash != one.content:
        # The row before it may be new in this very batch and have no number yet.
        session.flush()
        _revise(session, row, one, now)
    return row


def _new_item(source: Source, one: Prepared, now: datetime) -> Item:
    entry = one.entry
    return Item(
        source_id=source.id, identity=entry.identity, external_id=entry.external_id, url=entry.url,
        title=entry.title, body=entry.body, published_at=_claimed(entry, now), first_seen_at=now,
        territory=entry.territory, content_hash=one.content, fingerprint=fingerprint(entry.title), revision=1,
        scrub_counts=one.scrubbed,
    )  # fmt: skip


def _revise(session: Session, row: Item, one: Prepared, now: datetime) -> None:
    session.add(ItemRevision(item_id=row.id, revision=row.revision, title=row.title, body=row.body, replaced_at=now))
    row.title, row.body, row.content_hash = one.entry.title, one.entry.body, one.content
    row.revision += 1
    row.fingerprint = fingerprint(one.entry.title)


def _keep_ranks(session: Session, ranked: Sequence[tuple[Item, Incoming]], now: datetime) -> None:
    """Write one point per item and snapshot; the item itself shows the latest of them.

    A list that names an entry twice in one snapshot ranks it where it stands first.
    """
    points: dict[tuple[int, datetime], Incoming] = {}
    for item, entry in ranked:
        points.setdefault((item.id, entry.seen_at or now), entry)
    latest = _latest_points(session, sorted({item_id for item_id, _ in points}))
    items = {item.id: item for item, _ in ranked}
    for (item_id, at), entry in sorted(points.items(), key=lambda point: point[0]):
        if item_id not in latest or latest[item_id] <= at:
            latest[item_id] = at
            items[item_id].rank, items[item_id].heat_value = entry.rank, entry.heat_value
    stored = _stored_points(session, list(points))
    rows = [
        {"item_id": item_id, "at": at, "rank": entry.rank, "heat_value": entry.heat_value}
        for (item_id, at), entry in points.items()
        if (item_id, at) not in stored
    ]
    if rows:
        session.execute(insert(RankPoint), rows)


def _latest_points(session: Session, item_ids: Sequence[int]) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    for start in range(0, len(item_ids), _CHUNK):
        wanted = RankPoint.item_id.in_(item_ids[start : start + _CHUNK])
        latest = func.max(RankPoint.at).label("latest")
        rows = session.execute(select(RankPoint.item_id, latest).where(wanted).group_by(RankPoint.item_id))
        found |= {row.item_id: row.latest for row in rows}
    return found


def _stored_points(session: Session, keys: Sequence[tuple[int, datetime]]) -> set[tuple[int, datetime]]:
    found: set[tuple[int, datetime]] = set()
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        rows = session.execute(
            select(RankPoint.item_id, RankPoint.at).where(
                RankPoint.item_id.in_({item_id for item_id, _ in chunk}), RankPoint.at.in_({at for _, at in chunk})
            )
        )
        found |= {(item_id, at) for item_id, at in rows}
    return found
