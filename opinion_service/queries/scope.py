"""Which cases an actor may know of, as SQL; every query on cases passes through here."""

from sqlalchemy import ColumnElement, false, or_, select, true

from opinion_service.domain.people import Actor, Role
from opinion_service.models import Case, CaseDepartment


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on Case: the desk sees all, a department its own, an administrator none."""
    if actor.sees_every_case:
        return true()
    if actor.role is Role.ADMIN or actor.department_id is None:
        return false()
    shared = select(CaseDepartment.case_id).where(CaseDepartment.department_id == actor.department_id)
    own = (Case.lead_department_id == actor.department_id) & (Case.state != "new")
    return or_(own, Case.id.in_(shared))
