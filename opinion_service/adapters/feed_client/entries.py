"""What a feed document holds once it is read: the feed, its entries, and what could not be read."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from opinion_service.adapters.feed_client.dates import instant


class IdentityBasis(StrEnum):
    """Which of an entry's facts tells it from the other entries of its feed."""

    GUID = "guid"
    URL = "url"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class ParsedEntry:
    """One entry as its feed gives it: raw strings, capped, with markup and personal data still in them.

    There is no author on purpose: the desk keeps none. `identity_by` is set when the obvious fact (guid,
    else address) is shared by several entries of the same document and therefore identifies nothing.
    """

    guid: str
    url: str
    title: str
    summary: str
    published_text: str = ""
    categories: tuple[str, ...] = ()
    rank: int | None = None
    heat_value: float | None = None
    identity_by: IdentityBasis | None = None

    @property
    def published_at(self) -> datetime | None:
        """Return the claimed instant (UTC), or None when the claim cannot be read."""
        return instant(self.published_text)

    @property
    def identity(self) -> str:
        """Return what stays the same within one source when the entry is edited or comes again."""
        return hashlib.sha256(_identity_text(self).encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class BrokenEntry:
    """An entry that could not be read, with the reason and its beginning."""

    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """The entries and the broken ones; `problem` says why the document is no feed at all, else it is empty."""

    title: str = ""
    ttl_minutes: int | None = None
    entries: tuple[ParsedEntry, ...] = ()
    broken: tuple[BrokenEntry, ...] = ()
    problem: str | None = None


def entry_identity(entry: ParsedEntry, source_id: int) -> str:
    """Return the key (SHA-256, hex) of one entry among all sources: guid, else address, else title and date."""
    basis = f"{source_id}\n{_identity_text(entry)}"
    return hashlib.sha256(basis.encode("utf-8", "replace")).hexdigest()


def content_hash(entry: ParsedEntry) -> str:
    """Return the SHA-256 (hex) of title and summary as they came: another value means an edited entry."""
    return hashlib.sha256(f"{entry.title}\n{entry.summary}".encode("utf-8", "replace")).hexdigest()


def _identity_text(entry: ParsedEntry) -> str:
    basis = entry.identity_by or _obvious_basis(entry)
    if basis is IdentityBasis.GUID:
        return entry.guid
    if basis is IdentityBasis.URL:
        return entry.url
    return f"{entry.title or entry.summary}\n{entry.published_text}"


def _obvious_basis(entry: ParsedEntry) -> IdentityBasis:
    if entry.guid:
        return IdentityBasis.GUID
    return IdentityBasis.URL if entry.url else IdentityBasis.TEXT
