"""The working calendar: weekends, statutory holidays and make-up workdays (调休) as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

SATURDAY = 5


class DayKind(StrEnum):
    """How a published day differs from what its weekday says."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"


DUTY_HOURS: tuple[tuple[time, time], ...] = ((time(9), time(12)), (time(13), time(17)))


@dataclass(frozen=True)
class WorkCalendar:
    """Published days by date; every other day is what its weekday says."""

    days: Mapping[date, DayKind]
    version: str
    hours: tuple[tuple[time, time], ...] = DUTY_HOURS
    _years: frozenset[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Keep the years for which a notice is loaded."""
        object.__setattr__(self, "_years", frozenset(day.year for day in self.days))

    def is_published(self, year: int) -> bool:
        """Return whether the holidays of `year` are known."""
        return year in self._years

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
        return word if self.is_published(day.year) else f"{word}（{day.year}年节假日安排尚未公布）"
