"""The working calendar: weekends, statutory holidays and make-up workdays (调休) as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from itertools import pairwise

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
    """

    days: Mapping[date, DayKind]
    version: str
    hours: tuple[tuple[time, time], ...] = DUTY_HOURS
    _years: frozenset[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Keep the years for which a notice is loaded."""
        edges = [edge for stretch in self.hours for edge in stretch]
        if not edges or any(earlier >= later for earlier, later in pairwise(edges)):
            raise ValueError(f"duty hours are not in order: {self.hours}")
        # A notice may begin in the December before its year, which does not make that year known.
        years = frozenset(day.year for day in self.days if day.month < DECEMBER)
        object.__setattr__(self, "_years", years)

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
        if self.is_settled(day):
            return word
        year = day.year + 1 if self.is_published(day.year) else day.year
        return f"{word}（{year}年节假日安排尚未公布）"

    def name(self, day: date) -> str:
        """Return the day as written in an explanation: date, weekday and what kind of day it is."""
        return f"{day.isoformat()}（周{WEEKDAYS[day.weekday()]}）{self.why(day)}"
