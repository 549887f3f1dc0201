"""The desk's own rules in their order: conditions, a target, and whether to stop there.

They are read after the phrases of duty. A rule that stops decides; one that continues speaks for its target.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.routing.decision import Candidate, Evidence, RoutingDecision
from opinion_service.domain.routing.phrases import SHORTEST, even

WEIGHT = 8.0  # what a rule that continues adds: as much as a strong phrase of duty in the title
SURE = 0.95  # a rule that two persons put in force decides; below 1, for rules err as well
LONGEST_BODY = 4000


class Then(StrEnum):
    """What follows when a rule matches."""

    STOP = "stop"
    CONTINUE = "continue"


class Field(StrEnum):
    """Where the words of a rule are looked for."""

    EITHER = "either"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class OrderedRule:
    """One rule: one of `any`, each of `all`, none of `none`, and one of `areas`; empty conditions hold always."""

    id: str
    name: str
    target: str
    then: Then = Then.STOP
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    field: Field = Field.EITHER
    is_on: bool = True
    ruling_id: int = 0

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "OrderedRule":
        """Return the rule in `record`; raise KeyError or ValueError when a part is missing or unknown."""
        return cls(
            id=str(record["id"]),
            name=str(record["name"]),
            target=str(record["target"]),
            then=Then(record.get("then", "stop")),
            any=tuple(map(str, record.get("any", ()))),
            all=tuple(map(str, record.get("all", ()))),
            none=tuple(map(str, record.get("none", ()))),
            areas=tuple(map(str, record.get("areas", ()))),
            field=Field(record.get("field", "either")),
            is_on=bool(record.get("is_on", True)),
            ruling_id=int(record.get("ruling_id", 0)),
        )

    def as_record(self) -> dict[str, Any]:
        """Return the rule as plain JSON."""
        return {
            "id": self.id, "name": self.name, "target": self.target, "then": self.then.value, "any": list(self.any),
            "all": list(self.all), "none": list(self.none), "areas": list(self.areas), "field": self.field.value,
            "is_on": self.is_on, "ruling_id": self.ruling_id,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class PathStep:
    """What a rule did with a text: the words that were found, or the condition that failed."""

    rule_id: str
    name: str
    target: str
    then: str
    is_match: bool
    words: tuple[str, ...] = ()
    failed: str = ""

    def as_record(self) -> dict[str, Any]:
        """Return the step as plain JSON."""
        return {"rule": self.rule_id, "match": self.is_match, "words": list(self.words), "then": self.then}


@dataclass(frozen=True, slots=True)
class Settled:
    """The decision after the desk's rules, and the way through them as far as it went."""

    decision: RoutingDecision
    path: tuple[PathStep, ...] = ()

    @property
    def is_stopped(self) -> bool:
        """Return whether a rule that stops has decided."""
        return bool(self.path) and self.path[-1].is_match and self.path[-1].then == Then.STOP.value

    def as_record(self) -> dict[str, Any]:
        """Return the decision with its path as plain JSON; only rules that matched are kept."""
        return {**self.decision.as_record(), "path": [one.as_record() for one in self.path if one.is_match]}


