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
from opinion_service.adapters.feed_client.robots import RobotsAnswer, crawl_delay, may_fetch, robots_answer, robots_url

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
    "RobotsAnswer",
    "content_hash",
    "crawl_delay",
    "entry_identity",
    "fetch",
    "may_fetch",
    "parse",
    "parse_killable",
    "read_opml",
    "robots_answer",
    "robots_url",
    "write_opml",
]
