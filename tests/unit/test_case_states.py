"""The table of moves: every cell of state and action, and every state can be reached and left."""

import pytest

from opinion_service.domain.casework.case_states import (
    ACTION_LABELS,
    FINISHED,
    MOVES,
    OPEN_STATES,
    STATE_LABELS,
    CaseAction,
    CaseState,
    labels,
    move_for,
    open_actions,
)
from opinion_service.domain.errors import IllegalMove
from opinion_service.domain.permissions import ALLOWED

# Every action open from a state, beside those that are open from each unfinished one.
ALWAYS = {"note"}
OPEN = {"regrade", "press", "consult"}
H = {"pause", "resume", "extend", "decide_extension"}
EXPECTED: dict[str, set[str]] = {
    "new": OPEN | {"dispatch", "propose_decline", "confirm_decline", "merge", "concern"},
    "declined": {"reopen", "revisit"},
    "merged": set(),
    "dispatched": OPEN | H | {"co_reply"} | {"merge", "reroute", "accept", "return", "concern"},
    "returned": OPEN | {"rule"},
    "accepted": OPEN | H | {"co_reply"} | {"merge", "reroute", "assess", "concern"},
    "assessed": OPEN | H | {"co_reply"} | {"reroute", "assess", "draft", "concern"},
    "drafting": OPEN | H | {"co_reply"} | {"reroute", "assess", "draft", "submit", "concern"},
    "countersigning": OPEN | H | {"co_reply"} | {"countersign", "object", "settle", "concern"},
    "in_review": OPEN | H | {"co_reply"} | {"clear", "sign", "reject", "concern"},
    "signed": OPEN | H | {"send_back", "publish"},
    "published": OPEN | H | {"continue"} | {"follow", "follow_up", "close", "promise", "reopen"},
    "following": OPEN | H | {"continue"} | {"follow_up", "close", "promise", "reopen"},
    "closed": {"reopen", "archive", "promise", "revisit"},
    "archived": {"revisit"},
}


@pytest.mark.parametrize("state", CaseState)
@pytest.mark.parametrize("action", CaseAction)
def test_every_cell(state: CaseState, action: CaseAction) -> None:
    if action.value in EXPECTED[state.value] | ALWAYS:
        assert move_for(state, action) is MOVES[action]
        assert action in open_actions(state)
    else:
        with pytest.raises(IllegalMove, match=state.label):
            move_for(state, action)
        assert action not in open_actions(state)


def test_tables_are_complete() -> None:
    assert set(MOVES) == set(ACTION_LABELS) == set(ALLOWED) == set(CaseAction)
    assert set(STATE_LABELS) == set(EXPECTED) == set(CaseState)
    assert set(OPEN_STATES) | FINISHED == set(CaseState)
    assert labels(CaseState)[0] == ("new", "待研判")


def test_every_state_can_be_reached() -> None:
    reached = {CaseState.NEW, CaseState.COUNTERSIGNING}  # a submission to co-departments leads there
    reached |= {move.to for move in MOVES.values() if move.to}
    assert reached == set(CaseState)


@pytest.mark.parametrize("action", ["propose_decline", "merge", "reroute", "regrade", "return", "rule", "object",
                                    "reject", "send_back", "reopen", "revisit"])  # fmt: skip
def test_what_undoes_or_refuses_needs_a_reason(action: str) -> None:
    assert MOVES[CaseAction(action)].needs_note
