"""Which clocks a case has, how long they run and on what ground; national limits are a ceiling."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from opinion_service.domain.clocks.adjustments import DEFAULT_LIMITS, AdjustLimits
from opinion_service.domain.clocks.allowance import Allowance
from opinion_service.domain.errors import InvalidInput, LimitLoosened


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
    CO_OPINION = "co_opinion"
    FOLLOW_UP = "follow_up"
    RULING = "ruling"

    @property
    def label(self) -> str:
        """Return the clock's name in Chinese."""
        return CLOCK_LABELS[self]

    @property
    def is_legal(self) -> bool:
        """Return whether a national document sets a ceiling for this clock."""
        return self in LEGAL_KINDS


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
    ClockKind.CO_OPINION: "协办意见",
    ClockKind.FOLLOW_UP: "持续发布",
    ClockKind.RULING: "退办裁定",
}
LEGAL_KINDS = frozenset({ClockKind.FIRST_RELEASE, ClockKind.PRESS_CONFERENCE, ClockKind.RESPONSE})
# What is found out or done in a department may have to wait for others; a receipt or a ruling never does.
PAUSABLE = frozenset({ClockKind.ASSESSMENT, ClockKind.VERIFICATION, ClockKind.CLOSURE})
# An extension moves the report and the end of the case, never the first public answer. Source: domain rules 2.6.
EXTENDABLE = (ClockKind.VERIFICATION, ClockKind.CLOSURE)


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
class Ground:
    """Where a limit comes from: the document, its clause, and the words of it."""

    document: str
    clause: str = ""
    text: str = ""

    @property
    def words(self) -> str:
        """Return the ground in one line."""
        place = f"{self.document}{self.clause}"
        return f"{place}：{self.text}" if self.text else place


@dataclass(frozen=True, slots=True)
class SlaProfile:
    """Allowances by clock and grade, as written (`48h`, `5wd`); those of an incident level bind beside them.

    `co_opinion` is no length but how long before the lead's deadline a co-department is due.
    """

    version: str
    limits: Mapping[ClockKind, Mapping[OpinionGrade, str]]
    incident: Mapping[ClockKind, Mapping[IncidentLevel, str]] = field(default_factory=dict)
    grounds: Mapping[ClockKind, Ground] = field(default_factory=dict)
    adjust: AdjustLimits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class ClockRule:
    """One clock a case is to have; a legal one neither pauses nor stretches."""

    kind: ClockKind
    allowance: str
    is_legal: bool
    basis: str


@dataclass(frozen=True, slots=True)
class NationalLimit:
    """A ceiling set by a national document: at most `most_hours` natural hours for `grades`.

    is_owed: a profile without this clock would drop the duty itself.
    """

    kind: ClockKind
    grades: tuple[OpinionGrade, ...]
    most_hours: int
    document: str
    clause: str
    is_owed: bool = True


RULING_LIMIT = "2h"
GRAVE = (OpinionGrade.CRITICAL, OpinionGrade.MAJOR)
LESSER = (OpinionGrade.SERIOUS, OpinionGrade.ORDINARY)
LONGEST_BASIS = 200
DOC_61, DOC_80 = "国办发〔2016〕61号", "国办发〔2016〕80号"
ANSWER = "三、对其他政务舆情应在48小时内予以回应"
NATIONAL: tuple[NationalLimit, ...] = (
    NationalLimit(
        ClockKind.FIRST_RELEASE,
        GRAVE,
        5,
        DOC_80,
        "涉及特别重大、重大突发事件的政务舆情，最迟要在5小时内发布权威信息",
    ),
    NationalLimit(
        ClockKind.PRESS_CONFERENCE,
        GRAVE,
        24,
        DOC_61,
        "三、对涉及特别重大、重大突发事件的政务舆情，最迟应在24小时内举行新闻发布会",
    ),
    NationalLimit(ClockKind.RESPONSE, tuple(OpinionGrade), 48, DOC_61, ANSWER),
    NationalLimit(ClockKind.FIRST_RELEASE, LESSER, 48, DOC_61, ANSWER, is_owed=False),
    NationalLimit(ClockKind.PRESS_CONFERENCE, LESSER, 24, DOC_61, "三、24小时内举行新闻发布会", is_owed=False),
)


