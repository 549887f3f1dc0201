"""How good decisions were, against the departments that really answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from opinion_service.domain.routing.decision import RoutingDecision

BINS = 10
DISPATCH_THRESHOLD = 0.85  # where nine of ten dispatches by the shipped rules were right on real petitions


@dataclass(frozen=True, slots=True)
class Truth:
    """The department that answered, and those that might have as well (codes)."""

    department: str
    also_accepted: frozenset[str] = frozenset()

    def accepts(self, department: str) -> bool:
        """Return whether sending it there would have been right."""
        return department == self.department or department in self.also_accepted


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures over `n` decisions, all 0-1.

    coverage: decisions with any evidence; accuracy@1 and @3 over all; macro_f1 over the departments that occur;
    ece: expected calibration error in ten bins; dispatch_*: those at or above the threshold;
    confusion: answered -> decided -> count.
    """

    n: int
    coverage: float
    accuracy_at_1: float
    accuracy_at_3: float
    macro_f1: float
    ece: float
    dispatch_threshold: float
    dispatch_coverage: float
    dispatch_precision: float
    confusion: dict[str, dict[str, int]]


def evaluate(
    truths: Sequence[Truth], decisions: Sequence[RoutingDecision], threshold: float = DISPATCH_THRESHOLD
) -> Evaluation:
    """Return the figures of `decisions` against `truths`, pair by pair; raise ValueError on unequal lengths."""
    pairs = list(zip(truths, decisions, strict=True))
    right = [truth.accepts(decision.winner) for truth, decision in pairs]
    third = [any(truth.accepts(one) for one in decision.ranked[:3]) for truth, decision in pairs]
    sure = [ok for ok, (_, decision) in zip(right, pairs, strict=True) if decision.confidence >= threshold]
    table = _confusion(pairs)
    return Evaluation(
        n=len(pairs),
        coverage=_mean([bool(decision.candidates) for _, decision in pairs]),
        accuracy_at_1=_mean(right),
        accuracy_at_3=_mean(third),
        macro_f1=_macro_f1(table),
        ece=calibration_error([decision.confidence for _, decision in pairs], right),
        dispatch_threshold=threshold,
        dispatch_coverage=len(sure) / (len(pairs) or 1),
        dispatch_precision=_mean(sure),
        confusion=table,
    )


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Return the expected calibration error: mean gap of confidence and success, in ten even bins."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for value, ok in zip(confidences, right, strict=True):
        bins.setdefault(min(BINS - 1, int(value * BINS)), []).append((value, ok))
    gaps = (abs(sum(value for value, _ in one) - sum(ok for _, ok in one)) for one in bins.values())
    return sum(gaps) / (len(confidences) or 1)


def _confusion(pairs: Sequence[tuple[Truth, RoutingDecision]]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for truth, decision in pairs:
        actual = decision.winner if truth.accepts(decision.winner) else truth.department
        row = table.setdefault(actual, {})
        row[decision.winner] = row.get(decision.winner, 0) + 1
    return {actual: dict(sorted(row.items(), key=lambda one: -one[1])) for actual, row in sorted(table.items())}


def _macro_f1(table: dict[str, dict[str, int]]) -> float:
    scores = []
    for actual, row in table.items():
        hits = row.get(actual, 0)
        decided = sum(other.get(actual, 0) for other in table.values())
        scores.append(2 * hits / (sum(row.values()) + decided))
    return sum(scores) / (len(scores) or 1)


def _mean(values: Sequence[bool]) -> float:
    return sum(values) / (len(values) or 1)
