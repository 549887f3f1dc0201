"""The ladder: where its rungs stand, whom they tell, and how a clock looks in between."""

from datetime import datetime, timedelta, timezone

import pytest

from opinion_service.data import read_calendar
from opinion_service.domain.calendar import DayKind, WorkCalendar
from opinion_service.domain.deadlines import Allowance, due_at
from opinion_service.domain.escalation import RUNG_LABELS, Urgency, level_owed, plan_rungs, urgency
from opinion_service.domain.people import Role

CALENDAR = WorkCalendar({row.day: DayKind(row.kind) for row in read_calendar()}, "test")
BEIJING = timezone(timedelta(hours=8))
SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


START, DUE = at("2026-03-02 08:00"), at("2026-03-04 08:00")


def test_rungs_of_a_48_hour_clock() -> None:
    rungs = plan_rungs(START, DUE, CALENDAR)
    assert [(rung.level, rung.fire_at, rung.recipients) for rung in rungs] == [
        (1, at("2026-03-03 20:00"), (Role.HANDLER,)),
        (2, DUE, (Role.APPROVER, Role.LIAISON)),
        (3, at("2026-03-05 08:00"), (Role.APPROVER, Role.SUPERVISOR)),
        (4, at("2026-03-12 00:00"), (Role.SUPERVISOR,)),
    ]
    assert set(RUNG_LABELS) == {rung.level for rung in rungs}


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
    assert plan_rungs(at(due) - timedelta(hours=5), at(due), CALENDAR)[3].fire_at == at(fourth)


@pytest.mark.parametrize("allow", ["30min", "5h", "48h", "4wh", "1wd", "15wd"])
@pytest.mark.parametrize("start", ["2026-02-13 16:50", "2026-03-06 17:00", "2026-09-30 23:59"])
def test_rungs_rise(allow: str, start: str) -> None:
    due = due_at(at(start), Allowance.parse(allow), CALENDAR).due_at
    fires = [rung.fire_at for rung in plan_rungs(at(start), due, CALENDAR)]
    assert at(start) < fires[0] < fires[1] < fires[2] < fires[3]


@pytest.mark.parametrize(
    ("now", "level", "state"),
    [
        (START, 0, Urgency.CALM),
        (at("2026-03-03 20:00") - SECOND, 0, Urgency.CALM),
        (at("2026-03-03 20:00"), 1, Urgency.SOON),
        (DUE - SECOND, 1, Urgency.SOON),
        (DUE, 2, Urgency.LATE),
        (at("2026-03-05 08:00") - SECOND, 2, Urgency.LATE),
        (at("2026-03-05 08:00"), 3, Urgency.VERY_LATE),
        (at("2026-03-12 00:00") - SECOND, 3, Urgency.VERY_LATE),
        (at("2026-03-12 00:00"), 4, Urgency.VERY_LATE),
    ],
)
def test_each_bound_belongs_to_the_graver_side(now: datetime, level: int, state: Urgency) -> None:
    assert level_owed(START, DUE, now, CALENDAR) == level
    assert urgency(START, DUE, now) is state


def test_every_urgency_has_a_word() -> None:
    assert [one.label for one in Urgency] == ["正常", "临期", "已超期", "严重超期"]
