"""The rules of the kinds in force: the newest version, or the shipped ones, which are version 1."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.reading.nature_rules import SHIPPED
from opinion_service.models import NatureRuleSet
from opinion_service.services.transaction import transaction

SHIPPED_VERSION = 1


@dataclass(frozen=True, slots=True)
class KindRules:
    """One version of the rules as a record (the form of `nature_rules.SHIPPED`)."""

    version: int
    record: dict[str, Any]


def newest(session: Session) -> KindRules:
    """Return the rules in force."""
    row = session.scalar(select(NatureRuleSet).order_by(NatureRuleSet.version.desc()).limit(1))
    return KindRules(row.version, row.record) if row else KindRules(SHIPPED_VERSION, SHIPPED)


def version_in_force(session: Session) -> int:
    """Return the number of the rules in force without reading them."""
    statement = select(NatureRuleSet.version).order_by(NatureRuleSet.version.desc()).limit(1)
    return session.scalar(statement) or SHIPPED_VERSION


def in_force() -> KindRules:
    """Return the rules in force."""
    with transaction() as session:
        return newest(session)
