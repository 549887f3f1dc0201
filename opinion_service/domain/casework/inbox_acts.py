"""What a liaison may do with a row of the inbox: an event without a case, or with one that nobody was given yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from opinion_service.domain.casework.case_states import CaseState

LONGEST_SNOOZE = timedelta(hours=72)
MOST_AT_ONCE = 50
# An event that was taken out, or went quiet, can still become a case; nothing else.
LEFT = frozenset({"dismissed", "quiet"})


class InboxAct(StrEnum):
    """One of the ways out of the inbox; a snooze is the one that leads back."""

    DISPATCH = "dispatch"
    OPEN = "open"
    MERGE = "merge"
    DECLINE = "decline"
    SNOOZE = "snooze"
    DISMISS = "dismiss"

    @property
    def label(self) -> str:
        """Return the act's name in Chinese."""
        return LABELS[self]

    @property
    def effect(self) -> str:
        """Return, in Chinese, what the act does to one row."""
        return EFFECTS[self]


LABELS: Mapping[InboxAct, str] = {
    InboxAct.DISPATCH: "立案并交办",
    InboxAct.OPEN: "立案",
    InboxAct.MERGE: "并入案件",
    InboxAct.DECLINE: "拟不予立案",
    InboxAct.SNOOZE: "稍后",
    InboxAct.DISMISS: "移出",
}
EFFECTS: Mapping[InboxAct, str] = {
    InboxAct.DISPATCH: "尚未立案的先立案；交办给所列单位，单位即收到邮件。时限自首次发现起算。",
    InboxAct.OPEN: "立案并给出案号，仍留在列表中等待交办。时限自首次发现起算。",
    InboxAct.MERGE: "尚未立案的，条目归入所填案件；已立案的，本案并入所填案件并停止计时。",
    InboxAct.DECLINE: "登记案号并提出不予立案；须由另一人确认后生效，并按期复核。确认前时限照常计算。",
    InboxAct.SNOOZE: "到所填时间自动回到列表；期间时限照常计算，到期照常提醒。",
    InboxAct.DISMISS: "移出列表，不立案；热度复燃时自动回来。",
}


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What decides which acts are open; `case_state` is empty while there is no case."""

    event_state: str
    case_state: str = ""
    is_declining: bool = False


def refusal(act: InboxAct, facts: RowFacts) -> str | None:
    """Return why the act is not open for the row, as a sentence, or None when it is."""
    if facts.event_state == "open":
        return None
    if facts.event_state in LEFT and act in (InboxAct.OPEN, InboxAct.DISPATCH):
        return None
    if facts.event_state != "cased" or facts.case_state != CaseState.NEW:
        return "已不在研判列表中。"
    if act is InboxAct.OPEN:
        return "已经立案。"
    if act is InboxAct.DISMISS:
        return "已立案的不能移出，请用“拟不予立案”或“并入案件”。"
    if act is InboxAct.DECLINE and facts.is_declining:
        return "已提出不予立案，正在等待另一人确认。"
    return None


def open_acts(facts: RowFacts) -> tuple[InboxAct, ...]:
    """Return the acts open for a row, in the order of their buttons."""
    return tuple(act for act in InboxAct if refusal(act, facts) is None)
