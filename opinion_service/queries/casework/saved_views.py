"""The saved views that a person finds on a list: the own ones, and those shared with the role."""

from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from opinion_service.domain.people import Actor
from opinion_service.models import SavedView

MOST_SHOWN = 30


@dataclass(frozen=True, slots=True)
class ViewRow:
    """One view; `is_own` may be deleted by the reader, `is_shared` is everybody's of the role."""

    id: int
    name: str
    query: str
    is_own: bool
    is_shared: bool


def views(session: Session, actor: Actor, page: str) -> tuple[ViewRow, ...]:
    """Return the views of a page that the actor sees, the own ones first; one statement."""
    same_unit = (
        SavedView.department_id.is_(None)
        if actor.department_id is None
        else SavedView.department_id == actor.department_id
    )
    own = SavedView.owner_id == actor.user_id
    rows = session.scalars(
        select(SavedView)
        .where(SavedView.page == page, or_(own, and_(SavedView.role == actor.role.value, same_unit)))
        .order_by(own.desc(), SavedView.name, SavedView.id)
        .limit(MOST_SHOWN)
    )
    return tuple(ViewRow(row.id, row.name, row.query, row.owner_id == actor.user_id, bool(row.role)) for row in rows)
