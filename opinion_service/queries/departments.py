"""The departments by what a page needs of them."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.models import Department


def names(session: Session) -> dict[str, str]:
    """Return the name of every department by its code, those that are no longer active as well."""
    return {row.code: row.name for row in session.execute(select(Department.code, Department.name))}
