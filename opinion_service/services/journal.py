"""The journal: every act is a row, chained to the one before it by an HMAC, in the act's own transaction."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from opinion_service.domain.people import SYSTEM, Actor
from opinion_service.models import AuditEvent

BEGINNING = "0" * 64
_LOCK = 7_201_914  # Any number that nothing else locks; one writer at a time extends the chain.


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written down: `summary` is shown to people, `detail` is for machines."""

    kind: str
    summary: str
    case_id: int | None = None
    from_state: str = ""
    to_state: str = ""
    reason: str = ""
    detail: dict[str, Any] | None = None


def record(session: Session, entry: Entry, *, actor: Actor, now: datetime) -> AuditEvent:
    """Append one row to the journal inside the caller's transaction and return it."""
    hold(session)
    last = session.execute(select(AuditEvent.id, AuditEvent.hash).order_by(AuditEvent.id.desc()).limit(1)).first()
    row = AuditEvent(
        id=(last.id if last else 0) + 1,
        at=now,
        actor_id=actor.user_id or None,
        actor_name=actor.name,
        actor_role="system" if actor is SYSTEM else actor.role.value,
        kind=entry.kind,
        case_id=entry.case_id,
        from_state=entry.from_state,
        to_state=entry.to_state,
        summary=entry.summary[:300],
        reason=entry.reason,
        detail=entry.detail or {},
        previous_hash=last.hash if last else BEGINNING,
    )
    row.hash = seal(row, session.info["journal_key"])
    session.add(row)
    session.flush()
    return row


def hold(session: Session) -> None:
    """Wait until no other transaction writes the journal; held until the caller's transaction ends.

    SQLite has one writer anyway; on PostgreSQL this is what makes numbers and links gap-free.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def seal(row: AuditEvent, key: bytes) -> str:
    """Return the HMAC-SHA256 (hex) of a row's content and the hash of the row before it."""
    content = [
        row.id, row.at.astimezone(UTC).isoformat(), row.actor_id, row.actor_name, row.actor_role, row.kind,
        row.case_id, row.from_state, row.to_state, row.summary, row.reason, row.detail, row.previous_hash,
    ]  # fmt: skip
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, canonical.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk along the chain found; `broken_id` is the first row that does not hold."""

    row_count: int
    broken_id: int | None
    problem: str
    head: str


def verify(session: Session, key: bytes) -> Verification:
    """Walk the whole chain in order and return what was found; reads in pages, changes nothing."""
    previous, expected, count = BEGINNING, 1, 0
    for row in _rows(session):
        problem = _problem(row, expected, previous, key)
        if problem:
            return Verification(count, row.id, problem, previous)
        previous, expected, count = row.hash, row.id + 1, count + 1
    return Verification(count, None, "", previous)


def _problem(row: AuditEvent, expected: int, previous: str, key: bytes) -> str:
    if row.id != expected:
        return f"row {expected} is missing"
    if row.previous_hash != previous:
        return "the link to the row before is broken"
    return "" if hmac.compare_digest(row.hash, seal(row, key)) else "the content was changed"


def _rows(session: Session, page: int = 2000) -> Iterator[AuditEvent]:
    last = 0
    while True:
        statement = select(AuditEvent).where(AuditEvent.id > last).order_by(AuditEvent.id).limit(page)
        rows = session.scalars(statement).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].id
        session.expunge_all()
