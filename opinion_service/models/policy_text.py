"""The stored assessment of a policy as the one value that checks, versions and pages work with."""

from collections.abc import Iterable
from dataclasses import fields

from opinion_service.domain.policies.assessment import ForeseenConcern, PolicyRisk, PolicyText
from opinion_service.models.policies import Policy, PolicyConcern, PolicyRiskPoint

ROWS = ("concerns", "risks")
PLAIN = tuple(part.name for part in fields(PolicyText) if part.name not in ROWS)


def text_of(policy: Policy, concerns: Iterable[PolicyConcern], risks: Iterable[PolicyRiskPoint]) -> PolicyText:
    """Return the assessment of a policy from its row, its concerns and its risk points."""
    values = {name: getattr(policy, name) for name in PLAIN}
    values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return PolicyText(
        **values,
        concerns=tuple(foreseen(one) for one in concerns),
        risks=tuple(PolicyRisk(one.description, one.likelihood, one.impact, one.trigger, one.measure) for one in risks),
    )


def foreseen(row: PolicyConcern) -> ForeseenConcern:
    """Return a stored concern as a value."""
    return ForeseenConcern(row.question, row.answer, tuple(row.words), row.id)
