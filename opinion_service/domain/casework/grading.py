"""What the system proposes about a case's grade, must-answer class and incident level; a person decides.

No rule text gives numeric thresholds, so every figure below is a reason to look, not a verdict (domain rules 2.1). The
level of an incident is apart from the grade of the opinion: it follows from what happened, not from how loud it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from opinion_service.domain.clocks.sla import IncidentLevel, OpinionGrade
from opinion_service.domain.reading.opening import CLASSES


class ProposalKind(StrEnum):
    """What is proposed."""

    GRADE = "grade"
    MUST_ANSWER = "must_answer"
    INCIDENT = "incident"
    ROUND = "round"

    @property
    def label(self) -> str:
        """Return the kind's name in Chinese."""
        return KIND_LABELS[self]


KIND_LABELS: dict[ProposalKind, str] = {
    ProposalKind.GRADE: "舆情等级",
    ProposalKind.MUST_ANSWER: "须重点回应类别",
    ProposalKind.INCIDENT: "突发事件等级",
    ProposalKind.ROUND: "新一轮办理",
}
STATE_LABELS: dict[str, str] = {"open": "待决定", "accepted": "已采纳", "refused": "未采纳", "superseded": "已失效"}
_GRADES = (OpinionGrade.ORDINARY, OpinionGrade.SERIOUS, OpinionGrade.MAJOR, OpinionGrade.CRITICAL)
_LEVELS = (
    IncidentLevel.NONE, IncidentLevel.ORDINARY, IncidentLevel.SERIOUS, IncidentLevel.MAJOR, IncidentLevel.CRITICAL,
)  # fmt: skip
# At least so many dead, or gravely injured, make the level. Source: 国务院令第493号 第三条.
DEAD: tuple[tuple[int, IncidentLevel], ...] = (
    (30, IncidentLevel.CRITICAL), (10, IncidentLevel.MAJOR), (3, IncidentLevel.SERIOUS), (1, IncidentLevel.ORDINARY),
)  # fmt: skip
INJURED: tuple[tuple[int, IncidentLevel], ...] = (
    (100, IncidentLevel.CRITICAL), (50, IncidentLevel.MAJOR), (10, IncidentLevel.SERIOUS), (1, IncidentLevel.ORDINARY),
)  # fmt: skip
HOT, VERY_HOT, MANY_SOURCES, TOP_RANK = 60.0, 85.0, 5, 10
NATIONAL_WEIGHT, PROVINCIAL_WEIGHT = 1.5, 1.2
GRAVE_CLASSES = frozenset({3, 4})
_NUMBER = r"([0-9]{1,4}|[一二两三四五六七八九十]{1,3})"
_DEATHS = (
    re.compile(_NUMBER + r"\s?(?:名|人|位)[^，。；！？\d]{0,8}?(?:死亡|遇难|身亡|丧生)"),
    re.compile(r"(?:死亡|遇难|身亡|丧生)[^，。；！？\d]{0,3}?" + _NUMBER + r"\s?(?:名|人|位)"),
)
_INJURIES = (
    re.compile(_NUMBER + r"\s?(?:名|人|位)[^，。；！？\d]{0,8}?重伤"),
    re.compile(r"重伤[^，。；！？\d]{0,3}?" + _NUMBER + r"\s?(?:名|人|位)"),
)
_DIGITS = {sign: value for value, sign in enumerate("一二三四五六七八九", start=1)} | {"两": 2}


