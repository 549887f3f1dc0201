"""The versions of the rules of the kinds, the newest first; version 1 ships with the product and is no row."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.models import NatureRuleSet, User
from opinion_service.queries import paging
from opinion_service.queries.reading.opening_rules import VersionRow, Versions

PAGE = 15


def versions(session: Session, *, before: str = "") -> Versions:
    """Return a page of the versions a desk made; `before` is the last version seen."""
    statement = select(NatureRuleSet.version, NatureRuleSet.created_at, NatureRuleSet.note, User.name).join(
        User, User.id == NatureRuleSet.created_by_id
    )
    found, last = paging.Order(NatureRuleSet.version, descending=True).page(session, statement, before, PAGE)
    rows = tuple(VersionRow(row.version, row.created_at, row.name, row.note) for row in found)
    return Versions(rows, str(last.version) if last else "")
