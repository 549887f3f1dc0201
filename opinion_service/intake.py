"""Puts adapters and services together for what is handed in: files are read, told apart and taken in.

Nothing here holds a transaction while a file is read; every function may run twice.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from opinion_service.adapters import tables
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.listening.import_rows import BadRow, Row, guess, identities, read_row
from opinion_service.services.listening import import_work, imports
from opinion_service.services.listening.haul import Incoming
from opinion_service.services.listening.import_work import Batch, Problem

BATCH = 500
LARGEST_FILE = 8_000_000


def look_at(
    source_name: str, file_name: str, body: bytes, encoding: str = "", *, most_bytes: int = LARGEST_FILE
) -> imports.NewRun:
    """Return a handed-in file with its columns, a few rows and a guess at what the columns mean.

    Raise InvalidInput, with what to do, for a file that is no table or too large.
    """
    kind = tables.kind_of(file_name)
    if not kind:
        raise InvalidInput("请选择 .csv、.tsv、.jsonl 或 .xlsx 文件。旧的 .xls 请先另存为 .xlsx。", "file")
    if len(body) > most_bytes:
        raise InvalidInput(f"文件超过 {most_bytes // 1_000_000} MB，没有保存。请分成几个文件。", "file")
    table = tables.read_killable(body, kind, encoding, imports.SAMPLE_ROWS, timeout_s=20)
    if table.problem:
        raise InvalidInput(table.problem, "file")
    mapping = guess(table.columns)
    return imports.NewRun(
        source_name, file_name, kind, body, table.encoding, table.columns, table.rows, mapping,
    )  # fmt: skip


def import_file(run_id: int, *, now: Callable[[], datetime]) -> bool:
    """Go on with one run until it is over; return whether there was anything to do."""
    work = import_work.claim(run_id, now=now())
    if work is None:
        return False
    table = tables.read_killable(work.body, work.kind, work.encoding)
    if table.problem:
        import_work.fail(work, table.problem, now=now())
        return True
    read = [read_row(number, cells, work.mapping, now=now()) for number, cells in table.rows]
    read += [BadRow(number, reason, excerpt) for number, reason, excerpt in table.broken]
    read.sort(key=lambda row: row.number)
    if not import_work.begin(work, len(read), now=now()):
        return True
    seen: dict[str, str] = {}
    for batch in _batches(read, work.done):
        if not import_work.keep_batch(work, batch, seen, now=now()):
            return True
    import_work.finish(work, now=now())
    return True


def import_waiting(*, now: Callable[[], datetime]) -> int:
    """Go on with every run that waits; return how many."""
    return sum(import_file(run_id, now=now) for run_id in import_work.waiting(now=now()))


def incoming(row: Row, identity: str) -> Incoming:
    """Return a row as the desk takes it in."""
    return Incoming(
        identity, row.title, row.content, row.url, row.published_at, row.rank, row.heat_value, row.external_id,
        row.territory, row.seen_at,
    )  # fmt: skip


def _batches(read: Sequence[Row | BadRow], done: int) -> Iterator[Batch]:
    """Yield what is left after `done` rows; identities are judged over the whole file."""
    names = identities(row for row in read if isinstance(row, Row))
    numbered = dict(zip((row.number for row in read if isinstance(row, Row)), names, strict=True))
    for start in range(done, len(read), BATCH):
        part = read[start : start + BATCH]
        kept = [row for row in part if isinstance(row, Row)]
        problems = [Problem(row.number, row.reason, row.excerpt) for row in part if isinstance(row, BadRow)]
        problems += [Problem(row.number, "；".join(row.remarks), row.title, True) for row in kept if row.remarks]
        entries = tuple(incoming(row, numbered[row.number]) for row in kept)
        yield Batch(len(part), entries, tuple(problems))
