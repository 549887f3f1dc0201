"""What people keep beside a case: tasks, files, saved views, and who is looking at it now."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.models.base import Base, BigKey


class CaseTask(Base):
    """Something somebody has to do for a case, by a day."""

    __tablename__ = "case_task"
    __table_args__ = (
        CheckConstraint("text <> ''", name="text"),
        CheckConstraint("(done_at IS NULL) = (done_by_id IS NULL)", name="done_complete"),
        Index("ix_case_task_owner_due", "owner_id", "done_at", "due_on"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    text: Mapped[str] = mapped_column(String(300))
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    due_on: Mapped[date]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    done_note: Mapped[str] = mapped_column(String(300), default="")


class AttachmentBody(Base):
    """The content of a file, once however often it is attached; it lies in the database, so that backups hold it."""

    __tablename__ = "attachment_body"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Attachment(Base):
    """A file that lies with a case. One taken away keeps its row, its hash and the reason; later it loses its body."""

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("(removed_at IS NULL) = (removed_reason = '')", name="removed_reason"),
        CheckConstraint("removed_at IS NOT NULL OR body_sha256 IS NOT NULL", name="has_body"),
        CheckConstraint("body_sha256 IS NULL OR body_sha256 = sha256", name="own_body"),
        CheckConstraint("size > 0", name="size"),
        Index("ix_attachment_removed", "removed_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    body_sha256: Mapped[str | None] = mapped_column(ForeignKey("attachment_body.sha256"), index=True)
    added_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    removed_reason: Mapped[str] = mapped_column(String(300), default="")


class SavedView(Base):
    """A list with its filters under a name: one person's, or a role's (of one department) when `role` is set."""

    __tablename__ = "saved_view"
    __table_args__ = (
        UniqueConstraint("owner_id", "page", "name"),
        CheckConstraint("page IN ('cases', 'triage')", name="page"),
        CheckConstraint("name <> ''", name="name"),
        Index("ix_saved_view_shared", "page", "role", "department_id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    role: Mapped[str] = mapped_column(String(16), default="")
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    name: Mapped[str] = mapped_column(String(40))
    page: Mapped[str] = mapped_column(String(8))
    query: Mapped[str] = mapped_column(String(500))


class Presence(Base):
    """Who had a case open a moment ago, and whether they were writing."""

    __tablename__ = "presence"
    __table_args__ = (Index("ix_presence_at", "at"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    at: Mapped[datetime]
    is_writing: Mapped[bool] = mapped_column(default=False)
