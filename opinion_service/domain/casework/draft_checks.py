"""What is wrong with a draft before it goes to review: findings that block, and hints a person has to weigh.

Every finding says what, where in the text, why (the rule) and what to do. Sources: 国办发〔2016〕61号 三,
国办发〔2016〕80号, 政府信息公开条例第十五条, and the local rules in the domain notes 1.4 and 2.6.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from opinion_service.domain.casework import draft_figures
from opinion_service.domain.casework.coverage import ConcernState, ReplyText, ResponseKind, gaps
from opinion_service.domain.casework.sentences import sentences
from opinion_service.domain.listening.scrub import scrub

PARTS: dict[str, str] = {
    "title": "标题", "facts": "事实真相", "basis": "政策依据", "measures": "处置措施", "result": "处置结果",
    "next_step": "下一步安排",
}  # fmt: skip
PERSONAL: dict[str, str] = {
    "phone": "电话", "id_card": "证件号", "bank_card": "卡号", "plate": "车牌", "email": "邮箱", "handle": "账号",
    "messenger": "账号", "address": "门牌",
}  # fmt: skip

_NEWS = re.compile(
    r"高度重视|专题会议|现场会|会议(?:要求|指出|强调)|(?:强调|指出)，|深入(?:一线|基层)|本报讯|记者|通讯员|工作动态|"
    r"新闻报道|亲自部署|取得(?:了)?(?:显著|明显)成效|圆满完成|有力推进|扎实推进|调研指导"
)
# One turn of phrase may slip in; three make the text a report of what officials did.
NEWS_BLOCKS_FROM = 3
_BLANK = re.compile(r"【请填写[^】]{0,40}】|\{[^{}\n]{1,20}\}")
_LINK = re.compile(r"(?:https?://|www\.)\S+")
SHORTEST_OWN_WORDS = 60
KIND_RULE = "国办发〔2016〕80号：六类回应各有应当公开的内容"

_PROMISE = re.compile(
    r"将(?=于|在|会|由|按|依法|继续|持续|进一步|组织|开展|加快|加强|尽快|抓紧|完成|恢复|启动|建|推进|出台|公布|安排)|拟于|计划|承诺|确保|保证|争取|下一步|后续|尽快|适时|择期|早日|近期|抓紧"
)
_TIME = re.compile(
    r"[\d〇零一二两三四五六七八九十]+ ?(?:年|月|日|号|天|周|小时|个?工作日|个月|季度)|(?:本|下|每)(?:周|月|年|季度)|"
    r"[今明]年|今[日天]|明[日天]|年底|月底|年[内前]|月[内前]|即日|暑假|寒假|开学|汛期|春节|国庆|元旦|每"
)
_RELATIVE = re.compile(
    r"(?:下|本|上)(?:个?月|周[一二三四五六日]?|星期[一二三四五六日]?)|明[天日年]|今[天日]|昨[天日]|近日"
)
_PERSON = re.compile(
    r"(?:市民|家长|群众|网友|业主|村民|居民|学生|患者|职工|乘客|举报人|反映人|投诉人|当事人)"
    r"([王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向汤]"
    r"[\u4e00-\u9fff]{1,2}?)(?=反映|投诉|举报|称|提出|表示|、|，|的(?:诉求|问题))"
)
# What an answer of this kind has to say, beyond the part that must not be empty. Source: 80号.
_KIND_SAYS: dict[ResponseKind, tuple[str, str, str]] = {
    ResponseKind.ADVICE: ("result", r"采纳|吸收|采用|纳入|暂不|未予", "是否采纳、采纳了哪些、不采纳的理由"),
    ResponseKind.HARDSHIP: (
        "measures",
        r"解决|安排|补助|救助|补贴|发放|增开|增设|恢复|修复|维修|协调|办理|开通|提供|免|减|延长|组织|调整|落实|停|责令",
        "怎样解决实际困难",
    ),
    ResponseKind.MAJOR_PROBLEM: (
        "result",
        r"查|核|处理|处罚|整改|停|责|立案|追究|撤|退|赔|关闭|封|移送|完成",
        "调查结论和处置情况",
    ),
    ResponseKind.MISUNDERSTANDING: (
        "basis",
        r"《|〔\d{4}〕|规定|条例|办法|通知|标准|政策|第[\d一二三四五六七八九十百]+条",
        "文件名称、文号或条款",
    ),
    ResponseKind.WRONG_VIEW: (
        "basis",
        r"《|〔\d{4}〕|规定|条例|因为|由于|原因|标准|数据",
        "所依据的事实或规定",
    ),
    ResponseKind.FALSE_INFORMATION: (
        "facts",
        r"不实|虚假|谣|不属实|没有|并非|并未|未发生|不存在|有误|误传|失实|实际",
        "哪些说法不实、准确情况是什么",
    ),
}


class Severity(StrEnum):
    """Whether a finding keeps the draft from being submitted, or asks a person to look."""

    BLOCK = "block"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found; `field` is the part of the form, `where` the words it is about (may be empty).

    `what` and `todo` are sentences with `{names}` that stand in `values`, so that a page can say them in its language.
    """

    severity: Severity
    field: str
    what: str
    where: str
    why: str
    todo: str
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def is_blocking(self) -> bool:
        """Return whether the draft cannot be submitted before this is mended."""
        return self.severity is Severity.BLOCK

    @property
    def sentence(self) -> str:
        """Return what was found as one sentence in Chinese."""
        return self.what.format(**self.values)


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """What a draft is checked against.

    earlier: what was published on the case before. beside: pairs of (name of the source, text) that must not
    contradict the draft: the co-departments' parts, the assessment of the case.
    """

    reply: ReplyText
    kind: str
    concerns: tuple[ConcernState, ...]
    earlier: str = ""
    beside: tuple[tuple[str, str], ...] = ()


