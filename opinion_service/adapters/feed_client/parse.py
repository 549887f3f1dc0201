"""Reads a feed document: RSS, Atom, RDF, JSON Feed or a hot list; keeps what can be read."""

import calendar
import codecs
import hashlib
import io
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import feedparser

# The libxml2 driver, where it is installed, would open files named in a DOCTYPE.
feedparser.api.PREFERRED_XML_PARSERS = []

MOST_ENTRIES = 2_000
LONGEST_FIELD = 50_000
_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.:-]{1,40})""")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
# feedparser's reading of an author takes time that grows with the square of its length.
_LONG_AUTHOR = re.compile(
    r"<((?:\w+:)?(?:author|creator|managingEditor|webMaster|name|email))\b[^>]*>[^<]{200,}</\1\s*>",
    re.IGNORECASE,
)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,300}\?>")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as its feed gives it; markup and personal data are still in the text. No author."""

    guid: str
    url: str
    title: str
    summary: str
    published_at: datetime | None = None
    published_text: str = ""
    rank: int | None = None
    heat_value: float | None = None

    @property
    def identity(self) -> str:
        """Return what stays the same when the entry is edited or comes again: guid, else link, else text."""
        basis = self.guid or self.url or f"{self.title}\n{self.published_text}"
        return hashlib.sha256(basis.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Broken:
    """An entry that could not be read, with the reason and its beginning."""

    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """The entries and the broken ones; `problem` is set when the document is no feed at all."""

    title: str = ""
    entries: tuple[Entry, ...] = ()
    broken: tuple[Broken, ...] = ()
    problem: str = ""


def parse(body: bytes, content_type: str = "") -> ParsedFeed:
    """Return what the document holds; never raises for its content."""
    if not body.strip():
        return ParsedFeed(problem="内容为空")
    if _HTML.match(body[:2000]):
        return ParsedFeed(problem="返回的是网页，不是信息源")
    text = decode(body, content_type)
    if text.lstrip()[:1] in ("{", "["):
        return _read_json(text)
    return _read_xml(text)


def decode(body: bytes, content_type: str = "") -> str:
    """Return the text: BOM, then strict UTF-8, what is declared, GB18030; at last UTF-8 with losses."""
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(encoding, "replace")
    declared = _DECLARED.search(body[:1000])
    header = _CHARSET.search(content_type)
    names = ["utf-8", header[1] if header else "", declared[1].decode("ascii") if declared else "", "gb18030"]
    for name in names:
        try:
            return body.decode("gb18030" if name.lower() in ("gb2312", "gbk") else name or "utf-8")
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("utf-8", "replace")


def _read_xml(text: str) -> ParsedFeed:
    capped = _LONG_AUTHOR.sub("", _DECLARATION.sub("", text, count=1))
    document = b'<?xml version="1.0" encoding="utf-8"?>' + capped.encode("utf-8", "replace")
    try:
        # Only a stream: bytes that look like a path would be opened as a file.
        parsed = feedparser.parse(io.BytesIO(document), sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:  # noqa: BLE001, RUF100 - any fault of the reader is the document's, and is kept
        return ParsedFeed(problem=f"无法解析：{type(error).__name__}")
    if not parsed.get("version") and not parsed.entries:
        return ParsedFeed(problem="不是可识别的信息源")
    entries: list[Entry] = []
    broken: list[Broken] = []
    for raw in parsed.entries[:MOST_ENTRIES]:
        entry = _entry(raw)
        if entry.title or entry.summary:
            entries.append(entry)
        else:
            broken.append(Broken("条目没有标题和正文", entry.url[:300]))
    if len(parsed.entries) > MOST_ENTRIES:
        broken.append(Broken(f"超过 {MOST_ENTRIES} 条，其余未读", ""))
    return ParsedFeed(str(parsed.feed.get("title", ""))[:300], tuple(entries), tuple(broken))


def _entry(raw: Any) -> Entry:
    content = raw.get("content") or [{}]
    summary = str(raw.get("summary") or content[0].get("value") or "")
    moment = raw.get("published_parsed") or raw.get("updated_parsed")
    return Entry(
        guid=str(raw.get("id") or "")[:2000],
        url=str(raw.get("link") or "")[:2000],
        title=str(raw.get("title") or "")[:LONGEST_FIELD],
        summary=summary[:LONGEST_FIELD],
        published_at=_instant(moment),
        published_text=str(raw.get("published") or raw.get("updated") or "")[:100],
    )


def _instant(moment: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(moment), UTC) if moment else None
    except (ValueError, OverflowError, TypeError, OSError):
        return None


def _read_json(text: str) -> ParsedFeed:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ParsedFeed(problem="JSON 无法解析")
    rows = document if isinstance(document, list) else document.get("items") or document.get("data")
    if not isinstance(rows, list):
        return ParsedFeed(problem="不是可识别的信息源")
    entries: list[Entry] = []
    broken: list[Broken] = []
    for raw in rows[:MOST_ENTRIES]:
        title = str(raw.get("title") or "").strip() if isinstance(raw, dict) else ""
        if title or (isinstance(raw, dict) and (raw.get("content_text") or raw.get("content_html"))):
            entries.append(_json_entry(raw, title))
        else:
            broken.append(Broken("条目没有标题", str(raw)[:300]))
    name = str(document.get("title", ""))[:300] if isinstance(document, dict) else ""
    return ParsedFeed(name, tuple(entries), tuple(broken))


def _json_entry(raw: dict[str, Any], title: str) -> Entry:
    published = str(raw.get("date_published") or raw.get("date") or "")
    try:
        at = datetime.fromisoformat(published) if published else None
    except ValueError:
        at = None
    return Entry(
        guid=str(raw.get("id") or "")[:2000],
        url=str(raw.get("url") or raw.get("link") or "")[:2000],
        title=title[:LONGEST_FIELD],
        summary=str(raw.get("content_text") or raw.get("content_html") or raw.get("summary") or "")[:LONGEST_FIELD],
        published_at=at if at is not None and at.tzinfo else None,
        published_text=published[:100],
        rank=_number(raw.get("rank"), int),
        heat_value=_number(raw.get("hot"), float),
    )


def _number(value: Any, kind: type) -> Any:
    try:
        return kind(value) if value is not None and not isinstance(value, bool) else None
    except (TypeError, ValueError, OverflowError):
        return None
