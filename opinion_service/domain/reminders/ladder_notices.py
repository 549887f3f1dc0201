"""The words of the ladder's mails: one rung alone, or many in one letter with the worst first; no case text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from opinion_service.domain.clocks.allowance import Allowance
from opinion_service.domain.reminders.notices import (
    CLOSING,
    Notice,
    beijing,
    body_of,
    case_facts,
    safe_name,
    safe_title,
    time_left,
    unit_prefix,
)

_UNITS = {"min": "分钟", "h": "小时", "wh": "工作小时", "wd": "工作日"}
BECAUSE: dict[str, str] = {
    "role": "您收到本邮件，是因为按催办规则，该时限到此一步须告知您。",
    "duty": "您收到本邮件，是因为您正在值班，非工作时间的催办由值班人员接收。",
    "stand_in": "您收到本邮件，是因为您正在代理应被告知的同事。",
    "fallback": "您收到本邮件，是因为该步骤没有可告知的承办人员。",
    "robot": "本消息按催办规则发至工作群。",
}


@dataclass(frozen=True, slots=True)
class RungFacts:
    """What one rung tells: the clock, the case in one line, and the wording frozen on the rung.

    told: the names told with the reader; events: the last steps as (instant, words of the desk);
    questions: (asked, still open); next_at: when the next rung is reached; reason: why the reader is told.
    """

    level: int
    wording: dict[str, str]
    clock: str
    case_no: str
    title: str
    due_at: datetime
    is_legal: bool
    basis: str
    link: str
    department: str = ""
    allowance: str = ""
    told: tuple[str, ...] = ()
    events: tuple[tuple[datetime, str], ...] = ()
    questions: tuple[int, int] = (0, 0)
    next_at: datetime | None = None
    reason: str = "role"

    @property
    def rank(self) -> tuple[int, bool, datetime]:
        """Return the sort key that puts the worst first: highest rung, legal clocks, longest overdue."""
        return -self.level, not self.is_legal, self.due_at


def rung_notice(facts: RungFacts, *, now: datetime) -> Notice:
    """Return the mail of one rung: what is owed, by when and on what ground, what happened, and what comes next."""
    owed = f"{safe_name(facts.department)}须在 {beijing(facts.due_at)}前完成“{facts.clock}”"
    given = Allowance.parse(facts.allowance).words if facts.allowance else ""
    asked, still_open = facts.questions
    lines = [
        *case_facts(facts.case_no, facts.title),
        ("时限", given),
        ("依据", facts.basis),
        ("公众关切", f"{asked} 个问题，{still_open} 个尚未答复" if asked else ""),
        ("最近进展", "".join(f"\n  {beijing(at)} {safe_name(words, 80)}" for at, words in facts.events)),
    ]
    told = "、".join(safe_name(name) for name in facts.told) or "无"
    after = (f"同时告知：{told}。", _next(facts), BECAUSE[facts.reason])
    subject = f"【{_state(facts, now)}】{_headline(facts)}（{facts.wording['ending']}）"
    sentence = f"{owed}，{time_left(facts.due_at, now)}。{facts.wording['ask']}"
    return Notice(subject, body_of(sentence, lines, facts.link, after))


def digest_notice(rows: Sequence[RungFacts], link: str, *, now: datetime, part: str = "") -> Notice:
    """Return one mail for several rungs to one reader, the worst first; every row stands in it.

    link: the list of the reader's cases; part: which letter of how many (`2/25`), empty for the only one.
    """
    ordered = sorted(rows, key=lambda one: one.rank)
    worst = ordered[0]
    subject = (
        f"【{len(rows)}件待办|最急{time_left(worst.due_at, now).replace(' ', '')}】{_headline(worst)} 等 {len(rows)} 件"
    )
    items = "\n".join(_item(number, one, now) for number, one in enumerate(ordered, 1))
    reasons = "\n".join(dict.fromkeys(BECAUSE[one.reason] for one in ordered))
    count = f"以下 {len(rows)} 件事项临期或已到期，最急的在前{f'（第 {part} 封）' if part else ''}："
    return Notice(subject, f"{count}\n\n{items}\n请登录办理：{link}\n\n{reasons}\n{CLOSING}\n")


def _item(number: int, facts: RungFacts, now: datetime) -> str:
    asked = safe_name(facts.wording["ask"], None)
    return (
        f"{number}. 【{_state(facts, now)}】{_headline(facts)}（{facts.wording['ending']}）\n"
        f"   须在 {beijing(facts.due_at)}前完成“{facts.clock}”。依据：{facts.basis}\n"
        f"   {asked}{_next(facts)}\n   {facts.link}\n"
    )


def _headline(facts: RungFacts) -> str:
    return f"{unit_prefix(facts.department)}{safe_title(facts.title)} — 案号 {facts.case_no}"


def _state(facts: RungFacts, now: datetime) -> str:
    """Return what stands first in a subject: `48小时|剩4小时`."""
    given = Allowance.parse(facts.allowance) if facts.allowance else None
    words = [f"{given.amount}{_UNITS[given.unit]}"] if given else []
    return "|".join([*words, time_left(facts.due_at, now).replace(" ", "")])


def _next(facts: RungFacts) -> str:
    after = facts.wording["after"]
    if not after or facts.next_at is None:
        return after
    return f"{after}下一步时间：{beijing(facts.next_at)}。"
