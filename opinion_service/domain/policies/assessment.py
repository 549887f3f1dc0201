"""The assessment of a policy before its release: its parts, the rubric of its risk points, and what is still missing.

Rubric: likelihood (1-5) times impact (1-5); 15 and more is high, 8 to 14 medium. Source: domain rules 3.4.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

HIGH_FROM, MEDIUM_FROM = 15, 8
LEAST_WATCH_DAYS, MOST_WATCH_DAYS = 30, 180
MOST_ROWS, MOST_PEOPLE = 20, 2_000_000_000


class RiskLevel(StrEnum):
    """How grave a risk point is by the rubric."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def label(self) -> str:
        """Return the level's name in Chinese."""
        return {RiskLevel.HIGH: "高", RiskLevel.MEDIUM: "中", RiskLevel.LOW: "低"}[self]


class Conclusion(StrEnum):
    """What the assessment comes to; only a policy whose risk is controllable may be released."""

    CONTROLLABLE = "controllable"
    ADJUSTED = "adjusted"
    UNCONTROLLABLE = "uncontrollable"

    @property
    def label(self) -> str:
        """Return the conclusion in Chinese."""
        return CONCLUSION_LABELS[self]


CONCLUSION_LABELS: dict[Conclusion, str] = {
    Conclusion.CONTROLLABLE: "风险可控",
    Conclusion.ADJUSTED: "调整后可控",
    Conclusion.UNCONTROLLABLE: "风险不可控",
}


class Stance(StrEnum):
    """How an asked department stands to the policy."""

    AGREED = "agreed"
    ADVISED = "advised"
    OPPOSED = "opposed"

    @property
    def label(self) -> str:
        """Return the stance in Chinese."""
        return STANCE_LABELS[self]


STANCE_LABELS: dict[Stance, str] = {
    Stance.AGREED: "无意见",
    Stance.ADVISED: "有修改建议",
    Stance.OPPOSED: "不同意",
}
CHANNELS: dict[str, str] = {
    "website": "政府网站",
    "new_media": "政务新媒体",
    "press": "新闻发布会",
    "interview": "媒体采访",
    "hall": "办事大厅和社区",
    "hotline": "12345 热线",
}


@dataclass(frozen=True, slots=True)
class ForeseenConcern:
    """A question the public is expected to ask, the answer prepared for it, and words that tell it apart."""

    question: str
    answer: str = ""
    words: tuple[str, ...] = ()
    id: int | None = None


@dataclass(frozen=True, slots=True)
class PolicyRisk:
    """One thing that may go wrong when the policy is released."""

    description: str
    likelihood: int
    impact: int
    trigger: str = ""
    measure: str = ""

    @property
    def score(self) -> int:
        """Return likelihood times impact, 1-25."""
        return self.likelihood * self.impact

    @property
    def level(self) -> RiskLevel:
        """Return the level of the score."""
        return level_of(self.score)


@dataclass(frozen=True, slots=True)
class PolicyText:
    """The whole assessment as it is filed; empty parts are named by `gaps` before it can be signed."""

    title: str
    edition: str = ""
    document_number: str = ""
    planned_on: date | None = None
    summary: str = ""
    groups: str = ""
    head_count: int | None = None
    timing: str = ""
    line: str = ""
    spokesperson: str = ""
    channels: tuple[str, ...] = ()
    partners: str = ""
    interpretation_plan: str = ""
    interpretation_material: str = ""
    is_organised: bool = False
    conclusion: str = ""
    conclusion_note: str = ""
    keywords: tuple[str, ...] = ()
    watch_days: int = LEAST_WATCH_DAYS
    concerns: tuple[ForeseenConcern, ...] = ()
    risks: tuple[PolicyRisk, ...] = ()


@dataclass(frozen=True, slots=True)
class AskedOpinion:
    """One opinion asked of another body: whether it came, how it stands, and what was made of it."""

    asked: str
    is_answered: bool
    stance: str = ""
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that keeps the assessment from being signed; `anchor` is the part of the page it belongs to.

    text: may name what it is about as `{name}`.
    """

    anchor: str
    text: str
    name: str = ""

    @property
    def words(self) -> str:
        """Return the text with its name."""
        return self.text.format(name=self.name)


def register_number(year: int, serial: int) -> str:
    """Return the register number as people write it: `政评〔2026〕3号`."""
    return f"政评〔{year}〕{serial}号"


def level_of(score: int) -> RiskLevel:
    """Return the level of a score of 1-25."""
    if score >= HIGH_FROM:
        return RiskLevel.HIGH
    return RiskLevel.MEDIUM if score >= MEDIUM_FROM else RiskLevel.LOW


def gaps(text: PolicyText, opinions: Sequence[AskedOpinion]) -> tuple[Gap, ...]:
    """Return what is still missing before the assessment can be signed, in the order of the form."""
    return (*_of_parts(text), *_of_concerns(text.concerns), *_of_risks(text), *_of_opinions(opinions),
            *_of_conclusion(text))  # fmt: skip


_PARTS = (
    ("edition", "edition", "未填写评估的政策版本"),
    ("groups", "groups", "未填写涉及群体"),
    ("line", "plan", "应对处置预案缺少口径"),
    ("spokesperson", "plan", "应对处置预案未明确发言人"),
    ("channels", "plan", "应对处置预案未选择发布渠道"),
    ("partners", "plan", "应对处置预案未明确联动单位"),
    ("interpretation_plan", "interpretation", "缺少解读方案"),
    ("interpretation_material", "interpretation", "缺少解读材料"),
    ("is_organised", "interpretation", "解读材料尚未与文件同步组织"),
    ("keywords", "watch", "未填写出台后观察用的关键词"),
)


def _of_parts(text: PolicyText) -> Iterable[Gap]:
    return (Gap(anchor, words) for name, anchor, words in _PARTS if not getattr(text, name))


def _of_concerns(concerns: Sequence[ForeseenConcern]) -> Iterable[Gap]:
    if not concerns:
        yield Gap("concerns", "未列出预判的公众关切")
    for one in concerns:
        if not one.answer:
            yield Gap("concerns", "关切“{name}”没有准备答复", one.question)


def _of_risks(text: PolicyText) -> Iterable[Gap]:
    if not text.risks:
        yield Gap("risks", "未列出风险点")
    for one in text.risks:
        if one.level is not RiskLevel.LOW and not one.measure:
            yield Gap("risks", "风险点“{name}”没有防范措施", one.description)


def _of_opinions(opinions: Sequence[AskedOpinion]) -> Iterable[Gap]:
    if not opinions:
        yield Gap("opinions", "尚未征求其他单位或联络员的意见")
    for one in opinions:
        if not one.is_answered:
            yield Gap("opinions", "{name}尚未反馈意见", one.asked)
        elif one.stance == Stance.OPPOSED and not one.reply:
            yield Gap("opinions", "{name}不同意，未说明采纳情况", one.asked)


def _of_conclusion(text: PolicyText) -> Iterable[Gap]:
    if not text.conclusion:
        yield Gap("conclusion", "未作出评估结论")
    if text.conclusion == Conclusion.UNCONTROLLABLE:
        yield Gap("conclusion", "结论为风险不可控，不得出台，请调整政策后重新评估")
    if text.conclusion == Conclusion.ADJUSTED and not text.conclusion_note:
        yield Gap("conclusion", "结论为调整后可控，未写明作了哪些调整")
    is_high = any(one.level is RiskLevel.HIGH for one in text.risks)
    if text.conclusion == Conclusion.CONTROLLABLE and is_high:
        yield Gap("conclusion", "存在高风险点，结论不能直接为风险可控")
