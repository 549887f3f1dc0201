"""The papers of a case: 交办单, 风险评估报告, 处置反馈表. Fields after the domain notes 3.1, 3.2 and 3.4.

They speak of the matter and its answer, never of those who raised it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from opinion_service.domain.casework.official import Blocks, due_minute, long_date, minute, number_of

Pairs = tuple[tuple[str, str], ...]
URGENCY = {"critical": "特急", "major": "加急", "serious": "平件", "ordinary": "平件"}
OUTCOMES = {"open": "尚未回应", "answered": "已回应", "promised": "限期答复", "not_ours": "不属本单位职责"}
CHANNELS = {
    "website": "政府网站", "new_media": "政务新媒体", "press": "新闻发布会", "interview": "媒体采访",
    "other": "其他渠道",
}  # fmt: skip
DESK = "市政府办公室（政务公开办）"


class CasePaper(StrEnum):
    """The papers a case can be printed as."""

    SLIP = "slip"
    RISK = "risk"
    FEEDBACK = "feedback"

    @property
    def label(self) -> str:
        """Return the paper's name in Chinese."""
        return {"slip": "交办单", "risk": "风险评估报告", "feedback": "处置反馈表"}[self.value]


@dataclass(frozen=True, slots=True)
class CaseHead:
    """What every paper of a case says of it; `clocks` are (name, due time) in their order."""

    number: str
    title: str
    grade: str
    grade_label: str
    level_label: str
    topic: str
    must_answer: str
    lead: str
    co: tuple[str, ...]
    detected_at: datetime
    clocks: tuple[tuple[str, datetime], ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the matter was heard: `sources` are (name, how many items), `links` at most five addresses."""

    first_at: datetime | None
    items: int
    sources: tuple[tuple[str, int], ...]
    links: tuple[str, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class Handing:
    """Who handed the case over and who received it, when, with which words."""

    by: str
    at: datetime | None
    note: str
    received_by: str
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """A filed assessment; `points` are (description, trigger, likelihood, impact, score and level), `parts` by name."""

    version: int
    parts: Mapping[str, str]
    points: tuple[tuple[str, str, str, str, str], ...]
    grade_label: str
    rubric: str
    author: str
    filed_at: datetime
    meetings: tuple[tuple[datetime, str, str], ...]


@dataclass(frozen=True, slots=True)
class FeedbackFacts:
    """What a department reports back: its reply, the concerns, what it promised, who signed, where it was published."""

    kind_label: str
    reply: Mapping[str, str]
    concerns: tuple[tuple[str, str, str], ...]
    promises: tuple[tuple[str, str, str], ...]
    published: tuple[tuple[str, str, str], ...]
    countersigned: Pairs
    author: str
    reviewers: tuple[str, ...]
    approver: str
    approved_at: datetime | None


def slip(head: CaseHead, spread: Spread, handing: Handing, *, now: datetime) -> dict[str, Any]:
    """Return the 交办单 of a case as plain JSON."""
    body = Blocks()
    heard = "；".join(f"{name}{count}条" for name, count in spread.sources)
    body.form((
        ("紧急程度", URGENCY[head.grade]),
        ("舆情等级", head.grade_label),
        ("事件级别", head.level_label),
        ("标题", head.title),
        ("所属热点", head.topic),
        ("重点回应类别", head.must_answer),
        ("来源平台", heard),
        ("链接", "\n".join(spread.links)),
        ("首发时间", minute(spread.first_at)),
        ("发现时间", minute(head.detected_at)),
        ("传播情况", f"截至{minute(now)}，共{spread.items}条，来自{len(spread.sources)}个信源"),
        ("内容摘要", spread.summary),
        ("拟办意见", handing.note),
        ("牵头单位", head.lead),
        ("协办单位", "、".join(head.co)),
        ("办理要求", "核实情况，依法处置，公开回应，书面反馈"),
        ("办理时限", "\n".join(f"{name}：{due_minute(due)}前" for name, due in head.clocks)),
        ("领导批示", "　"),
        ("交办人", f"{handing.by}　{minute(handing.at)}" if handing.at else ""),
        ("签收人", f"{handing.received_by}　{minute(handing.received_at)}" if handing.received_at else "　"),
    ))  # fmt: skip
    body.text("回应时限按自然时间计算，节假日不顺延；退办不停止计时。")
    return _paper(CasePaper.SLIP, number_of("交办", head.number), f"{head.lead}：", body, DESK, handing.at or now)


def risk_report(head: CaseHead, spread: Spread, risk: RiskFacts) -> dict[str, Any]:
    """Return the 风险评估报告 of a case as plain JSON."""
    body = Blocks()
    body.one("基本情况")
    body.text(risk.parts["facts"])
    body.one("传播情况和走势")
    heard = "、".join(f"{name}{count}条" for name, count in spread.sources)
    body.text(risk.parts["spread"] or (f"共发现{spread.items}条，来源：{heard}。" if spread.items else "未见扩散。"))
    body.text(risk.parts["trend"])
    body.one("涉及群体和诉求")
    body.text(risk.parts["affected"] or "未单独列明。")
    body.one("风险点")
    body.table(("风险点", "触发条件", "可能性", "影响", "分值和等级"), risk.points)
    body.text(f"评估标准：{risk.rubric}。分值为可能性与影响之积。" if risk.rubric else "分值为可能性与影响之积。")
    body.one("处置意见")
    body.two("建议等级")
    body.text(f"{risk.grade_label}。")
    body.two("处置措施")
    body.text(risk.parts["handling"])
    body.two("回应口径")
    body.text(risk.parts["line"] or "以公开回应稿为准。")
    if risk.meetings:
        body.one("会商情况")
        for at, attendees, conclusion in risk.meetings:
            body.three(f"{minute(at)}，{attendees}会商：{conclusion}")
    body.text(f"评估人：{risk.author}（第{risk.version}版，{minute(risk.filed_at)}）。")
    number = number_of("研判", head.number)
    paper = _paper(CasePaper.RISK, number, f"{DESK}：", body, head.lead, risk.filed_at)
    return {**paper, "heading": f"关于“{head.title}”的风险评估报告"}


def feedback(head: CaseHead, facts: FeedbackFacts, *, now: datetime) -> dict[str, Any]:
    """Return the 处置反馈表 of a case as plain JSON."""
    body = Blocks()
    body.form((
        ("标题", head.title), ("舆情等级", head.grade_label), ("承办单位", head.lead),
        ("协办单位", "、".join(head.co)), ("回应类型", facts.kind_label),
        ("核实情况", facts.reply["facts"]), ("政策依据", facts.reply["basis"]),
        ("处置措施", facts.reply["measures"]), ("处置结果", facts.reply["result"]),
        ("下一步安排", facts.reply["next_step"]),
    ))  # fmt: skip
    body.one("公众关切的回应")
    body.table(("问题", "回应情况", "原文或理由"), facts.concerns)
    body.one("公开回应")
    body.table(("阶段", "渠道", "时间和链接"), facts.published)
    if not facts.published:
        body.text("尚未公开发布。")
    body.one("承诺事项")
    body.table(("承诺", "期限", "落实情况"), facts.promises)
    if not facts.promises:
        body.text("无。")
    body.one("会签和审签")
    body.form((
        *facts.countersigned,
        ("起草人", facts.author),
        ("审核人", "、".join(facts.reviewers)),
        ("签发人", f"{facts.approver}　{minute(facts.approved_at)}" if facts.approved_at else "　"),
    ))  # fmt: skip
    return _paper(CasePaper.FEEDBACK, number_of("反馈", head.number), f"{DESK}：", body, head.lead, now)


def _paper(kind: CasePaper, number: str, to: str, body: Blocks, signed: str, at: datetime) -> dict[str, Any]:
    return {
        "heading": kind.label, "number": number, "to": to, "blocks": body.rows, "signed": signed,
        "at": long_date(at), "copies": "",
    }  # fmt: skip
