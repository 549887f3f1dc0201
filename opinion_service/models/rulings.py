"""Disputes about who answers, and the rulings that end them: precedents for later cases."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.domain.routing.disputes import ReturnReason
from opinion_service.models.base import Base, BigKey, one_of


class Dispute(Base):
    """A department sent a case back: once in a round, citing a duty of its own list."""

    __tablename__ = "dispute"
    __table_args__ = (
        CheckConstraint(one_of("reason_code", ReturnReason), name="reason_code"),
        CheckConstraint("duty_id <> '' AND duty_text <> ''", name="cites_a_duty"),
        CheckConstraint("note <> ''", name="has_note"),
        CheckConstraint("ordinal >= 1", name="ordinal"),
        UniqueConstraint("case_id", "round", "department_id"),
        UniqueConstraint("case_id", "round", "ordinal"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    round: Mapped[int]
    ordinal: Mapped[int]
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), index=True)
    reason_code: Mapped[str] = mapped_column(String(24))
    duty_id: Mapped[str] = mapped_column(String(40))
    duty_text: Mapped[str] = mapped_column(String(300))
    note: Mapped[str] = mapped_column(String(500))
    proposed_department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    returned_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    returned_at: Mapped[datetime]


class Ruling(Base):
    """The decision on a dispute; from the second dispute of a case on, the supervisor's."""

    __tablename__ = "ruling"
    __table_args__ = (
        CheckConstraint("level IN ('liaison', 'supervisor')", name="level"),
        CheckConstraint("ordinal = 1 OR level = 'supervisor'", name="second_by_supervisor"),
        CheckConstraint("reason <> ''", name="has_reason"),
        UniqueConstraint("dispute_id"),
        Index("ix_ruling_department", "department_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    dispute_id: Mapped[int] = mapped_column(ForeignKey("dispute.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    ordinal: Mapped[int]
    level: Mapped[str] = mapped_column(String(10))
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    duty_id: Mapped[str] = mapped_column(String(40), default="")
    duty_text: Mapped[str] = mapped_column(String(300), default="")
    reason: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(String(300))
    rule_id: Mapped[str] = mapped_column(String(40), default="")
    decided_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime]


class RulingWord(Base):
    """A word of duty in the case that was ruled on, by which similar cases find the ruling."""

    __tablename__ = "ruling_word"
    __table_args__ = (Index("ix_ruling_word_word", "word", "ruling_id"),)

    ruling_id: Mapped[int] = mapped_column(ForeignKey("ruling.id"), primary_key=True)
    word: Mapped[str] = mapped_column(String(40), primary_key=True)
