"""Who may plan duty and leave, and which handler a new case is proposed to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from opinion_service.domain.clocks.calendar import WorkCalendar
from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.people import DESK_ROLES, Actor, Role

LONGEST_SHIFT = timedelta(days=31)
LONGEST_LEAVE = timedelta(days=366)
PLANNERS = frozenset({Role.LIAISON, Role.SUPERVISOR, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person who could take a case: open cases in hand, whether away or on the department's duty now."""

    user_id: int
    name: str
    open_cases: int
    is_away: bool = False
    is_on_duty: bool = False
    stand_in_id: int | None = None


def refusal_to_plan(actor: Actor, *, user_id: int, department_id: int | None, is_leave: bool) -> str | None:
    """Return why the actor may not plan for a person of `department_id` (None: the office), or None.

    The office plans for everybody, an approver for the own department, a handler the own leave only.
    """
    if actor.role in PLANNERS:
        return None
    if actor.role is Role.APPROVER and department_id is not None and department_id == actor.department_id:
        return None
    if actor.role is Role.HANDLER and is_leave and user_id == actor.user_id:
        return None
    return "只能为本单位人员安排值班和请假；承办人只能登记本人请假。"


def refusal_of_shift(role: Role, home_id: int | None, department_id: int | None) -> str | None:
    """Return why a person may not stand on the roster of `department_id` (None: the office's), or None."""
    if department_id is None:
        is_office = role in DESK_ROLES - {Role.AUDITOR} or role is Role.ADMIN
        return None if is_office else "值班室由联络员、督查或系统管理员值守；单位人员请选择其所在单位。"
    return None if home_id == department_id else "只能安排本单位人员值班。"


def check_span(starts_at: datetime | None, ends_at: datetime | None, longest: timedelta, *, now: datetime) -> None:
    """Raise InvalidInput unless the span is complete, forward, not over yet and no longer than `longest`."""
    if starts_at is None:
        raise InvalidInput("请填写开始时间。", "starts_at")
    if ends_at is None or ends_at <= starts_at:
        raise InvalidInput("结束时间须晚于开始时间。", "ends_at")
    if ends_at <= now:
        raise InvalidInput("结束时间须晚于现在。", "ends_at")
    if ends_at - starts_at > longest:
        raise InvalidInput(f"一次最长 {longest.days} 天。", "ends_at")


def in_office_hours(calendar: WorkCalendar, at: datetime) -> bool:
    """Return whether offices work at the instant `at` (aware), by the calendar's days and hours."""
    local = at.astimezone(ZONE)
    return calendar.is_workday(local.date()) and any(a <= local.time() < b for a, b in calendar.hours)


def propose(people: Iterable[Colleague], *, is_office_time: bool) -> int | None:
    """Return who a case is proposed to (user id), or None when nobody can take it.

    In office hours whoever has the fewest open cases, the person on duty first among equals; outside them the
    person on duty first. Who is away is passed over; when all are, the stand-in of the least loaded is proposed.
    """
    everybody = sorted(people, key=lambda one: (one.open_cases, one.user_id))
    here = [one for one in everybody if not one.is_away]
    if here:
        if is_office_time:
            return min(here, key=lambda one: (one.open_cases, not one.is_on_duty, one.user_id)).user_id
        return min(here, key=lambda one: (not one.is_on_duty, one.open_cases, one.user_id)).user_id
    return next((one.stand_in_id for one in everybody if one.stand_in_id is not None), None)
