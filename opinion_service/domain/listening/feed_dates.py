"""Reads the dates of Chinese feeds: zone-less times are the source's own, CST is Beijing's.

The common parsers take zone-less times as UTC, CST as US Central and 2024年1月1日 as November. What cannot
be read for certain is None: no date is better than a wrong one, and no deadline runs from these dates.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

OLDEST = timedelta(days=3652)
AHEAD = timedelta(hours=1)
_LONGEST = 120
_SOURCE_ZONE = "Asia/Shanghai"

_MONTHS = {name: n for n, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}  # noqa: SIM905
_HOURS_EAST = {"z": 0, "ut": 0, "utc": 0, "gmt": 0, "cst": 8, "bjt": 8, "hkt": 8, "jst": 9, "est": -5, "edt": -4}
_HOURS_EAST |= {"pst": -8, "pdt": -7, "mst": -7, "mdt": -6, "cdt": -5, "bst": 1, "cet": 1, "cest": 2, "msk": 3}
_DAYS_AGO = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2, "前日": 2}
_UNITS = {"秒": 1, "分": 60, "刻": 900, "时": 3600, "天": 86400, "日": 86400, "周": 604800, "星": 604800}
_HAN_DIGITS = str.maketrans("零〇一二三四五六七八九", "00123456789")
# 二十三 or 二〇二四; what is neither, such as 十十, is left as it stands and read as no date.
_HAN_NUMBER = re.compile(
    r"(?<![零〇一二三四五六七八九十])(?:[二三四五六七八九]?十[一二三四五六七八九]?|[零〇一二三四五六七八九]+)(?=[年月日号时点])"
)

_CLOCK = (
    r"(?:(?P<half>凌晨|早上|早晨|清晨|上午|中午|下午|傍晚|晚上|晚间|深夜)?\s*"
    r"(?P<hour>\d{1,2})\s*(?::|时|点)\s*(?:(?P<minute>\d{1,2}|半)\s*(?:分)?)?"
    r"(?:[:分]?\s*(?P<second>\d{1,2})\s*(?:秒)?(?:[.,]\d{1,9})?)?\s*(?P<ampm>[ap]\.?m\.?)?)"
)
_ZONE = r"(?:\s*(?P<zone>z|[a-z]{2,4}|(?:gmt|utc)?\s*[+-]\d{1,2}(?::?\d{2})?)(?![a-z0-9]))"
_REST = rf"(?:[\st,]*{_CLOCK})?{_ZONE}?\s*(?:\([^)]*\))?"
_WEEKDAY = (
    r"(?:(?:星期|周)[一二三四五六日天]|[(](?:星期|周)?[一二三四五六日天][)]"
    r"|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)?"
)

_NUMERIC = re.compile(
    rf"(?P<year>\d{{4}})\s*[-/.年]\s*(?P<month>\d{{1,2}})\s*[-/.月]\s*(?P<day>\d{{1,2}})\s*[日号]?[\s,]*{_WEEKDAY}{_REST}"
)
_COMPACT = re.compile(
    rf"(?P<year>(?:19|20)\d{{2}})(?P<month>\d{{2}})(?P<day>\d{{2}})"
    rf"(?:[t\s]?(?P<hour>\d{{2}}):?(?P<minute>\d{{2}})(?::?(?P<second>\d{{2}}))?(?:[.,]\d{{1,9}})?)?{_ZONE}?"
)
_DAY_FIRST = re.compile(
    rf"(?:{_WEEKDAY}[\s,]+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+(?P<name>[a-z]{{3,9}})\.?[\s,-]+(?P<year>\d{{4}}|\d{{2}}){_REST}"
)
_NAME_FIRST = re.compile(
    rf"(?:{_WEEKDAY}[\s,]+)?(?P<name>[a-z]{{3,9}})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s,]+(?P<year>\d{{4}}){_REST}"
)
_ASCTIME = re.compile(
    rf"(?:{_WEEKDAY}[\s,]+)?(?P<name>[a-z]{{3,9}})\.?\s+(?P<day>\d{{1,2}})\s+(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})(?::(?P<second>\d{{2}}))?"
    rf"{_ZONE}?\s+(?P<year>\d{{4}})"
)
_NO_YEAR = re.compile(rf"(?P<month>\d{{1,2}})\s*[-/月]\s*(?P<day>\d{{1,2}})\s*[日号]?[\s,]*{_WEEKDAY}[\s,]*{_CLOCK}?")
_NAMED_DAY = re.compile(rf"(?P<named>今天|今日|昨天|昨日|前天|前日)[\s,]*{_CLOCK}?")
_ONLY_CLOCK = re.compile(_CLOCK)
_AGO = re.compile(
    r"(?:约|大约)?\s*(?P<count>\d{1,4}|半)\s*个?\s*(?P<unit>秒钟?|分钟?|刻钟?|小时|钟头|天|日|周|星期|个?月|年)\s*(?:之前|以前|前)"
)
_NUMBER = re.compile(r"(?P<number>\d{9,10}|\d{13}|\d{16})(?:\.\d{1,9})?")


def parse_feed_date(text: str, zone: str = _SOURCE_ZONE, *, now: datetime) -> datetime | None:
    """Return the instant (aware, UTC) that `text` names, or None when it cannot be read for certain.

    zone: of times that name none (an IANA name, of the source); now: what 昨天 and 3小时前 count from.
    Read are RFC 822, ISO 8601, asctime, Chinese dates, relative words, and unix seconds, milli- and
    microseconds. A date without a time is the beginning of that day.
    """
    plain = _plain(text)
    local = ZoneInfo(zone)
    today = now.astimezone(local)
    if not plain:
        return None
    for pattern, read in _READERS:
        match = pattern.fullmatch(plain)
        if match:
            return _in_utc(read, match, today)
    return None


def clamp_published(published: datetime | None, first_seen: datetime) -> datetime | None:
    """Return `published` when it lies from ten years before to one hour after `first_seen`, else None."""
    if published is None or not first_seen - OLDEST <= published <= first_seen + AHEAD:
        return None
    return published


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text[:_LONGEST]).strip().lower()
    folded = re.sub(
        r"^(?:发布时间|发布日期|发表时间|更新时间|时间|日期|发布于|发表于|更新于|published|updated)\s*:?\s*", "", folded
    )
    if "年" in folded or "月" in folded:
        folded = _HAN_NUMBER.sub(_arabic, folded)
    return re.sub(r"\s+", " ", folded).strip()


def _arabic(number: re.Match[str]) -> str:
    """Return 二〇二四 as 2024 and 二十三 as 23."""
    han = number[0]
    if "十" not in han:
        return han.translate(_HAN_DIGITS)
    tens, _, ones = han.partition("十")
    return str(int(tens.translate(_HAN_DIGITS) or 1) * 10 + int(ones.translate(_HAN_DIGITS) or 0))


_Reader = Callable[[re.Match[str], datetime], datetime | None]


def _in_utc(read: _Reader, match: re.Match[str], today: datetime) -> datetime | None:
    try:
        moment = read(match, today)
        return moment.astimezone(UTC) if moment is not None else None
    except (ValueError, OverflowError, KeyError):
        return None  # 30 February, 25 o'clock, year 0 or a month nobody knows


def _calendar_date(match: re.Match[str], today: datetime) -> datetime | None:
    parts = match.groupdict()
    year = int(parts["year"])
    if len(parts["year"]) == 2:
        year += 2000 if year < 70 else 1900
    month = int(parts["month"]) if parts.get("month") else _MONTHS[parts["name"][:3]]
    return _at(date(year, month, int(parts["day"])), match, today)


def _recent_date(match: re.Match[str], today: datetime) -> datetime | None:
    """A date without its year is the last such day that is not ahead."""
    month, day = int(match["month"]), int(match["day"])
    for year in (today.year, today.year - 1):
        moment = _at(date(year, month, day), match, today)
        if moment is not None and moment <= today + timedelta(days=1):
            return moment
    return None


def _named_day(match: re.Match[str], today: datetime) -> datetime | None:
    if match["named"] in ("今天", "今日") and match["hour"] is None:
        return _at(today.date(), match, today)
    return _at(today.date() - timedelta(days=_DAYS_AGO[match["named"]]), match, today)


def _clock_only(match: re.Match[str], today: datetime) -> datetime | None:
    """A bare time is today's, or yesterday's when today's has not come yet."""
    moment = _at(today.date(), match, today)
    if moment is not None and moment > today + AHEAD:
        return _at(today.date() - timedelta(days=1), match, today)
    return moment


