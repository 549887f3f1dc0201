"""What kind of message a text is - 咨询 求助 投诉 举报 建议 表扬 - by plain rules of how people write letters.

The kinds are those of the hotline rules (domain rules 4.3). Each rule is a turn of phrase with a weight; what stands
in the title counts twice, in the body at most twice. The highest sum wins, and a text without any of it is plain
news. The rules are data (`domain.reading.nature_rules`): a desk may write its own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reading.nature_rules import SHIPPED


class Nature(StrEnum):
    """What the writer wants. Source: domain rules 4.3."""

    INQUIRY = "inquiry"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    ADVICE = "advice"
    PRAISE = "praise"
    NEWS = "news"

    @property
    def label(self) -> str:
        """Return the nature's name in Chinese."""
        return _LABELS[self]


_LABELS = {
    Nature.INQUIRY: "咨询",
    Nature.HELP: "求助",
    Nature.COMPLAINT: "投诉",
    Nature.REPORT: "举报",
    Nature.ADVICE: "建议",
    Nature.PRAISE: "表扬",
    Nature.NEWS: "报道",
}
GRIEVANCES = (Nature.COMPLAINT, Nature.REPORT)
# The order settles equal sums: the earlier kind is meant.
KINDS = (Nature.INQUIRY, Nature.HELP, Nature.COMPLAINT, Nature.REPORT, Nature.ADVICE, Nature.PRAISE)
_FIRST_SENTENCE = re.compile("[^。！!？?\\n]{1,60}[。！!？?\\n]?")
MOST_RULES, LONGEST_RULE, WIDEST_GAP = 200, 600, 40
# In how many ways one rule, and all rules together, may be tried at one place of a text: `re` tries them all. The
# shipped rules come to 6,048 and 7,698.
MOST_WAYS, MOST_WAYS_OF_ALL = 8_000, 20_000
_PART = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]"  # an escaped character, a class
    r"|\(\?.|\{(?:\d+,?\d*|,\d*)\}|.",  # the beginning of a group, a width, anything else
    re.DOTALL,
)
_GROUPS = ("(", "(?:", "(?!", "(?=")
_WEIGHTS = (0.5, 20.0)


@dataclass(frozen=True, slots=True)
class Rule:
    """A weight and the pattern that earns it."""

    weight: float
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class NatureRules:
    """One version of the rules.

    A sum below `least` tells nothing; a grievance below `firm` is a call for help. Who asks a question names the
    trouble it is about, so a grievance must weigh more than the question by `question_lead`. Thanks count in a title
    only, for at the end of a body they are mere politeness; a word of `praise_is_over` in the title ends all praise.
    """

    version: str
    least: float
    firm: float
    question_lead: float
    thanks_in_title: re.Pattern[str]
    praise_is_over: re.Pattern[str]
    kinds: Mapping[Nature, tuple[Rule, ...]]

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "NatureRules":
        """Return the rules of a record (the form of `nature_rules.SHIPPED`); raise InvalidInput, naming the line."""
        kinds = {}
        for kind in KINDS:
            lines = list(record["kinds"].get(kind.value, ()))
            if len(lines) > MOST_RULES:
                raise InvalidInput(f"“{kind.label}”的规则不能超过 {MOST_RULES} 条。", kind.value)
            kinds[kind] = tuple(_rule(kind, number, line) for number, line in enumerate(lines, 1))
        if sum(_ways(_parts(rule.pattern.pattern)) for listed in kinds.values() for rule in listed) > MOST_WAYS_OF_ALL:
            raise InvalidInput("全部规则合起来写法太多；请减少“?”、间隔和连用的括号。")
        return cls(
            str(record["version"]),
            float(record["least"]),
            float(record["firm"]),
            float(record["question_lead"]),
            _pattern(str(record["thanks_in_title"]), "标题致谢"),
            _pattern(str(record["praise_is_over"]), "不算表扬"),
            kinds,
        )


@dataclass(frozen=True, slots=True)
class Match:
    """One rule that spoke: what it added to the sum of its kind, and the words it was found in."""

    kind: Nature
    weight: float
    words: str


@cache
def shipped() -> NatureRules:
    """Return the rules the product ships."""
    return NatureRules.from_record(SHIPPED)


def nature(title: str, body: str = "", rules: NatureRules | None = None) -> Nature:
    """Return what kind of message the text is; plain news when nothing is asked, wanted or claimed.

    Without a body the first sentence stands for the title.
    """
    chosen = rules or shipped()
    return _kind_of(weigh(title, body, chosen), chosen)


def weigh(title: str, body: str = "", rules: NatureRules | None = None) -> dict[Nature, float]:
    """Return the sum of each kind but news; of equal sums the earlier kind is meant."""
    chosen = rules or shipped()
    title, body = _parted(title, body)
    sums = {
        kind: sum(rule.weight * (2 * _count(rule.pattern, title) + _count(rule.pattern, body)) for rule in found)
        for kind, found in chosen.kinds.items()
    }
    if sums[Nature.INQUIRY] >= chosen.least:
        sums[Nature.INQUIRY] += chosen.question_lead
    if chosen.thanks_in_title.search(title):
        sums[Nature.PRAISE] += 6
    if chosen.praise_is_over.search(title):
        sums[Nature.PRAISE] = 0
    return sums


