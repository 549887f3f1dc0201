"""Who is proposed as handler, and who may plan for whom."""

from datetime import UTC, date, datetime, timedelta

import pytest

from opinion_service.domain.clocks.calendar import DayKind, WorkCalendar
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.routing.roster import (
    Colleague,
    check_span,
    in_office_hours,
    propose,
    refusal_of_shift,
    refusal_to_plan,
)

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
LIGHT, BUSY = Colleague(1, "轻", 1), Colleague(2, "忙", 5)
BUSY_ON_DUTY = Colleague(2, "忙", 5, is_on_duty=True)
LIGHT_AWAY = Colleague(1, "轻", 1, is_away=True, stand_in_id=9)
BUSY_AWAY = Colleague(2, "忙", 5, is_away=True, stand_in_id=8)
EQUAL_ON_DUTY = Colleague(3, "平", 1, is_on_duty=True)


@pytest.mark.parametrize(
    ("people", "is_office_time", "chosen"),
    [
        ((), True, None),
        ((BUSY, LIGHT), True, 1),
        ((BUSY, LIGHT), False, 1),
        ((LIGHT, BUSY_ON_DUTY), True, 1),  # by day the load decides
        ((LIGHT, BUSY_ON_DUTY), False, 2),  # by night the person on duty
        ((LIGHT, EQUAL_ON_DUTY), True, 3),  # duty breaks a tie
        ((LIGHT_AWAY, BUSY), True, 2),
        ((LIGHT_AWAY, BUSY_AWAY), True, 9),  # all away: the stand-in of the least loaded
        ((Colleague(1, "轻", 1, is_away=True),), True, None),
    ],
)
def test_the_fewest_cases_unless_away_or_by_night(people, is_office_time, chosen):
    assert propose(people, is_office_time=is_office_time) == chosen


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-03-02T00:59", False),
        ("2026-03-02T01:00", True),  # 09:00 at the desk
        ("2026-03-02T03:59", True),
        ("2026-03-02T04:00", False),  # the midday break
        ("2026-03-02T09:00", False),  # 17:00
        ("2026-03-01T02:00", False),  # a Sunday
        ("2026-02-28T02:00", True),  # a Saturday worked instead
    ],
)
def test_office_hours_end_at_their_last_minute(at, is_open):
    calendar = WorkCalendar({date(2026, 2, 28): DayKind.WORKDAY}, "test")
    assert in_office_hours(calendar, datetime.fromisoformat(at).replace(tzinfo=UTC)) is is_open


@pytest.mark.parametrize(
    ("role", "home", "user_id", "department_id", "is_leave", "may"),
    [
        (Role.LIAISON, None, 5, 7, False, True),
        (Role.APPROVER, 7, 5, 7, False, True),
        (Role.APPROVER, 7, 5, 8, False, False),
        (Role.APPROVER, 7, 5, None, False, False),
        (Role.HANDLER, 7, 1, 7, True, True),
        (Role.HANDLER, 7, 1, 7, False, False),
        (Role.HANDLER, 7, 5, 7, True, False),
        (Role.AUDITOR, None, 1, None, True, False),
    ],
)
def test_who_plans_for_whom(role, home, user_id, department_id, is_leave, may):
    refusal = refusal_to_plan(
        Actor(1, "某", role, home), user_id=user_id, department_id=department_id, is_leave=is_leave
    )
    assert (refusal is None) is may


@pytest.mark.parametrize(
    ("role", "home", "where", "may"),
    [
        (Role.LIAISON, None, None, True),
        (Role.ADMIN, None, None, True),
        (Role.AUDITOR, None, None, False),
        (Role.HANDLER, 7, None, False),
        (Role.HANDLER, 7, 7, True),
        (Role.HANDLER, 7, 8, False),
        (Role.LIAISON, None, 7, False),
    ],
)
def test_where_somebody_may_stand(role, home, where, may):
    assert (refusal_of_shift(role, home, where) is None) is may


@pytest.mark.parametrize(
    ("starts", "ends", "field"),
    [
        (None, timedelta(hours=1), "starts_at"),
        (timedelta(0), None, "ends_at"),
        (timedelta(hours=1), timedelta(hours=1), "ends_at"),
        (timedelta(hours=-2), timedelta(0), "ends_at"),
        (timedelta(0), timedelta(days=1, minutes=1), "ends_at"),
        (timedelta(hours=-2), timedelta(minutes=1), ""),
        (timedelta(0), timedelta(days=1), ""),
    ],
)
def test_a_span_goes_forward_and_is_not_over(starts, ends, field):
    span = [None if one is None else NOW + one for one in (starts, ends)]
    if not field:
        assert check_span(*span, timedelta(days=1), now=NOW) is None
        return
    with pytest.raises(InvalidInput) as problem:
        check_span(*span, timedelta(days=1), now=NOW)
    assert problem.value.field == field
