"""The roster and the leaves as lists: filtered, sorted by their start, paged by key."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from opinion_service.domain import typed_values
from opinion_service.domain.people import DEPARTMENT_ROLES, Actor, Role
from opinion_service.models import Absence, Department, DutyShift, User
from opinion_service.queries import paging

PAGE = 30


@dataclass(frozen=True, slots=True)
class RosterFilter:
    """What the list is narrowed to; `department` is an id, "office" or empty; `after` the last row's key."""

    kind: str = "shifts"
    department: str = ""
    is_past: bool = False
    after: str = ""


@dataclass(frozen=True, slots=True)
class RosterRow:
    """A shift or a leave; `where` is empty for the office."""

    id: int
    user_id: int
    name: str
    role: str
    where: str | None
    department_id: int | None
    starts_at: datetime
    ends_at: datetime
    stand_in: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RosterPage:
    """One page; `after` leads to the next."""

    rows: tuple[RosterRow, ...]
    after: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be planned for."""

    id: int
    name: str
    role: str
    department_id: int | None
    department: str


def roster(session: Session, actor: Actor, wanted: RosterFilter, *, now: datetime) -> RosterPage:
    """Return a page of shifts or leaves, the earliest first (the latest first among past ones); one statement.

    Departments see their own and the office's.
    """
    table: Any = Absence if wanted.kind == "absences" else DutyShift
    statement = _absences() if wanted.kind == "absences" else _shifts()
    home = User.department_id if wanted.kind == "absences" else DutyShift.department_id
    statement = statement.where(table.ends_at <= now if wanted.is_past else table.ends_at > now)
    if actor.role in DEPARTMENT_ROLES:
        statement = statement.where(or_(home == actor.department_id, home.is_(None)))
    if wanted.department == "office":
        statement = statement.where(home.is_(None))
    elif (department_id := typed_values.whole_number(wanted.department)) is not None:
        statement = statement.where(home == department_id)
    order = paging.Order(table.id, table.starts_at, paging.moment, wanted.is_past)
    found, last = order.page(session, statement, wanted.after, PAGE)
    rows = tuple(RosterRow(*row) for row in found)
    return RosterPage(rows, paging.key_of(last.starts_at, last.id) if last else "")


def people(session: Session, actor: Actor) -> tuple[Person, ...]:
    """Return whom the actor may plan for or name as a stand-in: a department's own people, else everybody."""
    statement = (
        select(User.id, User.name, User.role, User.department_id, Department.name)
        .outerjoin(Department, Department.id == User.department_id)
        .where(User.is_active, User.role != Role.AUDITOR.value)
        .order_by(User.department_id, User.role, User.id)
    )
    if actor.role in DEPARTMENT_ROLES:
        statement = statement.where(User.department_id == actor.department_id)
    return tuple(Person(row[0], row[1], row[2], row[3], row[4] or "") for row in session.execute(statement))


def _shifts() -> Any:
    return (
        select(
            DutyShift.id, User.id, User.name, User.role, Department.name, DutyShift.department_id,
            DutyShift.starts_at, DutyShift.ends_at,
        )
        .join(User, User.id == DutyShift.user_id)
        .outerjoin(Department, Department.id == DutyShift.department_id)
    )  # fmt: skip


def _absences() -> Any:
    other = aliased(User)
    return (
        select(
            Absence.id, User.id, User.name, User.role, Department.name, User.department_id,
            Absence.starts_at, Absence.ends_at, other.name, Absence.reason,
        )
        .join(User, User.id == Absence.user_id)
        .outerjoin(other, other.id == Absence.stand_in_id)
        .outerjoin(Department, Department.id == User.department_id)
    )  # fmt: skip
