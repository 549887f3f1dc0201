"""Counts which rules decided: one row a rule and case, from which the rules page counts thirty days."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from opinion_service.domain.routing import rules_in
from opinion_service.models import RuleHit


def note(session: Session, case_id: int, decision: Mapping[str, Any], *, now: datetime) -> None:
    """Write down the rules behind the decision on a newly opened case, inside the caller's transaction."""
    session.add_all(RuleHit(rule_id=rule_id[:40], case_id=case_id, at=now) for rule_id in rules_in(decision))
    session.flush()
