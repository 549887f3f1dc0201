"""The coverage ledger: a line for every check, blind windows, hours, and when the source is asked again.

Everything here happens inside the caller's transaction, so that the validators (etag) and the plan are saved
with the items they stand for.
"""

import gzip
import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.listening.addresses import authority_of
from opinion_service.domain.listening.hearing import LATE_AFTER
from opinion_service.domain.listening.polling import Asked, Pace, plan
from opinion_service.domain.listening.rhythm import LOOK_BACK, rhythm_of
from opinion_service.domain.people import SYSTEM
from opinion_service.models import BlindWindow, RawBody, Source, SourceCheck, SourceHour, SourceStory
from opinion_service.services import journal
from opinion_service.services.listening.haul import Counts, Haul

NOTHING = Counts()
MEASURE_EVERY = timedelta(hours=1)
MOST_ARRIVALS = 400
LONGEST_DETAIL = 500


def note(session: Session, source: Source, haul: Haul, counts: Counts, *, now: datetime) -> None:
    """Write the line of one check and what follows from it: health, windows, hours, the next time."""
    if haul.outcome == "reparsed":
        _note_reparse(session, source, haul, counts, now)
        return
    is_polled = source.kind in ("feed", "hotlist")
    if is_polled and haul.outcome != "lost":
        _note_lateness(session, source, now)
    source.lease_token = source.lease_until = None
    if haul.is_success:
        _note_success(session, source, haul, counts, now)
    else:
        _note_failure(session, source, haul, now)
    if haul.body:
        _keep_raw(session, source, haul, now)
    reason = _plan_next(source, haul, now) if is_polled else ""
    line = _line(source, haul, counts, now)
    line.wait_reason, line.next_check_at = reason, source.next_check_at if is_polled else None
    session.add(line)
    _count_hour(session, source, haul, counts, now)
    if is_polled and counts.new:
        _measure(session, source, now)


def tell(session: Session, source: Source, kind: str, summary: str, *, actor_name: str, now: datetime) -> None:
    """Add one line to the story of a source."""
    session.add(
        SourceStory(source_id=source.id, at=now, kind=kind, actor_name=actor_name, summary=summary[:500], detail={})
    )


def forget_copy(source: Source) -> None:
    """Let the next check read the whole document again: what is kept of it may no longer be what is wanted."""
    source.etag = source.last_modified = source.body_sha256 = ""


def _line(source: Source, haul: Haul, counts: Counts, now: datetime) -> SourceCheck:
    return SourceCheck(
        source_id=source.id, finished_at=now, outcome=haul.outcome, http_status=haul.status,
        new_count=counts.new, revised_count=counts.revised, repeated_count=counts.repeated,
        broken_count=counts.broken + counts.overflow, unmatched_count=counts.unmatched,
        detail=haul.detail[:LONGEST_DETAIL], took_ms=haul.took_ms, byte_count=len(haul.body),
    )  # fmt: skip


def _note_reparse(session: Session, source: Source, haul: Haul, counts: Counts, now: datetime) -> None:
    """Write down a second reading of a kept document; it says nothing about how the source does today."""
    session.add(_line(source, haul, counts, now))
    if counts.new or counts.revised:
        summary = f"重新解析：新增 {counts.new} 条，修订 {counts.revised} 条"
        tell(session, source, "reparsed", summary, actor_name=SYSTEM.name, now=now)


def _note_success(session: Session, source: Source, haul: Haul, counts: Counts, now: datetime) -> None:
    if source.failures:
        _close_windows(session, source, now)
    source.last_ok_at, source.failures, source.last_error = now, 0, ""
    if haul.outcome == "empty":
        # A 304 or the same bytes next time must not hide that the list is still empty.
        source.empties += 1
        forget_copy(source)
    else:
        source.empties = 0
        source.etag = haul.etag or source.etag
        source.last_modified = haul.last_modified or source.last_modified
        if haul.body:
            source.body_sha256 = hashlib.sha256(haul.body).hexdigest()
    if haul.outcome in ("ok", "empty"):
        source.ttl_minutes = haul.ttl_minutes
    if counts.new:
        source.last_new_at = now
        source.quiet_from = now + timedelta(minutes=source.quiet_minutes) if source.quiet_minutes else None
    if haul.moved_to and haul.moved_to != source.url:
        _note_move(session, source, haul, now)


def _note_failure(session: Session, source: Source, haul: Haul, now: datetime) -> None:
    source.failures += 1
    source.last_error = haul.detail[:LONGEST_DETAIL]
    if source.failures == 1:
        _open_window(session, source, haul, now)


def _note_move(session: Session, source: Source, haul: Haul, now: datetime) -> None:
    """Follow a lasting move to a feed; an answer without a document has not shown one yet."""
    if haul.outcome == "not_modified":
        # Whoever takes over a name could say "unchanged" for ever; the next check asks for all of it.
        forget_copy(source)
        return
    _follow(session, source, haul.moved_to, now)


