"""Files handed in and entries typed in: what a person does with them. `import_work` takes them in."""

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.listening.import_rows import ImportField
from opinion_service.domain.listening.scrub import scrub
from opinion_service.domain.people import SYSTEM, Actor, Role
from opinion_service.domain.text import clean_text
from opinion_service.models import ImportRun, Source
from opinion_service.services import journal
from opinion_service.services.listening import import_book, item_store
from opinion_service.services.listening.haul import Incoming
from opinion_service.services.transaction import transaction

SAMPLE_ROWS = 10


@dataclass(frozen=True, slots=True)
class NewRun:
    """A file as it was handed in and what a first look at it gave; `sample` rows are scrubbed when stored."""

    source_name: str
    file_name: str
    kind: str
    body: bytes = field(repr=False)
    encoding: str = ""
    columns: tuple[str, ...] = ()
    sample: tuple[tuple[int, tuple[str, ...]], ...] = ()
    mapping: Mapping[ImportField, int] = field(default_factory=dict)


def receive(new: NewRun, *, actor: Actor, now: datetime) -> int:
    """Keep a file as a draft run and return its id; its source is made when there is none of that name.

    Raise Forbidden or InvalidInput.
    """
    _check(actor)
    name = new.source_name.strip()[:120]
    if not name:
        raise InvalidInput("请填写信源名称。", "source")
    with transaction() as session:
        source_id = import_book.source_called(session, name, actor=actor, now=now)
        run = ImportRun(
            source_id=source_id, name=clean_text(new.file_name, 200) or "file", kind=new.kind, encoding=new.encoding,
            sha256=hashlib.sha256(new.body).hexdigest(), size_bytes=len(new.body), body=gzip.compress(new.body),
            columns=_headings(new.columns), sample=_scrubbed(new.sample), mapping=_record(new.mapping),
            created_at=now, created_by_id=actor.user_id or None,
        )  # fmt: skip
        session.add(run)
        session.flush()
        return run.id


def file_of(run_id: int, *, actor: Actor) -> tuple[bytes, str]:
    """Return the file of a draft and its kind; raise Forbidden or NotFound."""
    _check(actor)
    with transaction() as session:
        run = _draft(session, run_id)
        return gzip.decompress(run.body or b""), run.kind


def reread(run_id: int, again: NewRun, *, actor: Actor) -> None:
    """Replace what a first look at a draft gave: encoding, columns, sample and mapping."""
    _check(actor)
    with transaction() as session:
        run = _draft(session, run_id)
        run.encoding, run.columns = again.encoding, _headings(again.columns)
        run.sample, run.mapping = _scrubbed(again.sample), _record(again.mapping)
        run.rehearsed_at = None


def map_columns(run_id: int, mapping: Mapping[ImportField, int], *, actor: Actor) -> None:
    """Keep which column means what; raise InvalidInput when neither title nor content has one."""
    _check(actor)
    with transaction() as session:
        run = _draft(session, run_id)
        if any(not 0 <= place < len(run.columns) for place in mapping.values()):
            raise InvalidInput("所选的列不存在。", "title")
        if not {ImportField.TITLE, ImportField.CONTENT} & mapping.keys():
            raise InvalidInput("请至少为标题或内容选择一列。", "title")
        run.mapping, run.rehearsed_at = _record(mapping), None


def start(run_id: int, *, is_rehearsal: bool, actor: Actor, now: datetime) -> None:
    """Put a draft in the queue, to be taken in or only rehearsed; a worker or the sweeper picks it up."""
    _check(actor)
    with transaction() as session:
        run = _draft(session, run_id)
        if not {"title", "content"} & run.mapping.keys():
            raise InvalidInput("请至少为标题或内容选择一列。", "title")
        run.state, run.is_rehearsal, run.rehearsed_at = "queued", is_rehearsal, None
        import_book.reset(session, run)
        if not is_rehearsal:
            entry = journal.Entry("import_started", f"开始导入 {run.name}", detail={"run_id": run.id})
            journal.record(session, entry, actor=actor, now=now)


def cancel(run_id: int, *, actor: Actor, now: datetime) -> None:
    """Stop a run that is not over and forget its file; what it has stored already stays."""
    _check(actor)
    with transaction() as session:
        run = session.get(ImportRun, run_id, with_for_update=True)
        if run is None or run.state not in ("draft", "queued", "running"):
            raise NotFound("导入任务不存在或已结束。")
        import_book.close(run, "cancelled", now)
        entry = journal.Entry("import_cancelled", f"取消导入 {run.name}", detail={"run_id": run.id})
        journal.record(session, entry, actor=actor, now=now)


def enter(entry: Incoming, source_name: str, *, actor: Actor, now: datetime) -> str:
    """Keep one entry typed in by a person; return *new*, *revised*, *repeated* or *unmatched*.

    Raise Forbidden, or InvalidInput when neither title nor content says anything.
    """
    _check(actor)
    prepared = item_store.prepare([entry])
    if not prepared[0].entry.title:
        raise InvalidInput("请填写标题或内容。", "title")
    with transaction() as session:
        source_id = import_book.source_called(session, source_name.strip()[:120] or "人工录入", actor=actor, now=now)
        counts = item_store.keep(session, session.get_one(Source, source_id), prepared, now=now)
        shown = journal.Entry("item_entered", f"人工录入：{prepared[0].entry.title[:60]}")
        journal.record(session, shown, actor=actor, now=now)
        return next(name for name in import_book.COUNTS if getattr(counts, name))


def _check(actor: Actor) -> None:
    if actor is not SYSTEM and actor.role not in (Role.LIAISON, Role.ADMIN):
        raise Forbidden("只有联络员或系统管理员可以导入和录入。")


def _draft(session: Session, run_id: int) -> ImportRun:
    run = session.get(ImportRun, run_id, with_for_update=True)
    if run is None or run.state != "draft":
        raise NotFound("导入任务不存在，或已经开始。")
    return run


def _headings(columns: Sequence[str]) -> list[str]:
    return [clean_text(name, 100) for name in columns]


def _scrubbed(sample: Sequence[tuple[int, Sequence[str]]]) -> list[list[object]]:
    return [[number, [scrub(clean_text(cell, 300)).text for cell in cells]] for number, cells in sample[:SAMPLE_ROWS]]


def _record(mapping: Mapping[ImportField, int]) -> dict[str, int]:
    return {name.value: place for name, place in mapping.items()}
