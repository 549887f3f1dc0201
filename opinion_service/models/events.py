"""Events (groups of items about one thing) and their hourly heat."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.models.base import Base, BigKey


class Event(Base):
    """What the triage inbox shows: one happening, however many items tell of it."""

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'cased', 'dismissed', 'quiet', 'merged')", name="state"),
        CheckConstraint("state <> 'dismissed' OR dismissed_reason <> ''", name="dismissed_reason"),
        CheckConstraint("state <> 'merged' OR merged_into_id IS NOT NULL", name="merged_into"),
        CheckConstraint("snoozed_until IS NULL OR snooze_reason <> ''", name="snooze_reason"),
        Index("ix_event_inbox", "state", "heat", "id"),
        Index("ix_event_snoozed", "snoozed_until"),
        Index("ix_event_last_item", "last_item_at"),
        Index("ix_event_first_seen", "first_seen_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    title: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(10), default="open")
    first_seen_at: Mapped[datetime]
    last_item_at: Mapped[datetime]
    item_count: Mapped[int] = mapped_column(default=0)
    source_count: Mapped[int] = mapped_column(default=0)
    negative_count: Mapped[int] = mapped_column(default=0)
    heat: Mapped[float] = mapped_column(default=0.0)
    heat_parts: Mapped[list[Any]] = mapped_column(JSON, default=list)
    is_rising: Mapped[bool] = mapped_column(default=False)
    nature: Mapped[str] = mapped_column(String(16), default="")
    hot_topic: Mapped[str] = mapped_column(String(40), default="")
    territory: Mapped[str] = mapped_column(String(60), default="")
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    confidence: Mapped[float] = mapped_column(default=0.0)
    routing: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    needs_opening: Mapped[bool] = mapped_column(default=True, index=True)
    snoozed_until: Mapped[datetime | None]
    snooze_reason: Mapped[str] = mapped_column(String(300), default="")
    dismissed_reason: Mapped[str] = mapped_column(String(300), default="")
    dismissed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    heat_when_dismissed: Mapped[float] = mapped_column(default=0.0)
    items_when_dismissed: Mapped[int] = mapped_column(default=0)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))


class EventHour(Base):
    """How many items an event received in one hour (UTC, truncated), and how heavy they were."""

    __tablename__ = "event_hour"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    item_count: Mapped[int] = mapped_column(default=0)
    weight: Mapped[float] = mapped_column(default=0.0)
