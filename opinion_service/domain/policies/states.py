"""The states of a policy in the register, the table of moves between them, and who may make each move.

Source: founding document 二(一)(二): who drafts a policy assesses the opinion it may raise, prepares the response
plan and the interpretation, and has all of it signed before release.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from opinion_service.domain.errors import Forbidden, IllegalMove
from opinion_service.domain.people import Actor, Role


class PolicyState(StrEnum):
    """Where a policy stands."""

    DRAFTING = "drafting"
    CONSULTING = "consulting"
    IN_REVIEW = "in_review"
    SIGNED = "signed"
    RELEASED = "released"
    REVIEWED = "reviewed"
    DROPPED = "dropped"

    @property
    def label(self) -> str:
        """Return the state's name in Chinese."""
        return STATE_LABELS[self]


STATE_LABELS: dict[PolicyState, str] = {
    PolicyState.DRAFTING: "评估编制中",
    PolicyState.CONSULTING: "征求意见中",
    PolicyState.IN_REVIEW: "待签发",
    PolicyState.SIGNED: "待出台",
    PolicyState.RELEASED: "出台观察中",
    PolicyState.REVIEWED: "已复核",
    PolicyState.DROPPED: "已终止",
}


class PolicyAction(StrEnum):
    """What a person may do to a policy."""

    SAVE = "save"
    ASK = "ask"
    ANSWER = "answer"
    REPLY = "reply"
    SUBMIT = "submit"
    SIGN = "sign"
    REJECT = "reject"
    TAKE_BACK = "take_back"
    RELEASE = "release"
    SORT = "sort"
    REVIEW = "review"
    DROP = "drop"

    @property
    def label(self) -> str:
        """Return the action's name in Chinese."""
        return ACTION_LABELS[self]


ACTION_LABELS: dict[PolicyAction, str] = {
    PolicyAction.SAVE: "保存评估",
    PolicyAction.ASK: "征求意见",
    PolicyAction.ANSWER: "反馈意见",
    PolicyAction.REPLY: "说明采纳情况",
    PolicyAction.SUBMIT: "提请签发",
    PolicyAction.SIGN: "签发",
    PolicyAction.REJECT: "退回修改",
    PolicyAction.TAKE_BACK: "撤回签发",
    PolicyAction.RELEASE: "登记出台",
    PolicyAction.SORT: "整理关联",
    PolicyAction.REVIEW: "提交复核",
    PolicyAction.DROP: "终止",
}


@dataclass(frozen=True, slots=True)
class PolicyMove:
    """One line of the table: to `to` (None: the state stays) from any of `sources`, by one of `roles`."""

    sources: tuple[PolicyState, ...]
    to: PolicyState | None
    roles: frozenset[Role]
    needs_note: bool = False


_S = PolicyState
_BEFORE_REVIEW = (_S.DRAFTING, _S.CONSULTING)
_HANDLER = frozenset({Role.HANDLER})
_APPROVER = frozenset({Role.APPROVER})
_UNIT = _HANDLER | _APPROVER
_UNIT_AND_DESK = _UNIT | {Role.LIAISON}
MOVES: dict[PolicyAction, PolicyMove] = {
    PolicyAction.SAVE: PolicyMove(_BEFORE_REVIEW, None, _HANDLER),
    PolicyAction.ASK: PolicyMove(_BEFORE_REVIEW, _S.CONSULTING, _HANDLER),
    PolicyAction.ANSWER: PolicyMove((_S.CONSULTING,), None, _UNIT_AND_DESK),
    PolicyAction.REPLY: PolicyMove((_S.CONSULTING,), None, _HANDLER, needs_note=True),
    PolicyAction.SUBMIT: PolicyMove(_BEFORE_REVIEW, _S.IN_REVIEW, _HANDLER),
    PolicyAction.SIGN: PolicyMove((_S.IN_REVIEW,), _S.SIGNED, _APPROVER),
    PolicyAction.REJECT: PolicyMove((_S.IN_REVIEW,), _S.CONSULTING, _APPROVER, needs_note=True),
    PolicyAction.TAKE_BACK: PolicyMove((_S.SIGNED,), _S.CONSULTING, _UNIT, needs_note=True),
    PolicyAction.RELEASE: PolicyMove((_S.SIGNED,), _S.RELEASED, _UNIT_AND_DESK),
    PolicyAction.SORT: PolicyMove((_S.RELEASED, _S.REVIEWED), None, _UNIT_AND_DESK),
    PolicyAction.REVIEW: PolicyMove((_S.RELEASED,), None, _UNIT),
    PolicyAction.DROP: PolicyMove((*_BEFORE_REVIEW, _S.IN_REVIEW, _S.SIGNED), _S.DROPPED, _UNIT, needs_note=True),
}
RELEASED_STATES = (_S.RELEASED, _S.REVIEWED)


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """What a permission depends on; `asked_ids`: departments that owe an opinion, None for the liaison."""

    department_id: int
    author_ids: frozenset[int] = frozenset()
    asked_ids: frozenset[int | None] = frozenset()


def move_for(state: PolicyState, action: PolicyAction) -> PolicyMove:
    """Return the move that `action` makes from `state`; raise IllegalMove when it is not open."""
    move = MOVES[action]
    if state not in move.sources:
        raise IllegalMove(f"该政策当前为“{state.label}”，不能{action.label}。")
    return move


def refusal(actor: Actor, action: PolicyAction, facts: PolicyFacts) -> str | None:
    """Return why the actor may not act, as a sentence, or None when the actor may."""
    if actor.role not in MOVES[action].roles:
        return f"{actor.role.label}不能{action.label}。"
    if action is PolicyAction.ANSWER:
        return None if actor.department_id in facts.asked_ids else "该政策没有征求您所在单位的意见，或意见已反馈。"
    if actor.role in _UNIT and actor.department_id != facts.department_id:
        return "该政策不由您所在单位起草。"
    if action is PolicyAction.SIGN and actor.user_id in facts.author_ids:
        return "参与编制的人不能签发自己编制的评估。"
    return None


def check(actor: Actor, action: PolicyAction, facts: PolicyFacts) -> None:
    """Raise Forbidden, with the reason, when the actor may not take the action."""
    reason = refusal(actor, action, facts)
    if reason:
        raise Forbidden(reason)


def open_actions(state: PolicyState, actor: Actor, facts: PolicyFacts) -> tuple[PolicyAction, ...]:
    """Return what the actor may do now, in the order of the table."""
    possible: Iterable[PolicyAction] = (action for action, move in MOVES.items() if state in move.sources)
    return tuple(action for action in possible if refusal(actor, action, facts) is None)
