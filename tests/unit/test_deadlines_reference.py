"""Ten thousand drawn deadlines against a count of days and minutes, and the festivals by hand, under four host zones."""

import os
import random
import time as clock_of_the_machine
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from opinion_service.data import read_calendar
from opinion_service.domain.clocks.calendar import DayKind, WorkCalendar
from opinion_service.domain.clocks.deadlines import Allowance, Computation, Pause, due_at, due_before, recompute

ROWS = read_calendar()
CALENDAR = WorkCalendar({row.day: DayKind(row.kind) for row in ROWS}, "test")
BEIJING = timezone(timedelta(hours=8))
DAY, MINUTES = timedelta(days=1), 24 * 60
SAID = {row.day: row.kind == "workday" for row in ROWS}


@pytest.fixture(params=["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati"])
def host_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    clock_of_the_machine.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    clock_of_the_machine.tzset()


# The reference knows days as rows of 1440 minutes, each 1 when it counts, and shares no code with the walk.


def is_worked(day: date) -> bool:
    return SAID.get(day, day.weekday() < 5)


def counting(day: date, unit: str, pauses: list[Pause]) -> bytearray:
    row = bytearray(MINUTES)
    if unit != "wh":
        row[:] = b"\1" * MINUTES
    elif is_worked(day):
        row[9 * 60 : 12 * 60] = b"\1" * 180
        row[13 * 60 : 17 * 60] = b"\1" * 240
    midnight = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
    for pause in pauses:
        first = max(0, int((pause.begins_at - midnight) / timedelta(minutes=1)))
        last = min(MINUTES, int((pause.ends_at - midnight) / timedelta(minutes=1)))
        if first < last:
            row[first:last] = b"\0" * (last - first)
    return row


def after_minutes(start: datetime, left: int, unit: str, pauses: list[Pause]) -> datetime:
    local = start.astimezone(BEIJING)
    day, skipped = local.date(), local.hour * 60 + local.minute
    while True:
        row = counting(day, unit, pauses)
        row[:skipped] = b"\0" * skipped
        if row.count(1) >= left:
            break
        left, skipped, day = left - row.count(1), 0, day + DAY
    at = -1
    for _ in range(left):
        at = row.index(1, at + 1)
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING) + timedelta(minutes=at + 1)


def after_workdays(day: date, left: int, pauses: list[Pause]) -> datetime:
    spans = [(one.begins_at.astimezone(BEIJING).date(), one.ends_at.astimezone(BEIJING).date()) for one in pauses]
    while left:
        day += DAY
        left -= is_worked(day) and not any(first <= day < last for first, last in spans)
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING) + DAY


def reference(start: datetime, parts: list[tuple[int, str]], pauses: list[Pause]) -> datetime:
    end, day = start, start.astimezone(BEIJING).date()
    for amount, unit in parts:
        if unit == "wd":
            end = after_workdays(day, amount, pauses)
        else:
            end = after_minutes(end, amount * (1 if unit == "min" else 60), unit, pauses)
        day = (end.astimezone(BEIJING) - timedelta(microseconds=1)).date()
    return end


MOST = {"min": 600, "h": 60, "wh": 30, "wd": 20}


def drawn(draw: random.Random) -> tuple[datetime, list[tuple[int, str]], list[Pause]]:
    start = datetime(2016, 1, 1, tzinfo=BEIJING) + timedelta(minutes=draw.randrange(11 * 365 * MINUTES))
    parts = [
        (draw.randint(1, MOST[unit]), unit) for unit in draw.choices(list(MOST), (1, 2, 3, 4), k=draw.choice((1, 1, 2)))
    ]
    pauses = []
    for _ in range(draw.choice((0, 0, 1, 2, 3))):
        begins = start + timedelta(minutes=draw.randrange(-600, 12 * MINUTES))
        pauses.append(Pause(begins, begins + timedelta(minutes=draw.randrange(1, 9 * MINUTES))))
    return start, parts, pauses


def test_ten_thousand_drawn_deadlines_agree_with_the_reference() -> None:
    draw = random.Random("ten thousand clocks")
    for number in range(10_000):
        start, parts, pauses = drawn(draw)
        first, *more = (Allowance(*part) for part in parts)
        computed = due_at(start, first, CALENDAR, pauses=pauses, extension=more[0] if more else None)
        assert computed.due_at == reference(start, parts, pauses), (start, parts, pauses)
        if number % 20 == 0:
            kept = Computation.from_record(computed.as_record())
            assert recompute(kept) == computed


