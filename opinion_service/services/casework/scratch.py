"""What somebody has typed and not saved yet: kept for them alone, so that nothing typed is lost."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.people import Actor
from opinion_service.models import Scratch
from opinion_service.services.transaction import transaction

MOST_CHARACTERS = 100_000


def keep(form: str, fields: Mapping[str, list[str]], *, actor: Actor, now: datetime) -> None:
    """Keep the fields of a form for the actor; raise InvalidInput when they are too long."""
    if not form or len(form) > 60 or sum(len(text) for texts in fields.values() for text in texts) > MOST_CHARACTERS:
        raise InvalidInput("内容过长，未能自动保存；请先保存为新版本。")
    with transaction() as session:
        session.merge(Scratch(user_id=actor.user_id, form=form, fields=dict(fields), saved_at=now))


def drop(form: str, *, actor: Actor) -> None:
    """Throw away what was kept for the actor."""
    with transaction() as session:
        forget(session, form, actor)


def forget(session: Session, form: str, actor: Actor) -> None:
    """Drop what was kept, inside the transaction that saves the form for good."""
    session.execute(delete(Scratch).where(Scratch.user_id == actor.user_id, Scratch.form == form))
