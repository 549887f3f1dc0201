"""Due times: boundaries by hand, and many drawn cases against a plain count of days and minutes."""

import json
import os
import random
import time as clock_of_the_machine
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from opinion_service.data import read_calendar
from opinion_service.domain.clocks.calendar import DayKind, WorkCalendar
from opinion_service.domain.clocks.deadlines import (
    Allowance,
    Computation,
    Pause,
    clock_start,
    due_at,
    due_for,
    due_line,
    recompute,
    workdays_after,
)
from opinion_service.domain.clocks.sla import ClockKind, ClockRule, IncidentLevel
from opinion_service.domain.errors import InvalidInput

CALENDAR = WorkCalendar({row.day: DayKind(row.kind) for row in read_calendar()}, "test")
BEIJING = timezone(timedelta(hours=8))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def due(start: str, allow: str, **options: object) -> str:
    computed = due_at(at(start), Allowance.parse(allow), CALENDAR, **options)  # type: ignore[arg-type]
    return computed.due_at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "allow", "expected"),
    [
        # Natural hours: nights, weekends and festivals count.
        ("2026-02-16 23:00", "5h", "2026-02-17 04:00"),
        ("2026-02-14 10:00", "48h", "2026-02-16 10:00"),
        ("2024-02-28 12:30", "24h", "2024-02-29 12:30"),
        ("2025-12-31 23:45", "30min", "2026-01-01 00:15"),
        # Working days: the start day is not counted, the last ends at 24:00.
        ("2026-03-02 00:00", "1wd", "2026-03-04 00:00"),
        ("2026-03-02 23:59", "1wd", "2026-03-04 00:00"),
        ("2026-03-06 09:00", "1wd", "2026-03-10 00:00"),  # Friday: due on Monday
        ("2026-03-07 09:00", "1wd", "2026-03-10 00:00"),  # Saturday: due on Monday
        ("2026-02-12 15:00", "1wd", "2026-02-14 00:00"),
        ("2026-02-13 15:00", "1wd", "2026-02-15 00:00"),  # Saturday the 14th is worked
        ("2026-02-13 15:00", "2wd", "2026-02-25 00:00"),  # across 春节
        ("2026-02-14 09:00", "5wd", "2026-03-01 00:00"),  # Saturday the 28th is worked
        ("2026-09-30 09:00", "2wd", "2026-10-10 00:00"),
        ("2026-09-30 09:00", "3wd", "2026-10-11 00:00"),  # Saturday the 10th is worked
        ("2018-12-28 09:00", "1wd", "2018-12-30 00:00"),  # worked by the notice for 2019
        ("2020-01-23 09:00", "1wd", "2020-02-04 00:00"),  # the prolonged festival
        # Working hours: 09:00–12:00 and 13:00–17:00.
        ("2026-03-02 09:00", "1wh", "2026-03-02 10:00"),
        ("2026-03-02 08:59", "3wh", "2026-03-02 12:00"),  # ends at the closing, not at the next opening
        ("2026-03-02 09:01", "3wh", "2026-03-02 13:01"),
        ("2026-03-02 12:00", "4wh", "2026-03-02 17:00"),
        ("2026-03-02 12:59", "4wh", "2026-03-02 17:00"),
        ("2026-03-02 13:01", "4wh", "2026-03-03 09:01"),
        ("2026-03-02 16:59", "1wh", "2026-03-03 09:59"),
        ("2026-03-02 17:00", "1wh", "2026-03-03 10:00"),
        ("2026-03-06 17:00", "7wh", "2026-03-09 17:00"),
        ("2026-03-06 17:00", "8wh", "2026-03-10 10:00"),
        ("2026-02-14 16:00", "2wh", "2026-02-24 10:00"),  # across 春节
        ("2026-02-28 08:00", "2wh", "2026-02-28 11:00"),  # a worked Saturday
        ("2026-10-03 11:00", "1wh", "2026-10-08 10:00"),
    ],
)
def test_due(start: str, allow: str, expected: str) -> None:
    assert due(start, allow) == expected


# The last working day before the festival, and the first one after it.
FESTIVALS = [
    ("2019-02-03", "2019-02-11"),
    ("2020-01-23", "2020-02-03"),
    ("2021-02-10", "2021-02-18"),
    ("2022-01-30", "2022-02-07"),
    ("2023-01-20", "2023-01-28"),
    ("2024-02-09", "2024-02-18"),
    ("2025-01-27", "2025-02-05"),
    ("2026-02-14", "2026-02-24"),
    ("2019-09-30", "2019-10-08"),
    ("2020-09-30", "2020-10-09"),
    ("2021-09-30", "2021-10-08"),
    ("2022-09-30", "2022-10-08"),
    ("2023-09-28", "2023-10-07"),
    ("2024-09-30", "2024-10-08"),
    ("2025-09-30", "2025-10-09"),
    ("2026-09-30", "2026-10-08"),
]


