"""What the desk knows of its own hearing: hosts, hours, blind windows and the story of each source."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.models.base import Base, BigKey


class FeedHost(Base):
    """A server that is asked by one process at a time, with its robots.txt as last read."""

    __tablename__ = "feed_host"
    __table_args__ = (
        CheckConstraint("robots_state IN ('unknown', 'read', 'none', 'unreachable')", name="robots_state"),
    )

    host: Mapped[str] = mapped_column(String(270), primary_key=True)
    free_at: Mapped[datetime]
    lease_token: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None]
    robots_state: Mapped[str] = mapped_column(String(12), default="unknown")
    robots_text: Mapped[str] = mapped_column(Text, default="")
    robots_at: Mapped[datetime | None]
    robots_failed_since: Mapped[datetime | None]


class SourceHour(Base):
    """What one hour of listening to a source brought; the charts read these instead of the ledger."""

    __tablename__ = "source_hour"
    __table_args__ = (
        CheckConstraint("heard_count <= check_count", name="heard_within_checks"),
        Index("ix_source_hour_hour", "hour"),
    )

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    check_count: Mapped[int] = mapped_column(default=0)
    heard_count: Mapped[int] = mapped_column(default=0)
    new_count: Mapped[int] = mapped_column(default=0)


class BlindWindow(Base):
    """A time in which a source was not heard; at most one is open for each source."""

    __tablename__ = "blind_window"
    __table_args__ = (
        CheckConstraint("ended_at IS NULL OR ended_at >= began_at", name="ends_after_begin"),
        Index("ix_blind_window_source_began", "source_id", "began_at"),
        Index(
            "uq_blind_window_open", "source_id", unique=True,
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    cause: Mapped[str] = mapped_column(String(24))
    detail: Mapped[str] = mapped_column(String(500), default="")


class SourceStory(Base):
    """One thing that was done to a source or that it did itself: added, edited, moved, paused, told of."""

    __tablename__ = "source_story"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('added', 'edited', 'moved', 'paused', 'resumed', 'alarm', 'mended', 'reparsed')", name="kind"
        ),
        Index("ix_source_story_source_at", "source_id", "at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(12))
    actor_name: Mapped[str] = mapped_column(String(64))
    summary: Mapped[str] = mapped_column(String(500))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
