"""The ladder as data: where its rungs stand, what a wrong record is told, and when offices are open."""

import copy
from datetime import datetime, timedelta, timezone

import pytest

from opinion_service import data
from opinion_service.data import read_calendar
from opinion_service.domain.clocks.calendar import DayKind, WorkCalendar
from opinion_service.domain.clocks.deadlines import Allowance, due_at
from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reminders.ladder import ladder_from_record, reached_at
from opinion_service.domain.reminders.office import is_open, next_opening

CALENDAR = WorkCalendar({row.day: DayKind(row.kind) for row in read_calendar()}, "test")
RECORD = data.read_json("ladder.json")
LADDER = ladder_from_record(RECORD)
BEIJING = timezone(timedelta(hours=8))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


START, DUE = at("2026-03-02 08:00"), at("2026-03-04 08:00")


def test_rungs_of_a_48_hour_clock() -> None:
    rungs = LADDER.plan("response", START, DUE, CALENDAR)
    assert [(rung.rule.level, rung.rule.name, rung.fire_at, rung.rule.recipients) for rung in rungs] == [
        (1, "临期提醒", at("2026-03-03 20:00"), ("handler",)),
        (2, "到期催办", DUE, ("approver", "liaison")),
        (3, "催办通知书", at("2026-03-05 08:00"), ("approver", "supervisor")),
        (4, "书面通报", at("2026-03-12 00:00"), ("supervisor",)),
    ]


@pytest.mark.parametrize("kind", ["triage", "ruling", "publish"])
def test_what_the_desk_owes_is_told_to_the_desk(kind: str) -> None:
    assert LADDER.rules_for(kind)[0].recipients == ("liaison",)


def test_every_kind_of_clock_has_a_ladder() -> None:
    assert all(len(LADDER.rules_for(kind.value)) == 4 for kind in ClockKind)


@pytest.mark.parametrize(
    ("offset", "reached"),
    [
        ("1%", "2026-03-02 08:28:48"), ("75%", "2026-03-03 20:00"), ("99%", "2026-03-04 07:31:12"),
        ("due", "2026-03-04 08:00"), ("due-2h", "2026-03-04 06:00"), ("due+30min", "2026-03-04 08:30"),
        ("due+24h", "2026-03-05 08:00"), ("due+1wd", "2026-03-06 00:00"),
    ],
)  # fmt: skip
def test_an_offset_is_reached_at_its_instant(offset: str, reached: str) -> None:
    assert reached_at(offset, START, DUE, CALENDAR) == at(reached)


@pytest.mark.parametrize(
    "offset", ["", "0%", "100%", "due+", "due+1", "due-1wd", "due+24wh", "24h", "due +1h", "due+0h"]
)
def test_an_offset_that_is_none_is_refused(offset: str) -> None:
    with pytest.raises(InvalidInput):
        reached_at(offset, START, DUE, CALENDAR)


@pytest.mark.parametrize(
    ("due", "fourth"),
    [
        ("2026-03-04 00:00", "2026-03-11 00:00"),  # due at 24:00 of Tuesday
        ("2026-03-04 00:01", "2026-03-12 00:00"),
        ("2026-02-13 10:00", "2026-02-28 00:00"),  # the 14th is worked, then 春节
        ("2026-02-14 10:00", "2026-03-01 00:00"),  # Saturday the 28th is worked
    ],
)
def test_the_fourth_rung_counts_working_days(due: str, fourth: str) -> None:
    assert LADDER.plan("closure", at(due) - timedelta(hours=5), at(due), CALENDAR)[3].fire_at == at(fourth)


@pytest.mark.parametrize("allow", ["30min", "5h", "48h", "4wh", "1wd", "15wd"])
@pytest.mark.parametrize("start", ["2026-02-13 16:50", "2026-03-06 17:00", "2026-09-30 23:59"])
def test_rungs_rise(allow: str, start: str) -> None:
    due = due_at(at(start), Allowance.parse(allow), CALENDAR).due_at
    fires = [rung.fire_at for rung in LADDER.plan("closure", at(start), due, CALENDAR)]
    assert at(start) < fires[0] < fires[1] < fires[2] < fires[3]


def _changed(path: tuple, value: object) -> dict:
    record = copy.deepcopy(RECORD)
    place = record
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return record


RUNG = ("ladders", 0, "rungs", 1)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("ladders", 0, "clocks"), ["response"]),  # nothing for every clock
        (("ladders", 1, "clocks"), ["lunch"]),
        (("ladders", 0, "rungs"), []),
        ((*RUNG, "level"), 3),
        ((*RUNG, "level"), 1),
        ((*RUNG, "offset"), "70%"),  # before the rung below it
        ((*RUNG, "offset"), "75%"),  # together with it
        ((*RUNG, "recipients"), []),
        ((*RUNG, "recipients"), ["mayor"]),
        ((*RUNG, "channels"), ["robot"]),
        ((*RUNG, "channels"), ["mail", "fax"]),
        ((*RUNG, "waits"), "perhaps"),
        ((*RUNG, "document"), "poem"),
        ((*RUNG, "name"), ""),
        ((*RUNG, "ask"), "字" * 201),
        (("acknowledgement_hours",), []),
        (("acknowledgement_hours",), [4, 2]),
        (("acknowledgement_hours",), [25]),
        (("longest_silence_hours",), 0),
    ],
)
def test_a_wrong_ladder_is_refused(path: tuple, value: object) -> None:
    with pytest.raises(InvalidInput):
        ladder_from_record(_changed(path, value))


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-03-02 08:59", "2026-03-02 09:00"),
        ("2026-03-02 09:00", None),
        ("2026-03-02 12:30", None),  # lunch
        ("2026-03-02 16:59", None),
        ("2026-03-02 17:00", "2026-03-03 09:00"),
        ("2026-03-06 17:00", "2026-03-09 09:00"),  # a Friday
        ("2026-02-14 10:00", None),  # a Saturday that is worked
        ("2026-02-14 17:00", "2026-02-24 09:00"),  # 春节
    ],
)
def test_offices_open_at_nine_of_a_working_day(moment: str, opens: str | None) -> None:
    assert is_open(CALENDAR, at(moment)) is (opens is None)
    assert next_opening(CALENDAR, at(moment)) == at(opens or moment)
