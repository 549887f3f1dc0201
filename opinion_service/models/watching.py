"""What sources with a watch expression bring and the desk does not take in."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.models.base import Base, BigKey


class PassedOver(Base):
    """An entry that did not match: scrubbed, remembered for seven days after it was last seen, never analysed."""

    __tablename__ = "passed_over"
    __table_args__ = (
        UniqueConstraint("source_id", "identity"),
        CheckConstraint("grounds IN ('none_of', 'missing', 'excluded')", name="grounds"),
        CheckConstraint("last_seen_at >= first_seen_at", name="seen_in_order"),
        Index("ix_passed_over_source_seen", "source_id", "first_seen_at", "id"),
        Index("ix_passed_over_last_seen_at", "last_seen_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    identity: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(String(2000), default="")
    published_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    grounds: Mapped[str] = mapped_column(String(10))
    line: Mapped[str] = mapped_column(String(200), default="")