def _follow(session: Session, source: Source, url: str, now: datetime) -> None:
    """Take the address the server names for good into the record; the old one stays in story and journal."""
    old = source.url
    source.url, source.host = url[:2000], authority_of(url)
    summary = f"地址已永久转移：{old} → {source.url}"
    if source.credential_origin and not source.credential_origin.endswith(f"//{source.host}"):
        summary += "（访问凭据属于原主机，不会发往新地址，请重新填写）"
    tell(session, source, "moved", summary, actor_name=SYSTEM.name, now=now)
    detail = {"source_id": source.id, "from": old, "to": source.url}
    entry = journal.Entry("source_changed", f"信源 {source.name} 地址已永久转移", detail=detail)
    journal.record(session, entry, actor=SYSTEM, now=now)


def _plan_next(source: Source, haul: Haul, now: datetime) -> str:
    """Set when the source is asked again; return the reason."""
    pace = Pace(
        timedelta(minutes=source.floor_minutes),
        timedelta(minutes=source.interval_minutes),
        timedelta(minutes=source.ceiling_minutes),
        timedelta(minutes=source.gap_minutes) if source.gap_minutes else None,
    )
    asked = haul.asked if haul.outcome != "gone" else Asked(haul.asked.retry_after, is_gone=True)
    if source.ttl_minutes:
        # Of the document last read: a 304 or the same bytes do not show it again.
        asked = replace(asked, fresh=max(asked.fresh or timedelta(0), timedelta(minutes=source.ttl_minutes)))
    planned = plan(pace, asked, failures=source.failures, seed=f"{source.id}/{source.failures}/{now:%Y%m%d%H}")
    source.next_check_at = now + planned.wait
    source.not_before = source.next_check_at if planned.reason in ("retry_after", "cache") else None
    return planned.reason


def _note_lateness(session: Session, source: Source, now: datetime) -> None:
    """Write down the time in which the desk itself did not ask, unless a blind window covers it already."""
    due = max(source.next_check_at, source.paused_until or source.next_check_at)
    if source.failures == 0 and now - due > LATE_AFTER:
        session.add(
            BlindWindow(
                source_id=source.id, began_at=due, ended_at=now, cause="not_checked", detail="工作台未按时检查该信源。"
            )
        )


def _open_window(session: Session, source: Source, haul: Haul, now: datetime) -> None:
    session.add(BlindWindow(source_id=source.id, began_at=now, cause=haul.outcome, detail=haul.detail[:LONGEST_DETAIL]))
    session.flush()


def _close_windows(session: Session, source: Source, now: datetime) -> None:
    for window in session.scalars(
        select(BlindWindow).where(BlindWindow.source_id == source.id, BlindWindow.ended_at.is_(None))
    ):
        window.ended_at = max(now, window.began_at)


def close_windows(session: Session, source: Source, *, now: datetime) -> None:
    """End the open blind window of a source that is no longer listened to: a pause is wanted, not suffered."""
    _close_windows(session, source, now)


def _count_hour(session: Session, source: Source, haul: Haul, counts: Counts, now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    row = session.get(SourceHour, (source.id, hour))
    if row is None:
        row = SourceHour(source_id=source.id, hour=hour, check_count=0, heard_count=0, new_count=0)
        session.add(row)
    row.check_count += 1
    row.heard_count += haul.is_success
    row.new_count += counts.new


def _measure(session: Session, source: Source, now: datetime) -> None:
    """Bring the source's rhythm up to date from its own ledger, at most once an hour."""
    if source.rhythm_at is not None and now - source.rhythm_at < MEASURE_EVERY:
        return
    session.flush()
    newest = session.execute(
        select(SourceCheck.finished_at, SourceCheck.new_count)
        .where(
            SourceCheck.source_id == source.id,
            SourceCheck.new_count > 0,
            SourceCheck.finished_at > now - LOOK_BACK,
            SourceCheck.outcome != "reparsed",
        )
        .order_by(SourceCheck.finished_at.desc())
        .limit(MOST_ARRIVALS)
    ).all()
    rhythm = rhythm_of([(row.finished_at, row.new_count) for row in reversed(newest)], now=now)
    source.rhythm_at, source.items_per_week = now, rhythm.items_per_week
    source.gap_minutes = rhythm.gap / timedelta(minutes=1) if rhythm.gap else None
    source.quiet_minutes = rhythm.quiet_after / timedelta(minutes=1) if rhythm.quiet_after else None
    source.quiet_from = now + rhythm.quiet_after if rhythm.quiet_after else None


def _keep_raw(session: Session, source: Source, haul: Haul, now: datetime) -> None:
    digest = hashlib.sha256(haul.body).hexdigest()
    known = session.scalar(select(RawBody).where(RawBody.source_id == source.id, RawBody.sha256 == digest))
    if known is not None:
        known.fetched_at = now
        return
    packed = gzip.compress(haul.body, 6, mtime=0)
    session.add(
        RawBody(
            source_id=source.id,
            fetched_at=now,
            sha256=digest,
            content_type=haul.content_type[:120],
            body=packed,
            headers=dict(haul.headers),
        )
    )
