"""Which department answers: phrases of duty, longest match first, with the words that counted.

The decision is a plain value that can be stored and replayed. Sentiment never routes.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TITLE_WEIGHT = 2.0
MOST_HITS_PER_PHRASE = 2
MOST_CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase that points at a department with a weight; `rule` names the line it comes from."""

    department: str
    weight: float
    rule: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Phrases by text, hot topics by word, places by name; `default` answers what nothing matches."""

    version: str
    phrases: Mapping[str, tuple[Phrase, ...]]
    topics: Mapping[str, str]
    topic_of_department: Mapping[str, str]
    places: Mapping[str, str]
    default: str
    longest: int

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "RuleSet":
        """Return the rule set written in `record` (see data/routing.json)."""
        phrases: dict[str, list[Phrase]] = {}
        for department, rules in record["departments"].items():
            for rule_id, rule in enumerate(rules, 1):
                for word in rule["words"]:
                    phrase = Phrase(department, float(rule["weight"]), f"{department}-{rule_id}")
                    phrases.setdefault(_even(word), []).append(phrase)
        topics = {_even(word): topic for topic, words in record["topics"].items() for word in words}
        places = {_even(name): area for area, names in record["places"].items() for name in names}
        longest = max(map(len, (*phrases, *topics, *places)), default=1)
        return cls(
            str(record["version"]),
            {word: tuple(found) for word, found in phrases.items()},
            topics,
            record["topic_of_department"],
            places,
            str(record["default"]),
            longest,
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """One matched phrase: the word, where it stood, and what it added."""

    word: str
    field: str
    weight: float
    rule: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A department with its score and the words behind it, strongest first."""

    department: str
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """Who should answer, how sure (0-1), who else came near, and why."""

    winner: str
    confidence: float
    hot_topic: str
    territory: str
    candidates: tuple[Candidate, ...]
    rule_set_version: str

    def as_record(self) -> dict[str, Any]:
        """Return the decision as plain JSON, complete enough to be replayed."""
        return {
            "winner": self.winner,
            "confidence": self.confidence,
            "hot_topic": self.hot_topic,
            "territory": self.territory,
            "rule_set_version": self.rule_set_version,
            "candidates": [
                {
                    "department": candidate.department,
                    "score": candidate.score,
                    "evidence": [[e.word, e.field, e.weight, e.rule] for e in candidate.evidence],
                }
                for candidate in self.candidates
            ],
        }


def decide(rules: RuleSet, title: str, body: str = "") -> RoutingDecision:
    """Return the decision for a text; the same text and rules always give the same decision."""
    found: dict[str, list[Evidence]] = {}
    topics: dict[str, float] = {}
    territory = ""
    for field, text, factor in (("title", title, TITLE_WEIGHT), ("body", body, 1.0)):
        for word in _matches(rules, _even(text)):
            for phrase in rules.phrases.get(word, ()):
                evidence = Evidence(word, field, factor * phrase.weight, phrase.rule)
                found.setdefault(phrase.department, []).append(evidence)
            if word in rules.topics:
                topics[rules.topics[word]] = topics.get(rules.topics[word], 0.0) + factor * len(word)
            territory = territory or rules.places.get(word, "")
    candidates = _candidates(found)
    winner = candidates[0].department if candidates else rules.default
    topic = max(topics, key=lambda name: topics[name]) if topics else ""
    topic = topic or rules.topic_of_department.get(winner, "其他")
    return RoutingDecision(
        winner, _confidence(candidates), topic, territory, candidates[:MOST_CANDIDATES], rules.version
    )


def _matches(rules: RuleSet, text: str) -> list[str]:
    """Return the matched words; a longer match hides the shorter ones inside it."""
    found: list[str] = []
    seen: dict[str, int] = {}
    at = 0
    while at < len(text):
        for size in range(min(rules.longest, len(text) - at), 1, -1):
            word = text[at : at + size]
            if word in rules.phrases or word in rules.topics or word in rules.places:
                seen[word] = seen.get(word, 0) + 1
                if seen[word] <= MOST_HITS_PER_PHRASE:
                    found.append(word)
                at += size - 1
                break
        at += 1
    return found


def _candidates(found: Mapping[str, Sequence[Evidence]]) -> tuple[Candidate, ...]:
    scored = [
        Candidate(
            department,
            round(sum(e.weight for e in evidence), 3),
            tuple(sorted(evidence, key=lambda e: (-e.weight, e.word))[:8]),
        )
        for department, evidence in found.items()
    ]
    return tuple(sorted(scored, key=lambda c: (-c.score, c.department)))


def _confidence(candidates: Sequence[Candidate]) -> float:
    """Return the share of the winner's lead and the amount of evidence, 0-1."""
    if not candidates:
        return 0.0
    best = candidates[0].score
    second = candidates[1].score if len(candidates) > 1 else 0.0
    lead = (best - second) / best
    amount = best / (best + 4.0)
    return round(min(0.99, 0.25 + 0.35 * lead + 0.45 * amount), 3) if best else 0.0


def _even(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()
