"""The versions of the rules of the kinds, the newest first; version 1 ships with the product and is no row."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.models import NatureRuleSet, User
from opinion_service.queries.reading.opening_rules import VersionRow, Versions

PAGE = 15


def versions(session: Session, *, before: int = 0) -> Versions:
    """Return a page of the versions a desk made; `before` is the last version seen."""
    statement = (
        select(NatureRuleSet.version, NatureRuleSet.created_at, NatureRuleSet.note, User.name)
        .join(User, User.id == NatureRuleSet.created_by_id)
        .order_by(NatureRuleSet.version.desc())
        .limit(PAGE + 1)
    )
    if 0 < before < 2**31:
        statement = statement.where(NatureRuleSet.version < before)
    found = session.execute(statement).all()
    rows = tuple(VersionRow(row.version, row.created_at, row.name, row.note) for row in found[:PAGE])
    return Versions(rows, rows[-1].version if len(found) > PAGE else 0)
