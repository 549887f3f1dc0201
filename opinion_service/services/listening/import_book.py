"""What the acts on import runs share: making their source, starting over, closing."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from opinion_service.domain.people import Actor
from opinion_service.models import ImportProblem, ImportRun, Source
from opinion_service.services import journal

COUNTS = ("new", "revised", "repeated", "broken", "unmatched")


def source_called(session: Session, name: str, *, actor: Actor, now: datetime) -> int:
    """Return the id of the source of that name; a source for imports is made when there is none."""
    found = session.scalar(select(Source.id).where(Source.name == name))
    if found is not None:
        return found
    source = Source(name=name, kind="import", next_check_at=now, created_at=now)
    session.add(source)
    session.flush()
    entry = journal.Entry("source_added", f"新增信源 {name}", detail={"source_id": source.id})
    journal.record(session, entry, actor=actor, now=now)
    return source.id


def close(run: ImportRun, state: str, now: datetime) -> None:
    """End a run and forget its file, of which only the items are scrubbed."""
    run.state, run.finished_at, run.body, run.sample = state, now, None, []
    run.lease_token = run.lease_until = None


def reset(session: Session, run: ImportRun) -> None:
    """Bring the counts of a run back to nothing."""
    session.execute(delete(ImportProblem).where(ImportProblem.run_id == run.id))
    run.done_count = 0
    for name in COUNTS:
        setattr(run, f"{name}_count", 0)
