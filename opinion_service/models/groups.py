"""Chat groups whose robot the ladder tells beside its mail."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.domain.reminders.groups import GroupKind
from opinion_service.models.base import Base, BigKey, one_of


class WorkGroup(Base):
    """One group: what takes its messages, and the sealed address with its token, which no page shows again.

    department_id: whose cases it is told of; none for those of every department. A group keeps its name and
    address for good, so that what was sent can be traced; it is switched off and another one set up.
    """

    __tablename__ = "work_group"
    __table_args__ = (
        CheckConstraint(one_of("kind", GroupKind), name="kind"),
        CheckConstraint("name <> ''", name="has_name"),
        CheckConstraint("sealed <> '' AND host <> ''", name="has_address"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    host: Mapped[str] = mapped_column(String(253))
    sealed: Mapped[str] = mapped_column(Text)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
