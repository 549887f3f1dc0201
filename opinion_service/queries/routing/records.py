"""The stored routing decisions of a case, with the rules they name, so that a page can make them again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from opinion_service.domain.people import Actor
from opinion_service.models import Case, Department, RoutingRecord, RuleVersion, User
from opinion_service.queries.scope import visible_to

MOST = 20


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision as it was stored (detached, read only): to whom it went, what a person made of it, and its rules.

    `rules` is None when that version of the rules is no longer kept.
    """

    record: RoutingRecord
    department: str
    corrected_to: str
    corrected_by: str
    rules: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class CaseDecisions:
    """The case, its present department, and its decisions, the newest first."""

    number: str
    title: str
    lead: str
    decisions: tuple[StoredDecision, ...]


def of_case(session: Session, actor: Actor, number: str) -> CaseDecisions | None:
    """Return the decisions about a case that the actor may see, else None; three statements."""
    found = session.execute(
        select(Case.id, Case.title, Department.name)
        .outerjoin(Department, Department.id == Case.lead_department_id)
        .where(Case.number == number, visible_to(actor))
    ).one_or_none()
    if found is None:
        return None
    corrected = aliased(Department)
    rows = session.execute(
        select(RoutingRecord, Department.name, corrected.name, User.name)
        .outerjoin(Department, Department.id == RoutingRecord.department_id)
        .outerjoin(corrected, corrected.id == RoutingRecord.corrected_department_id)
        .outerjoin(User, User.id == RoutingRecord.corrected_by_id)
        .where(RoutingRecord.case_id == found.id)
        .order_by(RoutingRecord.id.desc())
        .limit(MOST)
    ).all()
    rules = _rules(session, {row[0].rule_set_version for row in rows})
    decisions = tuple(
        StoredDecision(record, unit or "", to or "", who or "", rules.get(record.rule_set_version))
        for record, unit, to, who in rows
    )
    return CaseDecisions(number, found.title, found.name or "", decisions)


def _rules(session: Session, versions: set[str]) -> dict[str, Mapping[str, Any]]:
    """Return the kept rules by the version that decisions name; shipped ones are kept under `routing-…` as well."""
    names = {name: version for version in versions for name in (version, f"routing-{version}")}
    rows = session.execute(
        select(RuleVersion.version, RuleVersion.record)
        .where(RuleVersion.kind == "routing", RuleVersion.version.in_(names))
        .order_by(RuleVersion.id)
    )
    return {names[row.version]: row.record for row in rows}
