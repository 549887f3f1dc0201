"""What goes into an answer beside its draft: parts of other departments, disputes over it, templates, meetings."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.models.base import Base, BigKey


class CoPart(Base):
    """What a co-handling department says on its own share of a case; a later version replaces the one before."""

    __tablename__ = "co_part"
    __table_args__ = (
        UniqueConstraint("case_id", "department_id", "version"),
        CheckConstraint("text <> ''", name="text"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    written_at: Mapped[datetime]


class CountersignDispute(Base):
    """A co-department's reasoned disagreement with one version of a draft, and how the office ruled on it."""

    __tablename__ = "countersign_dispute"
    __table_args__ = (
        UniqueConstraint("draft_id", "department_id"),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("decision IN ('', 'revise', 'stand', 'superseded')", name="decision"),
        CheckConstraint("decision NOT IN ('revise', 'stand') OR ruling <> ''", name="ruling"),
        CheckConstraint("decision NOT IN ('revise', 'stand') OR ruled_by_id IS NOT NULL", name="ruled_by"),
        CheckConstraint("(decision = '') = (ruled_at IS NULL)", name="ruled_at"),
        CheckConstraint("ruled_by_id IS NULL OR ruled_by_id <> raised_by_id", name="four_eyes"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"))
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    reason: Mapped[str] = mapped_column(String(1000))
    raised_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    raised_at: Mapped[datetime]
    decision: Mapped[str] = mapped_column(String(12), default="")
    ruling: Mapped[str] = mapped_column(String(1000), default="")
    ruled_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ruled_at: Mapped[datetime | None]


class DraftSight(Base):
    """That a reviewer has had a version of a draft before their eyes, and when first."""

    __tablename__ = "draft_sight"

    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    seen_at: Mapped[datetime]


class ReplyTemplate(Base):
    """One version of a reply template or a snippet; the newest version of a code is in force unless retired."""

    __tablename__ = "reply_template"
    __table_args__ = (
        UniqueConstraint("code", "version"),
        CheckConstraint("kind IN ('template', 'snippet')", name="kind"),
        CheckConstraint("stage IN ('', 'first', 'follow_up', 'final')", name="stage"),
        CheckConstraint("title <> ''", name="title"),
        CheckConstraint("version = 1 OR note <> ''", name="changes_have_a_note"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(120))
    hot_topic: Mapped[str] = mapped_column(String(40), default="")
    stage: Mapped[str] = mapped_column(String(10), default="")
    response_kind: Mapped[str] = mapped_column(String(24), default="")
    parts: Mapped[dict[str, str]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(String(300), default="")
    is_retired: Mapped[bool] = mapped_column(default=False)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    saved_at: Mapped[datetime]


class Consultation(Base):
    """A joint meeting (会商) on a case: who met when, and what was concluded."""

    __tablename__ = "consultation"
    __table_args__ = (
        CheckConstraint("attendees <> ''", name="attendees"),
        CheckConstraint("conclusion <> ''", name="conclusion"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    held_at: Mapped[datetime]
    attendees: Mapped[str] = mapped_column(String(300))
    conclusion: Mapped[str] = mapped_column(String(2000))
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime]
