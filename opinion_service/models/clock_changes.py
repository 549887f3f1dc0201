"""What moves a clock: pauses, extensions, and changes of the calendar or the time limits that wait for a word."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.domain.clocks.adjustments import PauseGround
from opinion_service.models.base import Base, BigKey, one_of

_OPEN_PAUSE = text("ended_at IS NULL")
_ASKED = text("state = 'asked'")


class ClockPause(Base):
    """A stretch for which the handling clocks of a case stand still; it ends by itself at `until`."""

    __tablename__ = "clock_pause"
    __table_args__ = (
        CheckConstraint(one_of("ground", PauseGround), name="ground"),
        CheckConstraint("until > begins_at", name="until_after_begin"),
        CheckConstraint("ended_at IS NULL OR (ended_at > begins_at AND ended_at <= until)", name="ended_within"),
        CheckConstraint("reason <> ''", name="has_reason"),
        Index("uq_clock_pause_open", "case_id", unique=True, sqlite_where=_OPEN_PAUSE, postgresql_where=_OPEN_PAUSE),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    round: Mapped[int]
    begins_at: Mapped[datetime]
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ground: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(500))
    paused_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class ClockExtension(Base):
    """More time for one handling clock: asked for by the department, decided by another person."""

    __tablename__ = "clock_extension"
    __table_args__ = (
        CheckConstraint("kind IN ('verification', 'closure')", name="handling_only"),
        CheckConstraint("state IN ('asked', 'granted', 'refused')", name="state"),
        CheckConstraint("days BETWEEN 1 AND 60", name="days"),
        CheckConstraint("reason <> ''", name="has_reason"),
        CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL) AND (state = 'asked') = (decided_by_id IS NULL)",
            name="decided_has_person",
        ),
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> asked_by_id", name="decided_by_another"),
        CheckConstraint("state <> 'refused' OR decision_note <> ''", name="refused_has_reason"),
        Index("uq_clock_extension_asked", "case_id", "kind", unique=True, sqlite_where=_ASKED, postgresql_where=_ASKED),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    round: Mapped[int]
    days: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), default="asked")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str] = mapped_column(String(500), default="")


class LimitChange(Base):
    """A new calendar or profile of time limits: proposed, looked at, then applied to the open cases in steps.

    record: the days (calendar) or the profile; cursor: the last case done; moved: clocks whose due time changed.
    """

    __tablename__ = "limit_change"
    __table_args__ = (
        CheckConstraint("kind IN ('calendar', 'profile')", name="kind"),
        CheckConstraint("state IN ('proposed', 'applying', 'applied', 'discarded')", name="state"),
        CheckConstraint("state IN ('proposed', 'discarded') OR applied_at IS NOT NULL", name="applied_has_time"),
        Index("ix_limit_change_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(String(200))
    record: Mapped[dict[str, Any]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="proposed")
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    proposed_at: Mapped[datetime]
    applied_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    applied_at: Mapped[datetime | None]
    cursor: Mapped[int] = mapped_column(BigKey, default=0)
    moved: Mapped[int] = mapped_column(default=0)
