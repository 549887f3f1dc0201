"""Freezes the items of a case when it opens and when more join, and proves later that nothing of it was changed.

The rows are sealed by triggers, and their digests stand in the journal, whose rows are chained: whoever changes,
removes or adds a piece of evidence behind the desk's back would have to forge the chain as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.evidence import digest
from opinion_service.domain.people import Actor
from opinion_service.models import AuditEvent, Evidence, EvidenceCheck, Item, RawBody, Recheck, Source
from opinion_service.services import journal

FROZEN, CHECKED = "evidence_frozen", "evidence_checked"
_AT_ONCE = 200
Row = TypeVar("Row", Evidence, EvidenceCheck)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a walk along the evidence found: how many rows there are, and the first that does not hold."""

    count: int
    check_count: int
    problem: str = ""
    broken_id: int | None = None


def freeze(session: Session, case_id: int, event_id: int, *, actor: Actor, now: datetime) -> int:
    """Freeze every item of the event that the case does not hold yet, with its digests in the journal; return how many.

    Works inside the caller's transaction: the case, its evidence and its history are there together or not at all.
    """
    rows = [_frozen(case_id, row, now) for row in _unfrozen(session, case_id, event_id)]
    session.add_all(rows)
    session.flush()
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        detail = {"evidence": [[row.id, row.sha256] for row in some]}
        entry = journal.Entry(FROZEN, f"固定证据 {len(some)} 条", case_id=case_id, detail=detail)
        journal.record(session, entry, actor=actor, now=now)
    return len(rows)


def digest_of(row: Evidence) -> str:
    """Return the digest over everything a piece of evidence holds."""
    return digest(
        [
            row.case_id, row.item_id, row.revision, row.source_name, row.url, row.title, row.body,
            _iso(row.published_at), _iso(row.first_seen_at), row.headers, _iso(row.frozen_at),
        ]
    )  # fmt: skip


def digest_of_check(row: EvidenceCheck) -> str:
    """Return the digest over what one look at a piece of evidence found."""
    return digest([row.evidence_id, _iso(row.checked_at), row.outcome, row.http_status, row.detail, row.found_text])


def verify(session: Session) -> Proof:
    """Walk along all evidence and every finished look at it, and compare each with the journal; changes nothing.

    The journal itself is proved by `journal.verify`.
    """
    kept = _journaled(session, FROZEN, "evidence")
    looked = _journaled(session, CHECKED, "checks")
    count = check_count = 0
    for row in _pages(session, Evidence):
        count += 1
        problem = _problem(kept.pop(row.id, None), row.sha256, digest_of(row))
        if problem:
            return Proof(count, 0, f"evidence: {problem}", row.id)
    if kept:
        return Proof(count, 0, "evidence: a row is missing", min(kept))
    unfinished = set(session.scalars(select(Recheck.id).where(Recheck.state != "done")))
    for check in _pages(session, EvidenceCheck):
        check_count += 1
        written = looked.pop(check.id, None)
        if written is None and check.recheck_id in unfinished:
            continue
        actual = digest_of_check(check)
        problem = _problem(written, actual, actual)
        if problem:
            return Proof(count, check_count, f"check: {problem}", check.id)
    if looked:
        return Proof(count, check_count, "check: a row is missing", min(looked))
    return Proof(count, check_count)


def _problem(journaled: str | None, written: str, actual: str) -> str:
    if journaled is None:
        return "the journal does not know the row"
    return "" if journaled == written == actual else "the content was changed"


def _unfrozen(session: Session, case_id: int, event_id: int) -> list[tuple[Item, str, RawBody | None]]:
    """Return the items to freeze, each with its source's name and the document that brought it, if it is kept."""
    brought = (
        select(RawBody.id)
        .where(RawBody.source_id == Item.source_id, RawBody.fetched_at >= Item.first_seen_at)
        .order_by(RawBody.fetched_at, RawBody.id)
        .limit(1)
        .correlate(Item)
        .scalar_subquery()
    )
    held = select(Evidence.item_id).where(Evidence.case_id == case_id)
    rows = session.execute(
        select(Item, Source.name, RawBody)
        .join(Source, Source.id == Item.source_id)
        .outerjoin(RawBody, and_(RawBody.id == brought))
        .where(Item.event_id == event_id, Item.id.not_in(held))
        .order_by(Item.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _frozen(case_id: int, found: tuple[Item, str, RawBody | None], now: datetime) -> Evidence:
    item, source_name, document = found
    row = Evidence(
        case_id=case_id, item_id=item.id, revision=item.revision, source_name=source_name, url=item.url,
        title=item.title, body=item.body, published_at=item.published_at, first_seen_at=item.first_seen_at,
        headers=_headers(document), frozen_at=now,
    )  # fmt: skip
    row.sha256 = digest_of(row)
    return row


def _headers(document: RawBody | None) -> dict[str, object]:
    """Return what is known of the answer that brought the item; typed and imported items came in none."""
    if document is None:
        return {}
    return {
        "document_sha256": document.sha256, "fetched_at": _iso(document.fetched_at),
        "content_type": document.content_type, "headers": document.headers,
    }  # fmt: skip


def _journaled(session: Session, kind: str, name: str) -> dict[int, str]:
    """Return id and digest of every row the journal speaks of."""
    details = session.scalars(select(AuditEvent.detail).where(AuditEvent.kind == kind).order_by(AuditEvent.id))
    return {int(pair[0]): str(pair[1]) for detail in details for pair in detail.get(name, ())}


def _pages(session: Session, model: type[Row]) -> Iterator[Row]:
    last = 0
    while True:
        found = session.scalars(select(model).where(model.id > last).order_by(model.id).limit(500)).all()
        if not found:
            return
        yield from found
        last = found[-1].id
        session.expunge_all()


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment is not None else None
