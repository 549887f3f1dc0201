"""What is handed in and what is held on to: import runs, watch expressions, frozen evidence and its checks."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.domain.listening.watch import Watch
from opinion_service.models.base import Base, BigKey

RUN_STATES = "('draft', 'queued', 'running', 'done', 'failed', 'cancelled')"
OUTCOMES = "('unchanged', 'edited', 'gone', 'unclear', 'unreachable', 'no_address')"


class ImportRun(Base):
    """A file somebody handed in: how its columns are read, how far it has got, what came of it.

    `body` is the file itself, compressed; it goes as soon as the run is over, because only items are scrubbed.
    """

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint(f"state IN {RUN_STATES}", name="state"),
        CheckConstraint("kind IN ('csv', 'jsonl', 'xlsx')", name="kind"),
        CheckConstraint("state NOT IN ('draft', 'queued', 'running') OR body IS NOT NULL", name="has_body"),
        CheckConstraint("state NOT IN ('done', 'cancelled') OR body IS NULL", name="body_gone"),
        CheckConstraint("done_count >= 0 AND done_count <= row_count", name="progress"),
        Index("ix_import_run_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(8))
    encoding: Mapped[str] = mapped_column(String(20), default="")
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    columns: Mapped[list[str]] = mapped_column(JSON, default=list)
    sample: Mapped[list[Any]] = mapped_column(JSON, default=list)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    is_rehearsal: Mapped[bool] = mapped_column(default=False)
    row_count: Mapped[int] = mapped_column(default=0)
    done_count: Mapped[int] = mapped_column(default=0)
    new_count: Mapped[int] = mapped_column(default=0)
    revised_count: Mapped[int] = mapped_column(default=0)
    repeated_count: Mapped[int] = mapped_column(default=0)
    broken_count: Mapped[int] = mapped_column(default=0)
    unmatched_count: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    rehearsed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    lease_token: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None]


class ImportProblem(Base):
    """A row of an imported file that could not be kept, or was kept with something missing."""

    __tablename__ = "import_problem"
    __table_args__ = (UniqueConstraint("run_id", "row_number"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"))
    row_number: Mapped[int]
    is_kept: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(String(300))
    excerpt: Mapped[str] = mapped_column(Text, default="")


class SourceWatch(Base):
    """The watch expression of a source: at least one, all, none of these lines; in force when the scope is *match*."""

    __tablename__ = "source_watch"
    __table_args__ = (CheckConstraint("version >= 1", name="version"),)

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), primary_key=True)
    any_terms: Mapped[list[str]] = mapped_column(JSON, default=list)
    must_terms: Mapped[list[str]] = mapped_column(JSON, default=list)
    not_terms: Mapped[list[str]] = mapped_column(JSON, default=list)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime]
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    @property
    def expression(self) -> Watch:
        """Return the lines as the rule that judges by them wants them."""
        return Watch(tuple(self.any_terms), tuple(self.must_terms), tuple(self.not_terms))


class Evidence(Base):
    """An item as it stood when its case was opened; its hash stands in the case's journal, the row is sealed."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("case_id", "item_id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    revision: Mapped[int]
    source_name: Mapped[str] = mapped_column(String(120))
    url: Mapped[str] = mapped_column(String(2000), default="")
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text, default="")
    published_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime]
    headers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    frozen_at: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(String(64))


class Recheck(Base):
    """An order to look again at what a case rests on; one is open per case at a time."""

    __tablename__ = "recheck"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done')", name="state"),
        CheckConstraint("state <> 'done' OR finished_at IS NOT NULL", name="finished"),
        Index(
            "uq_recheck_open", "case_id", unique=True,
            sqlite_where=text("state <> 'done'"), postgresql_where=text("state <> 'done'"),
        ),
        Index("ix_recheck_state", "state", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    state: Mapped[str] = mapped_column(String(8), default="queued")
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    finished_at: Mapped[datetime | None]
    lease_token: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None]


class EvidenceCheck(Base):
    """What one look at one piece of evidence found; `found_text` is scrubbed."""

    __tablename__ = "evidence_check"
    __table_args__ = (
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome"),
        UniqueConstraint("recheck_id", "evidence_id"),
        Index("ix_evidence_check_evidence", "evidence_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    recheck_id: Mapped[int] = mapped_column(ForeignKey("recheck.id"))
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"))
    checked_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(12))
    http_status: Mapped[int | None]
    detail: Mapped[str] = mapped_column(String(500), default="")
    found_text: Mapped[str] = mapped_column(Text, default="")
