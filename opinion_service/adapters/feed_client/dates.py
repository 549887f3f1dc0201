"""Reads the date strings of feeds the way Chinese publishers mean them.

feedparser takes "CST" for Chicago, a time without zone for UTC, and "2024年1月1日" for November; here CST and a
missing zone mean Beijing time. What is read is a claim and no deadline runs from it.
"""

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

BEIJING = timezone(timedelta(hours=8))
LONGEST_DATE = 100
_YEARS = range(1990, 2101)
_EPOCH = re.compile(r"\d{10}|\d{13}")
_NUMERIC = re.compile(
    r"(?P<year>\d{4})\s?[-/.年]\s?(?P<month>\d{1,2})\s?[-/.月]\s?(?P<day>\d{1,2})\s?[日号]?"
    r"(?:\s?[T,]?\s?(?:星期|周)?[一二三四五六日天]?\s?"
    r"(?P<half>上午|下午|晚上|中午|凌晨|早上)?\s?"
    r"(?P<hour>\d{1,2})\s?[:时点]\s?(?P<minute>\d{1,2})?\s?[:分]?\s?(?P<second>\d{1,2})?(?:[.,]\d{1,9})?\s?秒?)?"
    r"\s?(?P<zone>Z|UTC|GMT|CST|北京时间|[+-]\d{2}:?\d{2})?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?")
_BEIJING_NAMES = re.compile(r"\b(?:CST|BJT)\b|\(?中国标准时间\)?", re.IGNORECASE)
_NO_ZONE = re.compile(r":\d{1,2}(?:\s\d{4})?$")
_UTC_NAMES = ("Z", "UTC", "GMT")
_AFTERNOON = ("下午", "晚上", "中午")


def instant(text: str) -> datetime | None:
    """Return the instant (UTC) a date string claims; None when it cannot be read or its year is no year of news.

    Read are ISO 8601 and its loose relatives, RFC 822, Chinese dates, and seconds or milliseconds since 1970.
    """
    plain = unicodedata.normalize("NFKC", text[:LONGEST_DATE]).strip()
    for reader in (_epoch, _numeric, _compact, _rfc822):
        try:
            moment = reader(plain)
        except (ValueError, OverflowError, OSError):
            # An impossible date in one notation may be a possible one in another.
            continue
        if moment is not None and moment.year in _YEARS:
            return moment.astimezone(UTC)
    return None


def _epoch(text: str) -> datetime | None:
    if not _EPOCH.fullmatch(text):
        return None
    return datetime.fromtimestamp(int(text[:10]), UTC)


def _numeric(text: str) -> datetime | None:
    match = _NUMERIC.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(match[name]) for name in ("year", "month", "day"))
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    if match["half"] in _AFTERNOON and hour < 12 and not (match["half"] == "中午" and hour >= 11):
        hour += 12
    if hour == 24 and minute == second == 0:
        return datetime(year, month, day, tzinfo=_zone(match["zone"])) + timedelta(days=1)
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=_zone(match["zone"]))


def _compact(text: str) -> datetime | None:
    match = _COMPACT.fullmatch(text)
    if match is None:
        return None
    return datetime(*(int(part or 0) for part in match.groups()), tzinfo=BEIJING)  # type: ignore[misc, arg-type]


def _rfc822(text: str) -> datetime | None:
    parts = parsedate_tz(_BEIJING_NAMES.sub("+0800", text))
    if parts is None:
        return None
    # The standard library takes a missing zone for UTC.
    offset = None if _NO_ZONE.search(text) else parts[9]
    zone = BEIJING if offset is None else timezone(timedelta(seconds=offset))
    return datetime(*parts[:5], min(parts[5], 59), tzinfo=zone)


def _zone(name: str | None) -> timezone:
    if name is None or name in ("CST", "北京时间"):
        return BEIJING
    if name in _UTC_NAMES:
        return UTC
    digits = name.replace(":", "")
    ahead = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    return timezone(-ahead if digits[0] == "-" else ahead)
