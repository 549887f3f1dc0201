"""Gives a case to a handler: of the approver's own department, and present."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.errors import Forbidden, InvalidInput
from opinion_service.domain.people import Actor, Role
from opinion_service.models import Absence, User


def chosen_handler(session: Session, user_id: int, *, actor: Actor, now: datetime) -> User:
    """Return the handler an approver gives a case to, inside the caller's transaction.

    Raise Forbidden for anybody but an approver, InvalidInput for one of another department or on leave.
    """
    if actor.role is not Role.APPROVER:
        raise Forbidden("只有分管领导可以指定承办人。")
    user = session.get(User, user_id)
    is_ours = user is not None and user.department_id == actor.department_id
    if user is None or not is_ours or not user.is_active or user.role != Role.HANDLER.value:
        raise InvalidInput("请选择本单位在用的承办人。", "handler_id")
    away = select(Absence.id).where(Absence.user_id == user_id, Absence.starts_at <= now, Absence.ends_at > now)
    if session.scalar(away.limit(1)) is not None:
        raise InvalidInput("所选承办人正在请假，请另选一人。", "handler_id")
    return user
