"""The working calendar: weekends, statutory holidays and make-up workdays (调休) as data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from itertools import pairwise
from typing import Any

SATURDAY = 5
DECEMBER = 12
WEEKDAYS = "一二三四五六日"


class DayKind(StrEnum):
    """How a published day differs from what its weekday says."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"


DUTY_HOURS: tuple[tuple[time, time], ...] = ((time(9), time(12)), (time(13), time(17)))


@dataclass(frozen=True)
class WorkCalendar:
    """Published days by date; every other day is what its weekday says.

    hours: the stretches of a working day, in order and apart; raises ValueError when they are not.
    years: the years with a notice, when `days` is an excerpt that no longer shows them all.
    """

    days: Mapping[date, DayKind]
    version: str
    hours: tuple[tuple[time, time], ...] = DUTY_HOURS
    years: frozenset[int] | None = None
    _years: frozenset[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Keep the years for which a notice is loaded."""
        edges = [edge for stretch in self.hours for edge in stretch]
        if not edges or any(earlier >= later for earlier, later in pairwise(edges)):
            raise ValueError(f"duty hours are not in order: {self.hours}")
        # A notice may begin in the December before its year, which does not make that year known.
        shown = frozenset(day.year for day in self.days if day.month < DECEMBER)
        object.__setattr__(self, "_years", shown if self.years is None else self.years)

    def is_published(self, year: int) -> bool:
        """Return whether the holidays of `year` are known."""
        return year in self._years

    def is_settled(self, day: date) -> bool:
        """Return whether no notice still to come can change what `day` is.

        The last days of December wait for the next year's notice: the one for 2019 made Saturday
        2018-12-29 a working day.
        """
        reaches_on = day.month == DECEMBER and day.day >= 25
        return self.is_published(day.year) and (not reaches_on or self.is_published(day.year + 1))

    def is_workday(self, day: date) -> bool:
        """Return whether offices work on `day`; an unpublished year counts Monday to Friday."""
        kind = self.days.get(day)
        if kind is not None:
            return kind is DayKind.WORKDAY
        return day.weekday() < SATURDAY

    def why(self, day: date) -> str:
        """Return in words what kind of day it is."""
        kind = self.days.get(day)
        if kind is DayKind.HOLIDAY:
            return "节假日"
        if kind is DayKind.WORKDAY:
            return "调休上班"
        word = "工作日" if day.weekday() < SATURDAY else "周末"
        year = self.awaited(day)
        return f"{word}（{year}年节假日安排尚未公布）" if year else word

    def awaited(self, day: date) -> int | None:
        """Return the year whose notice may still change what `day` is, or None when it is settled."""
        if self.is_settled(day):
            return None
        return day.year + 1 if self.is_published(day.year) else day.year

    def excerpt(self, first: date, last: date) -> dict[str, Any]:
        """Return, as plain JSON, all that a walk from `first` to `last` can ask of this calendar."""
        years = {first.year, last.year, last.year + 1}
        return {
            "days": {day.isoformat(): kind.value for day, kind in self.days.items() if first <= day <= last},
            "years": sorted(year for year in years | set(range(first.year, last.year)) if self.is_published(year)),
            "hours": [[opens.isoformat("minutes"), closes.isoformat("minutes")] for opens, closes in self.hours],
        }

    @classmethod
    def from_excerpt(cls, record: Mapping[str, Any], version: str) -> "WorkCalendar":
        """Return the calendar written by `excerpt`; right for the days it was taken for, no others."""
        return cls(
            {date.fromisoformat(day): DayKind(kind) for day, kind in record["days"].items()},
            version,
            _hours(record["hours"]),
            frozenset(record["years"]),
        )

    def name(self, day: date) -> str:
        """Return the day as written in an explanation: date, weekday and what kind of day it is."""
        return f"{day.isoformat()}（周{WEEKDAYS[day.weekday()]}）{self.why(day)}"


def _hours(rows: Iterable[tuple[str, str]]) -> tuple[tuple[time, time], ...]:
    return tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in rows)
