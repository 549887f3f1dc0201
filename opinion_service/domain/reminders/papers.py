"""The papers of the ladder: 催办单, 催办通知书 and 通报, as numbered texts that are fixed when issued."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from opinion_service.domain.reminders.notices import beijing, safe_name, safe_title


class PaperKind(StrEnum):
    """The papers in the order in which a clock that stays unmet draws them."""

    REMINDER = "reminder"
    NOTICE = "notice"
    CIRCULAR = "circular"

    @property
    def label(self) -> str:
        """Return the paper's name in Chinese."""
        return PAPER_LABELS[self]


PAPER_LABELS: dict[PaperKind, str] = {
    PaperKind.REMINDER: "催办单",
    PaperKind.NOTICE: "催办通知书",
    PaperKind.CIRCULAR: "逾期情况通报",
}
_SIGNS: dict[PaperKind, str] = {PaperKind.REMINDER: "催", PaperKind.NOTICE: "催通", PaperKind.CIRCULAR: "通报"}
# What no department owes is owed by whoever watches at the desk.
DESK = "舆情联络员"
COLUMNS = ("序号", "承办单位", "案号", "事项", "时限", "应完成时间", "超期", "催办及说明")


def paper_number(kind: PaperKind, year: int, serial: int) -> str:
    """Return the number as it is written on the paper: `催通〔2026〕12号`."""
    return f"{_SIGNS[kind]}〔{year}〕{serial}号"


@dataclass(frozen=True, slots=True)
class Lateness:
    """What a paper says of one clock: who owes what since when, and on what ground."""

    case_no: str
    title: str
    department: str
    clock: str
    due_at: datetime
    basis: str
    reminded: int = 0
    explanation: str = ""


def rung_paper(kind: PaperKind, number: str, late: Lateness, told: Sequence[str], *, now: datetime) -> dict[str, Any]:
    """Return the words of a 催办单 or 催办通知书 as plain JSON; `told` are the names it is sent to."""
    unit = safe_name(late.department) or DESK
    standing = f"截至 {beijing(now)}，{overdue(late.due_at, now)}，仍未完成。"
    matter = (
        f"你单位办理的“{safe_title(late.title)}”（案号 {late.case_no}），应于 {beijing(late.due_at)}前完成"
        f"“{late.clock}”，依据：{late.basis}。{standing}"
    )
    asked = {
        PaperKind.REMINDER: "请立即办理，并在工作台登记进展。超期 24 小时仍未完成的，将发出催办通知书并告知督查。",
        PaperKind.NOTICE: "请立即办理，并于收到本通知书后 1 个工作日内书面说明超期原因和预计完成时间。"
        "超期满 5 个工作日仍未完成的，将列入书面通报。",
    }[kind]
    return {
        "heading": kind.label,
        "number": number,
        "to": f"{unit}：",
        "paragraphs": [matter, asked],
        "columns": [],
        "rows": [],
        "copies": "、".join(safe_name(name) for name in told),
        "at": beijing(now),
    }


def circular(number: str, rows: Sequence[Lateness], note: str, *, now: datetime) -> dict[str, Any]:
    """Return the words of a 通报 as plain JSON: its rows by department, the longest overdue first in each."""
    ordered = sorted(rows, key=lambda one: (not one.department, one.department, one.due_at, one.case_no))
    units = len({one.department for one in rows})
    opening = (
        f"截至 {beijing(now)}，下列 {len(rows)} 件事项超期满 5 个工作日仍未按规定完成，涉及 {units} 个单位，现予通报。"
    )
    closing = "请有关单位立即办理，并书面说明原因。"
    return {
        "heading": PaperKind.CIRCULAR.label,
        "number": number,
        "to": "各有关单位：",
        "paragraphs": [opening, *([note.strip()] if note.strip() else []), closing],
        "columns": list(COLUMNS),
        "rows": [_row(order, one, now) for order, one in enumerate(ordered, 1)],
        "copies": "",
        "at": beijing(now),
    }


def overdue(due_at: datetime, now: datetime) -> str:
    """Return by how much a clock is late: `已超 2 天 3 小时`, `已到期` at its instant."""
    minutes = (now - due_at) // timedelta(minutes=1)
    if minutes < 1:
        return "已到期"
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{amount} {unit}" for amount, unit in ((days, "天"), (hours, "小时"), (rest, "分钟")) if amount][:2]
    return f"已超 {' '.join(parts)}"


def _row(order: int, late: Lateness, now: datetime) -> list[str]:
    said = (
        f"已催办 {late.reminded} 次；{'说明：' + safe_name(late.explanation, 120) if late.explanation else '未作说明'}"
    )
    return [
        str(order), safe_name(late.department) or DESK, late.case_no, safe_title(late.title), late.clock,
        beijing(late.due_at), overdue(late.due_at, now), said,
    ]  # fmt: skip