def explain(title: str, body: str = "", rules: NatureRules | None = None) -> tuple[Match, ...]:
    """Return the rules that spoke, the heaviest first."""
    chosen = rules or shipped()
    title, body = _parted(title, body)
    found = []
    for kind, listed in chosen.kinds.items():
        for rule in listed:
            times = 2 * _count(rule.pattern, title) + _count(rule.pattern, body)
            match = rule.pattern.search(title) or rule.pattern.search(body)
            if match and times:
                found.append(Match(kind, rule.weight * times, match.group()[:WIDEST_GAP] or "…"))
    return tuple(sorted(found, key=lambda one: (-one.weight, one.kind, one.words)))


def check_pattern(text: str) -> str:
    """Return what is wrong with a pattern, in words; empty when it may be used.

    Allowed are words, `|`, groups, character classes, `?`, and gaps such as `.{0,16}` up to 40 characters wide, as
    long as the pattern can be tried in at most MOST_WAYS ways: so its work is bounded by the length of a text.
    """
    if not text.strip() or len(text) > LONGEST_RULE:
        return f"须有 1–{LONGEST_RULE} 个字"
    parts = _parts(text)
    if any(_is_unbounded(part, before) for before, part in zip(["", *parts], parts, strict=False)):
        return "不能用 * 、+、反向引用或不限长的重复"
    gaps = [_gap(part) for part in parts if _is_gap(part)]
    if any(high > WIDEST_GAP for _, high in gaps):
        return f"间隔不能超过 {WIDEST_GAP} 个字"
    if any(branch.count("{") > 2 for branch in text.split("|")):
        return "一个说法里最多两处间隔"
    try:
        compiled = re.compile(text)
    except (re.error, RecursionError) as problem:
        return f"写法有误（{problem}）"
    if _ways(parts) > MOST_WAYS:
        return "写法太多，判读会很慢；请减少“?”、间隔和连用的括号，或拆成几条"
    return "不能什么都不写就算符合" if compiled.search("") else ""


def _parts(text: str) -> list[str]:
    return _PART.findall(text)


def _is_unbounded(part: str, before: str) -> bool:
    """Return whether a part could make a pattern run for ever: only a single character may be repeated."""
    if _is_gap(part):
        return part.endswith(",}") or before == ")"
    is_reference = part[0] == "\\" and part[1:].isdigit()
    return part in ("*", "+") or is_reference or (part[0] == "(" and part not in _GROUPS)


def _is_gap(part: str) -> bool:
    return part[0] == "{" and len(part) > 1


def _gap(part: str) -> tuple[int, int]:
    """Return the least and the greatest number of repetitions; `{3}` is both."""
    low, comma, high = part[1:-1].partition(",")
    return int(low or 0), int(high or 0) if comma else int(low)


def _ways(parts: list[str]) -> int:
    """Return in how many ways a pattern can be tried at one place, at the most.

    What stands side by side multiplies, what "|" parts adds up, a `?` adds one way of leaving something out.
    """
    outside: list[tuple[int, int]] = []
    branches, ways, last = 0, 1, 1
    for part in parts:
        if part in _GROUPS:
            outside.append((branches, ways))
            branches, ways, last = 0, 1, 1
        elif part == "|":
            branches, ways, last = branches + ways, 1, 1
        elif part == ")":
            last = branches + ways
            branches, ways = outside.pop()
            ways *= last
        elif part == "?":
            ways, last = ways // last * (last + 1), last + 1
        else:
            low, high = _gap(part) if _is_gap(part) else (1, 1)
            last = high - low + 1
            ways *= last
    return branches + ways


def _kind_of(sums: Mapping[Nature, float], rules: NatureRules) -> Nature:
    best = max(sums, key=lambda kind: sums[kind])
    if sums[best] < rules.least:
        return Nature.NEWS
    # One plain wish to have something mended blames nobody.
    return Nature.HELP if best in GRIEVANCES and sums[best] < rules.firm else best


def _parted(title: str, body: str) -> tuple[str, str]:
    if not body and (first := _FIRST_SENTENCE.match(title)):
        return first.group(), title[first.end() :]
    return title, body


def _rule(kind: Nature, number: int, line: Mapping[str, Any]) -> Rule:
    weight = float(line["weight"])
    if not _WEIGHTS[0] <= weight <= _WEIGHTS[1]:
        raise InvalidInput(f"“{kind.label}”第 {number} 条：分值须在 0.5–20 之间。", kind.value)
    return Rule(weight, _pattern(str(line["phrases"]), f"“{kind.label}”第 {number} 条", kind.value))


def _pattern(text: str, where: str, field: str = "") -> re.Pattern[str]:
    problem = check_pattern(text)
    if problem:
        raise InvalidInput(f"{where}：{problem}。", field)
    return re.compile(text)


def _count(phrase: re.Pattern[str], text: str) -> int:
    """Return how often a phrase occurs, two at the most: who repeats himself wants nothing else."""
    found = phrase.search(text)
    if found is None:
        return 0
    return 2 if phrase.search(text, found.end()) else 1
