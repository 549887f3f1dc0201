"""What people teach the desk about reading: corrections, trained models, rules of the kinds, and re-readings."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.models.base import Base, BigKey

RUNNING = text("state = 'running'")


class ReadingCorrection(Base):
    """A person's word on how an item sounds (band) or what it wants (kind); each stays, the newest counts.

    `before` equals `after` where a person confirmed what the machine had said.
    """

    __tablename__ = "reading_correction"
    __table_args__ = (
        CheckConstraint("aspect IN ('band', 'kind')", name="aspect"),
        CheckConstraint(
            "aspect <> 'band' OR after IN ('negative', 'neutral', 'positive', 'unsure')", name="known_band"
        ),
        CheckConstraint(
            "aspect <> 'kind' OR after IN ('inquiry', 'help', 'complaint', 'report', 'advice', 'praise', 'news')",
            name="known_kind",
        ),
        Index("ix_reading_correction_item", "item_id", "id"),
        Index("ix_reading_correction_at", "at", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    aspect: Mapped[str] = mapped_column(String(4))
    before: Mapped[str] = mapped_column(String(16))
    after: Mapped[str] = mapped_column(String(16))
    model_version: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
    actor_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))


class ReadingModelVersion(Base):
    """One trained reading model. At most one is in force, and only by the word of somebody who is named."""

    __tablename__ = "reading_model"
    __table_args__ = (
        CheckConstraint("source IN ('corrections', 'file', 'both')", name="source"),
        CheckConstraint("row_count > 0", name="has_rows"),
        CheckConstraint("NOT is_active OR switched_by_id IS NOT NULL", name="switched_by_somebody"),
        Index(
            "uq_reading_model_in_force", "is_active", unique=True,
            sqlite_where=text("is_active"), postgresql_where=text("is_active"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    version: Mapped[str] = mapped_column(String(48), unique=True)
    source: Mapped[str] = mapped_column(String(12))
    row_count: Mapped[int]
    # Figures on held-back rows: of the new words and second opinion, the shipped model, and the one in force then.
    trial: Mapped[dict[str, Any]] = mapped_column(JSON)
    learned_from: Mapped[list[str]] = mapped_column(JSON, deferred=True)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime]
    created_by_name: Mapped[str] = mapped_column(String(64))
    is_active: Mapped[bool] = mapped_column(default=False)
    uses_second: Mapped[bool] = mapped_column(default=False)
    switched_at: Mapped[datetime | None]
    switched_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class NatureRuleSet(Base):
    """One version of the rules of the kinds; the newest is in force, the others are its history."""

    __tablename__ = "nature_rule_set"
    __table_args__ = (
        UniqueConstraint("version"),
        CheckConstraint("version >= 2", name="version"),
        CheckConstraint("note <> ''", name="note"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    version: Mapped[int]
    record: Mapped[dict[str, Any]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))


class Rereading(Base):
    """One pass over the items that were read before, by the model and the rules named in it."""

    __tablename__ = "rereading"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'done', 'stopped')", name="state"),
        CheckConstraint("(state = 'running') = (finished_at IS NULL)", name="finished"),
        CheckConstraint("(lease_token IS NULL) = (lease_until IS NULL)", name="lease"),
        CheckConstraint("state = 'running' OR lease_token IS NULL", name="lease_while_running"),
        Index("uq_rereading_running", "state", unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    state: Mapped[str] = mapped_column(String(8), default="running")
    model_version: Mapped[str] = mapped_column(String(64))
    rules_version: Mapped[int]
    since: Mapped[datetime]
    last_item_id: Mapped[int] = mapped_column(BigKey, default=0)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(300), default="")
    started_at: Mapped[datetime]
    started_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    finished_at: Mapped[datetime | None]
    lease_token: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None]
