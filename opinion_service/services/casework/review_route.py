"""Which steps a reply takes before its signature, by grade; kept as one setting, with its history in the journal."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.review import ReviewStep, Route, routes_from_record
from opinion_service.domain.clocks.sla import OpinionGrade
from opinion_service.domain.errors import Forbidden
from opinion_service.domain.people import DEPARTMENT_ROLES, Actor, Role
from opinion_service.models import Department, Setting, User
from opinion_service.services import journal
from opinion_service.services.transaction import transaction

KEY = "review_routes"


def of_grade(session: Session, grade: str) -> list[str]:
    """Return the steps of a reply to a case of this grade, in their order."""
    return [step.value for step in _stored(session)[OpinionGrade(grade)]]


def routes() -> dict[OpinionGrade, Route]:
    """Return the route of every grade."""
    with transaction() as session:
        return _stored(session)


def save(record: Mapping[str, Sequence[str]], *, actor: Actor, now: datetime) -> None:
    """Put new routes into force for replies submitted from now on; raise Forbidden or InvalidInput."""
    if actor.role is not Role.ADMIN:
        raise Forbidden("只有系统管理员可以修改审签流程。")
    checked = routes_from_record(record)
    kept = {grade.value: [step.value for step in route] for grade, route in checked.items()}
    with transaction() as session:
        session.merge(Setting(key=KEY, value=json.dumps(kept)))
        entry = journal.Entry("review_route_changed", "修改审签流程", detail={"routes": kept})
        journal.record(session, entry, actor=actor, now=now)


def short_of_people() -> list[tuple[str, int, int]]:
    """Return (department, people, people needed) where the longest route cannot be gone by different people."""
    with transaction() as session:
        needed = 1 + max(sum(step is not ReviewStep.PUBLICITY for step in one) for one in _stored(session).values())
        rows = session.execute(
            select(Department.name, func.count(User.id))
            .join(User, User.department_id == Department.id)
            .where(Department.is_active, User.is_active, User.role.in_([role.value for role in DEPARTMENT_ROLES]))
            .group_by(Department.id, Department.name)
            .order_by(Department.id)
        )
        return [(name, count, needed) for name, count in rows if count < needed]


def _stored(session: Session) -> dict[OpinionGrade, Route]:
    row = session.get(Setting, KEY)
    return routes_from_record(json.loads(row.value) if row else {})
