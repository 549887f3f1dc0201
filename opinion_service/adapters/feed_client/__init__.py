"""Fetches feeds from places nobody vouches for, and reads them without trusting a byte."""

from opinion_service.adapters.feed_client.entries import (
    BrokenEntry,
    IdentityBasis,
    ParsedEntry,
    ParsedFeed,
    content_hash,
    entry_identity,
)
from opinion_service.adapters.feed_client.fetch import Fetched, FetchOutcome, FetchPolicy, FetchRequest, fetch
from opinion_service.adapters.feed_client.killable import parse_killable
from opinion_service.adapters.feed_client.opml import OpmlReading, Outline, read_opml, write_opml
from opinion_service.adapters.feed_client.parse import parse

Outcome = FetchOutcome

__all__ = [
    "BrokenEntry",
    "FetchOutcome",
    "FetchPolicy",
    "FetchRequest",
    "Fetched",
    "IdentityBasis",
    "OpmlReading",
    "Outcome",
    "Outline",
    "ParsedEntry",
    "ParsedFeed",
    "content_hash",
    "entry_identity",
    "fetch",
    "parse",
    "parse_killable",
    "read_opml",
    "write_opml",
]
