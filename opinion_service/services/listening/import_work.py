"""Import runs as the workers go on with them: leased, rehearsed or taken in batch by batch, then forgotten.

A run is a row with a lease; its counts move in the transaction that stores its items, so that a worker that
dies in the middle costs nothing and counts nothing twice.
"""

import gzip
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from opinion_service.domain.listening.import_rows import ImportField
from opinion_service.domain.listening.scrub import scrub
from opinion_service.domain.people import SYSTEM
from opinion_service.domain.text import clean_text
from opinion_service.models import ImportProblem, ImportRun, Source, SourceCheck
from opinion_service.services import journal
from opinion_service.services.listening import import_book, item_store, one_by_one
from opinion_service.services.listening.haul import Counts, Incoming
from opinion_service.services.transaction import transaction

LEASE = timedelta(minutes=5)
KEPT_FOR = timedelta(hours=24)
MOST_PROBLEMS = 5_000


@dataclass(frozen=True, slots=True)
class Work:
    """The right to go on with one run; `done` rows are behind it already."""

    run_id: int
    token: str
    kind: str
    encoding: str
    mapping: dict[ImportField, int]
    is_rehearsal: bool
    done: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one row; `is_kept` when the row was taken in all the same."""

    row_number: int
    reason: str
    excerpt: str = ""
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a run, in order: those that can be kept, and what is wrong with some of them."""

    row_count: int
    entries: tuple[Incoming, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def lost(self) -> int:
        """Return how many rows cannot be kept."""
        return sum(not problem.is_kept for problem in self.problems)


def waiting(*, now: datetime) -> list[int]:
    """Return the runs somebody should go on with, and forget the files of drafts nobody came back to."""
    with transaction() as session:
        old = (ImportRun.state == "draft", ImportRun.created_at < now - KEPT_FOR)
        session.execute(update(ImportRun).where(*old).values(state="cancelled", body=None, sample=[], finished_at=now))
        return list(session.scalars(select(ImportRun.id).where(_is_due(now)).order_by(ImportRun.id).limit(20)))


def claim(run_id: int, *, now: datetime) -> Work | None:
    """Return the work of a run that waits, leased, or None when it does not wait or somebody has it."""
    token = str(uuid.uuid4())
    with transaction() as session:
        taken = session.execute(
            update(ImportRun)
            .where(ImportRun.id == run_id, _is_due(now))
            .values(state="running", lease_token=token, lease_until=now + LEASE)
        )
        if not taken.rowcount:  # type: ignore[attr-defined]
            return None
        run = session.get_one(ImportRun, run_id)
        if run.is_rehearsal:
            # What a rehearsal has seen is in its process's memory only.
            import_book.reset(session, run)
        mapping = {ImportField(name): place for name, place in run.mapping.items()}
        body = gzip.decompress(run.body or b"")
        return Work(run.id, token, run.kind, run.encoding, mapping, run.is_rehearsal, run.done_count, body)


def begin(work: Work, row_count: int, *, now: datetime) -> bool:
    """Note how many rows there are; return whether the lease still holds."""
    with transaction() as session:
        run = _leased(session, work, now)
        if run is not None:
            run.row_count = max(row_count, run.done_count)
        return run is not None


def keep_batch(work: Work, batch: Batch, seen: dict[str, str], *, now: datetime) -> bool:
    """Store one batch (or only count it, in a rehearsal) and move on; return whether the lease still holds.

    seen: carried by a rehearsal from batch to batch.
    """
    prepared = item_store.prepare(batch.entries)

    def attempt(is_careful: bool) -> bool:
        keep = one_by_one.keep_each if is_careful else item_store.keep
        weigh = partial(item_store.weigh, prepared=prepared, seen=seen)
        return _kept(work, batch, weigh if work.is_rehearsal else partial(keep, prepared=prepared, now=now), now=now)

    return one_by_one.spared(attempt)


def _kept(work: Work, batch: Batch, keep: Callable[[Session, Source], Counts], *, now: datetime) -> bool:
    with transaction() as session:
        run = _leased(session, work, now)
        if run is None:
            return False
        counts = keep(session, session.get_one(Source, run.source_id))
        counts.broken += batch.lost
        for name in import_book.COUNTS:
            setattr(run, f"{name}_count", getattr(run, f"{name}_count") + getattr(counts, name))
        run.done_count += batch.row_count
        _write_problems(session, run.id, batch.problems)
        return True


def finish(work: Work, *, now: datetime) -> None:
    """End a run: a rehearsal goes back to its draft; what was taken in gets its line in the ledger."""
    with transaction() as session:
        run = _leased(session, work, now)
        if run is None:
            return
        if run.is_rehearsal:
            run.state, run.rehearsed_at, run.lease_token, run.lease_until = "draft", now, None, None
            return
        import_book.close(run, "done", now)
        _into_ledger(session, run, now)
        words = f"导入完成 {run.name}：新增 {run.new_count}，更新 {run.revised_count}，错误 {run.broken_count}"
        entry = journal.Entry("import_finished", words, detail={"run_id": run.id, "rows": run.row_count})
        journal.record(session, entry, actor=SYSTEM, now=now)


def fail(work: Work, problem: str, *, now: datetime) -> None:
    """End a run whose file cannot be read, with the reason."""
    with transaction() as session:
        run = _leased(session, work, now)
        if run is not None:
            run.problem = problem[:500]
            import_book.close(run, "failed", now)


def _is_due(now: datetime) -> ColumnElement[bool]:
    lost = (ImportRun.state == "running") & (ImportRun.lease_until < now)
    return or_(ImportRun.state == "queued", lost)


def _leased(session: Session, work: Work, now: datetime) -> ImportRun | None:
    run = session.get(ImportRun, work.run_id, with_for_update=True)
    if run is None or run.state != "running" or run.lease_token != work.token:
        return None
    run.lease_until = now + LEASE
    return run


def _into_ledger(session: Session, run: ImportRun, now: datetime) -> None:
    source = session.get_one(Source, run.source_id)
    if source.kind == "import":
        # A file for a source that is asked says nothing about whether it is heard.
        source.last_ok_at, source.last_new_at = now, now if run.new_count else source.last_new_at
    session.add(
        SourceCheck(
            source_id=run.source_id, finished_at=now, outcome="ok", new_count=run.new_count,
            revised_count=run.revised_count, repeated_count=run.repeated_count, broken_count=run.broken_count,
            unmatched_count=run.unmatched_count, detail=f"导入 {run.name}"[:500],
        )
    )  # fmt: skip


def _write_problems(session: Session, run_id: int, problems: Sequence[Problem]) -> None:
    stored = session.scalar(select(func.count(ImportProblem.id)).where(ImportProblem.run_id == run_id)) or 0
    for one in problems[: max(MOST_PROBLEMS - stored, 0)]:
        shown = scrub(clean_text(one.excerpt, 300)).text
        reason = scrub(clean_text(one.reason, 300)).text[:300]
        session.add(
            ImportProblem(
                run_id=run_id, row_number=one.row_number, reason=reason, excerpt=shown, is_kept=one.is_kept
            )
        )  # fmt: skip
