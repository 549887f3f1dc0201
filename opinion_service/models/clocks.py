"""Clocks, the rungs of their ladders, and the mail that leaves because of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.models.base import Base, BigKey

_RUNNING = text("state = 'running'")


class Clock(Base):
    """One deadline of a case with the computation that led to it; replaced, never moved.

    department_id: who owes it; none for the desk. is_late_by_change: overdue only since the grade, the
    calendar or the time limits changed, which no department is blamed for.
    """

    __tablename__ = "clock"
    __table_args__ = (
        UniqueConstraint("case_id", "kind", "round", "generation"),
        CheckConstraint("state IN ('running', 'met', 'stopped', 'superseded')", name="state"),
        CheckConstraint("(state = 'met') = (met_at IS NOT NULL)", name="met_has_time"),
        CheckConstraint("due_at > started_at", name="due_after_start"),
        Index("ix_clock_due", "state", "due_at"),
        Index(
            "uq_clock_running",
            "case_id",
            "kind",
            "party",
            unique=True,
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
        CheckConstraint("(kind = 'co_opinion') = (party <> 0)", name="party_of_co_department"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    round: Mapped[int] = mapped_column(default=1)
    generation: Mapped[int] = mapped_column(default=1)
    is_legal: Mapped[bool]
    basis: Mapped[str] = mapped_column(String(200))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    party: Mapped[int] = mapped_column(BigKey, default=0)
    allowance: Mapped[str] = mapped_column(String(16))
    profile_version: Mapped[str] = mapped_column(String(40), default="")
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    is_provisional: Mapped[bool] = mapped_column(default=False)
    is_late_by_change: Mapped[bool] = mapped_column(default=False)
    computation: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(12), default="running")
    met_at: Mapped[datetime | None]


class Rung(Base):
    """One step of a clock's ladder, written in advance; a sweep is one indexed query.

    `fire_at` is the plan and never moves; `wake_at` is when the sweep looks next, later while something holds
    the rung. Offset, recipients, channels and wording are those of the ladder in force when the clock started.
    """

    __tablename__ = "rung"
    __table_args__ = (
        UniqueConstraint("clock_id", "level"),
        CheckConstraint("state IN ('armed', 'fired', 'cancelled')", name="state"),
        CheckConstraint("(state = 'fired') = (fired_at IS NOT NULL)", name="fired_has_time"),
        Index("ix_rung_wake", "state", "wake_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("clock.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    level: Mapped[int]
    fire_at: Mapped[datetime]
    wake_at: Mapped[datetime]
    offset: Mapped[str] = mapped_column(String(12))
    recipients: Mapped[list[str]] = mapped_column(JSON)
    channels: Mapped[list[str]] = mapped_column(JSON)
    wording: Mapped[dict[str, Any]] = mapped_column(JSON)
    ladder_version: Mapped[str] = mapped_column(String(40))
    held_for: Mapped[str] = mapped_column(String(120), default="")
    state: Mapped[str] = mapped_column(String(10), default="armed")
    fired_at: Mapped[datetime | None]


class OutboxMail(Base):
    """One message to one person (or one robot's group); the text is fixed when the row is written."""

    __tablename__ = "outbox_mail"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'sending', 'data', 'sent', 'failed', 'uncertain', 'held')", name="state"),
        CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent_has_time"),
        CheckConstraint("channel IN ('mail', 'robot')", name="channel"),
        CheckConstraint("(channel = 'mail') = (recipient_id IS NOT NULL)", name="mail_has_person"),
        CheckConstraint("(channel = 'robot') = (group_id IS NOT NULL)", name="robot_has_group"),
        CheckConstraint("bounced_at IS NULL OR bounce <> ''", name="bounce_has_words"),
        Index("ix_outbox_mail_due", "state", "next_try_at"),
        Index(
            "ix_outbox_mail_bounced",
            "bounced_at",
            sqlite_where=text("bounced_at IS NOT NULL"),
            postgresql_where=text("bounced_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    rung_id: Mapped[int | None] = mapped_column(ForeignKey("rung.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    channel: Mapped[str] = mapped_column(String(8), default="mail")
    recipient_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("work_group.id"), index=True)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="pending")
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    ambiguous_count: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None]
    reply: Mapped[str] = mapped_column(String(500), default="")
    sent_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    bounce: Mapped[str] = mapped_column(String(500), default="")
