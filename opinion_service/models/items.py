"""Items as the desk keeps them: scrubbed text, no author, their revisions and index keys."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.models.base import Base, BigKey

BANDS = "('negative', 'neutral', 'positive', 'unsure')"


class Item(Base):
    """One thing somebody published: title, text, link, time and public counters."""

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("source_id", "identity"),
        CheckConstraint(f"band IS NULL OR band IN {BANDS}", name="band"),
        CheckConstraint(
            "sentiment_score IS NULL OR (sentiment_score >= 0 AND sentiment_score <= 1)", name="score_range"
        ),
        CheckConstraint("analysed_at IS NULL OR event_id IS NOT NULL", name="analysed_in_event"),
        CheckConstraint("(lease_token IS NULL) = (lease_until IS NULL)", name="lease"),
        Index("ix_item_event_seen", "event_id", "first_seen_at"),
        Index("ix_item_seen", "first_seen_at", "id"),
        Index("ix_item_waiting", "analysed_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    identity: Mapped[str] = mapped_column(String(64))
    external_id: Mapped[str] = mapped_column(String(120), default="")
    url: Mapped[str] = mapped_column(String(2000), default="")
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text, default="")
    published_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime]
    territory: Mapped[str] = mapped_column(String(60), default="")
    content_hash: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    revision: Mapped[int] = mapped_column(default=1)
    scrub_counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    rank: Mapped[int | None]
    heat_value: Mapped[float | None]
    sentiment_score: Mapped[float | None]
    known_words: Mapped[int] = mapped_column(default=0)
    # The words that moved the score most, with their log odds; above 0 sounds content.
    score_words: Mapped[list[Any]] = mapped_column(JSON, default=list, server_default="[]")
    band: Mapped[str | None] = mapped_column(String(10))
    nature: Mapped[str] = mapped_column(String(16), default="")
    model_version: Mapped[str] = mapped_column(String(64), default="")
    band_corrected_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    nature_corrected_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    # The version of the rules of the kinds that gave `nature`; 1 is the shipped one.
    nature_version: Mapped[int] = mapped_column(default=1, server_default="1")
    analysed_at: Mapped[datetime | None]
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))
    join_reason: Mapped[str] = mapped_column(String(300), default="")
    is_placed_by_hand: Mapped[bool] = mapped_column(default=False)
    read_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_token: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None]


class ItemRevision(Base):
    """The text of an item before its source edited it."""

    __tablename__ = "item_revision"
    __table_args__ = (UniqueConstraint("item_id", "revision"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    revision: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    replaced_at: Mapped[datetime]


class ItemKey(Base):
    """One rare term of an item: the inverted index that grouping looks candidates up in."""

    __tablename__ = "item_key"
    __table_args__ = (Index("ix_item_key_term_at", "term", "at"),)

    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), primary_key=True)
    term: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime]


class RankPoint(Base):
    """Where an entry stood on a hot list at one snapshot."""

    __tablename__ = "rank_point"
    __table_args__ = (Index("ix_rank_point_at", "at"),)

    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    rank: Mapped[int | None]
    heat_value: Mapped[float | None]
