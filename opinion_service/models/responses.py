"""Risk assessments, drafts with their versions, reviews, publications and promises."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opinion_service.models.base import Base, BigKey


class Assessment(Base):
    """A filed risk assessment (风险研判); a later one replaces it as a new version."""

    __tablename__ = "assessment"
    __table_args__ = (UniqueConstraint("case_id", "version"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    version: Mapped[int]
    facts: Mapped[str] = mapped_column(Text)
    spread: Mapped[str] = mapped_column(Text, default="")
    trend: Mapped[str] = mapped_column(Text, default="")
    handling: Mapped[str] = mapped_column(Text)
    line: Mapped[str] = mapped_column(Text, default="")
    affected: Mapped[str] = mapped_column(Text, default="", server_default="")
    recommended_grade: Mapped[str] = mapped_column(String(10))
    rubric_version: Mapped[str] = mapped_column(String(20), default="", server_default="")
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    filed_at: Mapped[datetime]

    risk_points: Mapped[list["RiskPoint"]] = relationship(order_by="RiskPoint.id")


class RiskPoint(Base):
    """One thing that may go wrong: likelihood 1-5 times impact 1-5."""

    __tablename__ = "risk_point"
    __table_args__ = (
        CheckConstraint("likelihood BETWEEN 1 AND 5", name="likelihood"),
        CheckConstraint("impact BETWEEN 1 AND 5", name="impact"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id"), index=True)
    description: Mapped[str] = mapped_column(String(300))
    trigger: Mapped[str] = mapped_column(String(300), default="")
    likelihood: Mapped[int]
    impact: Mapped[int]


class Draft(Base):
    """One version of a reply; it is never changed once the next version stands."""

    __tablename__ = "draft"
    __table_args__ = (
        UniqueConstraint("case_id", "version"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> author_id", name="four_eyes"),
        CheckConstraint("(approved_by_id IS NULL) = (approved_at IS NULL)", name="approval_complete"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    facts: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text, default="")
    measures: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[str] = mapped_column(Text, default="")
    next_step: Mapped[str] = mapped_column(Text, default="")
    unit: Mapped[str] = mapped_column(String(120))
    contact: Mapped[str] = mapped_column(String(120))
    sources: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list, server_default="[]")
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    written_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    review_route: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    approved_at: Mapped[datetime | None]


class Review(Base):
    """One decision on a draft: countersigned, objected, cleared, signed, rejected or sent back."""

    __tablename__ = "review"
    __table_args__ = (
        CheckConstraint("step IN ('', 'section', 'legal', 'publicity', 'leader')", name="step"),
        CheckConstraint("decision <> 'clear' OR step <> ''", name="clear_names_its_step"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"), index=True)
    decision: Mapped[str] = mapped_column(String(16))
    step: Mapped[str] = mapped_column(String(10), default="", server_default="")
    note: Mapped[str] = mapped_column(String(1000), default="")
    actor_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime]


class Publication(Base):
    """What the public reads: its own copy, so that later drafts cannot change it."""

    __tablename__ = "publication"
    __table_args__ = (
        CheckConstraint("author_id <> approver_id", name="four_eyes"),
        CheckConstraint("stage IN ('first', 'follow_up', 'final')", name="stage"),
        CheckConstraint("withdrawn_at IS NULL OR withdrawn_reason <> ''", name="withdrawn_reason"),
        UniqueConstraint("draft_id"),
        Index("ix_publication_published", "published_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"))
    stage: Mapped[str] = mapped_column(String(10), default="first")
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    questions: Mapped[str] = mapped_column(Text, default="")
    coverage: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list, server_default="[]")
    hot_topic: Mapped[str] = mapped_column(String(40), default="")
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), index=True)
    contact: Mapped[str] = mapped_column(String(120), default="")
    detected_at: Mapped[datetime]
    response_due_at: Mapped[datetime | None]
    published_at: Mapped[datetime]
    published_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    approver_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(String(300), default="")


class Promise(Base):
    """Something the reply promised, with the day by which it is to be kept.

    first_due_on: the day that was promised at first. reminded: how many reminders have gone out for `due_on`.
    """

    __tablename__ = "promise"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    text: Mapped[str] = mapped_column(String(300))
    due_on: Mapped[date]
    first_due_on: Mapped[date]
    reminded: Mapped[int] = mapped_column(default=0)
    kept_at: Mapped[datetime | None]
    kept_note: Mapped[str] = mapped_column(String(300), default="")


class Correction(Base):
    """A change to a published answer: proposed by one person, put into force by another; keeps what stood before."""

    __tablename__ = "correction"
    __table_args__ = (
        CheckConstraint("confirmed_by_id IS NULL OR confirmed_by_id <> proposed_by_id", name="four_eyes"),
        CheckConstraint("(confirmed_by_id IS NULL) = (confirmed_at IS NULL)", name="confirmation_complete"),
        CheckConstraint("notice <> ''", name="notice"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publication.id"), index=True)
    notice: Mapped[str] = mapped_column(String(300))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    old_title: Mapped[str] = mapped_column(String(200))
    old_body: Mapped[str] = mapped_column(Text)
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    proposed_at: Mapped[datetime]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    confirmed_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]


class PublicationChannel(Base):
    """Where else an answer was made public: the government site, a new-media account, a press conference."""

    __tablename__ = "publication_channel"
    __table_args__ = (
        UniqueConstraint("publication_id", "channel", "url"),
        CheckConstraint("channel IN ('website', 'new_media', 'press', 'interview', 'other')", name="channel"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publication.id"), index=True)
    channel: Mapped[str] = mapped_column(String(12))
    url: Mapped[str] = mapped_column(String(500), default="")
    at: Mapped[datetime]
    added_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))


class Scratch(Base):
    """What a person typed into a form and has not saved yet; nobody else reads it."""

    __tablename__ = "scratch"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    form: Mapped[str] = mapped_column(String(60), primary_key=True)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime]
