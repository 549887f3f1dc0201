"""What people changed in the grouping, the rules that open cases, and the text that search looks through."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opinion_service.models.base import Base, BigKey


class EventChange(Base):
    """One merge, split or move by a person; undone, it stays and says so."""

    __tablename__ = "event_change"
    __table_args__ = (
        CheckConstraint("kind IN ('merge', 'split', 'move')", name="kind"),
        CheckConstraint("event_id <> target_id", name="two_events"),
        CheckConstraint("(undone_at IS NULL) = (undone_by_id IS NULL)", name="undone_complete"),
        Index("ix_event_change_event", "event_id", "id"),
        Index("ix_event_change_target", "target_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    target_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    previous_state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
    actor_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    items: Mapped[list["EventChangeItem"]] = relationship(order_by="EventChangeItem.item_id")


class EventChangeItem(Base):
    """One item that a change took along, and how it had come to where it was."""

    __tablename__ = "event_change_item"
    __table_args__ = (Index("ix_event_change_item_item", "item_id", "change_id"),)

    change_id: Mapped[int] = mapped_column(ForeignKey("event_change.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), primary_key=True)
    was_by_hand: Mapped[bool]
    previous_reason: Mapped[str] = mapped_column(String(300))


class OpeningRuleSet(Base):
    """One version of the rules that open cases; the newest is in force, the others are its history."""

    __tablename__ = "opening_rule_set"
    __table_args__ = (
        UniqueConstraint("version"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("note <> ''", name="note"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    version: Mapped[int]
    record: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class SearchText(Base):
    """The tokens of one item, event, case or response.

    The index over `tokens` is the database's own (FTS5 with triggers, or GIN) and is laid by the migration.
    """

    __tablename__ = "search_text"
    __table_args__ = (
        UniqueConstraint("kind", "ref_id"),
        CheckConstraint("kind IN ('item', 'event', 'case', 'response')", name="kind"),
        Index("ix_search_text_number", "number"),
        Index("ix_search_text_reference", "reference"),
        Index("ix_search_text_kind", "kind", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    ref_id: Mapped[int] = mapped_column(BigKey)
    number: Mapped[str] = mapped_column(String(40))
    reference: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime]
    tokens: Mapped[str] = mapped_column(Text)