@pytest.mark.parametrize(("eve", "back"), FESTIVALS)
def test_working_time_stands_still_over_a_festival(eve: str, back: str) -> None:
    next_midnight = (date.fromisoformat(back) + timedelta(days=1)).isoformat()
    assert due(f"{eve} 16:00", "1wd") == f"{next_midnight} 00:00"
    assert due(f"{eve} 16:00", "1wh") == f"{eve} 17:00"
    assert due(f"{eve} 16:00", "8wh") == f"{back} 17:00"
    assert due(f"{eve} 16:00", "24h") == (at(eve) + timedelta(hours=40)).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize("text", ["48h", "4wh", "5wd", "30min", " 5wd "])
def test_allowance_is_read(text: str) -> None:
    assert str(Allowance.parse(text)) == text.strip()


@pytest.mark.parametrize(
    "text", ["", "48", "h", "0h", "-1h", "1.5h", "5 wd", "5d", "5WD", "４8h", "2401h", "401wd", "801wh", "99999min"]
)
def test_allowance_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Allowance.parse(text)
    assert caught.value.field == "allow"


# The reference: lists of days and minutes, counted without the code under test.
SPECIAL = {row.day: row.kind == "workday" for row in read_calendar()}
DAYS = [date(2015, 12, 1) + timedelta(days=n) for n in range(4800)]
WORKDAYS = [day for day in DAYS if SPECIAL.get(day, day.weekday() < 5)]
WORKED = set(WORKDAYS)


def reference(start: datetime, amount: int, unit: str, pauses: list[Pause]) -> datetime:
    local = start.astimezone(BEIJING)
    if unit == "wd":
        rest = WORKDAYS[bisect_right(WORKDAYS, local.date()) :]
        skipped = {
            day
            for pause in pauses
            for day in DAYS
            if pause.begins_at.astimezone(BEIJING).date() <= day < pause.ends_at.astimezone(BEIJING).date()
        }
        last = [day for day in rest if day not in skipped][amount - 1]
        return datetime(last.year, last.month, last.day, tzinfo=BEIJING) + timedelta(days=1)
    left = amount * (1 if unit == "min" else 60)
    while left:
        if unit == "wh" and local.date() not in WORKED:
            local = datetime(local.year, local.month, local.day, tzinfo=BEIJING) + timedelta(days=1)
            continue
        counts = unit != "wh" or 9 <= local.hour < 12 or 13 <= local.hour < 17
        left -= counts and not any(pause.begins_at <= local < pause.ends_at for pause in pauses)
        local += timedelta(minutes=1)
    return local


def drawn_start(draw: random.Random) -> datetime:
    minutes = draw.randrange(int(timedelta(days=365 * 11) / timedelta(minutes=1)))
    return at("2016-01-01") + timedelta(minutes=minutes)


def drawn_pauses(draw: random.Random, start: datetime, most_minutes: int) -> list[Pause]:
    begins = [start + timedelta(minutes=draw.randrange(-600, most_minutes)) for _ in range(draw.randrange(4))]
    return [Pause(begin, begin + timedelta(minutes=draw.randrange(1, most_minutes))) for begin in begins]


@pytest.mark.parametrize(
    ("unit", "most", "cases", "pause_minutes"),
    [
        ("wd", 60, 700, 0),
        ("wd", 10, 300, 7000),
        ("wh", 12, 400, 0),
        ("wh", 6, 200, 1500),
        ("h", 30, 150, 0),
        ("h", 10, 150, 900),
        ("min", 300, 100, 400),
    ],
)
def test_drawn_cases_agree_with_a_plain_count(unit: str, most: int, cases: int, pause_minutes: int) -> None:
    draw = random.Random(f"clocks-{unit}-{pause_minutes}")
    for _ in range(cases):
        start, amount = drawn_start(draw), draw.randint(1, most)
        pauses = drawn_pauses(draw, start, pause_minutes) if pause_minutes else []
        computed = due_at(start, Allowance(amount, unit), CALENDAR, pauses=pauses)
        assert computed.due_at == reference(start, amount, unit, pauses), (start, amount, unit, pauses)
        assert not any(pause.begins_at < computed.due_at < pause.ends_at for pause in computed.pauses)


@pytest.fixture(params=["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati"])
def machine_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    clock_of_the_machine.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    clock_of_the_machine.tzset()


@pytest.mark.parametrize("allow", ["48h", "9wh", "5wd", "30min"])
def test_the_zone_of_the_machine_changes_nothing(machine_zone: str, allow: str) -> None:
    lines = {"48h": "2026-02-15T16:30:00", "9wh": "2026-02-24T10:30:00"}
    lines |= {"5wd": "2026-02-28T00:00:00", "30min": "2026-02-13T17:00:00"}
    line = due_line({"start": "2026-02-13T16:30:00", "allow": allow}, CALENDAR)
    assert line == {"due": lines[allow] + "+08:00"}


