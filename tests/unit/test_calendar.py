"""The working calendar that ships: its rows, and what it says of Spring Festival and National Day."""

from datetime import date, time, timedelta

import pytest

from opinion_service.data import read_calendar
from opinion_service.domain.clocks.calendar import DayKind, WorkCalendar

CALENDAR = WorkCalendar({row.day: DayKind(row.kind) for row in read_calendar()}, "test")


def days(first: str, last: str) -> list[date]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [begin + timedelta(days=n) for n in range((end - begin).days + 1)]


# Name, first and last day off, make-up workdays; as the State Council's notice of the year says.
GOLDEN = [
    ("春节", "2019-02-04", "2019-02-10", ["2019-02-02", "2019-02-03"]),
    ("春节", "2020-01-24", "2020-02-02", ["2020-01-19"]),
    ("春节", "2021-02-11", "2021-02-17", ["2021-02-07", "2021-02-20"]),
    ("春节", "2022-01-31", "2022-02-06", ["2022-01-29", "2022-01-30"]),
    ("春节", "2023-01-21", "2023-01-27", ["2023-01-28", "2023-01-29"]),
    ("春节", "2024-02-10", "2024-02-17", ["2024-02-04", "2024-02-18"]),
    ("春节", "2025-01-28", "2025-02-04", ["2025-01-26", "2025-02-08"]),
    ("春节", "2026-02-15", "2026-02-23", ["2026-02-14", "2026-02-28"]),
    ("国庆", "2019-10-01", "2019-10-07", ["2019-09-29", "2019-10-12"]),
    ("国庆", "2020-10-01", "2020-10-08", ["2020-09-27", "2020-10-10"]),
    ("国庆", "2021-10-01", "2021-10-07", ["2021-09-26", "2021-10-09"]),
    ("国庆", "2022-10-01", "2022-10-07", ["2022-10-08", "2022-10-09"]),
    ("国庆", "2023-09-29", "2023-10-06", ["2023-10-07", "2023-10-08"]),
    ("国庆", "2024-10-01", "2024-10-07", ["2024-09-29", "2024-10-12"]),
    ("国庆", "2025-10-01", "2025-10-08", ["2025-09-28", "2025-10-11"]),
    ("国庆", "2026-10-01", "2026-10-07", ["2026-09-20", "2026-10-10"]),
]


@pytest.mark.parametrize(("name", "first", "last", "made_up"), GOLDEN)
def test_festival_is_off_and_its_make_up_days_are_worked(name: str, first: str, last: str, made_up: list[str]) -> None:
    assert not any(CALENDAR.is_workday(day) for day in days(first, last))
    assert all(CALENDAR.is_workday(date.fromisoformat(day)) for day in made_up)
    assert all(date.fromisoformat(day).weekday() >= 5 for day in made_up)


@pytest.mark.parametrize(
    ("day", "is_workday"),
    [
        ("2018-12-29", True),  # a Saturday of 2018 that the notice for 2019 made a working day
        ("2018-12-31", False),
        ("2020-01-31", False),  # the prolonged festival of 2020
        ("2020-02-01", False),  # the make-up day that the prolongation took back
        ("2020-02-03", True),
        ("2019-05-03", False),  # 2019 amended in March: four days off
        ("2022-12-31", False),
        ("2026-01-04", True),
        ("2026-01-05", True),
        ("2026-01-10", False),
    ],
)
def test_days_at_the_edges(day: str, is_workday: bool) -> None:
    assert CALENDAR.is_workday(date.fromisoformat(day)) is is_workday


def test_every_row_names_its_notice_and_says_something_new() -> None:
    rows = read_calendar()
    assert [row.day for row in rows] == sorted({row.day for row in rows})
    for row in rows:
        assert row.notice.startswith("国办发明电〔20")
        assert row.notice.endswith("号")
        assert row.name
        assert DayKind(row.kind) is DayKind.HOLIDAY or row.day.weekday() >= 5


def test_an_amended_day_names_the_amending_notice() -> None:
    notices = {row.day.isoformat(): row.notice for row in read_calendar()}
    assert notices["2020-01-30"] == "国办发明电〔2019〕16号"
    assert notices["2020-02-02"] == "国办发明电〔2020〕1号"
    assert notices["2019-05-04"] == "国办发明电〔2019〕3号"


@pytest.mark.parametrize(("year", "known"), [(2015, False), (2016, True), (2026, True), (2027, False)])
def test_published_years(year: int, known: bool) -> None:
    assert CALENDAR.is_published(year) is known


def test_an_unpublished_year_works_monday_to_friday() -> None:
    assert CALENDAR.is_workday(date(2027, 10, 1))
    assert not CALENDAR.is_workday(date(2027, 10, 2))
    assert CALENDAR.why(date(2027, 10, 1)) == "工作日（2027年节假日安排尚未公布）"


@pytest.mark.parametrize(
    ("day", "settled"), [("2026-12-24", True), ("2026-12-25", False), ("2025-12-31", True), ("2027-03-01", False)]
)
def test_last_week_of_december_waits_for_the_next_notice(day: str, settled: bool) -> None:
    assert CALENDAR.is_settled(date.fromisoformat(day)) is settled


def test_a_notice_reaching_back_does_not_publish_the_year_before() -> None:
    calendar = WorkCalendar({date(2026, 12, 31): DayKind.HOLIDAY, date(2027, 1, 1): DayKind.HOLIDAY}, "next")
    assert calendar.is_published(2027)
    assert not calendar.is_published(2026)


def test_days_are_named() -> None:
    assert CALENDAR.name(date(2026, 2, 14)) == "2026-02-14（周六）调休上班"
    assert CALENDAR.name(date(2026, 2, 17)) == "2026-02-17（周二）节假日"
    assert CALENDAR.name(date(2026, 3, 1)) == "2026-03-01（周日）周末"


@pytest.mark.parametrize(
    "hours",
    [(), ((time(12), time(9)),), ((time(9), time(12)), (time(11), time(17))), ((time(9), time(9)),)],
)
def test_duty_hours_must_be_in_order(hours: tuple) -> None:
    with pytest.raises(ValueError, match="in order"):
        WorkCalendar({}, "bad", hours)
