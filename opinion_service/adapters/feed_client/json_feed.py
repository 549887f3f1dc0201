"""Reads JSON Feed (jsonfeed.org) and the common shapes of a hot list."""

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from opinion_service.adapters.feed_client.assemble import LONGEST_FIELD, LONGEST_URL, assembled
from opinion_service.adapters.feed_client.dates import LONGEST_DATE
from opinion_service.adapters.feed_client.entries import BrokenEntry, ParsedEntry, ParsedFeed

_ROWS = ("items", "data", "list", "result", "realtime", "entries", "articles")
_TITLES = ("title", "word", "name", "query", "keyword", "note")
_TEXTS = ("content_html", "content_text", "summary", "description", "desc", "content", "digest")
_ADDRESSES = ("url", "link", "external_url", "href", "mobileUrl", "mobile_url")
_GUIDS = ("id", "guid")
_DATES = ("date_published", "date_modified", "published_at", "pubDate", "date", "created_at", "time", "timestamp")
_RANKS = ("rank", "position", "pos", "realpos", "order")
_HEATS = ("hot", "heat", "hotScore", "hot_score", "hotValue", "hot_value", "热度")
_AMOUNT = re.compile(r"\s{0,9}(\d{1,15}(?:\.\d{1,6})?)\s{0,3}([万亿wWkK]?)")
_TIMES = {"万": 1e4, "w": 1e4, "亿": 1e8, "k": 1e3, "": 1.0}
_DEEPEST = 3


def read_json(text: str) -> ParsedFeed:
    """Return what a JSON document holds; anything that is no list of entries is a `problem`."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ParsedFeed(problem="JSON 无法解析。")
    rows = _rows(document, _DEEPEST)
    if rows is None:
        return ParsedFeed(problem="不是可识别的信息源。")
    title = str(document.get("title") or "") if isinstance(document, dict) else ""
    return assembled(title, None, list(_read_rows(rows)))


def _rows(document: Any, depth: int) -> list[Any] | None:
    """Return the list of entries: the document itself, or the first list under a usual name."""
    if isinstance(document, list):
        return document
    if not isinstance(document, dict) or depth == 0:
        return None
    for name in _ROWS:
        rows = _rows(document.get(name), depth - 1)
        if rows is not None:
            return rows
    return None


def _read_rows(rows: list[Any]) -> Iterable[ParsedEntry | BrokenEntry]:
    is_hot_list = any(isinstance(row, dict) and _first(row, _HEATS) is not None for row in rows)
    for place, raw in enumerate(rows, start=1):
        if not isinstance(raw, dict):
            yield BrokenEntry("条目不是对象。", str(raw)[:LONGEST_FIELD])
            continue
        entry = _entry(raw, place if is_hot_list else None)
        if entry.title.strip() or entry.summary.strip():
            yield entry
        else:
            yield BrokenEntry("条目没有标题和正文。", json.dumps(raw, ensure_ascii=False)[:1000])


def _entry(raw: dict[str, Any], place: int | None) -> ParsedEntry:
    rank = _amount(_first(raw, _RANKS))
    categories = raw.get("tags")
    return ParsedEntry(
        guid=_string(raw, _GUIDS, LONGEST_URL).strip(),
        url=_string(raw, _ADDRESSES, LONGEST_URL).strip(),
        title=_string(raw, _TITLES, LONGEST_FIELD),
        summary=_string(raw, _TEXTS, LONGEST_FIELD),
        published_text=_string(raw, _DATES, LONGEST_DATE),
        categories=_categories(categories if isinstance(categories, list) else []),
        # Where a hot list gives no ranks, its order is the ranking.
        rank=int(rank) if rank is not None and rank < 1_000_000 else place,
        heat_value=_amount(_first(raw, _HEATS)),
    )


def _categories(tags: list[Any]) -> tuple[str, ...]:
    terms = (tag.strip()[:100] for tag in tags[:20] if isinstance(tag, str))
    return tuple(dict.fromkeys(term for term in terms if term))


def _first(raw: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((raw[name] for name in names if raw.get(name) not in (None, "")), None)


def _string(raw: dict[str, Any], names: tuple[str, ...], limit: int) -> str:
    """Return the first filled field of these names as text; objects, lists and truth values are no text."""
    for name in names:
        value = raw.get(name)
        if isinstance(value, str) and value.strip():
            return value[:limit]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)[:limit]
    return ""


def _amount(value: Any) -> float | None:
    """Return a number, also from "98.6万"; None for anything else."""
    if isinstance(value, str):
        match = _AMOUNT.match(value.replace(",", "")[:40])
        return float(match[1]) * _TIMES[match[2].lower()] if match else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
