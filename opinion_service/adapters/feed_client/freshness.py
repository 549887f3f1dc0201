"""What a server says about the next time: Retry-After of a refusal, Cache-Control and Expires of an answer."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST_S = 86_400
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s{0,3}=\s{0,3}\"?(\d{1,10})", re.IGNORECASE)
_NEVER_FRESH = re.compile(r"(?:^|[\s,])no-(?:cache|store)(?:$|[\s,=])", re.IGNORECASE)


def retry_after(headers: Mapping[str, str], asked_at: datetime | None = None) -> int | None:
    """Return the seconds the server asks to wait, at most a day.

    An instant counts from the server's own Date, or from `asked_at` when it names none.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), _LONGEST_S)
    return _until(text, headers.get("Date", ""), asked_at)


def fresh_for(headers: Mapping[str, str], asked_at: datetime | None = None) -> int | None:
    """Return the seconds for which the server calls its answer fresh, at most a day; None when it does not say.

    Source: RFC 9111 §4.2: max-age less Age goes before Expires less Date (`asked_at` without one); no-cache and
    no-store mean not at all.
    """
    control = headers.get("Cache-Control", "")[:1000]
    if _NEVER_FRESH.search(control):
        return None
    age = _MAX_AGE.search(control)
    if age:
        passed = headers.get("Age", "").strip()[:9]
        return min(max(int(age[1]) - (int(passed) if passed.isascii() and passed.isdigit() else 0), 0), _LONGEST_S)
    return _until(headers.get("Expires", ""), headers.get("Date", ""), asked_at)


def _until(text: str, date: str, asked_at: datetime | None) -> int | None:
    until, since = _instant(text), _instant(date) or asked_at
    if until is None or since is None:
        return None
    return min(max(int((until - since).total_seconds()), 0), _LONGEST_S)


def _instant(text: str) -> datetime | None:
    try:
        return _utc(parsedate_to_datetime(text))
    except (ValueError, TypeError, OverflowError):
        return None


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