# Weekend days that the State Council's notices made working days (调休) around 春节 and 国庆.
WORKED_WEEKENDS = [
    "2019-02-02", "2019-02-03", "2019-09-29", "2019-10-12", "2020-01-19", "2020-09-27", "2020-10-10",
    "2021-02-07", "2021-02-20", "2021-09-26", "2021-10-09", "2022-01-29", "2022-01-30", "2022-10-08", "2022-10-09",
    "2023-01-28", "2023-01-29", "2023-10-07", "2023-10-08", "2024-02-04", "2024-02-18", "2024-09-29", "2024-10-12",
    "2025-01-26", "2025-02-08", "2025-09-28", "2025-10-11", "2026-02-14", "2026-02-28", "2026-09-20", "2026-10-10",
]  # fmt: skip
# (start, allowance, due): across each 春节 and 国庆, counted by hand from the notices.
GOLDEN = [
    ("2019-02-01 10:00", "5wd", "2019-02-14 00:00"), ("2019-09-29 10:00", "5wd", "2019-10-12 00:00"),
    ("2020-01-22 10:00", "3wd", "2020-02-05 00:00"), ("2020-09-29 10:00", "3wd", "2020-10-11 00:00"),
    ("2021-02-09 10:00", "5wd", "2021-02-23 00:00"), ("2021-09-29 10:00", "3wd", "2021-10-10 00:00"),
    ("2022-01-28 10:00", "4wd", "2022-02-09 00:00"), ("2022-09-29 10:00", "3wd", "2022-10-10 00:00"),
    ("2023-01-19 10:00", "3wd", "2023-01-30 00:00"), ("2023-09-27 10:00", "3wd", "2023-10-09 00:00"),
    ("2024-02-08 10:00", "3wd", "2024-02-20 00:00"), ("2024-09-28 10:00", "4wd", "2024-10-10 00:00"),
    ("2025-01-24 10:00", "4wd", "2025-02-07 00:00"), ("2025-09-26 10:00", "4wd", "2025-10-10 00:00"),
    ("2026-02-13 10:00", "3wd", "2026-02-26 00:00"), ("2026-09-29 10:00", "4wd", "2026-10-11 00:00"),
]  # fmt: skip


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(("start", "allow", "expected"), GOLDEN)
def test_the_festivals_by_hand(host_zone: str, start: str, allow: str, expected: str) -> None:
    assert due_at(at(start), Allowance.parse(allow), CALENDAR).due_at == at(expected)


@pytest.mark.parametrize("day", WORKED_WEEKENDS)
def test_a_worked_weekend_counts(host_zone: str, day: str) -> None:
    on = date.fromisoformat(day)
    assert on.weekday() >= 5
    eve = at(f"{on - DAY} 10:00")
    assert due_at(eve, Allowance(1, "wd"), CALENDAR).due_at == at(f"{on + DAY} 00:00")
    assert due_at(at(f"{day} 08:00"), Allowance(7, "wh"), CALENDAR).due_at == at(f"{day} 17:00")


def test_every_worked_weekend_of_those_festivals_is_listed() -> None:
    near = {
        row.day.isoformat()
        for row in ROWS
        if row.kind == "workday" and row.day.year >= 2019 and row.day.month in (1, 2, 9, 10) and "元旦" not in row.name
    }
    assert near - set(WORKED_WEEKENDS) <= {"2020-01-31", "2025-02-01"} | {
        d for d in near if d[5:7] == "09" and int(d[8:]) < 20
    }


PAUSED = [
    # (start, allowance, pause from, to, due): faults other desks have with pauses.
    ("2026-02-12 10:00", "3wd", "2026-02-13 09:00", "2026-02-24 09:00", "2026-02-27 00:00"),  # over a festival
    ("2026-02-12 10:00", "3wd", "2026-02-16 09:00", "2026-02-20 09:00", "2026-02-25 00:00"),  # inside it: nothing won
    (
        "2026-09-30 10:00",
        "8wh",
        "2026-10-01 00:00",
        "2026-10-08 00:00",
        "2026-10-08 11:00",
    ),  # the holiday is not paid twice
    ("2026-03-06 10:00", "1wd", "2026-03-06 11:00", "2026-03-09 00:00", "2026-03-10 00:00"),  # a weekend: nothing won
]


@pytest.mark.parametrize(("start", "allow", "begins", "ends", "expected"), PAUSED)
def test_pauses_over_holidays(host_zone: str, start: str, allow: str, begins: str, ends: str, expected: str) -> None:
    pause = Pause(at(begins), at(ends))
    assert due_at(at(start), Allowance.parse(allow), CALENDAR, pauses=[pause]).due_at == at(expected)


@pytest.mark.parametrize(
    ("anchor", "reserve", "start", "expected"),
    [
        ("2026-03-04 10:00", "12h", "2026-03-02 10:00", "2026-03-03 22:00"),
        ("2026-03-02 15:00", "1h", "2026-03-02 10:00", "2026-03-02 14:00"),
        ("2026-03-02 20:00", "12h", "2026-03-02 10:00", "2026-03-02 15:00"),  # half and half
        ("2026-03-03 10:00", "12h", "2026-03-02 10:00", "2026-03-02 22:00"),  # exactly half
        ("2026-03-02 10:00", "12h", "2026-03-02 10:00", "2026-03-02 22:00"),  # the lead is late already
        ("2026-03-01 10:00", "30min", "2026-03-02 10:00", "2026-03-02 10:30"),
    ],
)
def test_a_co_department_is_due_before_the_lead(anchor: str, reserve: str, start: str, expected: str) -> None:
    computed = due_before(at(anchor), Allowance.parse(reserve), at(start), CALENDAR)
    assert computed.due_at == at(expected).astimezone(UTC)
    assert recompute(Computation.from_record(computed.as_record())) == computed
