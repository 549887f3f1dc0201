"""Names that templates show for the codes they are given."""

from flask import g
from flask_babel import gettext

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.reading.sentiment import Band
from opinion_service.models import db
from opinion_service.queries import departments


def department(code: str) -> str:
    """Return the department's name, or the code when the desk has none of it; one statement a request."""
    if "department_names" not in g:
        g.department_names = departments.names(db.session())
    names: dict[str, str] = g.department_names
    return names.get(code, code)


def upper_contact(department_id: int | None) -> str:
    """Return the superior's contact of a department under vertical management, else empty; one statement a request."""
    if "upper_contacts" not in g:
        g.upper_contacts = departments.upper_contacts(db.session())
    contacts: dict[int, str] = g.upper_contacts
    return contacts.get(department_id or 0, "")


def band(code: str) -> str:
    """Return the Chinese name of a sentiment band."""
    return Band(code).label


def act(code: str) -> str:
    """Return the name of an act on a case in the reader's language."""
    return str(gettext(CaseAction(code).label))
