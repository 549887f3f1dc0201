"""When something is due: natural hours, working hours and working days, with every step shown.

Natural hours run through nights and holidays; of working days the first is not counted and the
last ends at 24:00 (民法典 第201、203条). Instants are UTC; days are those of Asia/Shanghai.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from opinion_service.domain.calendar import WorkCalendar
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.sla import IncidentLevel

ZONE = ZoneInfo("Asia/Shanghai")
_FORM = re.compile(r"(\d{1,4})(min|h|wh|wd)")
_LARGEST = {"min": 10_000, "h": 2_400, "wh": 800, "wd": 400}
_WORDS = {"min": "分钟（自然时）", "h": "小时（自然时）", "wh": "工作小时", "wd": "个工作日"}


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much time is given: `unit` is min, h (natural), wh (working hours) or wd (working days)."""

    amount: int
    unit: str

    @classmethod
    def parse(cls, text: "str | Allowance") -> "Allowance":
        """Return the allowance written as 30min, 48h, 4wh or 5wd; raise InvalidInput otherwise."""
        match = _FORM.fullmatch(str(text).strip())
        if match is None or not 0 < int(match[1]) <= _LARGEST[match[2]]:
            raise InvalidInput(f"时限“{text}”无法识别，应写作 30min、48h、4wh 或 5wd。", "allow")
        return cls(int(match[1]), match[2])

    def __str__(self) -> str:
        """Return the written form."""
        return f"{self.amount}{self.unit}"

    @property
    def words(self) -> str:
        """Return the allowance in Chinese."""
        return f"{self.amount} {_WORDS[self.unit]}"


@dataclass(frozen=True, slots=True)
class Computation:
    """A due time and the way to it; `steps` are sentences, one a day walked or a stretch of hours."""

    start: datetime
    allowance: str
    due_at: datetime
    provisional: bool
    steps: tuple[str, ...]
    calendar_version: str

    def as_record(self) -> dict[str, Any]:
        """Return the computation as plain JSON."""
        return {
            "start": self.start.isoformat(),
            "allowance": self.allowance,
            "due_at": self.due_at.isoformat(),
            "provisional": self.provisional,
            "steps": list(self.steps),
            "calendar_version": self.calendar_version,
        }


def due_at(start: datetime, allowance: Allowance, calendar: WorkCalendar) -> Computation:
    """Return when `allowance` counted from `start` (aware) ends; raise InvalidInput for a naive start."""
    if start.tzinfo is None:
        raise InvalidInput("起算时间缺少时区。", "start")
    local = start.astimezone(ZONE)
    steps = [f"起点 {local:%Y-%m-%d %H:%M}"]
    if allowance.unit in ("min", "h"):
        end = start + _natural(allowance)
        steps.append(f"加 {allowance.words}，夜间和节假日连续计算")
    elif allowance.unit == "wh":
        end = _after_working_hours(local, allowance.amount, calendar, steps)
    else:
        end = _after_workdays(local.date(), allowance.amount, calendar, steps)
    shown = end.astimezone(ZONE)
    steps.append(f"到期 {shown:%Y-%m-%d %H:%M}")
    years = {local.year, shown.year} if allowance.unit in ("wh", "wd") else set()
    provisional = not all(calendar.is_published(year) for year in years)
    return Computation(
        start.astimezone(UTC),
        str(allowance),
        end.astimezone(UTC),
        provisional,
        tuple(steps),
        calendar.version,
    )


def clock_start(level: IncidentLevel, occurred_at: datetime | None, detected_at: datetime) -> datetime:
    """Return the start of the legal clocks: occurrence for 重大 and above when known, else detection."""
    return occurred_at if level.is_major and occurred_at is not None else detected_at


def due_line(row: Mapping[str, Any], calendar: WorkCalendar) -> dict[str, str]:
    """Return {"due": ISO, +08:00} for {"start": ISO, "allow": text}; a zone-less start is Beijing time."""
    try:
        start = datetime.fromisoformat(str(row["start"]))
        allowance = Allowance.parse(str(row["allow"]))
    except (KeyError, ValueError) as error:
        raise InvalidInput(f"无法读取该行：{error}", "start") from error
    if start.tzinfo is None:
        start = start.replace(tzinfo=ZONE)
    return {"due": due_at(start, allowance, calendar).due_at.astimezone(ZONE).isoformat()}


def _natural(allowance: Allowance) -> timedelta:
    amount = allowance.amount
    return timedelta(minutes=amount) if allowance.unit == "min" else timedelta(hours=amount)


def _after_workdays(first: date, amount: int, calendar: WorkCalendar, steps: list[str]) -> datetime:
    day, counted = first, 0
    while counted < amount:
        day += timedelta(days=1)
        if calendar.is_workday(day):
            counted += 1
            steps.append(f"{day:%Y-%m-%d} {calendar.why(day)}，第 {counted} 个工作日")
        else:
            steps.append(f"{day:%Y-%m-%d} {calendar.why(day)}，不计")
    return datetime.combine(day + timedelta(days=1), time(0), ZONE)


def _after_working_hours(start: datetime, hours: int, calendar: WorkCalendar, steps: list[str]) -> datetime:
    left, day = timedelta(hours=hours), start.date()
    while True:
        if not calendar.is_workday(day):
            steps.append(f"{day:%Y-%m-%d} {calendar.why(day)}，不计")
        for opens, closes in calendar.hours if calendar.is_workday(day) else ():
            begin = max(start, datetime.combine(day, opens, ZONE))
            end = datetime.combine(day, closes, ZONE)
            if begin >= end:
                continue
            if left <= end - begin:
                steps.append(f"{day:%Y-%m-%d} {begin:%H:%M}–{begin + left:%H:%M}")
                return begin + left
            steps.append(f"{day:%Y-%m-%d} {begin:%H:%M}–{end:%H:%M}")
            left -= end - begin
        day += timedelta(days=1)