def _ago(match: re.Match[str], today: datetime) -> datetime | None:
    count = 0.5 if match["count"] == "半" else float(match["count"])
    unit = match["unit"]
    if unit.endswith("月") or unit == "年":
        return today - timedelta(days=count * (365 if unit == "年" else 30))
    return today - timedelta(seconds=count * _UNITS["时" if unit in ("小时", "钟头") else unit[0]])


def _just_now(_match: re.Match[str], today: datetime) -> datetime | None:
    return today


def _unix(match: re.Match[str], _today: datetime) -> datetime | None:
    number = match["number"]
    scale = 1 if len(number) <= 10 else 1000 if len(number) <= 13 else 1_000_000
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(number) / scale)


def _at(day: date, match: re.Match[str], today: datetime) -> datetime | None:
    parts = match.groupdict()
    zone = _zone(parts.get("zone"), today.tzinfo)
    if zone is None:
        return None
    hour, minute, second = _clock(parts)
    midnight = datetime.combine(day, time(), zone)
    if (hour, minute, second) == (24, 0, 0):
        return midnight + timedelta(days=1)
    return midnight.replace(hour=hour, minute=minute, second=min(second, 59))


def _clock(parts: dict[str, str | None]) -> tuple[int, int, int]:
    hour = int(parts["hour"] or 0)
    minute = 30 if parts["minute"] == "半" else int(parts["minute"] or 0)
    second = int(parts["second"] or 0)
    half = (parts.get("ampm") or parts.get("half") or "").replace(".", "")
    if half in ("pm", "下午", "傍晚", "晚上", "晚间") and hour < 12:
        hour += 12
    if half == "中午" and hour < 3:
        hour += 12
    if half in ("am", "凌晨", "深夜") and hour == 12:
        hour = 0
    return hour, minute, second


def _zone(name: str | None, local: tzinfo | None) -> tzinfo | None:
    """Return the zone: the source's when none is named, None when the name is not known."""
    if not name:
        return local
    compact = re.sub(r"\s", "", name)
    if compact in _HOURS_EAST:
        return timezone(timedelta(hours=_HOURS_EAST[compact]))
    offset = re.fullmatch(r"(?:gmt|utc)?([+-])(\d{1,2}):?(\d{2})?", compact)
    if offset is None:
        return None
    minutes = int(offset[2]) * 60 + int(offset[3] or 0)
    return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))


_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (_NUMERIC, _calendar_date),
    (_NUMBER, _unix),
    (_COMPACT, _calendar_date),
    (_DAY_FIRST, _calendar_date),
    (_NAME_FIRST, _calendar_date),
    (_ASCTIME, _calendar_date),
    (_NO_YEAR, _recent_date),
    (_NAMED_DAY, _named_day),
    (_AGO, _ago),
    (re.compile(r"刚刚|刚才|just now"), _just_now),
    (_ONLY_CLOCK, _clock_only),
)
