"""Whom a rung tells: the people of its roles, the duty person out of hours, the stand-in of who is away."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.people import DEPARTMENT_ROLES, Role
from opinion_service.domain.reminders.office import is_open, next_opening
from opinion_service.models import Absence, DutyShift, User, WorkGroup
from opinion_service.services.routing import rulebook

_DEPARTMENT = frozenset(role.value for role in DEPARTMENT_ROLES)
FALLBACK = (Role.LIAISON.value, Role.SUPERVISOR.value)


@dataclass(frozen=True, slots=True)
class Told:
    """One person to tell, why, and when the mail may leave."""

    user: User
    reason: str
    send_at: datetime


@dataclass(frozen=True, slots=True)
class Audience:
    """Who can be told at `now`; loaded once for many rungs."""

    people: dict[int, User]
    by_role: dict[tuple[str, int | None], list[User]]
    on_duty: dict[int | None, list[User]]
    stand_ins: dict[int, User]
    groups: tuple[WorkGroup, ...]
    now: datetime
    is_open: bool
    next_opening: datetime

    @classmethod
    def load(cls, session: Session, *, now: datetime) -> "Audience":
        """Read the active people with an address, the turns of duty and the leave that hold at `now`."""
        statement = select(User).where(User.is_active, User.email != "").order_by(User.id)
        people = {user.id: user for user in session.scalars(statement)}
        by_role: dict[tuple[str, int | None], list[User]] = defaultdict(list)
        for user in people.values():
            by_role[user.role, user.department_id if user.role in _DEPARTMENT else None].append(user)
        on_duty: dict[int | None, list[User]] = defaultdict(list)
        covers = (DutyShift.starts_at <= now, DutyShift.ends_at > now)
        for shift in session.scalars(select(DutyShift).where(*covers).order_by(DutyShift.id)):
            if shift.user_id in people:
                on_duty[shift.department_id].append(people[shift.user_id])
        away = select(Absence).where(Absence.starts_at <= now, Absence.ends_at > now).order_by(Absence.id)
        stand_ins = {row.user_id: people[row.stand_in_id] for row in session.scalars(away) if row.stand_in_id in people}
        calendar = rulebook.calendar(session)
        groups = tuple(session.scalars(select(WorkGroup).where(WorkGroup.is_active).order_by(WorkGroup.id)))
        return cls(
            people, by_role, on_duty, stand_ins, groups, now, is_open(calendar, now), next_opening(calendar, now)
        )  # fmt: skip

    def told(self, roles: Iterable[str], department_id: int | None) -> list[Told]:
        """Return whom `roles` mean for a case led by `department_id`; nobody twice, and never nobody at all.

        Department roles are those of the lead department. When no role has anybody, the liaisons and
        supervisors are told. Out of hours the duty person is told at once and the others when offices open;
        where nobody is on duty, everybody is told at once.
        """
        chosen = [(user, "role") for role in roles for user in self._of(role, department_id)]
        if not chosen:
            chosen = [(user, "fallback") for role in FALLBACK for user in self._of(role, None)]
        found: dict[str, Told] = {}
        for user, reason in chosen:
            stand_in = self.stand_ins.get(user.id)
            for one in self._timed(stand_in or user, "stand_in" if stand_in else reason):
                before = found.get(one.user.email.lower())
                if before is None or one.send_at < before.send_at:
                    found[one.user.email.lower()] = one
        return list(found.values())

    def told_groups(self, department_id: int | None) -> list[tuple[WorkGroup, datetime]]:
        """Return the groups of a department and those of every one, and when each may be told.

        Out of hours a group waits for the morning where somebody is on duty, as everybody else does.
        """
        duty = self.on_duty.get(department_id) or self.on_duty.get(None)
        at = self.now if self.is_open or not duty else self.next_opening
        return [(one, at) for one in self.groups if one.department_id in (None, department_id)]

    def _of(self, role: str, department_id: int | None) -> list[User]:
        return self.by_role.get((role, department_id if role in _DEPARTMENT else None), [])

    def _timed(self, user: User, reason: str) -> list[Told]:
        department_id = user.department_id if user.role in _DEPARTMENT else None
        duty = self.on_duty.get(department_id) or self.on_duty.get(None) or []
        if self.is_open or not duty or user in duty:
            return [Told(user, reason, self.now)]
        return [*(Told(one, "duty", self.now) for one in duty), Told(user, reason, self.next_opening)]
