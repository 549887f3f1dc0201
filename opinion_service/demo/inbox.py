"""What the liaisons of the demo city settled themselves before today: not everything becomes an answer."""

from datetime import datetime, timedelta

from sqlalchemy import select

from opinion_service.domain.casework.case_states import CaseAction, CaseState
from opinion_service.domain.people import Actor, Role
from opinion_service.models import Case, User
from opinion_service.services.casework import casework
from opinion_service.services.transaction import transaction

OLDER_THAN = timedelta(hours=30)
LEFT_LATE = 3
NOTE = "内容具体、影响面小，热线已直接答复本人，列入日常监测。"


def settle(now: datetime) -> None:
    """Decline what has waited for more than a day, two people each; the last few stay, so that something is late."""
    waiting = select(Case.id, Case.opened_at).where(
        Case.state == CaseState.NEW.value, Case.opened_at < now - OLDER_THAN
    )
    with transaction() as session:
        rows = session.execute(waiting.order_by(Case.opened_at)).all()
        users = session.scalars(select(User).where(User.role == Role.LIAISON.value).order_by(User.id)).all()
        first, second = (Actor(user.id, user.name, Role.LIAISON) for user in users[:2])
    for row in rows[:-LEFT_LATE]:
        at, review_on = row.opened_at + timedelta(hours=1), (now + timedelta(days=14)).date()
        _act(row.id, CaseAction.PROPOSE_DECLINE, first, at, note=NOTE, review_on=review_on)
        _act(row.id, CaseAction.CONFIRM_DECLINE, second, at + timedelta(minutes=30))


def _act(case_id: int, action: CaseAction, actor: Actor, at: datetime, **fields: object) -> None:
    with transaction() as session:
        version = session.get_one(Case, case_id).version
    command = casework.CaseCommand(case_id, version, action, **fields)  # type: ignore[arg-type]
    casework.perform(command, actor=actor, now=at)
