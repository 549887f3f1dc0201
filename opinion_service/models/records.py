"""The journal nobody can edit unnoticed, the heartbeats and the versioned rule data."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.models.base import Base, BigKey


class AuditEvent(Base):
    """One act: who, when, what, why. Rows are chained by an HMAC and refuse change by trigger."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_case", "case_id", "id"), Index("ix_audit_event_at", "at", "id"))

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    actor_name: Mapped[str] = mapped_column(String(64))
    actor_role: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(40), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))
    from_state: Mapped[str] = mapped_column(String(16), default="")
    to_state: Mapped[str] = mapped_column(String(16), default="")
    summary: Mapped[str] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(Text, default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Heartbeat(Base):
    """When a process was last known to live; our own, because the queue forgets its workers."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), index=True)
    at: Mapped[datetime]
    detail: Mapped[str] = mapped_column(String(200), default="")


class CalendarDay(Base):
    """A day that is not what its weekday says: a statutory holiday or a make-up workday."""

    __tablename__ = "calendar_day"
    __table_args__ = (CheckConstraint("kind IN ('holiday', 'workday')", name="kind"),)

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(40))
    notice: Mapped[str] = mapped_column(String(120))


class RuleVersion(Base):
    """A version of the rules as data: `kind` is routing, sla or calendar; one is in force at a time."""

    __tablename__ = "rule_version"
    __table_args__ = (
        CheckConstraint("kind IN ('routing', 'sla')", name="kind"),
        Index(
            "uq_rule_version_routing_in_force",
            "kind",
            unique=True,
            sqlite_where=text("is_active AND kind = 'routing'"),
            postgresql_where=text("is_active AND kind = 'routing'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), index=True)
    version: Mapped[str] = mapped_column(String(40), unique=True)
    record: Mapped[dict[str, Any]] = mapped_column(JSON)
    is_active: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
