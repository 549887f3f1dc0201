"""A text tried on the rules of the kinds: what it would be, what each kind came to, and where the phrases stand."""

from collections.abc import Mapping
from dataclasses import dataclass

from opinion_service.domain.reading.nature import Match, Nature, NatureRules, explain, nature, weigh


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of the text; `kinds` are those whose phrases cover it, none where nothing was matched."""

    text: str
    kinds: tuple[Nature, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """What the rules make of a text."""

    kind: Nature
    sums: Mapping[Nature, float]
    matches: tuple[Match, ...]
    title: tuple[Stretch, ...]
    body: tuple[Stretch, ...]


def attempt(title: str, body: str, rules: NatureRules) -> Trial:
    """Return the kind of a text by the rules, with the sum of each kind and the matched phrases in their places."""
    return Trial(
        nature(title, body, rules), weigh(title, body, rules), explain(title, body, rules),
        stretches(title, rules), stretches(body, rules),
    )  # fmt: skip


def stretches(text: str, rules: NatureRules) -> tuple[Stretch, ...]:
    """Return the whole text cut where phrases begin and end."""
    covering: list[set[Nature]] = [set() for _ in text]
    for kind, listed in rules.kinds.items():
        for rule in listed:
            for match in rule.pattern.finditer(text):
                for at in range(*match.span()):
                    covering[at].add(kind)
    found: list[Stretch] = []
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or covering[at] != covering[start]:
            found.append(Stretch(text[start:at], tuple(sorted(covering[start]))))
            start = at
    return tuple(found)
