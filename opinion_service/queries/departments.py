"""The departments by what a page needs of them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.models import Department


def upper_contacts(session: Session) -> dict[int, str]:
    """Return who leads the answer of each department under vertical management (垂直管理), by the department's id.

    Source: domain rules 1.2 (国办发〔2016〕61号 一): for such a body the office of its superior coordinates.
    """
    rows = session.execute(select(Department.id, Department.upper_contact).where(Department.is_vertical))
    return {row.id: row.upper_contact for row in rows}


def ids(session: Session) -> dict[str, int]:
    """Return the id of every department by its code."""
    return {row.code: row.id for row in session.execute(select(Department.code, Department.id))}


def choices(session: Session, codes: Sequence[str]) -> tuple[tuple[int, str], ...]:
    """Return (id, name) of the active departments with these codes, in the order of the codes."""
    rows = session.execute(
        select(Department.code, Department.id, Department.name).where(Department.code.in_(codes), Department.is_active)
    )
    found = {row.code: (row.id, row.name) for row in rows}
    return tuple(found[code] for code in codes if code in found)


def names(session: Session) -> dict[str, str]:
    """Return the name of every department by its code, those that are no longer active as well."""
    return {row.code: row.name for row in session.execute(select(Department.code, Department.name))}
