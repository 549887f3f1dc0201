"""Fetches feeds from places nobody vouches for, and reads them without trusting a byte."""

from opinion_service.adapters.feed_client.fetch import Fetched, FetchRequest, Outcome, fetch
from opinion_service.adapters.feed_client.parse import Broken, Entry, ParsedFeed, parse

__all__ = ["Broken", "Entry", "FetchRequest", "Fetched", "Outcome", "ParsedFeed", "fetch", "parse"]
