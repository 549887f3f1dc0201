"""Reads RSS, Atom and RDF through feedparser, from text this desk decoded itself."""

import io
import xml.sax
from typing import Any
from urllib.parse import urljoin

import feedparser
import feedparser.mixin

from opinion_service.adapters.feed_client.assemble import LONGEST_FIELD, LONGEST_URL, assembled
from opinion_service.adapters.feed_client.dates import LONGEST_DATE
from opinion_service.adapters.feed_client.entries import BrokenEntry, ParsedEntry, ParsedFeed
from opinion_service.adapters.feed_client.xml_text import feed_start, without_illegal

# The libxml2 driver, where it is installed, would open files named in a DOCTYPE.
feedparser.api.PREFERRED_XML_PARSERS = []


def _keep_no_author(_parser: Any, key: str = "author") -> None:
    """Leave an author unread."""


# feedparser looks for an address in an author in time that grows with the square of the length
# (33 s for 80 kB); the desk keeps no authors, so it need not look.
feedparser.mixin._FeedParserMixin._sync_author_detail = _keep_no_author  # noqa: SLF001

MOST_CATEGORIES = 20
_PER_PERIOD = {"hourly": 60, "daily": 1440, "weekly": 10080, "monthly": 43200, "yearly": 525600}


def read_xml(text: str, base_url: str) -> ParsedFeed:
    """Return what an XML document holds; a page, an OPML list or anything else is a `problem`."""
    start, problem = feed_start(text)
    if problem:
        return ParsedFeed(problem=problem)
    # Only from the root on: with the DOCTYPE gone, no entity can be declared, expanded or fetched.
    document = without_illegal(text[start:]).encode("utf-8", "replace")
    try:
        # Only a stream: bytes that look like a path would be opened as a file.
        parsed = feedparser.parse(io.BytesIO(document), sanitize_html=False, resolve_relative_uris=False)
    except (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, RuntimeError,
            TypeError, ValueError, xml.sax.SAXException) as error:  # fmt: skip
        return ParsedFeed(problem=f"文档无法解析（{type(error).__name__}）。")
    if not parsed.get("version") and not parsed.entries:
        return ParsedFeed(problem="不是可识别的信息源。")
    rows = [_row(raw, base_url) for raw in parsed.entries]
    return assembled(_text(parsed.feed, "title"), _ttl(parsed.feed), rows)


def _row(raw: Any, base_url: str) -> ParsedEntry | BrokenEntry:
    title, summary = _text(raw, "title"), _text(raw, "summary")
    contents = raw.get("content")
    if isinstance(contents, list) and contents:
        # The longer of the two is the text of the entry, the other its extract.
        longest = max((str(part.get("value") or "")[:LONGEST_FIELD] for part in contents), key=len)
        summary = max(summary, longest, key=len)
    link = _text(raw, "link")[:LONGEST_URL].strip()
    if not title.strip() and not summary.strip():
        return BrokenEntry("条目没有标题和正文。", link or _text(raw, "id")[:LONGEST_URL])
    return ParsedEntry(
        guid=_text(raw, "id")[:LONGEST_URL].strip(),
        url=_absolute(link, base_url),
        title=title,
        summary=summary,
        published_text=(_text(raw, "published") or _text(raw, "updated") or _text(raw, "created"))[:LONGEST_DATE],
        categories=_categories(raw),
    )


def _text(raw: Any, key: str) -> str:
    # feedparser answers "updated" with "published" through get(); both mean the same here.
    value = raw.get(key)
    return value[:LONGEST_FIELD] if isinstance(value, str) else ""


def _categories(raw: Any) -> tuple[str, ...]:
    tags = raw.get("tags")
    if not isinstance(tags, list):
        return ()
    terms = (str(tag.get("term") or tag.get("label") or "").strip()[:100] for tag in tags[:MOST_CATEGORIES])
    return tuple(dict.fromkeys(term for term in terms if term))


def _absolute(link: str, base_url: str) -> str:
    try:
        return urljoin(base_url, link)[:LONGEST_URL] if base_url and link else link
    except ValueError:
        return link


def _ttl(feed: Any) -> int | None:
    """Return how many minutes the publisher asks to wait, from `ttl` or the syndication module."""
    minutes = _positive(_text(feed, "ttl"))
    if minutes:
        return minutes
    period = _PER_PERIOD.get(_text(feed, "sy_updateperiod").strip().lower())
    if period is None:
        return None
    return max(period // (_positive(_text(feed, "sy_updatefrequency")) or 1), 1)


def _positive(text: str) -> int | None:
    digits = text.strip()[:9]
    return int(digits) or None if digits.isascii() and digits.isdigit() else None
