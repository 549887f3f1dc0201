"""Routing decisions as they were stored: read for a replay, and as lessons when a person has judged them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseAction, CaseState
from opinion_service.domain.errors import NotFound
from opinion_service.domain.routing import RoutingDecision, RuleSet, decision_from_record
from opinion_service.domain.routing.dated import day_of
from opinion_service.models import AuditEvent, Case, Department, RoutingRecord, RuleVersion
from opinion_service.services.routing import rulebook
from opinion_service.services.transaction import transaction

# The acts by which a person says which department answers.
WORDS_OF_PEOPLE = tuple(f"case_{one.value}" for one in (CaseAction.DISPATCH, CaseAction.REROUTE, CaseAction.RULE))
UNDECIDED = (CaseState.NEW.value, CaseState.RETURNED.value, CaseState.DECLINED.value, CaseState.MERGED.value)


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored decision with what it was made from; `rules` is None when that version is no longer kept.

    Decisions stored before inputs were kept have neither title nor body of their own; `as_of` is the day whose duties
    counted, None where it was not kept.
    """

    decided_at: datetime
    decision: RoutingDecision
    title: str
    body: str
    rules: RuleSet | None
    as_of: date | None

    @property
    def has_inputs(self) -> bool:
        """Return whether what was decided on is known."""
        return bool(self.title or self.body)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A text whose department (code) a person decided, and when."""

    title: str
    body: str
    department: str
    at: datetime


def rules_in_force() -> RuleSet:
    """Return the routing rules in force."""
    with transaction() as session:
        return RuleSet.from_record(rulebook.active_record(session, "routing"))


def decisions(number: str) -> list[Kept]:
    """Return the stored decisions about a case, the oldest first; raise NotFound for an unknown case."""
    with transaction() as session:
        case_id = session.scalar(select(Case.id).where(Case.number == number))
        if case_id is None:
            raise NotFound(f"没有案件 {number}。")
        statement = select(RoutingRecord).where(RoutingRecord.case_id == case_id).order_by(RoutingRecord.id)
        return [_kept(session, row) for row in session.scalars(statement) if row.decision]


def confirmed() -> list[Confirmed]:
    """Return every case whose department a person decided, in the order of that: lessons for the model.

    A dispatch, re-route or ruling by a person counts, the last one of a case. What the desk dispatched by itself is
    no lesson, nor is a case that was returned and waits for its ruling.
    """
    with transaction() as session:
        codes = {row.id: row.code for row in session.execute(select(Department.id, Department.code))}
        words = _last_words(session)
        rows = session.execute(
            select(Case.id, Case.title, Case.summary, RoutingRecord.decision)
            .join(RoutingRecord, RoutingRecord.case_id == Case.id)
            .where(Case.state.not_in(UNDECIDED))
            .order_by(Case.id, RoutingRecord.id)
        )
        found = {row.id: row for row in rows if row.id in words}
        lessons = [
            _lesson(row, codes[words[case_id][0]], words[case_id][1])
            for case_id, row in found.items()
            if words[case_id][0] in codes
        ]
        return sorted(lessons, key=lambda one: one.at)


def _kept(session: Session, row: RoutingRecord) -> Kept:
    inputs = row.decision.get("inputs", {})
    version = row.rule_set_version
    statement = select(RuleVersion.record).where(
        RuleVersion.kind == "routing", RuleVersion.version.in_((version, f"routing-{version}"))
    )
    record = session.scalar(statement.order_by(RuleVersion.id.desc()).limit(1))
    return Kept(
        row.decided_at,
        decision_from_record(row.decision),
        str(inputs.get("title", "")),
        str(inputs.get("body", "")),
        RuleSet.from_record(record) if record else None,
        day_of(inputs.get("as_of")),
    )


def _last_words(session: Session) -> dict[int, tuple[int, datetime]]:
    """Return the department that a person named last, and when, by case."""
    statement = select(AuditEvent.case_id, AuditEvent.detail, AuditEvent.at).where(
        AuditEvent.kind.in_(WORDS_OF_PEOPLE), AuditEvent.actor_id.is_not(None), AuditEvent.case_id.is_not(None)
    )
    return {
        row.case_id: (int(row.detail["department_id"]), row.at)
        for row in session.execute(statement.order_by(AuditEvent.id))
        if (row.detail or {}).get("department_id")
    }


def _lesson(row: Any, department: str, at: datetime) -> Confirmed:
    inputs: Mapping[str, Any] = (row.decision or {}).get("inputs", {})
    title, body = str(inputs.get("title") or row.title), str(inputs.get("body") or row.summary)
    return Confirmed(title, body, department, at)
