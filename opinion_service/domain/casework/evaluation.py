"""The evaluation of a closed case: criteria with their weights, points 1-5, and what the counted figures suggest.

国办发〔2016〕80号 asks for the chain 收集、会商、研判、回应、评估; the weights are the desk's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from opinion_service.domain.errors import InvalidInput

RUBRIC_VERSION = "2026-1"
LEAST, MOST = 1, 5


class Outcome(StrEnum):
    """What became of the matter itself."""

    SOLVED = "solved"
    PARTLY = "partly"
    EXPLAINED = "explained"
    UNSOLVED = "unsolved"

    @property
    def label(self) -> str:
        """Return the outcome in Chinese."""
        return OUTCOME_LABELS[self]


OUTCOME_LABELS: dict[Outcome, str] = {
    Outcome.SOLVED: "问题已解决",
    Outcome.PARTLY: "部分解决，余下有期限",
    Outcome.EXPLAINED: "已解释说明",
    Outcome.UNSOLVED: "尚未解决",
}
# Criterion: name, weight in percent.
CRITERIA: Mapping[str, tuple[str, int]] = {
    "timely": ("及时", 25),
    "coverage": ("关切逐条回应", 25),
    "substance": ("事实清楚、依据充分", 20),
    "resolution": ("处置到位", 20),
    "reaction": ("公众反应", 10),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted when a case was closed; late: names of the clocks met late or missed."""

    legal_late: tuple[str, ...] = ()
    other_late: tuple[str, ...] = ()
    concerns: int = 0
    answered: int = 0
    promises: int = 0
    promises_kept: int = 0
    items_after: int = 0
    complaints_after: int = 0
    corrections: int = 0
    round: int = 1

    @property
    def is_timely(self) -> bool:
        """Return whether no legal clock was missed."""
        return not self.legal_late


def suggested(figures: Figures) -> dict[str, int]:
    """Return the points that the figures suggest for the criteria that can be counted; a person sets them."""
    share = figures.answered / figures.concerns if figures.concerns else 1.0
    return {
        "timely": 1 if figures.legal_late else 3 if figures.other_late else 5,
        "coverage": max(LEAST, round(share * MOST)),
        "reaction": max(LEAST, MOST - min(figures.complaints_after, 3) - (1 if figures.round > 1 else 0)),
    }


def total(scores: Mapping[str, int]) -> int:
    """Return the weighted total, 20-100; raise InvalidInput when a criterion is missing or not 1-5."""
    for code, (name, _) in CRITERIA.items():
        if not LEAST <= scores.get(code, 0) <= MOST:
            raise InvalidInput(f"请为“{name}”评 1–5 分。", code)
    return round(sum(weight * scores[code] / MOST for code, (_, weight) in CRITERIA.items()))
