"""A routing decision as a plain value: it can be stored, read back and compared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

OTHER_TOPIC = "其他"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One matched phrase: the word, the field it stood in (title, body), what it added, and its rule."""

    word: str
    field: str
    weight: float
    rule: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A department (its code) with its score and the words behind it, strongest first."""

    department: str
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """Who should answer, how sure (0-1, the chance of being right), who else came near, and why.

    `model_version` is empty when the rules decided alone; `co_departments` (codes) share the duty with the winner.
    """

    winner: str
    confidence: float
    hot_topic: str
    territory: str
    candidates: tuple[Candidate, ...]
    rule_set_version: str
    is_split_duty: bool = False
    split_reason: str = ""
    runner_up_reason: str = ""
    model_version: str = ""
    co_departments: tuple[str, ...] = ()

    @property
    def ranked(self) -> tuple[str, ...]:
        """Return the department codes, best first; at least the winner."""
        return tuple(one.department for one in self.candidates) or (self.winner,)

    def as_record(self) -> dict[str, Any]:
        """Return the decision as plain JSON, complete enough to be replayed."""
        return {
            "winner": self.winner,
            "confidence": self.confidence,
            "hot_topic": self.hot_topic,
            "territory": self.territory,
            "rule_set_version": self.rule_set_version,
            "model_version": self.model_version,
            "co_departments": list(self.co_departments),
            "is_split_duty": self.is_split_duty,
            "split_reason": self.split_reason,
            "runner_up_reason": self.runner_up_reason,
            "candidates": [
                {
                    "department": one.department,
                    "score": one.score,
                    "evidence": [[e.word, e.field, e.weight, e.rule] for e in one.evidence],
                }
                for one in self.candidates
            ],
        }


# What a trained model makes of the rules' decision about a title and a body.
Rerank = Callable[[RoutingDecision, str, str], RoutingDecision]


def decision_from_record(record: Mapping[str, Any]) -> RoutingDecision:
    """Return the decision stored by `as_record`; earlier records lack the later fields."""
    return RoutingDecision(
        winner=str(record["winner"]),
        confidence=float(record["confidence"]),
        hot_topic=str(record["hot_topic"]),
        territory=str(record["territory"]),
        candidates=tuple(_candidate(one) for one in record["candidates"]),
        rule_set_version=str(record["rule_set_version"]),
        is_split_duty=bool(record.get("is_split_duty", False)),
        split_reason=str(record.get("split_reason", "")),
        runner_up_reason=str(record.get("runner_up_reason", "")),
        model_version=str(record.get("model_version", "")),
        co_departments=tuple(map(str, record.get("co_departments", ()))),
    )


def _candidate(record: Mapping[str, Any]) -> Candidate:
    evidence = tuple(Evidence(str(w), str(f), float(n), str(r)) for w, f, n, r in record["evidence"])
    return Candidate(str(record["department"]), float(record["score"]), evidence)
