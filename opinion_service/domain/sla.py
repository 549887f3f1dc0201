"""Which clocks a case has, how long they run and on what ground; national limits are a ceiling."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from opinion_service.domain.errors import LimitLoosened


class ClockKind(StrEnum):
    """What a clock is for."""

    TRIAGE = "triage"
    SIGN_RECEIPT = "sign_receipt"
    RETURN_WINDOW = "return_window"
    ASSESSMENT = "assessment"
    FIRST_RELEASE = "first_release"
    PRESS_CONFERENCE = "press_conference"
    RESPONSE = "response"
    VERIFICATION = "verification"
    CLOSURE = "closure"
    PUBLISH = "publish"

    @property
    def label(self) -> str:
        """Return the clock's name in Chinese."""
        return CLOCK_LABELS[self]


CLOCK_LABELS: dict[ClockKind, str] = {
    ClockKind.TRIAGE: "研判",
    ClockKind.SIGN_RECEIPT: "签收",
    ClockKind.RETURN_WINDOW: "退办期限",
    ClockKind.ASSESSMENT: "风险研判",
    ClockKind.FIRST_RELEASE: "首次权威信息",
    ClockKind.PRESS_CONFERENCE: "新闻发布会",
    ClockKind.RESPONSE: "公开回应",
    ClockKind.VERIFICATION: "核实报告",
    ClockKind.CLOSURE: "办结",
    ClockKind.PUBLISH: "审签后发布",
}
LEGAL_KINDS = frozenset({ClockKind.FIRST_RELEASE, ClockKind.PRESS_CONFERENCE, ClockKind.RESPONSE})


class OpinionGrade(StrEnum):
    """How grave the public opinion is; set by a person."""

    CRITICAL = "critical"
    MAJOR = "major"
    SERIOUS = "serious"
    ORDINARY = "ordinary"

    @property
    def label(self) -> str:
        """Return the grade's name in Chinese."""
        return GRADE_LABELS[self][0]

    @property
    def colour(self) -> str:
        """Return the grade's colour word. Source: 突发事件应对法 第63条."""
        return GRADE_LABELS[self][1]


GRADE_LABELS: dict[OpinionGrade, tuple[str, str]] = {
    OpinionGrade.CRITICAL: ("特别重大", "红"),
    OpinionGrade.MAJOR: ("重大", "橙"),
    OpinionGrade.SERIOUS: ("较大", "黄"),
    OpinionGrade.ORDINARY: ("一般", "蓝"),
}


class IncidentLevel(StrEnum):
    """The legal level of an incident (突发事件); none for opinion without an incident."""

    NONE = "none"
    ORDINARY = "ordinary"
    SERIOUS = "serious"
    MAJOR = "major"
    CRITICAL = "critical"

    @property
    def label(self) -> str:
        """Return the level's name in Chinese."""
        return "非突发事件" if self is IncidentLevel.NONE else OpinionGrade(self.value).label

    @property
    def is_major(self) -> bool:
        """Return whether the 5 h and 24 h limits of 80号 and 61号 bind."""
        return self in (IncidentLevel.MAJOR, IncidentLevel.CRITICAL)


@dataclass(frozen=True, slots=True)
class SlaProfile:
    """Allowances by clock and grade, as written (`48h`, `5wd`)."""

    version: str
    limits: Mapping[ClockKind, Mapping[OpinionGrade, str]]


@dataclass(frozen=True, slots=True)
class ClockRule:
    """One clock a case is to have."""

    kind: ClockKind
    allowance: str
    is_legal: bool
    basis: str


# (clock, document, largest number of natural minutes, binds only for incidents of 重大 and above)
NATIONAL: tuple[tuple[ClockKind, str, int, bool], ...] = (
    (ClockKind.FIRST_RELEASE, "国办发〔2016〕80号", 5 * 60, True),
    (ClockKind.PRESS_CONFERENCE, "国办发〔2016〕61号", 24 * 60, True),
    (ClockKind.RESPONSE, "国办发〔2016〕61号", 48 * 60, False),
)
_MINUTES = {"min": 1, "h": 60}


def profile_from_record(record: Mapping[str, Any]) -> SlaProfile:
    """Return the profile written in `record`, checked; raise LimitLoosened naming the document."""
    limits = {
        ClockKind(kind): {OpinionGrade(grade): str(text) for grade, text in by_grade.items()}
        for kind, by_grade in record["limits"].items()
    }
    profile = SlaProfile(str(record["version"]), limits)
    check_profile(profile)
    return profile


def check_profile(profile: SlaProfile) -> None:
    """Raise LimitLoosened when a limit allows more than a national document does."""
    grave = (OpinionGrade.CRITICAL, OpinionGrade.MAJOR)
    for kind, document, most, only_incidents in NATIONAL:
        for grade in grave if only_incidents else OpinionGrade:
            text = profile.limits.get(kind, {}).get(grade)
            if text is None or natural_minutes(text) > most:
                raise LimitLoosened(
                    f"{kind.label}（{grade.label}）为“{text}”，超过{document}规定的 {most // 60} 小时。"
                )


def natural_minutes(text: str) -> float:
    """Return a written allowance in natural minutes; infinite when it runs on working time."""
    for unit, minutes in _MINUTES.items():
        number = text.removesuffix(unit)
        if number != text and number.isdigit():
            return int(number) * minutes
    return float("inf")


def clocks_for(profile: SlaProfile, grade: OpinionGrade, level: IncidentLevel) -> tuple[ClockRule, ...]:
    """Return the clocks of a case of this grade and incident level.

    Opinion without a major incident has internal targets where the graver limits are stricter than
    61号; the 48 h of 61号 stay the legal ceiling. Source: domain rules 1.1 and 2.8.
    """
    effective = OpinionGrade(level.value) if level.is_major and grade not in _GRAVE else grade
    rules = []
    for kind, by_grade in profile.limits.items():
        text = by_grade.get(effective)
        if text is None or (kind is ClockKind.PRESS_CONFERENCE and not level.is_major):
            continue
        rules.append(ClockRule(kind, text, *_ground(kind, level)))
    return tuple(rules)


_GRAVE = (OpinionGrade.CRITICAL, OpinionGrade.MAJOR)


def _ground(kind: ClockKind, level: IncidentLevel) -> tuple[bool, str]:
    if kind is ClockKind.RESPONSE:
        return True, "国办发〔2016〕61号：涉突发事件 24 小时，其他政务舆情 48 小时内回应"
    if kind is ClockKind.FIRST_RELEASE and level.is_major:
        return True, "国办发〔2016〕80号：特别重大、重大突发事件最迟 5 小时内发布权威信息"
    if kind is ClockKind.PRESS_CONFERENCE:
        return True, "国办发〔2016〕61号：24 小时内举行新闻发布会"
    return False, "本级时限规定（内部）"
