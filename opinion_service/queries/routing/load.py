"""How the work lies: open cases by department and by handler, who is away or on duty, and who is proposed next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import FINISHED, CaseState
from opinion_service.domain.clocks.calendar import DayKind, WorkCalendar
from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.people import DEPARTMENT_ROLES, Actor, Role
from opinion_service.domain.routing.roster import Colleague, in_office_hours, propose
from opinion_service.models import Absence, CalendarDay, Case, Department, DutyShift, User
from opinion_service.queries import paging
from opinion_service.queries.scope import visible_to

PAGE = 50
SORTS = ("open", "late")
HEAVY = 1.5  # times the average of the department from which a load is called heavy
LEAST_HEAVY = 3


@dataclass(frozen=True, slots=True)
class UnitLoad:
    """A department's open cases; `waiting` have no handler yet."""

    id: int
    name: str
    open: int
    late: int
    waiting: int
    returned: int
    handlers: int
    away: int


@dataclass(frozen=True, slots=True)
class PersonLoad:
    """A handler's open cases; `is_heavy` against the average of the own department's handlers."""

    id: int
    name: str
    department_id: int
    department: str
    open: int
    late: int
    away_until: datetime | None
    is_on_duty: bool
    is_heavy: bool


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who has a case, or who is proposed for it; `choices` are the handlers who may be given it now."""

    handler: str
    proposed_id: int | None
    proposed: str
    proposed_open: int
    choices: tuple[tuple[int, str], ...]


def units(session: Session, actor: Actor, *, now: datetime, sort: str = "open") -> tuple[UnitLoad, ...]:
    """Return the departments that have open cases or handlers, the most loaded first; three statements."""
    late = func.sum(case((Case.next_due_at < now, 1), else_=0))
    waiting = func.sum(case((Case.state == CaseState.DISPATCHED.value, 1), else_=0))
    returned = func.sum(case((Case.state == CaseState.RETURNED.value, 1), else_=0))
    rows = session.execute(
        select(Case.lead_department_id, func.count(), late, waiting, returned)
        .where(visible_to(actor), Case.lead_department_id.is_not(None), _is_open())
        .group_by(Case.lead_department_id)
    )
    counted = {row[0]: tuple(map(int, row[1:])) for row in rows}
    staff = _staff(session, now)
    names = select(Department.id, Department.name).where(Department.is_active).order_by(Department.id)
    if actor.role in DEPARTMENT_ROLES:
        names = names.where(Department.id == actor.department_id)
    found = [
        _unit(row.id, row.name, counted.get(row.id, (0, 0, 0, 0)), staff.get(row.id, (0, 0)))
        for row in session.execute(names)
        if row.id in counted or row.id in staff
    ]
    return tuple(sorted(found, key=lambda one: (-(one.late if sort == "late" else one.open), one.id)))


def people(
    session: Session, actor: Actor, department_id: int | None, after: str = "", *, now: datetime, sort: str = "open"
) -> tuple[tuple[PersonLoad, ...], str]:
    """Return a page of handlers, the most loaded first, and the next key (empty: none); four statements."""
    load = _load(now).subquery()
    value = func.coalesce(load.c.late if sort == "late" else load.c.open, 0)
    statement = (
        select(User.id, User.name, User.department_id, Department.name, func.coalesce(load.c.open, 0),
               func.coalesce(load.c.late, 0), value.label("value"))
        .join(Department, Department.id == User.department_id)
        .outerjoin(load, load.c.handler_id == User.id)
        .where(User.is_active, User.role == Role.HANDLER.value)
    )  # fmt: skip
    if actor.role in DEPARTMENT_ROLES:
        statement = statement.where(User.department_id == actor.department_id)
    if department_id:
        statement = statement.where(User.department_id == department_id)
    # The most loaded first, and among them the lowest id: both run upwards from the load below zero.
    order = paging.Order(User.id, -value, lambda text: -paging.number(text))
    shown, last = order.page(session, statement, after, PAGE)
    away, on_duty = _away(session, [row[0] for row in shown], now), _on_duty(session, [row[0] for row in shown], now)
    average = _average(session, now)
    rows = tuple(
        PersonLoad(
            key, name, unit_id, unit, count, late, away.get(key), key in on_duty,
            count >= max(LEAST_HEAVY, HEAVY * average.get(unit_id, 0.0)),
        )
        for key, name, unit_id, unit, count, late, _value in shown
    )  # fmt: skip
    return rows, paging.key_of(last.value, last.id) if last else ""


def assignment(session: Session, shown: Case, *, now: datetime) -> Assignment:
    """Return who has the case, or, while it waits to be accepted, who is proposed; at most six statements."""
    handler = session.scalar(select(User.name).where(User.id == shown.handler_id)) if shown.handler_id else ""
    if shown.state != CaseState.DISPATCHED.value or shown.lead_department_id is None:
        return Assignment(handler or "", None, "", 0, ())
    team = _colleagues(session, shown.lead_department_id, now)
    proposed = propose(team, is_office_time=_is_office_time(session, now))
    by_id = {one.user_id: one for one in team}
    name = by_id[proposed].name if proposed in by_id else _name(session, proposed)
    choices = tuple((one.user_id, f"{one.name}（{one.open_cases}）") for one in team if not one.is_away)
    load = by_id[proposed].open_cases if proposed in by_id else 0
    return Assignment("", proposed, name, load, choices)


def handler_name(session: Session, actor: Actor, user_id: int) -> str:
    """Return a handler's name where the actor may know the department's load, else empty."""
    statement = select(User.name).where(User.id == user_id, User.role.in_([role.value for role in DEPARTMENT_ROLES]))
    if actor.role in DEPARTMENT_ROLES:
        statement = statement.where(User.department_id == actor.department_id)
    return session.scalar(statement) or ""


def _unit(key: int, name: str, counts: tuple[int, ...], staff: tuple[int, int]) -> UnitLoad:
    is_open, late, waiting, returned = counts
    return UnitLoad(key, name, is_open, late, waiting, returned, *staff)


def _is_open() -> Any:
    """Return the condition that a case still is work: an archived, closed, merged or declined one is none."""
    return Case.state.not_in([state.value for state in FINISHED])


def _load(now: datetime) -> Any:
    late = func.sum(case((Case.next_due_at < now, 1), else_=0))
    return (
        select(Case.handler_id, func.count().label("open"), late.label("late"))
        .where(Case.handler_id.is_not(None), _is_open())
        .group_by(Case.handler_id)
    )


def _staff(session: Session, now: datetime) -> dict[int, tuple[int, int]]:
    gone = select(Absence.user_id).where(Absence.starts_at <= now, Absence.ends_at > now)
    rows = session.execute(
        select(User.department_id, func.count(), func.sum(case((User.id.in_(gone), 1), else_=0)))
        .where(User.is_active, User.role == Role.HANDLER.value)
        .group_by(User.department_id)
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def _away(session: Session, ids: Sequence[int], now: datetime) -> dict[int, datetime]:
    rows = session.execute(
        select(Absence.user_id, func.max(Absence.ends_at))
        .where(Absence.user_id.in_(ids), Absence.starts_at <= now, Absence.ends_at > now)
        .group_by(Absence.user_id)
    )
    return {row[0]: row[1] for row in rows}


def _on_duty(session: Session, ids: Sequence[int], now: datetime) -> frozenset[int]:
    statement = select(DutyShift.user_id).where(
        DutyShift.user_id.in_(ids), DutyShift.starts_at <= now, DutyShift.ends_at > now
    )
    return frozenset(session.scalars(statement))


def _average(session: Session, now: datetime) -> dict[int, float]:
    """Return the open cases a handler has on average, by department; who has none counts as well."""
    load = _load(now).subquery()
    rows = session.execute(
        select(User.department_id, func.count(), func.coalesce(func.sum(load.c.open), 0))
        .outerjoin(load, load.c.handler_id == User.id)
        .where(User.is_active, User.role == Role.HANDLER.value)
        .group_by(User.department_id)
    )
    return {row[0]: float(row[2]) / row[1] for row in rows}


def _colleagues(session: Session, department_id: int, now: datetime) -> tuple[Colleague, ...]:
    load = _load(now).subquery()
    rows = session.execute(
        select(User.id, User.name, func.coalesce(load.c.open, 0))
        .outerjoin(load, load.c.handler_id == User.id)
        .where(User.is_active, User.role == Role.HANDLER.value, User.department_id == department_id)
        .order_by(User.id)
    ).all()
    ids = [row[0] for row in rows]
    away, on_duty = _away(session, ids, now), _on_duty(session, ids, now)
    stand_ins = {
        row.user_id: row.stand_in_id
        for row in session.execute(
            select(Absence.user_id, Absence.stand_in_id).where(
                Absence.user_id.in_(ids), Absence.starts_at <= now, Absence.ends_at > now
            )
        )
    }
    return tuple(Colleague(i, name, int(count), i in away, i in on_duty, stand_ins.get(i)) for i, name, count in rows)


def _is_office_time(session: Session, now: datetime) -> bool:
    today = now.astimezone(ZONE).date()
    kind = session.scalar(select(CalendarDay.kind).where(CalendarDay.day == today))
    return in_office_hours(WorkCalendar({today: DayKind(kind)} if kind else {}, "today"), now)


def _name(session: Session, user_id: int | None) -> str:
    return session.scalar(select(User.name).where(User.id == user_id)) or "" if user_id else ""
