"""Import runs: the list, one run with its preview and progress, and the rows that went wrong."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from opinion_service.domain.listening.import_rows import BadRow, ImportField, Row, read_row
from opinion_service.models import ImportProblem, ImportRun, Source, User
from opinion_service.queries import paging

PAGE = 30
PROBLEMS_PAGE = 50
STATES: dict[str, str] = {
    "draft": "待确认", "queued": "排队中", "running": "导入中", "done": "已完成", "failed": "无法读取",
    "cancelled": "已取消",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunRow:
    """One line of the list."""

    id: int
    name: str
    source: str
    state: str
    state_word: str
    row_count: int
    done_count: int
    new_count: int
    revised_count: int
    repeated_count: int
    broken_count: int
    unmatched_count: int
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class RunPage:
    """A page of runs, the newest first; `after` is the cursor of the next page, empty when there is none."""

    rows: tuple[RunRow, ...]
    after: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class RunView:
    """One run with what its page shows; `preview` is the sample read under the present mapping."""

    run: RunRow
    kind: str
    encoding: str
    size_bytes: int
    columns: tuple[str, ...]
    mapping: dict[str, int]
    preview: tuple[Row | BadRow, ...]
    is_rehearsal: bool
    rehearsed_at: datetime | None
    finished_at: datetime | None
    problem: str
    same_before: datetime | None

    @property
    def size_kb(self) -> float:
        """Return the size of the file in kilobytes, to one place."""
        return round(self.size_bytes / 1024, 1)

    @property
    def is_moving(self) -> bool:
        """Return whether the page is to be looked at again soon."""
        return self.run.state in ("queued", "running")


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """A row that went wrong."""

    row_number: int
    reason: str
    excerpt: str
    is_kept: bool


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """A page of wrong rows in the order of the file."""

    rows: tuple[ProblemRow, ...]
    after: str
    before: str = ""


def runs(session: Session, *, state: str = "", source_id: int | None = None, after: str = "") -> RunPage:
    """Return a page of runs; `after` is the number of the last run of the page before."""
    statement = (
        select(ImportRun, Source.name.label("source"), User.name.label("person"))
        .join(Source, Source.id == ImportRun.source_id)
        .outerjoin(User, User.id == ImportRun.created_by_id)
        .options(defer(ImportRun.body))
    )
    if state:
        statement = statement.where(ImportRun.state == state)
    if source_id:
        statement = statement.where(ImportRun.source_id == source_id)
    found, last = paging.Order(ImportRun.id, descending=True).page(session, statement, after, PAGE)
    rows = tuple(_row(row.ImportRun, row.source, row.person) for row in found)
    return RunPage(rows, str(last.ImportRun.id) if last else "")


def sources(session: Session) -> tuple[tuple[int, str], ...]:
    """Return (id, name) of the sources that files came into or may come into."""
    used = select(ImportRun.source_id)
    statement = select(Source.id, Source.name).where((Source.kind == "import") | Source.id.in_(used))
    return tuple((row.id, row.name) for row in session.execute(statement.order_by(Source.name)))


def run_view(session: Session, run_id: int, *, now: datetime) -> RunView | None:
    """Return one run with its preview, or None."""
    found = session.execute(
        select(ImportRun, Source.name.label("source"), User.name.label("person"))
        .join(Source, Source.id == ImportRun.source_id)
        .outerjoin(User, User.id == ImportRun.created_by_id)
        .where(ImportRun.id == run_id)
        .options(defer(ImportRun.body))
    ).first()
    if found is None:
        return None
    run = found.ImportRun
    mapping = {ImportField(name): place for name, place in run.mapping.items()}
    same = select(ImportRun.finished_at).where(
        ImportRun.sha256 == run.sha256, ImportRun.state == "done", ImportRun.id < run.id
    )
    return RunView(
        _row(run, found.source, found.person), run.kind, run.encoding, run.size_bytes, tuple(run.columns),
        dict(run.mapping), tuple(read_row(number, cells, mapping, now=now) for number, cells in run.sample),
        run.is_rehearsal, run.rehearsed_at, run.finished_at, run.problem,
        session.scalar(same.order_by(ImportRun.id.desc()).limit(1)),
    )  # fmt: skip


def problems(session: Session, run_id: int, *, after: str = "", limit: int = PROBLEMS_PAGE) -> ProblemPage:
    """Return the wrong rows of a run behind row number `after`, in the order of the file."""
    statement = select(ImportProblem).where(ImportProblem.run_id == run_id)
    found, last = paging.Order(ImportProblem.row_number).page(session, statement, after, limit)
    rows = tuple(ProblemRow(row.row_number, row.reason, row.excerpt, row.is_kept) for (row,) in found)
    return ProblemPage(rows, str(rows[-1].row_number) if last else "")


def _row(run: ImportRun, source: str, person: str | None) -> RunRow:
    return RunRow(
        run.id, run.name, source, run.state, STATES[run.state], run.row_count, run.done_count, run.new_count,
        run.revised_count, run.repeated_count, run.broken_count, run.unmatched_count, run.created_at,
        person or "系统",
    )  # fmt: skip
