"""The states of a case and the table of moves between them.

A move says from where, by what, to where, by whom and what it needs; services ask
`move_for` and never compare states themselves. Source: design §5.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from opinion_service.domain.errors import IllegalMove


class CaseState(StrEnum):
    """Where a case stands; the label is what people read."""

    NEW = "new"
    DECLINED = "declined"
    MERGED = "merged"
    DISPATCHED = "dispatched"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    ASSESSED = "assessed"
    DRAFTING = "drafting"
    COUNTERSIGNING = "countersigning"
    IN_REVIEW = "in_review"
    SIGNED = "signed"
    PUBLISHED = "published"
    FOLLOWING = "following"
    CLOSED = "closed"
    ARCHIVED = "archived"

    @property
    def label(self) -> str:
        """Return the state's name in Chinese."""
        return STATE_LABELS[self]


STATE_LABELS: dict[CaseState, str] = {
    CaseState.NEW: "待研判",
    CaseState.DECLINED: "不予立案",
    CaseState.MERGED: "已并案",
    CaseState.DISPATCHED: "已交办",
    CaseState.RETURNED: "退办待裁定",
    CaseState.ACCEPTED: "已签收",
    CaseState.ASSESSED: "已研判",
    CaseState.DRAFTING: "拟稿中",
    CaseState.COUNTERSIGNING: "会签中",
    CaseState.IN_REVIEW: "审签中",
    CaseState.SIGNED: "待发布",
    CaseState.PUBLISHED: "已发布",
    CaseState.FOLLOWING: "持续跟踪",
    CaseState.CLOSED: "已办结",
    CaseState.ARCHIVED: "已归档",
}

FINISHED = frozenset({CaseState.DECLINED, CaseState.MERGED, CaseState.CLOSED, CaseState.ARCHIVED})
# Nothing can be done for a case in one of these, unless it is taken up again.
SHUT = frozenset({CaseState.DECLINED, CaseState.MERGED, CaseState.ARCHIVED})
OPEN_STATES = tuple(state for state in CaseState if state not in FINISHED)
IN_DEPARTMENT = (
    CaseState.DISPATCHED,
    CaseState.ACCEPTED,
    CaseState.ASSESSED,
    CaseState.DRAFTING,
    CaseState.COUNTERSIGNING,
    CaseState.IN_REVIEW,
)

WITH_HANDLING_CLOCKS = (*IN_DEPARTMENT, CaseState.SIGNED, CaseState.PUBLISHED, CaseState.FOLLOWING)


class CaseAction(StrEnum):
    """What a person may do to a case."""

    DISPATCH = "dispatch"
    PROPOSE_DECLINE = "propose_decline"
    CONFIRM_DECLINE = "confirm_decline"
    MERGE = "merge"
    REROUTE = "reroute"
    REGRADE = "regrade"
    ACCEPT = "accept"
    RETURN = "return"
    RULE = "rule"
    ASSESS = "assess"
    DRAFT = "draft"
    SUBMIT = "submit"
    COUNTERSIGN = "countersign"
    OBJECT = "object"
    SETTLE = "settle"
    CLEAR = "clear"
    SIGN = "sign"
    REJECT = "reject"
    SEND_BACK = "send_back"
    PUBLISH = "publish"
    FOLLOW = "follow"
    FOLLOW_UP = "follow_up"
    CLOSE = "close"
    REOPEN = "reopen"
    REVISIT = "revisit"
    ARCHIVE = "archive"
    PRESS = "press"
    NOTE = "note"
    CONSULT = "consult"
    CONCERN = "concern"
    PROMISE = "promise"
    CO_REPLY = "co_reply"
    CONTINUE = "continue"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"
    DECIDE_EXTENSION = "decide_extension"

    @property
    def label(self) -> str:
        """Return the action's name in Chinese."""
        return ACTION_LABELS[self]