def profile_from_record(record: Mapping[str, Any]) -> SlaProfile:
    """Return the profile written in `record`, checked.

    Raises LimitLoosened naming the document, InvalidInput for an unknown clock, grade or allowance.
    """
    try:
        limits = _table(record["limits"], OpinionGrade)
        # A profile written before disputes had a clock of their own still owes the ruling in two hours.
        limits.setdefault(ClockKind.RULING, dict.fromkeys(OpinionGrade, RULING_LIMIT))
        profile = SlaProfile(
            str(record["version"]),
            limits,
            _table(record.get("incident", {}), IncidentLevel),
            {ClockKind(kind): Ground(**{k: str(v) for k, v in one.items()})
             for kind, one in record.get("grounds", {}).items()},
            AdjustLimits.from_record(record.get("adjust", {})),
        )  # fmt: skip
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise InvalidInput(f"时限规则无法读取：{error}", "limits") from error
    check_profile(profile)
    return profile


def _table(record: Mapping[str, Mapping[str, Any]], columns: type[Any]) -> dict[ClockKind, dict[Any, str]]:
    return {
        ClockKind(kind): {columns(column): str(text) for column, text in row.items()} for kind, row in record.items()
    }


def check_profile(profile: SlaProfile) -> None:
    """Raise LimitLoosened when a limit allows more than a national document, InvalidInput for a bad one."""
    for table in (profile.limits, profile.incident):
        for kind, row in table.items():
            for written in row.values():
                allowance = Allowance.parse(written)
                if kind is ClockKind.CO_OPINION and allowance.unit not in ("min", "h"):
                    raise InvalidInput("协办预留时间须按自然小时或分钟填写。", f"{kind.value}")
    for limit in NATIONAL:
        for grade in limit.grades:
            _check_limit(limit, grade.label, profile.limits.get(limit.kind, {}).get(grade), is_owed=limit.is_owed)
            level = IncidentLevel(grade.value)
            bound = profile.incident.get(limit.kind, {}).get(level)
            _check_limit(limit, f"突发事件{level.label}", bound, is_owed=False)


def _check_limit(limit: NationalLimit, column: str, text: str | None, *, is_owed: bool) -> None:
    what = f"{limit.kind.label}（{column}）"
    ceiling = f"{limit.document}规定的 {limit.most_hours} 小时：{limit.clause}"
    if text is None:
        if is_owed:
            raise LimitLoosened(f"{what}未设时限，不得取消{ceiling}。")
    elif Allowance.parse(text).natural_minutes > limit.most_hours * 60:
        raise LimitLoosened(f"{what}为“{text}”，超过{ceiling}。时限可以收紧，不得放宽。")


def clocks_for(profile: SlaProfile, grade: OpinionGrade, level: IncidentLevel) -> tuple[ClockRule, ...]:
    """Return the clocks of a case of this opinion grade and incident level.

    A major incident binds the public clocks to 5 h and 24 h however quiet the opinion is; the grade
    alone sets the handling clocks. Without such an incident the graver grades have stricter internal
    targets under the 48 h of 61号, and no press conference is owed. Source: domain rules 1.1 and 2.8.
    """
    rules = []
    for kind in sorted({*profile.limits, *profile.incident}, key=list(ClockKind).index):
        if kind is ClockKind.PRESS_CONFERENCE and not level.is_major:
            continue
        texts = _texts(profile, kind, grade, level)
        if texts:
            text = min(texts, key=lambda one: Allowance.parse(one).natural_minutes)
            rules.append(ClockRule(kind, text, *_ground(profile, kind, level, text)))
    return tuple(rules)


def _texts(profile: SlaProfile, kind: ClockKind, grade: OpinionGrade, level: IncidentLevel) -> list[str]:
    """Return the allowances that bind a clock: its grade's, its incident level's, and a major incident's column."""
    by_grade = profile.limits.get(kind, {})
    found = [by_grade.get(grade), profile.incident.get(kind, {}).get(level)]
    if level.is_major and kind.is_legal:
        found.append(by_grade.get(OpinionGrade(level.value)))
    return [text for text in found if text]


def _ground(profile: SlaProfile, kind: ClockKind, level: IncidentLevel, text: str) -> tuple[bool, str]:
    """Return whether the clock is legal for such an incident, and its ground in words."""
    grade = OpinionGrade.MAJOR if level.is_major else OpinionGrade.ORDINARY
    for limit in NATIONAL:
        if limit.kind is kind and limit.is_owed and grade in limit.grades:
            tighter = Allowance.parse(text).natural_minutes < limit.most_hours * 60
            note = f"（本级收紧为 {Allowance.parse(text).words}）" if tighter else ""
            return True, f"{limit.document}：{limit.clause}{note}"
    given = profile.grounds.get(kind)
    return False, given.words[:LONGEST_BASIS] if given else "本级时限规定（内部）"
