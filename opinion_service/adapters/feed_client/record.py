"""A parsed feed as JSON can carry it from the process that read it."""

from dataclasses import fields
from typing import Any

from opinion_service.adapters.feed_client.entries import BrokenEntry, IdentityBasis, ParsedEntry, ParsedFeed

_ENTRY = tuple(field.name for field in fields(ParsedEntry))


def record_of(feed: ParsedFeed) -> dict[str, Any]:
    """Return the feed as JSON can carry it; an entry is the list of its values in the order of its fields."""
    return {
        "title": feed.title,
        "ttl_minutes": feed.ttl_minutes,
        "entries": [[getattr(entry, name) for name in _ENTRY] for entry in feed.entries],
        "broken": [[one.reason, one.excerpt] for one in feed.broken],
        "problem": feed.problem,
    }


def feed_from_record(record: dict[str, Any]) -> ParsedFeed:
    """Return the feed that `record_of` was given."""
    return ParsedFeed(
        title=record["title"],
        ttl_minutes=record["ttl_minutes"],
        entries=tuple(_entry(dict(zip(_ENTRY, row, strict=True))) for row in record["entries"]),
        broken=tuple(BrokenEntry(*row) for row in record["broken"]),
        problem=record["problem"],
    )


def _entry(row: dict[str, Any]) -> ParsedEntry:
    basis = row.pop("identity_by")
    categories = tuple(row.pop("categories"))
    return ParsedEntry(**row, categories=categories, identity_by=IdentityBasis(basis) if basis else None)