def test_natural_hours_ignore_summer_time_where_the_start_was_written() -> None:
    start = datetime(2026, 3, 7, 22, tzinfo=ZoneInfo("America/New_York"))  # the clocks go forward that night
    computed = due_at(start, Allowance.parse("24h"), CALENDAR)
    assert computed.due_at - start.astimezone(UTC) == timedelta(hours=24)
    assert computed.due_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "allow", "provisional"),
    [
        ("2026-12-15 09:00", "5wd", False),
        ("2026-12-24 09:00", "1wd", True),  # the 25th may yet be changed
        ("2026-12-24 09:00", "2wh", False),
        ("2026-12-30 09:00", "3wd", True),
        ("2027-01-04 09:00", "1wh", True),
        ("2027-01-04 09:00", "48h", False),  # natural time needs no calendar
        ("2015-06-01 09:00", "1wd", True),
        ("2025-12-31 09:00", "1wd", False),
    ],
)
def test_provisional(start: str, allow: str, provisional: bool) -> None:
    assert due_at(at(start), Allowance.parse(allow), CALENDAR).provisional is provisional


def test_every_day_walked_is_explained() -> None:
    steps = due_at(at("2026-02-13 15:00"), Allowance.parse("2wd"), CALENDAR).steps
    assert steps[0] == "起点 2026-02-13 15:00"
    assert steps[2] == "2026-02-14（周六）调休上班，第 1 个工作日"
    assert steps[3] == "2026-02-15（周日）节假日，不计"
    assert steps[-2] == "2026-02-24（周二）工作日，第 2 个工作日"
    assert steps[-1] == "到期 2026-02-24 24:00"
    assert len(steps) == 3 + 11


def test_a_record_gives_the_same_minute_again() -> None:
    pauses = [Pause(at("2026-03-03 10:00"), at("2026-03-05 10:00"))]
    first = due_at(
        at("2026-03-02 10:00"), Allowance.parse("5wd"), CALENDAR, pauses=pauses, extension=Allowance.parse("2wd")
    )
    kept = json.loads(json.dumps(first.as_record(), ensure_ascii=False))
    read = Computation.from_record(kept)
    assert read == first
    assert recompute(read, CALENDAR) == first


def test_a_record_without_pauses_is_read() -> None:
    record = due_at(at("2026-03-02 10:00"), Allowance.parse("5wd"), CALENDAR).as_record()
    del record["pauses"], record["extension"]
    assert Computation.from_record(record).pauses == ()


@pytest.mark.parametrize(
    ("allow", "begins", "ends", "expected"),
    [
        ("2wd", "2026-03-03 10:00", "2026-03-05 15:00", "2026-03-07 00:00"),
        ("2wd", "2026-03-03 10:00", "2026-03-03 15:00", "2026-03-05 00:00"),  # within a day: nothing won
        ("2wd", "2026-03-04 23:59", "2026-03-05 00:01", "2026-03-06 00:00"),  # begun on the last day
        ("2wd", "2026-03-05 00:00", "2026-03-09 00:00", "2026-03-05 00:00"),  # already due
        ("2wd", "2026-03-01 00:00", "2026-03-02 10:00", "2026-03-05 00:00"),  # before the start
        ("4wh", "2026-03-02 11:00", "2026-03-02 14:00", "2026-03-02 17:00"),
        ("4wh", "2026-03-02 11:00", "2026-03-09 14:00", "2026-03-09 17:00"),
        ("24h", "2026-03-02 12:00", "2026-03-02 13:30", "2026-03-03 11:30"),
    ],
)
def test_pauses_do_not_count(allow: str, begins: str, ends: str, expected: str) -> None:
    assert due("2026-03-02 10:00", allow, pauses=[Pause(at(begins), at(ends))]) == expected


def test_pauses_that_overlap_count_once() -> None:
    one = Pause(at("2026-03-02 11:00"), at("2026-03-02 15:00"))
    two = Pause(at("2026-03-02 12:00"), at("2026-03-02 16:00"))
    assert due("2026-03-02 10:00", "24h", pauses=[two, one, one]) == "2026-03-03 15:00"


@pytest.mark.parametrize(
    ("allow", "more", "expected"),
    [
        ("5wd", "5wd", "2026-03-17 00:00"),
        ("24h", "24h", "2026-03-04 10:00"),
        ("1wd", "2wh", "2026-03-04 11:00"),
        ("3wh", "1wd", "2026-03-04 00:00"),
        ("4wh", "4wh", "2026-03-03 11:00"),
    ],
)
def test_an_extension_counts_on_from_the_end(allow: str, more: str, expected: str) -> None:
    assert due("2026-03-02 10:00", allow, extension=Allowance.parse(more)) == expected


