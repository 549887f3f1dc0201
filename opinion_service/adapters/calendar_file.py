"""Reads a year of holidays from a CSV file (date, kind, name, notice) or from an ICS calendar."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from icalendar import Calendar

from opinion_service.domain.clocks.calendar import DayKind
from opinion_service.domain.clocks.calendar_days import LONGEST_RANGE, NoticeDay, kind_of, parse_day
from opinion_service.domain.errors import InvalidInput

MOST_BYTES = 500_000
# How calendars in use mark the two kinds: Apple's own field, and the words in the title.
_APPLE = {"WORK-HOLIDAY": DayKind.HOLIDAY, "ALTERNATE-WORKDAY": DayKind.WORKDAY}
_WORK = ("补班", "上班", "（班）", "(班)", "［班］", "[班]", "调休班")
_REST = ("放假", "假期", "（休）", "(休)", "［休］", "[休]", "休假")


def read(name: str, content: bytes, notice: str) -> tuple[NoticeDay, ...]:
    """Return the days in a file; `notice` stands for those that name none themselves.

    Raises InvalidInput when the file is too large, is neither CSV nor ICS, or a row cannot be read.
    """
    if len(content) > MOST_BYTES:
        raise InvalidInput("文件超过 500 KB，不是一年的放假安排。", "file")
    text = _decoded(content)
    if name.lower().endswith(".ics") or text.lstrip().startswith("BEGIN:VCALENDAR"):
        return tuple(_from_ics(text, notice))
    return tuple(_from_csv(text, notice))


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput("文件编码无法识别，请存为 UTF-8。", "file")


def _from_csv(text: str, notice: str) -> Iterator[NoticeDay]:
    rows = csv.DictReader(io.StringIO(text))
    if not {"date", "kind"} <= set(rows.fieldnames or ()):
        raise InvalidInput("CSV 首行须有 date 和 kind 两列（可另有 name、notice）。", "file")
    for row in rows:
        if not (row["date"] or "").strip():
            continue
        yield NoticeDay(
            parse_day(row["date"]), kind_of(row["kind"] or ""), (row.get("name") or "").strip(),
            (row.get("notice") or "").strip() or notice,
        )  # fmt: skip


def _from_ics(text: str, notice: str) -> Iterator[NoticeDay]:
    try:
        events = Calendar.from_ical(text).walk("VEVENT")
    except ValueError as error:
        raise InvalidInput("ICS 文件无法读取。", "file") from error
    for event in events:
        kind = _kind(event)
        if kind is None:
            continue  # a remark such as 除夕 or 清明 that says nothing about working
        first, last = _span(event)
        for n in range((last - first).days):
            yield NoticeDay(first + timedelta(days=n), kind.value, str(event.get("SUMMARY", ""))[:40], notice)


def _kind(event: Any) -> DayKind | None:
    marked = _APPLE.get(str(event.get("X-APPLE-SPECIAL-DAY", "")))
    if marked is not None:
        return marked
    title = str(event.get("SUMMARY", ""))
    if any(word in title for word in _WORK) or title.endswith("班"):
        return DayKind.WORKDAY
    return DayKind.HOLIDAY if any(word in title for word in _REST) or title.endswith("休") else None


def _span(event: Any) -> tuple[date, date]:
    """Return the first day of an event and the day after its last."""
    if "DTSTART" not in event:
        raise InvalidInput("ICS 中有日程缺少开始日期。", "file")
    first = _as_date(event["DTSTART"].dt)
    end = event.get("DTEND")
    last = _as_date(end.dt) if end is not None else first + timedelta(days=1)
    last = max(last, first + timedelta(days=1))
    if (last - first).days > LONGEST_RANGE:
        raise InvalidInput(f"ICS 中 {first} 起的日程超过 {LONGEST_RANGE} 天。", "file")
    return first, last


def _as_date(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value
