"""Sources, the ledger of every check, raw bodies and what could not be read."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.models.base import Base, BigKey


class Source(Base):
    """A place the desk listens to."""

    __tablename__ = "source"
    __table_args__ = (
        CheckConstraint("kind IN ('feed', 'hotlist', 'import')", name="kind"),
        CheckConstraint("scope IN ('all', 'match')", name="scope"),
        CheckConstraint("interval_minutes BETWEEN 1 AND 10080", name="interval"),
        CheckConstraint("floor_minutes >= 1 AND floor_minutes <= interval_minutes", name="floor"),
        CheckConstraint("ceiling_minutes >= interval_minutes AND ceiling_minutes <= 10080", name="ceiling"),
        CheckConstraint("(credential = '') = (credential_origin = '')", name="credential_has_origin"),
        Index("ix_source_due", "is_active", "next_check_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    url: Mapped[str] = mapped_column(String(2000), default="")
    kind: Mapped[str] = mapped_column(String(8), default="feed")
    scope: Mapped[str] = mapped_column(String(8), default="all")
    weight: Mapped[float] = mapped_column(default=1.0)
    zone: Mapped[str] = mapped_column(String(40), default="Asia/Shanghai")
    is_active: Mapped[bool] = mapped_column(default=True)
    interval_minutes: Mapped[int] = mapped_column(default=30)
    floor_minutes: Mapped[int] = mapped_column(default=5)
    ceiling_minutes: Mapped[int] = mapped_column(default=120)
    folder: Mapped[str] = mapped_column(String(200), default="")
    host: Mapped[str] = mapped_column(String(270), default="", index=True)
    paused_until: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    body_sha256: Mapped[str] = mapped_column(String(64), default="")
    ttl_minutes: Mapped[int | None]
    empties: Mapped[int] = mapped_column(default=0)
    gap_minutes: Mapped[float | None]
    items_per_week: Mapped[float] = mapped_column(default=0.0)
    quiet_minutes: Mapped[float | None]
    quiet_from: Mapped[datetime | None]
    rhythm_at: Mapped[datetime | None]
    alarmed_at: Mapped[datetime | None]
    credential: Mapped[str] = mapped_column(Text, default="")
    credential_origin: Mapped[str] = mapped_column(String(280), default="")
    etag: Mapped[str] = mapped_column(String(300), default="")
    last_modified: Mapped[str] = mapped_column(String(100), default="")
    next_check_at: Mapped[datetime]
    last_ok_at: Mapped[datetime | None]
    last_new_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    lease_token: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None]


class SourceCheck(Base):
    """One line of the coverage ledger: what a check of a source brought."""

    __tablename__ = "source_check"
    __table_args__ = (
        Index("ix_source_check_source_at", "source_id", "finished_at"),
        Index("ix_source_check_finished_at", "finished_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    finished_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(24))
    http_status: Mapped[int | None]
    new_count: Mapped[int] = mapped_column(default=0)
    revised_count: Mapped[int] = mapped_column(default=0)
    repeated_count: Mapped[int] = mapped_column(default=0)
    broken_count: Mapped[int] = mapped_column(default=0)
    unmatched_count: Mapped[int] = mapped_column(default=0)
    detail: Mapped[str] = mapped_column(String(500), default="")
    took_ms: Mapped[int] = mapped_column(default=0)
    byte_count: Mapped[int] = mapped_column(default=0)
    next_check_at: Mapped[datetime | None]
    wait_reason: Mapped[str] = mapped_column(String(12), default="")


class RawBody(Base):
    """A response as it came, compressed, kept 30 days so that it can be read again."""

    __tablename__ = "raw_body"
    __table_args__ = (UniqueConstraint("source_id", "sha256"), Index("ix_raw_body_fetched_at", "fetched_at"))

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    fetched_at: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(String(64))
    content_type: Mapped[str] = mapped_column(String(120), default="")
    headers: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Quarantine(Base):
    """An entry, row or document that could not be read, with the reason."""

    __tablename__ = "quarantine"
    __table_args__ = (UniqueConstraint("source_id", "content_hash"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
    seen_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(300))
    excerpt: Mapped[str] = mapped_column(Text, default="")
    content_hash: Mapped[str] = mapped_column(String(64))
