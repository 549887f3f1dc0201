"""The words of the desk's e-mails: case number, title, deadline and a link; never the text of a case."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from opinion_service.domain.escalation import RUNG_LABELS

ZONE = ZoneInfo("Asia/Shanghai")
ACT_WORDS: dict[str, tuple[str, str]] = {
    "dispatch": ("交办", "该案件已交由贵单位承办，请按时签收。"),
    "reroute": ("改派", "该案件已改派至贵单位，请按时签收。"),
    "rule": ("裁定", "经裁定，该案件由贵单位承办，请按时签收。"),
    "reopen": ("重新办理", "该案件已重新办理，请按时签收。"),
    "return": ("退办", "承办单位已退办，请在 2 小时内裁定。退办不停止计时。"),
    "submit": ("待审签", "回应稿已送审，请审签。"),
    "countersign": ("待会签", "回应稿需贵单位会签，请核对涉及贵单位的内容。"),
    "reject": ("退回修改", "回应稿已退回修改，请查看意见。"),
    "send_back": ("退回修改", "回应稿已由联络员退回，请查看意见。"),
    "sign": ("待发布", "回应稿已审签，请发布。"),
    "propose_decline": ("待确认", "有案件拟不予立案，请由另一人确认。"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """Subject and plain-text body of one e-mail."""

    subject: str
    body: str


def act_notice(*, action: str, case_no: str, title: str, department: str, due_at: datetime | None, link: str) -> Notice:
    """Return the notice that a case has moved and somebody has to act."""
    word, sentence = ACT_WORDS[action]
    due = f"最近一项时限：{beijing(due_at)}。\n" if due_at else ""
    unit = f"{department}：" if department else ""
    body = f"{sentence}\n\n案号：{case_no}\n标题：{title}\n{due}\n请登录查看：{link}\n\n{_WHY}"
    return Notice(f"【{word}】{unit}{title} — 案号 {case_no}", body)


def ladder_notice(
    *, level: int, clock: str, case_no: str, title: str, due_at: datetime, basis: str, link: str, told: str
) -> Notice:
    """Return the notice of one rung of a ladder."""
    word = RUNG_LABELS[level]
    state = "即将到期" if level == 1 else "已到期" if level == 2 else "已超期"
    body = (
        f"“{clock}”{state}，应于 {beijing(due_at)} 前完成。\n依据：{basis}\n\n案号：{case_no}\n标题：{title}\n"
        f"请登录办理：{link}\n\n同时告知：{told or '无'}。\n{_WHY}"
    )
    return Notice(f"【{word}】{clock}{state}：{title} — 案号 {case_no}", body)


_WHY = "您收到本邮件，是因为您是该案件的承办、审签、联络或督查人员。本邮件由系统自动发送，请勿回复。"


def beijing(at: datetime) -> str:
    """Return an instant as people in China write it."""
    local = at.astimezone(ZONE)
    return f"{local:%Y-%m-%d %H:%M}（周{'一二三四五六日'[local.weekday()]}）"


def message_id(case_no: str, kind: str, fact: str, recipient: str, host: str) -> str:
    """Return the Message-ID of one fact to one person; the same fact gives the same one for ever."""
    person = hashlib.sha256(recipient.lower().encode()).hexdigest()[:16]
    safe_host = host if host and all(char.isalnum() or char in ".-" for char in host) else "desk.invalid"
    return f"<{case_no}.{kind}.{fact}.{person}@{safe_host}>"
