"""Whether a reply answers what people asked: what still stands in the way of submitting it."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class ResponseKind(StrEnum):
    """The six kinds of answer. Source: 国办发〔2016〕80号."""

    ADVICE = "advice"
    HARDSHIP = "hardship"
    MAJOR_PROBLEM = "major_problem"
    MISUNDERSTANDING = "misunderstanding"
    WRONG_VIEW = "wrong_view"
    FALSE_INFORMATION = "false_information"

    @property
    def label(self) -> str:
        """Return the kind's name in Chinese."""
        return KIND_LABELS[self]


KIND_LABELS: dict[ResponseKind, str] = {
    ResponseKind.ADVICE: "建设性意见建议",
    ResponseKind.HARDSHIP: "群众反映的实际困难",
    ResponseKind.MAJOR_PROBLEM: "群众反映的重大问题",
    ResponseKind.MISUNDERSTANDING: "不了解情况、模糊认识",
    ResponseKind.WRONG_VIEW: "错误看法",
    ResponseKind.FALSE_INFORMATION: "虚假、不实信息",
}

# An answer of this kind is empty without this part of the text. Source: 国办发〔2016〕80号.
REQUIRED_PART: dict[ResponseKind, tuple[str, str]] = {
    ResponseKind.ADVICE: ("result", "吸收采纳情况"),
    ResponseKind.HARDSHIP: ("measures", "研究解决的情况"),
    ResponseKind.MAJOR_PROBLEM: ("result", "调查处置情况"),
    ResponseKind.MISUNDERSTANDING: ("basis", "权威信息和政策依据"),
    ResponseKind.WRONG_VIEW: ("basis", "引导说明的依据"),
    ResponseKind.FALSE_INFORMATION: ("facts", "准确的政府信息"),
}

NOT_AN_ANSWER = ("领导高度重视", "召开专题会议", "工作动态", "本报讯", "记者获悉")
SHORTEST_FACTS = 20
_KINDS = "国办发〔2016〕80号：六类回应各有应当公开的内容"
_FOCUS = "国办发〔2016〕61号：围绕舆论关注的焦点、热点和关键问题回应"
_SETTLE = "摘录回应它的原文，或写明答复日期，或说明不属本单位的理由。"
_MARK = "重新摘录现稿中的原文。"
_NEWS = "不得以工作动态、新闻报道、评论文章等充当回应内容"
_CUT = "删去这一用语，写事实、措施和结果。"


@dataclass(frozen=True, slots=True)
class ReplyText:
    """The parts of a reply that the checks look at."""

    title: str
    facts: str
    basis: str
    measures: str
    result: str
    next_step: str
    unit: str
    contact: str

    def part(self, name: str) -> str:
        """Return the part called `name`."""
        return str(getattr(self, name))

    @property
    def whole(self) -> str:
        """Return every part as one text, in the order of publication."""
        parts = (self.facts, self.basis, self.measures, self.result, self.next_step)
        return "\n\n".join(part.strip() for part in parts if part.strip())


@dataclass(frozen=True, slots=True)
class ConcernState:
    """One question and what the reply does with it."""

    question: str
    outcome: str
    passage: str


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing to mend before the reply can be submitted: where, what, on what ground, and what to do.

    `what` and `todo` are sentences with `{names}` that stand in `values`, so that a page can say them in its language.
    """

    field: str
    what: str
    why: str = "国办发〔2016〕61号：讲清事实真相、政策措施、处置结果"
    todo: str = "在该栏补写。"
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def message(self) -> str:
        """Return what is missing as one sentence in Chinese."""
        return self.what.format(**self.values)


def gaps(reply: ReplyText, concerns: Iterable[ConcernState], kind: str, *, earlier: str = "") -> tuple[Gap, ...]:
    """Return everything that keeps the reply from being submitted; empty when nothing does.

    earlier: what was published on the case before; a question answered there is not asked again.

    Source: 80号 for the kinds; the parts: facts, basis or measure, result or next step, unit, contact.
    """
    found = [*_missing_parts(reply), *_missing_for_kind(reply, kind), *_open_concerns(reply.whole + earlier, concerns)]
    found += [
        Gap("facts", "出现“{phrase}”：工作动态、新闻报道不能代替回应。", _NEWS, _CUT, {"phrase": phrase})
        for phrase in NOT_AN_ANSWER
        if phrase in reply.whole
    ]
    return tuple(found)


def _missing_parts(reply: ReplyText) -> list[Gap]:
    found = []
    if not reply.title.strip():
        found.append(Gap("title", "请填写回应标题。"))
    if len(reply.facts.strip()) < SHORTEST_FACTS:
        found.append(Gap("facts", "请讲清事实真相（不少于 {n} 字）。", values={"n": str(SHORTEST_FACTS)}))
    if not reply.basis.strip() and not reply.measures.strip():
        found.append(Gap("basis", "请写明政策依据或处置措施。"))
    if not reply.result.strip() and not reply.next_step.strip():
        found.append(Gap("result", "请写明处置结果或下一步安排。"))
    if not reply.unit.strip():
        found.append(Gap("unit", "请填写回应单位。"))
    if not reply.contact.strip():
        found.append(Gap("contact", "请填写咨询电话或其他联系方式。"))
    return found


def _missing_for_kind(reply: ReplyText, kind: str) -> list[Gap]:
    if kind not in set(ResponseKind):
        return [Gap("response_kind", "请选择回应类型（国办发〔2016〕80号）。", _KINDS, "从六类中选一类。")]
    name, wanted = REQUIRED_PART[ResponseKind(kind)]
    if reply.part(name).strip():
        return []
    values = {"kind": ResponseKind(kind).label, "wanted": wanted}
    return [Gap(name, "“{kind}”类回应须公开{wanted}。", _KINDS, "补写{wanted}，或改选回应类型。", values)]


def _open_concerns(text: str, concerns: Iterable[ConcernState]) -> list[Gap]:
    listed = tuple(concerns)
    if not listed:
        return [Gap("concerns", "请先列出公众关切的问题，至少一条。", _FOCUS, "在“公众关切”中填写。")]
    found = []
    for concern in listed:
        values = {"question": concern.question}
        if concern.outcome == "open":
            found.append(Gap("concerns", "“{question}”尚未回应。", _FOCUS, _SETTLE, values))
        elif concern.outcome == "answered" and concern.passage.strip() not in text:
            found.append(Gap("concerns", "“{question}”所摘原文已不在回应稿中。", _FOCUS, _MARK, values))
    return found