def check(facts: DraftFacts) -> tuple[Finding, ...]:
    """Return everything found in the draft, what blocks first; empty when nothing is."""
    reply = facts.reply
    found = [
        *(
            Finding(Severity.BLOCK, gap.field, gap.what, "", gap.why, gap.todo, gap.values)
            for gap in gaps(reply, facts.concerns, facts.kind, earlier=facts.earlier)
        ),
        *_blanks(reply),
        *_personal(reply),
        *_news(reply),
        *_promises(reply),
        *_says_what_its_kind_must(reply, facts.kind),
        *_contradictions(reply, facts.beside),
    ]
    return tuple(sorted(found, key=lambda one: not one.is_blocking))


def _blanks(reply: ReplyText) -> Iterable[Finding]:
    why, todo = "模板留下的空白不能送审", "补全，或删去这一句。"
    for name in PARTS:
        for blank in _BLANK.findall(reply.part(name)):
            yield Finding(Severity.BLOCK, name, "还有“{words}”没有补全。", blank, why, todo, {"words": blank})


def _personal(reply: ReplyText) -> Iterable[Finding]:
    why = "政府信息公开条例第十五条：涉及个人隐私的信息不得公开"
    office = "删除，或改用不能识别个人的写法；办公电话写在“联系方式”栏。"
    for name, label in PARTS.items():
        for kind in sorted({PERSONAL[kind] for kind in scrub(reply.part(name)).counts}):
            values = {"part": label, "kind": kind}
            yield Finding(Severity.BLOCK, name, "“{part}”中有个人信息：{kind}。", "", why, office, values)
        for person in _PERSON.finditer(reply.part(name)):
            what, todo = "“{part}”中可能有反映人的姓名。", "改为“有市民反映”等写法。"
            yield Finding(Severity.HINT, name, what, person[0], why, todo, {"part": label})


def _news(reply: ReplyText) -> Iterable[Finding]:
    why = "不得以工作动态、新闻报道、评论文章等充当回应内容"
    text = f"{reply.title}\n{reply.whole}"
    turns = list(dict.fromkeys(match[0] for match in _NEWS.finditer(text)))
    if turns:
        severity = Severity.BLOCK if len(turns) >= NEWS_BLOCKS_FROM else Severity.HINT
        what = "写法像工作动态或新闻稿。" if severity is Severity.BLOCK else "有工作动态、新闻稿的用语。"
        yield Finding(severity, "facts", what, "、".join(turns), why, "写群众关心的事实、措施和结果，不写领导活动。")
    links = _LINK.findall(text)
    if links and len(_LINK.sub("", reply.whole)) < SHORTEST_OWN_WORDS:
        yield Finding(Severity.BLOCK, "facts", "正文只给出链接。", links[0], why, "把链接中的事实和结论写进正文。")


def _promises(reply: ReplyText) -> Iterable[Finding]:
    why = "承诺须能核查落实和公开情况，没有时限无法核查"
    for name in ("measures", "result", "next_step"):
        for sentence in sentences(reply.part(name)):
            if not _PROMISE.search(sentence):
                continue
            if not _TIME.search(sentence):
                yield Finding(Severity.HINT, name, "有承诺而没有时限。", sentence, why, "写明哪一天前完成、由谁负责。")
            elif relative := _RELATIVE.search(sentence):
                what, todo = "“{words}”不是具体日期。", "改写为年月日，公开页长期可查。"
                yield Finding(Severity.HINT, name, what, sentence, why, todo, {"words": relative[0]})


def _says_what_its_kind_must(reply: ReplyText, kind: str) -> Iterable[Finding]:
    rule = _KIND_SAYS.get(ResponseKind(kind)) if kind in set(ResponseKind) else None
    if rule is None:
        return
    name, says, wanted = rule
    text = reply.part(name)
    if text.strip() and not re.search(says, text):
        values = {"kind": ResponseKind(kind).label, "part": PARTS[name], "wanted": wanted}
        what, todo = "“{kind}”类回应的“{part}”中没有看到{wanted}。", "补充{wanted}。"
        yield Finding(Severity.HINT, name, what, "", KIND_RULE, todo, values)


def _contradictions(reply: ReplyText, beside: Iterable[tuple[str, str]]) -> Iterable[Finding]:
    why = "国办发〔2016〕61号：涉及多个部门的，回应的信息应准确一致"
    what = "{sort}与{source}不一致：回应稿写“{here}”，{source}写“{there}”。"
    todo = "核实后改成一致；两处都对的，写明口径或时点。"
    for source, text in beside:
        for name in PARTS:
            for clash in draft_figures.clashes(reply.part(name), text):
                values = {"sort": clash.what, "source": source, "here": clash.here, "there": clash.there}
                yield Finding(Severity.HINT, name, what, clash.clause, why, todo, values)
