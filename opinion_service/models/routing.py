"""Trained re-rankers of routing: what each learned from, how it compared, and which one is in force."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.models.base import Base, BigKey


class RoutingModelVersion(Base):
    """One trained model. At most one is in force, and only by the word of somebody who is named."""

    __tablename__ = "routing_model"
    __table_args__ = (
        CheckConstraint("source IN ('corrections', 'file')", name="source"),
        CheckConstraint("row_count > 0", name="has_rows"),
        CheckConstraint("NOT is_active OR switched_by_name <> ''", name="switched_by_somebody"),
        Index(
            "uq_routing_model_in_force",
            "is_active",
            unique=True,
            sqlite_where=text("is_active"),
            postgresql_where=text("is_active"),
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    version: Mapped[str] = mapped_column(String(40), unique=True)
    rule_set_version: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(12))
    row_count: Mapped[int]
    departments: Mapped[list[str]] = mapped_column(JSON)
    # Figures on held-back decisions: n, and accuracy of the rules, of the model in force then and of this one.
    trial: Mapped[dict[str, Any]] = mapped_column(JSON)
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    learned_from: Mapped[list[str]] = mapped_column(JSON, deferred=True)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime]
    created_by_name: Mapped[str] = mapped_column(String(64))
    is_active: Mapped[bool] = mapped_column(default=False)
    switched_at: Mapped[datetime | None]
    switched_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    switched_by_name: Mapped[str] = mapped_column(String(64), default="")


class RoutingTraining(Base):
    """A training asked for on the page; `step` is how far it came. One at a time: an open one holds the slot."""

    __tablename__ = "routing_training"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),
        CheckConstraint("slot IS NULL OR slot = 1", name="one_slot"),
        CheckConstraint("(state IN ('waiting', 'running')) = (slot IS NOT NULL)", name="open_has_slot"),
        CheckConstraint("(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", name="ended_has_time"),
        CheckConstraint("state <> 'failed' OR problem <> ''", name="failed_has_reason"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    slot: Mapped[int | None] = mapped_column(default=1, unique=True)
    step: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    lease_token: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None]
    model_version: Mapped[str] = mapped_column(String(40), default="")
    problem: Mapped[str] = mapped_column(String(300), default="")
