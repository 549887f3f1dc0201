"""Days that a notice makes holidays or make-up workdays: written by hand or read from a file, and checked."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from opinion_service.domain.clocks.calendar import SATURDAY, DayKind
from opinion_service.domain.errors import InvalidInput

MOST_DAYS = 120
LONGEST_RANGE = 31
ORDINARY = "ordinary"
_WORDS = {
    "休": DayKind.HOLIDAY.value, "放假": DayKind.HOLIDAY.value, "holiday": DayKind.HOLIDAY.value,
    "班": DayKind.WORKDAY.value, "上班": DayKind.WORKDAY.value, "workday": DayKind.WORKDAY.value,
    "平日": ORDINARY, "ordinary": ORDINARY,
}  # fmt: skip
_LINE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\s*(?:至|到|~|—|–|-{2})\s*(\d{4}-\d{2}-\d{2}))?\s+(\S+)(?:\s+(.+))?")


@dataclass(frozen=True, slots=True)
class NoticeDay:
    """One day of a notice; `kind` is holiday, workday, or ordinary, which takes an earlier entry away."""

    day: date
    kind: str
    name: str
    notice: str

    def as_record(self) -> dict[str, str]:
        """Return the day as plain JSON."""
        return {"day": self.day.isoformat(), "kind": self.kind, "name": self.name, "notice": self.notice}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "NoticeDay":
        """Return the day written by `as_record`."""
        return cls(date.fromisoformat(record["day"]), record["kind"], record["name"], record["notice"])


def kind_of(word: str) -> str:
    """Return the kind that a word of a file or form means (休, 班, 平日, holiday …); raise InvalidInput."""
    kind = _WORDS.get(word.strip().lower())
    if kind is None:
        raise InvalidInput(f"“{word}”无法识别，应写作 休、班 或 平日。", "days")
    return kind


def parse_day(text: str) -> date:
    """Return the date written as 2027-01-01; raise InvalidInput otherwise."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidInput(f"日期“{text}”无法识别，应写作 2027-01-01。", "days") from error


def parse_lines(text: str, notice: str) -> tuple[NoticeDay, ...]:
    """Return the days written one line each: `2027-01-01 休 元旦`, `2027-02-05至2027-02-11 休 春节`.

    Raises InvalidInput naming the line.
    """
    found: list[NoticeDay] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise InvalidInput(f"第 {number} 行无法识别，应写作“2027-01-01 休 元旦”。", "days")
        first, last = parse_day(match[1]), parse_day(match[2] or match[1])
        if not 0 <= (last - first).days < LONGEST_RANGE:
            raise InvalidInput(f"第 {number} 行的起止日期不对。", "days")
        kind, name = kind_of(match[3]), (match[4] or "").strip()
        found += [NoticeDay(first + timedelta(days=n), kind, name, notice) for n in range((last - first).days + 1)]
    return tuple(found)


def check_days(days: Iterable[NoticeDay]) -> tuple[NoticeDay, ...]:
    """Return the days in order, each once; raise InvalidInput for what no notice would say.

    A make-up workday (调休) is a Saturday or Sunday; a day is one thing only; every day names its notice.
    """
    known: dict[date, NoticeDay] = {}
    for one in days:
        before = known.get(one.day)
        if before is not None and before.kind != one.kind:
            raise InvalidInput(f"{one.day} 同时写作放假和上班。", "days")
        if one.kind == DayKind.WORKDAY and one.day.weekday() < SATURDAY:
            raise InvalidInput(f"{one.day} 是周一至周五，本来就是工作日；调休上班只会在周末。", "days")
        if not one.notice.strip():
            raise InvalidInput("请填写放假通知的文号或名称。", "notice")
        if len(one.name) > 40 or len(one.notice) > 120:
            raise InvalidInput("节日名称不超过 40 字，通知不超过 120 字。", "notice")
        known[one.day] = one
    if not known:
        raise InvalidInput("没有读到任何日期。", "days")
    if len(known) > MOST_DAYS:
        raise InvalidInput(f"一次最多导入 {MOST_DAYS} 天。", "days")
    return tuple(known[day] for day in sorted(known))


def differing(days: Iterable[NoticeDay], known: Mapping[date, str]) -> tuple[NoticeDay, ...]:
    """Return those of `days` that are not what `known` (kind by day) says already."""
    return tuple(one for one in days if known.get(one.day, ORDINARY) != one.kind)


def changed(known: Mapping[date, DayKind], days: Iterable[NoticeDay]) -> dict[date, DayKind]:
    """Return the calendar's days after `days` are put in."""
    after = dict(known)
    for one in days:
        if one.kind == ORDINARY:
            after.pop(one.day, None)
        else:
            after[one.day] = DayKind(one.kind)
    return after
