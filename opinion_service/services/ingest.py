"""Keeps what the sources bring: sources and their leases, the ledger; items through `item_store`."""

import gzip
import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import Actor, Role
from opinion_service.models import RawBody, Source, SourceCheck
from opinion_service.services import item_store, journal
from opinion_service.services.item_store import Counts as Counts
from opinion_service.services.item_store import Incoming as Incoming
from opinion_service.services.transaction import transaction

LEASE = timedelta(seconds=120)
LONGEST_WAIT = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class NewSource:
    """What is needed to listen to a source; `match_words` only count for the scope *match*."""

    name: str
    url: str = ""
    kind: str = "feed"
    scope: str = "all"
    match_words: tuple[str, ...] = ()
    interval_minutes: int = 30
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class SourceLease:
    """The right to fetch one source once; `token` fences it."""

    source_id: int
    token: str
    url: str
    etag: str
    last_modified: str


@dataclass(frozen=True, slots=True)
class Haul:
    """What one check of a source brought home."""

    outcome: str
    entries: tuple[Incoming, ...] = ()
    broken: tuple[tuple[str, str], ...] = ()
    detail: str = ""
    status: int | None = None
    body: bytes = b""
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    moved_to: str = ""

    @property
    def is_success(self) -> bool:
        """Return whether the source was heard."""
        return self.outcome in ("ok", "not_modified")


def add_source(new: NewSource, *, actor: Actor, now: datetime) -> int:
    """Start listening to a source and return its id; raise Forbidden or InvalidInput."""
    if actor.role is not Role.ADMIN and actor.user_id:
        raise Forbidden("只有系统管理员可以管理信源。")
    if not new.name.strip():
        raise InvalidInput("请填写信源名称。", "name")
    if new.kind != "import" and not new.url.startswith(("http://", "https://")):
        raise InvalidInput("地址须以 http:// 或 https:// 开头。", "url")
    if new.scope == "match" and not new.match_words:
        raise InvalidInput("请填写匹配词。", "match_words")
    with transaction() as session:
        if session.scalar(select(Source.id).where(Source.name == new.name.strip())):
            raise InvalidInput("已有同名信源。", "name")
        source = Source(
            name=new.name.strip(), url=new.url.strip(), kind=new.kind, scope=new.scope,
            match_words=list(new.match_words), interval_minutes=new.interval_minutes, weight=new.weight,
            next_check_at=now, created_at=now,
        )  # fmt: skip
        session.add(source)
        session.flush()
        entry = journal.Entry("source_added", f"新增信源 {source.name}", detail={"source_id": source.id})
        journal.record(session, entry, actor=actor, now=now)
        return source.id


def set_listening(source_id: int, is_active: bool, *, actor: Actor, now: datetime) -> None:
    """Pause a source or listen again; raise Forbidden or NotFound."""
    if actor.role is not Role.ADMIN:
        raise Forbidden("只有系统管理员可以管理信源。")
    with transaction() as session:
        source = session.get(Source, source_id)
        if source is None:
            raise NotFound("信源不存在。")
        source.is_active, source.next_check_at = is_active, now
        word = "恢复" if is_active else "暂停"
        journal.record(session, journal.Entry("source_changed", f"{word}信源 {source.name}"), actor=actor, now=now)


def due_sources(limit: int, *, now: datetime) -> list[int]:
    """Return the ids of sources whose check is due and that nobody holds; reads only."""
    with transaction() as session:
        return list(session.scalars(select(Source.id).where(*_is_due(now)).order_by(Source.next_check_at).limit(limit)))


def claim(source_id: int, *, now: datetime) -> SourceLease | None:
    """Return the lease of a due source, or None when it is not due or somebody has it."""
    token = str(uuid.uuid4())
    with transaction() as session:
        taken = session.execute(
            update(Source)
            .where(Source.id == source_id, *_is_due(now))
            .values(lease_token=token, lease_until=now + LEASE)
        )
        if not taken.rowcount:  # type: ignore[attr-defined]
            return None
        source = session.get_one(Source, source_id)
        return SourceLease(source.id, token, source.url, source.etag, source.last_modified)


def store(source_id: int, haul: Haul, *, token: str | None, now: datetime) -> Counts:
    """Keep what a check brought and write its line in the ledger; nothing is kept twice.

    token: of the lease; None for a file read by hand. A lost lease keeps nothing. The validators
    (etag) are saved with the items, so that a crash cannot lose what they stand for.
    """
    prepared = item_store.prepare(haul.entries)
    with transaction() as session:
        source = session.get(Source, source_id, with_for_update=True)
        if source is None or (token is not None and source.lease_token != token):
            return Counts()
        counts = item_store.keep(session, source, prepared, now=now)
        counts.broken += len(haul.broken)
        for reason, excerpt in haul.broken:
            item_store.quarantine(session, source, reason, excerpt, now)
        _note(session, source, haul, counts, now)
        return counts


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    free = or_(Source.lease_until.is_(None), Source.lease_until < now)
    return (Source.is_active.is_(True), Source.kind != "import", Source.next_check_at <= now, free)


def _note(session: Session, source: Source, haul: Haul, counts: Counts, now: datetime) -> None:
    source.lease_token = source.lease_until = None
    every = timedelta(minutes=source.interval_minutes)
    if haul.is_success:
        source.last_ok_at, source.failures, source.last_error = now, 0, ""
        source.etag, source.last_modified = (
            haul.etag or source.etag,
            haul.last_modified or source.last_modified,
        )
        source.url = haul.moved_to or source.url
        source.next_check_at = now + every
        source.last_new_at = now if counts.new else source.last_new_at
        _keep_raw(session, source, haul, now)
    else:
        source.failures += 1
        source.last_error = haul.detail[:500]
        source.next_check_at = now + min(every * 2 ** min(source.failures, 8), LONGEST_WAIT)
    session.add(
        SourceCheck(
            source_id=source.id, finished_at=now, outcome=haul.outcome, http_status=haul.status,
            new_count=counts.new, revised_count=counts.revised, repeated_count=counts.repeated,
            broken_count=counts.broken, unmatched_count=counts.unmatched, detail=haul.detail[:500],
        )
    )  # fmt: skip


def _keep_raw(session: Session, source: Source, haul: Haul, now: datetime) -> None:
    if not haul.body:
        return
    digest = hashlib.sha256(haul.body).hexdigest()
    known = select(RawBody.id).where(RawBody.source_id == source.id, RawBody.sha256 == digest)
    if session.scalar(known) is None:
        session.add(
            RawBody(
                source_id=source.id,
                fetched_at=now,
                sha256=digest,
                content_type=haul.content_type,
                body=gzip.compress(haul.body, mtime=0),
            )
        )