@pytest.mark.parametrize(
    "pause",
    [
        Pause(at("2026-03-03 10:00"), at("2026-03-03 10:00")),
        Pause(at("2026-03-03 10:00"), at("2026-03-02 10:00")),
        Pause(at("2026-03-03").replace(tzinfo=None), at("2026-03-04 10:00")),
    ],
)
def test_a_pause_that_makes_no_sense_is_refused(pause: Pause) -> None:
    with pytest.raises(InvalidInput):
        due_at(at("2026-03-02 10:00"), Allowance.parse("5wd"), CALENDAR, pauses=[pause])


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(InvalidInput):
        due_at(at("2026-03-02").replace(tzinfo=None), Allowance.parse("5wd"), CALENDAR)


def test_legal_clocks_neither_pause_nor_stretch() -> None:
    rule = ClockRule(ClockKind.RESPONSE, "48h", True, "国办发〔2016〕61号")
    start, pause = at("2026-03-02 10:00"), Pause(at("2026-03-03 10:00"), at("2026-03-04 10:00"))
    assert due_for(rule, start, CALENDAR).due_at == at("2026-03-04 10:00")
    for options in ({"pauses": (pause,)}, {"extension": Allowance.parse("1h")}):
        with pytest.raises(InvalidInput, match="61号"):
            due_for(rule, start, CALENDAR, **options)  # type: ignore[arg-type]
    handling = ClockRule(ClockKind.CLOSURE, "1wd", False, "本级")
    assert due_for(handling, start, CALENDAR, pauses=(pause,)).due_at == at("2026-03-05 00:00")


@pytest.mark.parametrize(
    ("level", "occurred", "expected"),
    [
        (IncidentLevel.CRITICAL, "2026-03-02 08:00", "2026-03-02 08:00"),
        (IncidentLevel.MAJOR, "2026-03-02 08:00", "2026-03-02 08:00"),
        (IncidentLevel.MAJOR, None, "2026-03-02 10:00"),
        (IncidentLevel.SERIOUS, "2026-03-02 08:00", "2026-03-02 10:00"),
        (IncidentLevel.NONE, "2026-03-02 08:00", "2026-03-02 10:00"),
    ],
)
def test_clock_start(level: IncidentLevel, occurred: str | None, expected: str) -> None:
    detected = at("2026-03-02 10:00")
    assert clock_start(level, at(occurred) if occurred else None, detected) == at(expected)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("2026-03-04 00:00", "2026-03-11 00:00"),  # 24:00 of Tuesday: Wednesday is the first
        ("2026-03-04 00:01", "2026-03-12 00:00"),
        ("2026-03-07 00:00", "2026-03-14 00:00"),
    ],
)
def test_workdays_after_a_due_time(end: str, expected: str) -> None:
    assert workdays_after(at(end), 5, CALENDAR) == at(expected)


@pytest.mark.parametrize(
    ("start", "allow", "expected"),
    [
        ("2026-03-02T10:00:00", "5wd", "2026-03-10T00:00:00+08:00"),
        ("2026-03-02T10:00", "48h", "2026-03-04T10:00:00+08:00"),
        ("2026-03-02 10:00:30", "1wh", "2026-03-02T11:00:30+08:00"),
        ("2026-03-02T02:00:00Z", "48h", "2026-03-04T10:00:00+08:00"),
        ("2026-03-01T17:00:00-09:00", "4wh", "2026-03-02T15:00:00+08:00"),
        ("2026-03-02", "1wh", "2026-03-02T10:00:00+08:00"),
    ],
)
def test_due_line(start: str, allow: str, expected: str) -> None:
    assert due_line({"start": start, "allow": allow}, CALENDAR) == {"due": expected}


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({}, "start"),
        ({"start": "2026-03-02"}, "allow"),
        ({"allow": "48h"}, "start"),
        ({"start": 20260302, "allow": "48h"}, "start"),
        ({"start": "2026-03-02", "allow": 48}, "allow"),
        ({"start": "yesterday", "allow": "48h"}, "start"),
        ({"start": "2026-02-30", "allow": "48h"}, "start"),
        ({"start": "9999-12-31T23:00", "allow": "48h"}, "start"),
        ({"start": "9999-12-20T09:00", "allow": "400wd"}, "start"),
        ({"start": "0001-01-01T00:00", "allow": "1wd"}, "start"),
        ({"start": "2026-03-02", "allow": "two days"}, "allow"),
        ([], "start"),
        (None, "start"),
    ],
)
def test_a_bad_line_is_refused(row: dict, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        due_line(row, CALENDAR)
    assert caught.value.field == field
