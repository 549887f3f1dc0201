"""What surrounds the rungs: versions of the ladder, who is told, what holds a rung, and what the auditor found."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.models.base import Base, BigKey


class LadderVersion(Base):
    """One version of the ladder as data; the newest active one is frozen on every clock that starts."""

    __tablename__ = "ladder_version"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    version: Mapped[str] = mapped_column(String(40), unique=True)
    record: Mapped[dict[str, Any]] = mapped_column(JSON)
    is_active: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]


class RungNotice(Base):
    """One person (or robot) that a fired rung has to tell; it waits until a letter takes it along."""

    __tablename__ = "rung_notice"
    __table_args__ = (
        UniqueConstraint("rung_id", "address"),
        CheckConstraint("state IN ('waiting', 'written', 'moot')", name="state"),
        CheckConstraint("(state = 'written') = (mail_id IS NOT NULL)", name="written_has_mail"),
        CheckConstraint("channel IN ('mail', 'robot')", name="channel"),
        CheckConstraint("(channel = 'mail') = (user_id IS NOT NULL)", name="mail_has_person"),
        CheckConstraint("(channel = 'robot') = (group_id IS NOT NULL)", name="robot_has_group"),
        CheckConstraint("reason IN ('role', 'duty', 'stand_in', 'fallback', 'robot')", name="reason"),
        Index("ix_rung_notice_waiting", "state", "send_at"),
        Index("ix_rung_notice_user", "user_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    rung_id: Mapped[int] = mapped_column(ForeignKey("rung.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("work_group.id"))
    channel: Mapped[str] = mapped_column(String(8), default="mail")
    address: Mapped[str] = mapped_column(String(254))
    reason: Mapped[str] = mapped_column(String(10), default="role")
    send_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_mail.id"), index=True)
    created_at: Mapped[datetime]


class Acknowledgement(Base):
    """A person's word on a fired rung: seen, and in hand until `expires_at`."""

    __tablename__ = "acknowledgement"
    __table_args__ = (
        CheckConstraint("expires_at > at", name="expires_later"),
        Index("ix_acknowledgement_clock", "clock_id", "expires_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    rung_id: Mapped[int] = mapped_column(ForeignKey("rung.id"), unique=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("clock.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    note: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Silence(Base):
    """A stretch in which the ladders of one case, or of one department, do not ring; the clocks run on."""

    __tablename__ = "silence"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_later"),
        CheckConstraint("reason <> ''", name="has_reason"),
        CheckConstraint("(case_id IS NULL) <> (department_id IS NULL)", name="one_scope"),
        CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_by_someone"),
        Index("ix_silence_end", "ends_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    reason: Mapped[str] = mapped_column(String(300))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class LadderDocument(Base):
    """A numbered paper: 催办单, 催办通知书 or 通报; its words are fixed when it is issued."""

    __tablename__ = "ladder_document"
    __table_args__ = (
        UniqueConstraint("kind", "year", "serial"),
        CheckConstraint("kind IN ('reminder', 'notice', 'circular')", name="kind"),
        CheckConstraint("(kind = 'circular') = (rung_id IS NULL)", name="paper_of_a_rung"),
        CheckConstraint("(kind = 'circular') = (issued_by_id IS NOT NULL)", name="circular_has_issuer"),
        CheckConstraint("(rung_id IS NULL) = (case_id IS NULL)", name="case_of_rung"),
        Index("ix_ladder_document_case", "case_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    year: Mapped[int]
    serial: Mapped[int]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))
    rung_id: Mapped[int | None] = mapped_column(ForeignKey("rung.id"), unique=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    issued_at: Mapped[datetime]
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class CircularEntry(Base):
    """A fired last rung that stands in an issued 通报; a rung stands in one only."""

    __tablename__ = "circular_entry"

    rung_id: Mapped[int] = mapped_column(ForeignKey("rung.id"), primary_key=True, autoincrement=False)
    document_id: Mapped[int] = mapped_column(ForeignKey("ladder_document.id"), index=True)


class AuditPass(Base):
    """One pass of the auditor that found something, or the last clean one of an hour."""

    __tablename__ = "audit_pass"
    __table_args__ = (Index("ix_audit_pass_at", "at", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime]
    is_clean: Mapped[bool]
    repaired: Mapped[int] = mapped_column(default=0)
    findings: Mapped[dict[str, Any]] = mapped_column(JSON)


class Lease(Base):
    """Who does a thing that only one process may do, and until when."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    token: Mapped[str] = mapped_column(String(36))
    until: Mapped[datetime]
