"""A routing decision as a plain value: it can be stored, read back and compared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

OTHER_TOPIC = "其他"
BY_MODEL = "model"  # the field of evidence that the trained model adds
_LISTS = ("notes", "territory_words", "territory_doubt", "territory_others")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One matched phrase: the word, the field it stood in (title, body), what it added, and its rule."""

    word: str
    field: str
    weight: float
    rule: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A department (its code) with its score, the words behind it, strongest first, and the duty most rest on."""

    department: str
    score: float
    evidence: tuple[Evidence, ...]
    duty: str = ""


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """Who should answer, how sure (0-1, the chance of being right), who else came near, and why.

    `model_version` is empty when the rules decided alone; `co_departments` (codes) share the duty with the winner.
    `winner_reason`, `runner_up_reason`, `split_reason` and `notes` (names and duties that changed) are sentences for
    whoever decides. `territory` rests on `territory_words`; `territory_doubt` are areas that have a place of the same
    name, `territory_others` areas that the text names besides.
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
    winner_reason: str = ""
    notes: tuple[str, ...] = ()
    territory_words: tuple[str, ...] = ()
    territory_doubt: tuple[str, ...] = ()
    territory_others: tuple[str, ...] = ()

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
            "winner_reason": self.winner_reason,
            **{name: list(getattr(self, name)) for name in _LISTS},
            "candidates": [
                {
                    "department": one.department,
                    "score": one.score,
                    "duty": one.duty,
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
        winner_reason=str(record.get("winner_reason", "")),
        **{name: tuple(map(str, record.get(name, ()))) for name in _LISTS},
    )


def duty_words(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words of duty in a stored decision, each once; what the trained model heard is none."""
    found = (e for one in record.get("candidates", ()) for e in one["evidence"] if e[1] != BY_MODEL)
    return tuple(dict.fromkeys(str(e[0]) for e in found))


def _candidate(record: Mapping[str, Any]) -> Candidate:
    evidence = tuple(Evidence(str(w), str(f), float(n), str(r)) for w, f, n, r in record["evidence"])
    return Candidate(str(record["department"]), float(record["score"]), evidence, str(record.get("duty", "")))
