"""Which department answers: phrases of duty, longest match first, with the words that counted.

The same text and rules always give the same decision. Sentiment never routes.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from opinion_service.domain.routing import reasons
from opinion_service.domain.routing.decision import OTHER_TOPIC, Candidate, Evidence, RoutingDecision
from opinion_service.domain.routing.phrases import even
from opinion_service.domain.routing.rules import RuleSet, SplitDuty
from opinion_service.domain.routing.weighing import LONGEST_BODY, weigh

MOST_EVIDENCE = 8
CLOSE_CALL = 0.85  # runner-up's part of the winner's score from which the matter counts as shared
EVIDENCE_FOR_CLOSE_CALL = 6.0
TOPIC_OF_WINNER = 3.0  # as much as one topic word of three characters in the body


@dataclass(frozen=True, slots=True)
class Router:
    """Routes texts by one rule set."""

    rules: RuleSet

    def decide(self, title: str, body: str = "", as_of: date | None = None) -> RoutingDecision:
        """Return the decision for a text: candidates with evidence, winner, confidence, topic, territory.

        as_of: the day whose division of duties counts (机构改革); the present one when it is left out.
        """
        rules = self.rules
        weighed = weigh(rules, title, body, as_of)
        candidates, words = _candidates(rules, weighed.evidence), weighed.words
        fields = (("title", even(title)), ("body", even(body[:LONGEST_BODY])))
        winner = candidates[0].department if candidates else rules.default
        is_split, why, co_departments = self._split(candidates, words)
        where = rules.gazetteer.locate(title, body)
        return RoutingDecision(
            winner=winner,
            confidence=confidence(rules, candidates),
            hot_topic=self._topic(fields, winner),
            territory=where.area,
            candidates=candidates,
            rule_set_version=rules.version,
            is_split_duty=is_split,
            split_reason=why,
            runner_up_reason=reasons.runner_up_reason(rules, candidates),
            co_departments=co_departments,
            winner_reason=reasons.winner_reason(rules, candidates),
            notes=reasons.notes(rules, candidates, as_of),
            territory_words=where.words,
            territory_doubt=where.doubt,
            territory_others=where.others,
        )

    def _topic(self, fields: Iterable[tuple[str, str]], winner: str) -> str:
        own = self.rules.topic_of_department.get(winner, "")
        scores: dict[str, float] = {own: TOPIC_OF_WINNER} if own else {}
        for name, text in fields:
            factor = self.rules.title_weight if name == "title" else 1.0
            for word in _counted(hit.word for hit in self.rules.topic_index.find(text)):
                topic = self.rules.topics.get(word)
                if topic:
                    scores[topic] = scores.get(topic, 0.0) + factor * len(word)
        return max(sorted(scores), key=lambda one: scores[one]) if scores else OTHER_TOPIC

    def _split(self, candidates: Sequence[Candidate], words: frozenset[str]) -> tuple[bool, str, tuple[str, ...]]:
        """Return whether the duty is shared, why, and with whom: by a written rule, or because two come out alike."""
        near = {one.department for one in candidates[:3]}
        winner = candidates[0].department if candidates else ""
        for split in self.rules.split_duties:
            if winner in split.departments and _applies(split, near, words):
                return (
                    True,
                    split.why,
                    tuple(one.department for one in candidates[1:3] if one.department in split.departments),
                )
        if len(candidates) < 2 or candidates[0].score < EVIDENCE_FOR_CLOSE_CALL:
            return False, "", ()
        first, second = candidates[:2]
        if second.score < CLOSE_CALL * first.score:
            return False, "", ()
        names = f"{self.rules.name(first.department)}与{self.rules.name(second.department)}"
        return True, f"{names}的依据相当，宜先商定牵头单位。", (second.department,)


def decide(rules: RuleSet, title: str, body: str = "", as_of: date | None = None) -> RoutingDecision:
    """Return the decision for a text by `rules`, as of a day or of the present."""
    return Router(rules).decide(title, body, as_of)


def confidence(rules: RuleSet, candidates: Sequence[Candidate]) -> float:
    """Return the chance (0-1) that the first candidate is the right one, by the rule set's calibration."""
    if not candidates:
        return 0.0
    best, second, third, in_title, words = picture(candidates)
    by = rules.calibration
    raised = by.constant + by.best * best + by.second * second + by.third * third
    raised += by.in_title * in_title + by.words * words
    return round(1.0 / (1.0 + math.exp(-raised)), 4)


def picture(candidates: Sequence[Candidate]) -> tuple[float, float, float, float, float]:
    """Return what confidence rests on: the logarithms of the three best scores, title or not, different words."""
    scores = [math.log1p(one.score) for one in candidates[:3]] + [0.0, 0.0]
    evidence = [one for one in candidates[0].evidence if one.weight > 0]
    in_title = float(any(one.field == "title" for one in evidence))
    return scores[0], scores[1], scores[2], in_title, float(len({one.word for one in evidence}))


def _counted(words: Iterable[str]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for word in words:
        counted[word] = counted.get(word, 0) + 1
    return counted


def _candidates(rules: RuleSet, found: Mapping[str, Sequence[Evidence]]) -> tuple[Candidate, ...]:
    scored = (
        Candidate(
            department,
            round(sum(one.weight for one in evidence), 3),
            tuple(sorted(evidence, key=lambda one: (-abs(one.weight), one.word, one.field))[:MOST_EVIDENCE]),
            reasons.duty_of(rules, evidence),
        )
        for department, evidence in found.items()
    )
    kept = (one for one in scored if one.score > 0)
    return tuple(sorted(kept, key=lambda one: (-one.score, one.department)))


def _applies(split: SplitDuty, near: set[str], words: frozenset[str]) -> bool:
    return bool(split.words & words) and len(split.departments & near) > 1
