"""Who has a case open: a heartbeat that nobody has to take back, because it runs out."""

from datetime import datetime

from sqlalchemy import delete

from opinion_service.domain.casework.presence import LOOKS_FOR
from opinion_service.domain.errors import NotFound
from opinion_service.domain.people import Actor
from opinion_service.models import Case, Presence
from opinion_service.services.casework import case_book
from opinion_service.services.transaction import transaction


def look(case_id: int, *, is_writing: bool, actor: Actor, now: datetime) -> None:
    """Note that the actor has the case open. Raise NotFound outside the actor's scope.

    No history row is written: looking changes nothing.
    """
    with transaction() as session:
        case = session.get(Case, case_id)
        if case is None or not case_book.is_visible(session, case, actor):
            raise NotFound("案件不存在，或不在您的办理范围内。")
        session.merge(Presence(case_id=case_id, user_id=actor.user_id, at=now, is_writing=is_writing))


def leave(case_id: int, *, actor: Actor) -> None:
    """Forget that the actor has the case open."""
    with transaction() as session:
        session.execute(delete(Presence).where(Presence.case_id == case_id, Presence.user_id == actor.user_id))


def forget_gone(*, now: datetime) -> None:
    """Delete the signs of life that have run out, so that the table stays as small as the office."""
    with transaction() as session:
        session.execute(delete(Presence).where(Presence.at < now - LOOKS_FOR))
