"""The rules of routing as pure data: phrases of duty, hot topics, places, and how sure a score makes us."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.routing.dated import DatedName, day_of
from opinion_service.domain.routing.ordered import OrderedRules, read_ordered
from opinion_service.domain.routing.phrases import PhraseIndex, even
from opinion_service.domain.routing.territory import Gazetteer

NAME_WEIGHT = 4.0
DEFAULT_TITLE_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase that speaks for a department (or, with a negative weight, against it).

    `company` are phrases of which one has to stand in the same text for this one to count; empty means
    that the phrase counts alone. A duty that moved in a reform counts from `since` to the day before `until`.
    """

    department: str
    weight: float
    rule: str
    company: frozenset[str] = frozenset()
    since: date | None = None
    until: date | None = None
    is_name: bool = False

    def holds(self, as_of: date | None) -> bool:
        """Return whether the phrase counts on the day; None asks for what has not ended."""
        if as_of is None:
            return self.until is None
        return (self.since is None or self.since <= as_of) and (self.until is None or as_of < self.until)

    def has_ended(self, as_of: date | None) -> bool:
        """Return whether the phrase counted once and no longer does on the day (None: the present)."""
        return self.until is not None and (as_of is None or self.until <= as_of)


@dataclass(frozen=True, slots=True)
class SplitDuty:
    """A matter that departments share by law, with the words that call it up and the rule that separates them."""

    departments: frozenset[str]
    words: frozenset[str]
    why: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """Coefficients of the logistic curve that turns the picture of the scores into a chance of being right.

    best, second, third: of the logarithm of those candidates' scores; in_title: the winner has evidence in the
    title; words: the number of different words that speak for the winner.
    """

    constant: float = -1.025
    best: float = 1.039
    second: float = -0.78
    third: float = -0.233
    in_title: float = 0.23
    words: float = 0.123

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Calibration":
        """Return the coefficients in `record`; what it lacks keeps its default."""
        names = ("constant", "best", "second", "third", "in_title", "words")
        return cls(**{name: float(record[name]) for name in names if name in record})


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All that routing knows. `default` answers what nothing matches; `names` are the departments' names.

    `duties` are the texts of the duties by their id; a rule `zjj-2.1` rests on duty `zjj-2`.
    """

    version: str
    default: str
    phrases: Mapping[str, tuple[Phrase, ...]]
    index: PhraseIndex
    topics: Mapping[str, str]
    topic_index: PhraseIndex
    topic_of_department: Mapping[str, str]
    gazetteer: Gazetteer
    split_duties: tuple[SplitDuty, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    title_weight: float = DEFAULT_TITLE_WEIGHT
    calibration: Calibration = Calibration()
    ordered: OrderedRules = field(default_factory=OrderedRules)
    duties: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "RuleSet":
        """Return the rule set written in `record`; raise InvalidInput when a part cannot be read.

        The parts are described in `data/routing/README.md`; only `version`, `default` and `departments`
        have to be there.
        """
        try:
            return _read(record)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise InvalidInput(f"交办规则无法读取：{problem}") from problem

    def name(self, department: str) -> str:
        """Return the department's name, or its code when the rules do not name it."""
        return self.names.get(department, department)


def _read(record: Mapping[str, Any]) -> RuleSet:
    variants = {even(word): tuple(map(even, same)) for word, same in record.get("synonyms", {}).items()}
    phrases = _phrases(record, variants)
    topics = {
        form: topic
        for topic, words in record.get("topics", {}).items()
        for word in words
        for form in _forms(word, variants)
    }
    splits = tuple(_split(one) for one in record.get("split_duties", ()))
    watched = {word for found in phrases.values() for phrase in found for word in phrase.company}
    watched |= {word for one in splits for word in one.words}
    return RuleSet(
        version=str(record["version"]),
        default=str(record["default"]),
        phrases=phrases,
        index=PhraseIndex.of((*phrases, *watched)),
        topics=topics,
        topic_index=PhraseIndex.of((*topics, *map(even, record.get("not_topics", ())))),
        topic_of_department=dict(record.get("topic_of_department", {})),
        gazetteer=Gazetteer.from_record(record.get("places", {}), record.get("not_places", ())),
        split_duties=splits,
        names=dict(record.get("names", {})),
        title_weight=float(record.get("title_weight", DEFAULT_TITLE_WEIGHT)),
        calibration=Calibration.from_record(record.get("calibration", {})),
        ordered=OrderedRules(read_ordered(record)),
        duties={str(one["id"]): str(one["text"]) for listed in record.get("duties", {}).values() for one in listed},
    )


def _phrases(record: Mapping[str, Any], variants: Mapping[str, Sequence[str]]) -> dict[str, tuple[Phrase, ...]]:
    found: dict[str, list[Phrase]] = {}
    for department, rules in record["departments"].items():
        for number, rule in enumerate(rules, 1):
            phrase = Phrase(
                department=department,
                weight=float(rule["weight"]),
                rule=str(rule.get("id") or f"{department}-{number}"),
                company=_all_forms(rule.get("with", ()), variants),
                since=day_of(rule.get("since")),
                until=day_of(rule.get("until")),
            )
            for word in _all_forms(rule["words"], variants):
                found.setdefault(word, []).append(phrase)
    for department, aliases in record.get("aliases", {}).items():
        for name in map(DatedName.of, aliases):
            phrase = Phrase(
                department, NAME_WEIGHT, f"{department}-name", since=name.since, until=name.until, is_name=True
            )
            found.setdefault(even(name.name), []).append(phrase)
    return {word: tuple(dict.fromkeys(those)) for word, those in found.items()}


def _split(record: Mapping[str, Any]) -> SplitDuty:
    return SplitDuty(frozenset(record["departments"]), _all_forms(record["words"], {}), str(record["why"]))


def _all_forms(words: Iterable[str], variants: Mapping[str, Sequence[str]]) -> frozenset[str]:
    return frozenset(form for word in words for form in _forms(word, variants))


def _forms(word: str, variants: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    plain = even(word)
    return (plain, *variants.get(plain, ()))
