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


def band(code: str) -> str:
    """Return the Chinese name of a sentiment band."""
    return Band(code).label


def act(code: str) -> str:
    """Return the name of an act on a case in the reader's language."""
    return str(gettext(CaseAction(code).label))
