"""The people at the desk, as the administrator looks after them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from opinion_service.models import Department, SignIn, User
from opinion_service.queries import paging

PAGE = 50
_KEYS = {"name": User.name, "login": User.login, "role": User.role}
SORTS = tuple(_KEYS)


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """What the list is narrowed to; `after` is the key of the last row seen (`value|id`)."""

    text: str = ""
    role: str = ""
    department_id: int | None = None
    state: str = ""
    sort: str = "name"
    descending: bool = False
    after: str = ""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person as the list and the person's own page show them; `used_at` is when they last were at the desk."""

    id: int
    login: str
    name: str
    role: str
    department_id: int | None
    department: str
    email: str
    is_active: bool
    must_change_password: bool
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """A page of people; `after` leads to the next, empty on the last."""

    rows: tuple[PersonRow, ...]
    after: str
    total: int
    sort: str
    descending: bool


def list_people(session: Session, wanted: PeopleFilter) -> PeoplePage:
    """Return a page of people; two statements."""
    key = _KEYS.get(wanted.sort, User.name)
    conditions = _conditions(wanted)
    order = paging.Order(User.id, key, paging.words, wanted.descending)
    found, last = order.page(session, _people().where(*conditions), wanted.after, PAGE)
    total = session.scalar(select(func.count(User.id)).where(*conditions)) or 0
    after = paging.key_of(getattr(last.User, key.key), last.User.id) if last else ""
    return PeoplePage(tuple(_row(row) for row in found), after, total, wanted.sort, wanted.descending)


def one_person(session: Session, user_id: int) -> PersonRow | None:
    """Return one person, or None."""
    row = session.execute(_people().where(User.id == user_id)).first()
    return _row(row) if row else None


def _people() -> Any:
    used = select(func.max(SignIn.last_seen_at)).where(SignIn.user_id == User.id).scalar_subquery()
    return select(User, Department.name.label("department"), used.label("used_at")).outerjoin(
        Department, Department.id == User.department_id
    )


def _conditions(wanted: PeopleFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.text:
        columns = (User.name, User.login, User.email)
        conditions.append(or_(*(column.contains(wanted.text, autoescape=True) for column in columns)))
    if wanted.role:
        conditions.append(User.role == wanted.role)
    if wanted.department_id:
        conditions.append(User.department_id == wanted.department_id)
    if wanted.state:
        conditions.append(User.is_active.is_(wanted.state == "active"))
    return conditions


def _row(row: Any) -> PersonRow:
    user = row.User
    return PersonRow(
        user.id, user.login, user.name, user.role, user.department_id, row.department or "", user.email,
        user.is_active, user.must_change_password, row.used_at,
    )  # fmt: skip