@dataclass(frozen=True, slots=True)
class GradingFacts:
    """What is known of a case; `late` names the legal clocks missed, `text` is what its first items say."""

    grade: OpinionGrade
    incident_level: IncidentLevel
    must_answer_class: int = 0
    heat: float = 0.0
    source_count: int = 0
    heaviest_source: float = 0.0
    best_rank: int | None = None
    class_words: Mapping[int, tuple[str, ...]] | None = None
    text: str = ""
    late: tuple[str, ...] = ()
    round: int = 1
    complaints: int = 0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One proposal: its value, why in sentences, and the codes of the reasons."""

    kind: ProposalKind
    value: str
    reasons: tuple[str, ...]
    basis: tuple[str, ...]


def suggest(facts: GradingFacts) -> tuple[Suggestion, ...]:
    """Return what a person should look at: only what would raise the present values, never lower them."""
    found = (_of_class(facts), _of_incident(facts), _of_grade(facts))
    return tuple(one for one in found if one is not None)


def _of_class(facts: GradingFacts) -> Suggestion | None:
    if facts.must_answer_class:
        return None
    for number in CLASSES:
        words = [word for word in (facts.class_words or {}).get(number, ()) if word in facts.text]
        if words:
            reason = f"内容涉及“{'、'.join(words[:3])}”，属 61号第 {number} 类（{CLASSES[number]}）"
            return Suggestion(ProposalKind.MUST_ANSWER, str(number), (reason,), (f"class-{number}",))
    return None


def _of_incident(facts: GradingFacts) -> Suggestion | None:
    dead, injured = count_of(_DEATHS, facts.text), count_of(_INJURIES, facts.text)
    found = [
        (_step(DEAD, dead), f"报道称 {dead} 人死亡", "dead"),
        (_step(INJURED, injured), f"报道称 {injured} 人重伤", "hurt"),
    ]
    level = max((one for one, *_ in found), key=_LEVELS.index)
    if _LEVELS.index(level) <= _LEVELS.index(facts.incident_level):
        return None
    ground = f"达到{level.label}标准（国务院令第493号第三条）"
    reasons = [(f"{words}，{ground}", f"{code}-{level.value}") for one, words, code in found if one is level]
    told, basis = zip(*reasons, strict=True)
    return Suggestion(ProposalKind.INCIDENT, level.value, told, basis)


def _of_grade(facts: GradingFacts) -> Suggestion | None:
    reasons = [*_of_spread(facts), *_of_matter(facts), *_of_handling(facts)]
    here = _GRADES.index(facts.grade)
    highest = max((_GRADES.index(grade) for grade, *_ in reasons), default=here)
    if highest <= here:
        return None
    # Everything that asks for more than the present grade is said, the gravest first.
    told = sorted((one for one in reasons if _GRADES.index(one[0]) > here), key=lambda one: -_GRADES.index(one[0]))
    return Suggestion(
        ProposalKind.GRADE, _GRADES[highest].value, tuple(words for _, words, _ in told),
        tuple(code for *_, code in told),
    )  # fmt: skip


_Reason = tuple[OpinionGrade, str, str]


def _of_spread(facts: GradingFacts) -> list[_Reason]:
    heat, rank = facts.heat, facts.best_rank
    tests: list[tuple[bool, _Reason]] = [
        (heat >= VERY_HOT, (OpinionGrade.MAJOR, f"热度 {heat:.0f}（≥ {VERY_HOT:.0f}），已成为热点", "very-hot")),
        (HOT <= heat < VERY_HOT, (OpinionGrade.SERIOUS, f"热度 {heat:.0f}（≥ {HOT:.0f}），可能引发热点", "hot")),
        (facts.source_count >= MANY_SOURCES,
         (OpinionGrade.SERIOUS, f"{facts.source_count} 个信源报道（≥ {MANY_SOURCES}），影响范围扩大", "sources")),
        (facts.heaviest_source >= NATIONAL_WEIGHT, (OpinionGrade.MAJOR, "中央级媒体关注", "national")),
        (PROVINCIAL_WEIGHT <= facts.heaviest_source < NATIONAL_WEIGHT and facts.source_count > 1,
         (OpinionGrade.SERIOUS, "省级以上媒体关注", "provincial")),
        (rank is not None and rank <= TOP_RANK, (OpinionGrade.SERIOUS, f"登上热搜榜第 {rank} 位", "rank")),
    ]  # fmt: skip
    return [reason for is_so, reason in tests if is_so]


def _of_matter(facts: GradingFacts) -> list[_Reason]:
    found: list[_Reason] = []
    if facts.must_answer_class in GRAVE_CLASSES:
        name = CLASSES[facts.must_answer_class]
        found.append((OpinionGrade.SERIOUS, f"属 61号第 {facts.must_answer_class} 类（{name}）", "class"))
    if facts.incident_level.is_major:
        grade = OpinionGrade(facts.incident_level.value)
        found.append((grade, f"突发事件等级为{facts.incident_level.label}", "incident"))
    return found


def _of_handling(facts: GradingFacts) -> list[_Reason]:
    """Return why poor handling may raise the grade by one step. Source: domain rules 2.1."""
    above = _GRADES[min(_GRADES.index(facts.grade) + 1, len(_GRADES) - 1)]
    tests = (
        (bool(facts.late), f"法定时限超期：{'、'.join(facts.late)}", "late"),
        (facts.round > 1, f"已是第 {facts.round} 轮办理", f"round-{facts.round}"),
        (facts.complaints > 0, f"公众对回应提出 {facts.complaints} 条不满", "complaint"),
    )
    return [(above, f"{words}，处置不力可上调一级", code) for is_so, words, code in tests if is_so]


def count_of(patterns: tuple[re.Pattern[str], ...], text: str) -> int:
    """Return the largest number that any pattern's first group finds in the text; 0 for none."""
    return max((_number(found[1]) for one in patterns for found in one.finditer(text)), default=0)


def _number(written: str) -> int:
    if written.isascii():
        return int(written)
    tens, ten, ones = written.partition("十")
    if not ten:
        return _DIGITS.get(written, 0)
    return _DIGITS.get(tens, 1) * 10 + _DIGITS.get(ones, 0)


def _step(steps: tuple[tuple[int, IncidentLevel], ...], count: int) -> IncidentLevel:
    return next((level for least, level in steps if count >= least), IncidentLevel.NONE)


def is_fulfilled(kind: ProposalKind, proposed: str, present: str) -> bool:
    """Return whether a case that stands at `present` has at least what was proposed."""
    if kind is ProposalKind.GRADE:
        return _GRADES.index(OpinionGrade(present)) >= _GRADES.index(OpinionGrade(proposed))
    if kind is ProposalKind.INCIDENT:
        return _LEVELS.index(IncidentLevel(present)) >= _LEVELS.index(IncidentLevel(proposed))
    return kind is ProposalKind.MUST_ANSWER and present == proposed


def value_label(kind: ProposalKind, value: str) -> str:
    """Return the name of a proposed value in Chinese; empty for a new round."""
    if kind is ProposalKind.GRADE:
        return OpinionGrade(value).label
    if kind is ProposalKind.INCIDENT:
        return IncidentLevel(value).label
    return CLASSES[int(value)] if kind is ProposalKind.MUST_ANSWER else ""
