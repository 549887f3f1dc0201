"""Names that templates show for the codes they are given."""

from functools import lru_cache

from flask_babel import gettext

from opinion_service import data
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.reading.sentiment import Band


@lru_cache(maxsize=1)
def _departments() -> dict[str, str]:
    return {row["code"]: row["name"] for row in data.read_json("departments.json")}


def department(code: str) -> str:
    """Return the department's name, or the code when it is not one of those shipped."""
    return _departments().get(code, code)


def band(code: str) -> str:
    """Return the Chinese name of a sentiment band."""
    return Band(code).label


def act(code: str) -> str:
    """Return the name of an act on a case in the reader's language."""
    return str(gettext(CaseAction(code).label))
