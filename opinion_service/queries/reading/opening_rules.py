"""The versions of the opening rules, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service import data
from opinion_service.models import OpeningRuleSet, User
from opinion_service.queries import paging

PAGE = 15


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version: when, by whom, why."""

    version: int
    created_at: datetime
    author: str
    note: str


@dataclass(frozen=True, slots=True)
class Versions:
    """One page of versions; `before` leads to the earlier ones, empty at the end."""

    rows: tuple[VersionRow, ...]
    before: str


def versions(session: Session, *, before: str = "") -> Versions:
    """Return a page of versions, the newest first; `before` is the last version seen."""
    statement = select(OpeningRuleSet.version, OpeningRuleSet.created_at, OpeningRuleSet.note, User.name).outerjoin(
        User, User.id == OpeningRuleSet.created_by_id
    )
    found, last = paging.Order(OpeningRuleSet.version, descending=True).page(session, statement, before, PAGE)
    rows = tuple(VersionRow(row.version, row.created_at, row.name or "系统", row.note) for row in found)
    return Versions(rows, str(last.version) if last else "")


def newest_version(session: Session) -> int:
    """Return the number of the version in force; 1 before any is loaded."""
    return session.scalar(select(func.max(OpeningRuleSet.version))) or 1


def record_of(session: Session, version: int) -> dict[str, Any]:
    """Return the rules of a version, of the one in force for 0 or a version that is not there."""
    statement = select(OpeningRuleSet.record).order_by(OpeningRuleSet.version.desc()).limit(1)
    wanted: dict[str, Any] | None = None
    if 0 < version < 2**31:
        wanted = session.scalar(statement.where(OpeningRuleSet.version == version))
    found: dict[str, Any] | None = wanted or session.scalar(statement)
    return found or dict(data.read_json("opening_rules.json"))