ACTION_LABELS: dict[CaseAction, str] = {
    CaseAction.DISPATCH: "交办",
    CaseAction.PROPOSE_DECLINE: "拟不予立案",
    CaseAction.CONFIRM_DECLINE: "确认不予立案",
    CaseAction.MERGE: "并案",
    CaseAction.REROUTE: "改派",
    CaseAction.REGRADE: "调整等级",
    CaseAction.ACCEPT: "签收",
    CaseAction.RETURN: "退办",
    CaseAction.RULE: "裁定",
    CaseAction.ASSESS: "提交风险研判",
    CaseAction.DRAFT: "保存回应稿",
    CaseAction.SUBMIT: "送审",
    CaseAction.COUNTERSIGN: "会签同意",
    CaseAction.OBJECT: "会签不同意",
    CaseAction.SETTLE: "裁定会签分歧",
    CaseAction.CLEAR: "审核通过",
    CaseAction.SIGN: "审签通过",
    CaseAction.REJECT: "退回修改",
    CaseAction.SEND_BACK: "退回承办单位",
    CaseAction.PUBLISH: "发布回应",
    CaseAction.FOLLOW: "转入持续跟踪",
    CaseAction.FOLLOW_UP: "拟写续报",
    CaseAction.CLOSE: "办结",
    CaseAction.REOPEN: "重新办理",
    CaseAction.REVISIT: "复核回访",
    CaseAction.ARCHIVE: "归档",
    CaseAction.PRESS: "登记新闻发布会",
    CaseAction.NOTE: "内部备注",
    CaseAction.CONSULT: "登记会商",
    CaseAction.CONCERN: "更新关切清单",
    CaseAction.PROMISE: "登记承诺",
    CaseAction.CO_REPLY: "提交协办意见",
    CaseAction.CONTINUE: "登记续报",
    CaseAction.PAUSE: "暂停计时",
    CaseAction.RESUME: "恢复计时",
    CaseAction.EXTEND: "申请延期",
    CaseAction.DECIDE_EXTENSION: "批复延期",
}


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table: to `to` (None: the state stays), from any of `sources`."""

    sources: tuple[CaseState, ...]
    to: CaseState | None
    needs_note: bool = False


_S = CaseState
MOVES: dict[CaseAction, Move] = {
    CaseAction.DISPATCH: Move((_S.NEW,), _S.DISPATCHED),
    CaseAction.PROPOSE_DECLINE: Move((_S.NEW,), None, needs_note=True),
    CaseAction.CONFIRM_DECLINE: Move((_S.NEW,), _S.DECLINED),
    CaseAction.MERGE: Move((_S.NEW, _S.DISPATCHED, _S.ACCEPTED), _S.MERGED, needs_note=True),
    CaseAction.REROUTE: Move((_S.DISPATCHED, _S.ACCEPTED, _S.ASSESSED, _S.DRAFTING), _S.DISPATCHED, needs_note=True),
    CaseAction.REGRADE: Move(OPEN_STATES, None, needs_note=True),
    CaseAction.ACCEPT: Move((_S.DISPATCHED,), _S.ACCEPTED),
    CaseAction.RETURN: Move((_S.DISPATCHED,), _S.RETURNED, needs_note=True),
    CaseAction.RULE: Move((_S.RETURNED,), _S.DISPATCHED, needs_note=True),
    CaseAction.ASSESS: Move((_S.ACCEPTED, _S.ASSESSED, _S.DRAFTING), _S.ASSESSED),
    CaseAction.CONSULT: Move((*OPEN_STATES,), None),
    CaseAction.DRAFT: Move((_S.ASSESSED, _S.DRAFTING), _S.DRAFTING),
    CaseAction.SUBMIT: Move((_S.DRAFTING,), _S.IN_REVIEW),
    CaseAction.COUNTERSIGN: Move((_S.COUNTERSIGNING,), None),
    CaseAction.OBJECT: Move((_S.COUNTERSIGNING,), None, needs_note=True),
    CaseAction.SETTLE: Move((_S.COUNTERSIGNING,), None, needs_note=True),
    CaseAction.CLEAR: Move((_S.IN_REVIEW,), None),
    CaseAction.SIGN: Move((_S.IN_REVIEW,), _S.SIGNED),
    CaseAction.REJECT: Move((_S.IN_REVIEW,), _S.DRAFTING, needs_note=True),
    CaseAction.SEND_BACK: Move((_S.SIGNED,), _S.DRAFTING, needs_note=True),
    CaseAction.PUBLISH: Move((_S.SIGNED,), _S.PUBLISHED),
    CaseAction.FOLLOW: Move((_S.PUBLISHED,), _S.FOLLOWING),
    CaseAction.FOLLOW_UP: Move((_S.PUBLISHED, _S.FOLLOWING), _S.DRAFTING, needs_note=True),
    CaseAction.CLOSE: Move((_S.PUBLISHED, _S.FOLLOWING), _S.CLOSED),
    CaseAction.REOPEN: Move((_S.CLOSED, _S.DECLINED, _S.PUBLISHED, _S.FOLLOWING), _S.DISPATCHED, needs_note=True),
    CaseAction.REVISIT: Move((_S.DECLINED, _S.CLOSED, _S.ARCHIVED), None, needs_note=True),
    CaseAction.ARCHIVE: Move((_S.CLOSED,), _S.ARCHIVED),
    CaseAction.PRESS: Move((*OPEN_STATES,), None, needs_note=True),
    CaseAction.NOTE: Move(tuple(CaseState), None, needs_note=True),
    CaseAction.CONCERN: Move((*IN_DEPARTMENT, _S.NEW), None),
    CaseAction.PROMISE: Move((_S.PUBLISHED, _S.FOLLOWING, _S.CLOSED), None),
    CaseAction.CO_REPLY: Move(IN_DEPARTMENT, None, needs_note=True),
    CaseAction.CONTINUE: Move((_S.PUBLISHED, _S.FOLLOWING), None, needs_note=True),
    CaseAction.PAUSE: Move(WITH_HANDLING_CLOCKS, None, needs_note=True),
    CaseAction.RESUME: Move(WITH_HANDLING_CLOCKS, None),
    CaseAction.EXTEND: Move(WITH_HANDLING_CLOCKS, None, needs_note=True),
    CaseAction.DECIDE_EXTENSION: Move(WITH_HANDLING_CLOCKS, None),
}


def move_for(state: CaseState, action: CaseAction) -> Move:
    """Return the move that `action` makes from `state`; raise IllegalMove when it is not open."""
    move = MOVES[action]
    if state not in move.sources:
        raise IllegalMove(f"案件当前为“{state.label}”，不能{action.label}。")
    return move


def open_actions(state: CaseState) -> tuple[CaseAction, ...]:
    """Return the actions the table allows from `state`, in the order of the table."""
    return tuple(action for action, move in MOVES.items() if state in move.sources)


def labels(states: Iterable[CaseState]) -> tuple[tuple[str, str], ...]:
    """Return (code, label) pairs for a choice on a page."""
    return tuple((state.value, state.label) for state in states)
