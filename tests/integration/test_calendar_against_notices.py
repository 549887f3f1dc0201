"""The shipped calendar against an independent collection of the State Council's notices."""

import csv
from datetime import date, timedelta

from opinion_service.data import read_calendar
from opinion_service.domain.clocks.calendar import DayKind, WorkCalendar
from tests.shared_data import shared


def test_every_day_of_every_published_year_agrees() -> None:
    with shared("calendar/holidays_adjusted_workdays.csv").open(encoding="utf-8", newline="") as lines:
        said = {date.fromisoformat(row["date"]): row["type"] == "work" for row in csv.DictReader(lines)}
    calendar = WorkCalendar({row.day: DayKind(row.kind) for row in read_calendar()}, "test")
    first, last = date(min(said).year, 1, 1), date(max(said).year, 12, 31)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    differing = [day for day in days if calendar.is_workday(day) is not said.get(day, day.weekday() < 5)]
    assert differing == []
    assert len(days) > 4000


def test_the_same_years_are_published() -> None:
    calendar = WorkCalendar({row.day: DayKind(row.kind) for row in read_calendar()}, "test")
    with shared("calendar/official_notices.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            assert calendar.is_published(int(row["year"])) is (int(row["days"]) > 0), row["year"]
