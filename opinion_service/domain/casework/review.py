"""The way of a reply to its signature: which steps it takes, who may take each, and by when."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from opinion_service.domain.clocks.sla import OpinionGrade
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.people import DEPARTMENT_ROLES, Role

SHORTEST_STEP = timedelta(minutes=30)


class ReviewStep(StrEnum):
    """One look at a reply before it may be published. Source: the chains of 南通 and 六安 (domain notes 2.5)."""

    SECTION = "section"
    LEGAL = "legal"
    PUBLICITY = "publicity"
    LEADER = "leader"

    @property
    def label(self) -> str:
        """Return the step's name in Chinese."""
        return STEP_LABELS[self]


STEP_LABELS: dict[ReviewStep, str] = {
    ReviewStep.SECTION: "科室审核",
    ReviewStep.LEGAL: "法制审核",
    ReviewStep.PUBLICITY: "宣传审核",
    ReviewStep.LEADER: "分管领导审签",
}
TAKERS: dict[ReviewStep, frozenset[Role]] = {
    ReviewStep.SECTION: DEPARTMENT_ROLES,
    ReviewStep.LEGAL: DEPARTMENT_ROLES,
    ReviewStep.PUBLICITY: frozenset({Role.LIAISON}),
    ReviewStep.LEADER: frozenset({Role.APPROVER}),
}

Route = tuple[ReviewStep, ...]
DEFAULT_ROUTES: dict[OpinionGrade, Route] = {
    OpinionGrade.CRITICAL: (ReviewStep.PUBLICITY, ReviewStep.LEADER),
    OpinionGrade.MAJOR: (ReviewStep.PUBLICITY, ReviewStep.LEADER),
    OpinionGrade.SERIOUS: (ReviewStep.LEADER,),
    OpinionGrade.ORDINARY: (ReviewStep.LEADER,),
}


def routes_from_record(record: Mapping[str, Sequence[str]]) -> dict[OpinionGrade, Route]:
    """Return the route of every grade; a grade the record leaves out has its default.

    Steps come in the order of ReviewStep whatever the record's. Raise InvalidInput for an unknown step, or when the
    leader's signature is left out: nothing is published without it (design decision 6).
    """
    routes = dict(DEFAULT_ROUTES)
    for grade in OpinionGrade:
        if grade.value not in record:
            continue
        wanted = set(record[grade.value])
        if not wanted <= set(ReviewStep):
            raise InvalidInput("审签步骤不在可选范围内。", grade.value)
        if ReviewStep.LEADER not in wanted:
            raise InvalidInput(f"“{grade.label}”的审签流程须包含分管领导审签。", grade.value)
        routes[grade] = tuple(step for step in ReviewStep if step in wanted)
    return routes


def next_step(route: Sequence[str], passed: Collection[str]) -> ReviewStep:
    """Return the step a submitted reply waits for; a reply without a route waits for the leader."""
    return next((ReviewStep(step) for step in route if step not in passed), ReviewStep.LEADER)


def step_dues(submitted_at: datetime, due_at: datetime, count: int) -> tuple[datetime, ...]:
    """Return by when each of `count` steps should be taken: equal shares of what was left at submission.

    A step has at least half an hour, so that a reply handed in late does not put the blame on those who review it.
    """
    share = max((due_at - submitted_at) / max(count, 1), SHORTEST_STEP)
    return tuple(submitted_at + share * number for number in range(1, count + 1))
