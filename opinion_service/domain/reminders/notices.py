"""The words of the desk's e-mails: case number, title, deadline and a link; never the text of a case."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from opinion_service.domain.clocks.walk import ZONE

# The column of the outbox holds 300 characters of subject and 200 of Message-ID.
LONGEST_TITLE = 80
LONGEST_NAME = 40
LONGEST_HOST = 80

ACT_WORDS: dict[str, tuple[str, str]] = {
    "dispatch": ("交办", "该案件已交由贵单位承办，请按时签收。"),
    "reroute": ("改派", "该案件已改派至贵单位，请按时签收。"),
    "rule": ("裁定", "经裁定，该案件由贵单位承办，请按时签收。"),
    "reopen": ("重新办理", "该案件已重新办理，请按时签收。"),
    "return": ("退办", "承办单位已退办，请在 2 小时内裁定。退办不停止计时。"),
    "submit": ("待审签", "回应稿已送审，请审签。"),
    "countersign": ("待会签", "回应稿需贵单位会签，请核对涉及贵单位的内容。"),
    "object": ("会签分歧", "协办单位不同意会签稿，请裁定。"),
    "settle": ("会签裁定", "会签分歧已裁定，请查看裁定意见。"),
    "reject": ("退回修改", "回应稿已退回修改，请查看意见。"),
    "send_back": ("退回修改", "回应稿已由联络员退回，请查看意见。"),
    "sign": ("待发布", "回应稿已审签，请发布。"),
    "extend": ("延期待批复", "承办单位申请延长办理时限，请批复。法定回应时限不受影响。"),
    "decide_extension": ("延期批复", "延期申请已批复，请查看最新时限。"),
    "pause": ("暂停计时", "该案件的办理时限已暂停，法定回应时限照常计算。"),
    "resume": ("恢复计时", "该案件的办理时限已恢复计时，请查看最新时限。"),
    "propose_decline": ("待确认", "有案件拟不予立案，请由另一人确认。"),
}
_WHY_ACT = "您收到本邮件，是因为您负责该案件的下一步办理。"
CLOSING = "本邮件由系统自动发送，请勿回复。"


@dataclass(frozen=True, slots=True)
class Notice:
    """Subject and plain-text body of one e-mail."""

    subject: str
    body: str


def act_notice(*, action: str, case_no: str, title: str, department: str, due_at: datetime | None, link: str) -> Notice:
    """Return the notice that a case has moved and somebody has to act; KeyError for an act nobody is told of."""
    word, sentence = ACT_WORDS[action]
    facts = [*case_facts(case_no, title), ("最近时限", beijing(due_at) if due_at else "")]
    body = body_of(sentence, facts, link, (_WHY_ACT,))
    return Notice(f"【{word}】{unit_prefix(department)}{safe_title(title)} — 案号 {case_no}", body)


def promise_notice(case_no: str, title: str, due_on: date, link: str, *, is_over: bool) -> Notice:
    """Return the notice that a promise of a published answer falls due, or is over."""
    word = "承诺超期" if is_over else "承诺到期"
    owed = "已超过兑现日期，请立即办理，或说明理由改期。" if is_over else "即将到期，请按期兑现。"
    sentence = f"公开回应中的承诺{owed}办理后请登记兑现情况。"
    facts = [*case_facts(case_no, title), ("兑现日期", f"{due_on:%Y-%m-%d}")]
    return Notice(
        f"【{word}】{safe_title(title)} — 案号 {case_no}", body_of(sentence, facts, link, (_WHY_ACT,))
    )  # fmt: skip


def beijing(at: datetime) -> str:
    """Return an instant as people in China write it, the end of a day as 24:00 of that day."""
    local = at.astimezone(ZONE)
    clock = f"{local:%H:%M}"
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        local, clock = local - timedelta(days=1), "24:00"
    return f"{local:%Y-%m-%d} {clock}（周{'一二三四五六日'[local.weekday()]}）"


def message_id(case_no: str, kind: str, fact: str, recipient: str, host: str) -> str:
    """Return the Message-ID of one fact to one person; the same fact gives the same one for ever.

    The person is in it as a hash only: a Message-ID travels in the headers of every answer.
    """
    person = hashlib.sha256(recipient.lower().encode()).hexdigest()[:16]
    return f"<{case_no}.{kind}.{fact}.{person}@{_safe_host(host)}>"


def safe_title(title: str) -> str:
    """Return a case title in one line, cut to 80 characters, without a link that could be followed.

    A title comes from outside; in an official mail only the desk's own address may be one to click on.
    """
    plain = re.sub(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|www\.)[!-~]*", "［网址］", safe_name(title, longest=None))
    return plain if len(plain) <= LONGEST_TITLE else f"{plain[: LONGEST_TITLE - 1]}…"


def safe_name(name: str, longest: int | None = LONGEST_NAME) -> str:
    """Return a name in one line without control characters and marks of reading direction."""
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+", " ", name)
    return re.sub(r"\s+", " ", plain).strip()[:longest]


def case_facts(case_no: str, title: str) -> list[tuple[str, str]]:
    """Return the lines that name a case in a mail."""
    return [("案号", case_no), ("标题", safe_title(title))]


def body_of(sentence: str, facts: list[tuple[str, str]], link: str, after: tuple[str, ...]) -> str:
    """Return a plain-text body: what is owed, the facts that are known, the link, and what stands below it."""
    listed = "".join(f"{name}：{value}\n" for name, value in facts if value)
    closing = "\n".join(line for line in (*after, CLOSING) if line)
    return f"{sentence}\n\n{listed}请登录办理：{link}\n\n{closing}\n"


def unit_prefix(department: str) -> str:
    """Return the department as it stands before a title, empty when there is none."""
    unit = safe_name(department)
    return f"{unit}：" if unit else ""


def time_left(due_at: datetime, now: datetime) -> str:
    """Return `剩 4 小时`, `已到期` or `超 1 天`; what is left is never rounded up."""
    minutes = abs(due_at - now) // timedelta(minutes=1)
    if minutes == 0:
        return "已到期" if now >= due_at else "剩不到 1 分钟"
    return f"{'剩' if now < due_at else '超'} {_largest(minutes)}"


def _largest(minutes: int) -> str:
    if minutes < 60:
        return f"{minutes} 分钟"
    # Up to three days hours are the unit in which the national limits are written.
    return f"{minutes // 60} 小时" if minutes <= 72 * 60 else f"{minutes // 1440} 天"


def _safe_host(host: str) -> str:
    is_safe = re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", host) is not None
    return host if is_safe and len(host) <= LONGEST_HOST else "desk.invalid"