def rules_in(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids of the rules that counted in a stored decision: on its path, or behind the winner's evidence."""
    found = [str(step["rule"]) for step in record.get("path", ()) if step.get("match")]
    for candidate in record.get("candidates", ()):
        if candidate["department"] == record.get("winner"):
            found += [str(rule) for _word, _field, _weight, rule in candidate["evidence"]]
    return tuple(dict.fromkeys(found))


def read_ordered(record: Mapping[str, Any]) -> tuple[OrderedRule, ...]:
    """Return the ordered rules of a rule record; raise InvalidInput when one cannot be read."""
    try:
        return tuple(OrderedRule.from_record(one) for one in record.get("ordered", ()))
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise InvalidInput(f"顺序规则无法读取：{problem}") from problem


class OrderedRules:
    """Ordered rules made ready: which words are in a text is found in one pass, however many rules there are."""

    def __init__(self, rules: Iterable[OrderedRule] = ()) -> None:
        """rules: in their order; those switched off are passed over."""
        self.rules = tuple(one for one in rules if one.is_on)
        self._starts: dict[str, set[str]] = {}
        for rule in self.rules:
            for word in (*rule.any, *rule.all, *rule.none):
                plain = even(word)
                if len(plain) >= SHORTEST:
                    self._starts.setdefault(plain[:SHORTEST], set()).add(plain)

    def settle(
        self, decision: RoutingDecision, title: str, body: str = "", names: Mapping[str, str] | None = None
    ) -> Settled:
        """Return `decision` as the desk's rules leave it, with the path through them; `names` by department code."""
        if not self.rules:
            return Settled(decision)
        in_title, in_body = self._present(even(title)), self._present(even(body[:LONGEST_BODY]))
        path: list[PathStep] = []
        for rule in self.rules:
            found = in_title if rule.field is Field.TITLE else in_title | in_body
            step = _step(rule, found, decision.territory)
            path.append(step)
            if step.is_match:
                decision = _speak(decision, rule, step.words, in_title)
                decision = _told(rule, decision, (names or {}).get(rule.target, rule.target))
                if rule.then is Then.STOP:
                    break
        return Settled(decision, tuple(path))

    def _present(self, text: str) -> frozenset[str]:
        found: set[str] = set()
        for at in range(len(text) - SHORTEST + 1):
            for word in self._starts.get(text[at : at + SHORTEST], ()):
                if text.startswith(word, at):
                    found.add(word)
        return frozenset(found)


def _step(rule: OrderedRule, found: frozenset[str], territory: str) -> PathStep:
    hits = tuple(word for word in dict.fromkeys((*rule.any, *rule.all)) if even(word) in found)
    failed = _failed(rule, found, territory)
    return PathStep(rule.id, rule.name, rule.target, rule.then.value, not failed, hits, failed)


def _failed(rule: OrderedRule, found: frozenset[str], territory: str) -> str:
    """Return the condition that does not hold (any, all, none, areas), or empty."""
    if rule.any and not any(even(word) in found for word in rule.any):
        return "any"
    if not all(even(word) in found for word in rule.all):
        return "all"
    if any(even(word) in found for word in rule.none):
        return "none"
    return "areas" if rule.areas and territory not in rule.areas else ""


def _speak(
    decision: RoutingDecision, rule: OrderedRule, words: tuple[str, ...], in_title: frozenset[str]
) -> RoutingDecision:
    """Return the decision with the rule's evidence for its target; a rule that stops makes the target win."""
    others = [one for one in decision.candidates if one.department != rule.target]
    own = next((one for one in decision.candidates if one.department == rule.target), Candidate(rule.target, 0.0, ()))
    lead = max((one.score for one in others), default=0.0)
    weight = WEIGHT if rule.then is Then.CONTINUE else max(WEIGHT, lead - own.score + 1)
    word = words[0] if words else rule.name
    evidence = Evidence(word, "title" if even(word) in in_title else "body", round(weight, 3), rule.id)
    target = Candidate(rule.target, round(own.score + weight, 3), (evidence, *own.evidence))
    ranked = tuple(sorted((target, *others), key=lambda one: (-one.score, one.department)))
    shared = tuple(code for code in decision.co_departments if code != rule.target)
    if rule.then is Then.STOP:
        return replace(
            decision, winner=rule.target, confidence=SURE, candidates=ranked, is_split_duty=False, split_reason="",
            co_departments=shared, notes=(),
        )  # fmt: skip
    if ranked[0].department == decision.winner:
        return replace(decision, candidates=ranked)
    # The first choice changed on a rule that only supports it: a person should look, so the old chance is not kept.
    return replace(
        decision, winner=ranked[0].department, candidates=ranked, confidence=min(decision.confidence, 0.5),
        co_departments=shared, notes=(),
    )  # fmt: skip


def _told(rule: OrderedRule, decision: RoutingDecision, name: str) -> RoutingDecision:
    """Return the decision with the reasons that a rule which matched puts in place of those of the words."""
    if rule.then is Then.STOP:
        return replace(
            decision, winner_reason=f"推荐{name}：顺序规则“{rule.name}”指定由其承办。",
            runner_up_reason="顺序规则已经指定承办单位，其余单位不再比较。",
        )  # fmt: skip
    if decision.winner != rule.target:
        return decision
    return replace(decision, winner_reason=f"推荐{name}：顺序规则“{rule.name}”支持由其承办。", runner_up_reason="")
