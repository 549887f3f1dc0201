"""What the words of a text say for each department: by field, by place, by date, by whom the letter greets."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from opinion_service.domain.routing.decision import Evidence
from opinion_service.domain.routing.phrases import Hit, even
from opinion_service.domain.routing.rules import Phrase, RuleSet

LONGEST_BODY = 4000  # characters; what a letter is about stands before that
REPEAT_SHARE = 0.4  # a word said twice in a field weighs a little more, said ten times no more than twice
OPENING = 100  # characters in which a letter says what it wants
OPENING_SHARE = 1.5  # how much more a word weighs there than further down
GREETED_WITHIN = 20  # characters before which a greeting names whom the letter is addressed to
ADDRESSEE_WEIGHT = 12.0  # nine of ten letters that greet a department belong to it
_GREETING = re.compile(
    r"的?(各位|全体)?(尊敬的)?(领导|局长|主任|书记|队长|支队长|大队长|负责人|同志|工作人员|老师|您好|你好|[:：，,!！、])"
)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Evidence by department (code), and the different words that were found."""

    evidence: Mapping[str, Sequence[Evidence]]
    words: frozenset[str]


def weigh(rules: RuleSet, title: str, body: str, as_of: date | None) -> Weighed:
    """Return what the words of a title and a body say under `rules`.

    as_of: the day whose duties count; None leaves out every rule that has ended.
    """
    texts = (("title", even(title)), ("body", even(body[:LONGEST_BODY])))
    hits = {field: rules.index.find(text) for field, text in texts}
    words = frozenset(hit.word for found in hits.values() for hit in found)
    evidence: dict[str, list[Evidence]] = {}
    for field, text in texts:
        for word, factor in _factors(rules, field, hits[field]):
            for phrase in _that_count(rules.phrases.get(word, ()), words, as_of):
                one = Evidence(word, field, round(factor * phrase.weight, 3), phrase.rule)
                evidence.setdefault(phrase.department, []).append(one)
        for phrase, word in _greeted(rules, text, hits[field]):
            one = Evidence(word, "addressee", ADDRESSEE_WEIGHT, phrase.rule)
            evidence.setdefault(phrase.department, []).append(one)
    return Weighed(evidence, words)


def _factors(rules: RuleSet, field: str, hits: Iterable[Hit]) -> Iterator[tuple[str, float]]:
    """Yield each word once, with what its field, its first place and its repetition make of its weight."""
    counts: dict[str, int] = {}
    first: dict[str, int] = {}
    for hit in hits:
        counts[hit.word] = counts.get(hit.word, 0) + 1
        first.setdefault(hit.word, hit.at)
    for word, times in counts.items():
        in_place = rules.title_weight if field == "title" else OPENING_SHARE if first[word] < OPENING else 1.0
        yield word, in_place * (1.0 + (REPEAT_SHARE if times > 1 else 0.0))


def _greeted(rules: RuleSet, text: str, hits: Iterable[Hit]) -> Iterator[tuple[Phrase, str]]:
    """Yield the department that a letter greets at its beginning (教育局领导你好), at most one."""
    for hit in hits:
        if hit.at > GREETED_WITHIN:
            return
        names = [phrase for phrase in rules.phrases.get(hit.word, ()) if phrase.is_name]
        if names and _GREETING.match(text, hit.at + len(hit.word)):
            yield names[0], hit.word
            return


def _that_count(phrases: Sequence[Phrase], words: frozenset[str], as_of: date | None) -> list[Phrase]:
    """Return each department's heaviest phrase for one word, of those in force whose company is there.

    People go on using a name that has ended: it speaks for whoever bore it, unless another bears it on the day.
    """
    heaviest: dict[str, Phrase] = {}
    is_borne = any(phrase.is_name and phrase.holds(as_of) for phrase in phrases)
    for phrase in phrases:
        counts = phrase.holds(as_of) or (phrase.is_name and not is_borne)
        if not counts or (phrase.company and not phrase.company & words):
            continue
        known = heaviest.get(phrase.department)
        if known is None or abs(phrase.weight) > abs(known.weight):
            heaviest[phrase.department] = phrase
    return list(heaviest.values())
