"""The register's rules: its table of moves, the rubric, what is missing, what a watch finds, foreseen against observed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from opinion_service.domain.errors import Forbidden, IllegalMove
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.policies.assessment import (
    AskedOpinion,
    Conclusion,
    ForeseenConcern,
    PolicyRisk,
    PolicyText,
    gaps,
    level_of,
)
from opinion_service.domain.policies.states import (
    ACTION_LABELS,
    MOVES,
    STATE_LABELS,
    PolicyAction,
    PolicyFacts,
    PolicyState,
    check,
    move_for,
    open_actions,
)
from opinion_service.domain.policies.watch import Observed, compare, review_due, review_opens, sight

EDIT = {"save", "ask", "submit", "drop"}
EXPECTED = {
    "drafting": EDIT,
    "consulting": EDIT | {"answer", "reply"},
    "in_review": {"sign", "reject", "drop"},
    "signed": {"take_back", "release", "drop"},
    "released": {"sort", "review"},
    "reviewed": {"sort"},
    "dropped": set(),
}
READY = PolicyText(
    title="校服采购办法", edition="第二稿", groups="学生和家长", line="自愿购买。", spokesperson="副局长",
    channels=("website",), partners="市委宣传部", interpretation_plan="问答", interpretation_material="十问十答",
    is_organised=True, conclusion="controllable", keywords=("校服",),
    concerns=(ForeseenConcern("会不会强制购买？", "不会。"),), risks=(PolicyRisk("误读为涨价", 2, 3),),
)  # fmt: skip
ANSWERED = (AskedOpinion("市财政局", True, "agreed"),)


@pytest.mark.parametrize("state", PolicyState)
@pytest.mark.parametrize("action", PolicyAction)
def test_every_cell_of_the_table(state: PolicyState, action: PolicyAction) -> None:
    if action.value in EXPECTED[state.value]:
        assert move_for(state, action) is MOVES[action]
    else:
        with pytest.raises(IllegalMove, match=state.label):
            move_for(state, action)


def test_the_tables_are_complete() -> None:
    assert set(MOVES) == set(ACTION_LABELS) == set(PolicyAction)
    assert set(STATE_LABELS) == set(EXPECTED) == set(PolicyState)


OWN, OTHER = 7, 8
FACTS = PolicyFacts(OWN, author_ids=frozenset({1, 2}), asked_ids=frozenset({OTHER, None}))


@pytest.mark.parametrize(
    ("role", "user_id", "department_id", "action", "may"),
    [
        (Role.HANDLER, 1, OWN, "save", True),
        (Role.HANDLER, 1, OTHER, "save", False),
        (Role.APPROVER, 3, OWN, "save", False),
        (Role.APPROVER, 3, OWN, "sign", True),
        (Role.APPROVER, 2, OWN, "sign", False),  # wrote an earlier version as a handler
        (Role.APPROVER, 3, OTHER, "sign", False),
        (Role.HANDLER, 4, OTHER, "answer", True),
        (Role.HANDLER, 1, OWN, "answer", False),
        (Role.LIAISON, 5, None, "answer", True),
        (Role.LIAISON, 5, None, "release", True),
        (Role.SUPERVISOR, 6, None, "release", False),
        (Role.LIAISON, 5, None, "review", False),
        (Role.APPROVER, 3, OWN, "review", True),
        (Role.AUDITOR, 9, None, "sort", False),
    ],
)
def test_who_may_do_what(role: Role, user_id: int, department_id: int | None, action: str, may: bool) -> None:
    actor = Actor(user_id, "某人", role, department_id)
    if may:
        check(actor, PolicyAction(action), FACTS)
    else:
        with pytest.raises(Forbidden):
            check(actor, PolicyAction(action), FACTS)


def test_an_author_is_not_offered_the_signature() -> None:
    offered = open_actions(PolicyState.IN_REVIEW, Actor(2, "某人", Role.APPROVER, OWN), FACTS)
    assert offered == (PolicyAction.REJECT, PolicyAction.DROP)


@pytest.mark.parametrize(
    ("score", "level"), [(1, "low"), (7, "low"), (8, "medium"), (14, "medium"), (15, "high"), (25, "high")]
)
def test_the_rubric_at_its_boundaries(score: int, level: str) -> None:
    assert level_of(score) == level


HIGH = PolicyRisk("家长聚集", 3, 5, measure="提前公示")
OPPOSED = AskedOpinion("市财政局", True, "opposed")


@pytest.mark.parametrize(
    ("change", "opinions", "named"),
    [
        ({}, ANSWERED, []),
        ({}, (), ["尚未征求其他单位或联络员的意见"]),
        ({}, (AskedOpinion("市财政局", False),), ["市财政局尚未反馈意见"]),
        ({}, (OPPOSED,), ["市财政局不同意，未说明采纳情况"]),
        ({}, (replace(OPPOSED, reply="已改为自愿"),), []),
        ({"concerns": ()}, ANSWERED, ["未列出预判的公众关切"]),
        ({"concerns": (ForeseenConcern("要花多少钱？"),)}, ANSWERED, ["关切“要花多少钱？”没有准备答复"]),
        ({"risks": ()}, ANSWERED, ["未列出风险点"]),
        ({"risks": (PolicyRisk("误读", 2, 4),)}, ANSWERED, ["风险点“误读”没有防范措施"]),
        ({"risks": (PolicyRisk("误读", 1, 5),)}, ANSWERED, []),
        ({"risks": (HIGH,)}, ANSWERED, ["存在高风险点，结论不能直接为风险可控"]),
        ({"risks": (HIGH,), "conclusion": Conclusion.ADJUSTED.value}, ANSWERED,
         ["结论为调整后可控，未写明作了哪些调整"]),
        ({"conclusion": Conclusion.UNCONTROLLABLE.value}, ANSWERED, ["结论为风险不可控，不得出台，请调整政策后重新评估"]),
        ({"is_organised": False, "spokesperson": ""}, ANSWERED,
         ["应对处置预案未明确发言人", "解读材料尚未与文件同步组织"]),
    ],
)  # fmt: skip
def test_what_is_not_ready_is_named(change: dict, opinions: tuple, named: list[str]) -> None:
    assert [gap.words for gap in gaps(replace(READY, **change), opinions)] == named


CONCERNS = (
    ForeseenConcern("会不会强制购买？", words=("强制", "必须+买"), id=1),
    ForeseenConcern("一套校服要花多少钱？", id=2),
)


@pytest.mark.parametrize(
    ("title", "body", "concern_id", "reason"),
    [
        ("学校强制买校服", "", 1, "标题含关键词“校服”；与预判关切“会不会强制购买？”相符"),
        ("新学期见闻", "听说必须买新 校服", 1, "正文含关键词“校服”；与预判关切“会不会强制购买？”相符"),
        ("一套校服要多少钱", "", 2, "标题含关键词“校服”；与预判关切“一套校服要花多少钱？”相符"),
        ("校服颜色太难看", "", None, "标题含关键词“校服”"),
        ("学生 装 采购公示", "", None, "标题含关键词“学生装+采购”"),
        ("学生装好看", "", "none", ""),
        ("强制购买保险", "", "none", ""),  # a concern alone does not make it the policy's
    ],
)
def test_what_a_watch_sees(title: str, body: str, concern_id: int | str | None, reason: str) -> None:
    found = sight(("校服", "学生装+采购"), CONCERNS, title, body)
    if concern_id == "none":
        assert found is None
    else:
        assert found is not None
        assert (found.concern_id, found.reason) == (concern_id, reason)


def test_foreseen_against_observed() -> None:
    seen = [Observed(10, "强制买校服", 1, 4, 3), Observed(11, "校服难看", None, 2, 1), Observed(12, "又强制", 1, 1, 0)]

    found = compare([(1, "会不会强制？"), (2, "多少钱？")], seen)

    assert [(one.question, one.item_count) for one in found.came] == [("会不会强制？", 5)]
    assert found.stayed_away == ("多少钱？",)
    assert [one.event_id for one in found.unforeseen] == [11]
    assert found.hit_share == pytest.approx(2 / 3)
    assert compare([], []).hit_share is None


@pytest.mark.parametrize(
    ("released", "day", "due"),
    [
        ("2026-03-02T02:00+00:00", 7, "2026-03-09T16:00+00:00"),
        ("2026-03-01T15:59+00:00", 7, "2026-03-08T16:00+00:00"),  # 23:59 in Beijing
        ("2026-03-01T16:00+00:00", 7, "2026-03-09T16:00+00:00"),  # the next day there
        ("2026-03-02T02:00+00:00", 30, "2026-04-01T16:00+00:00"),
    ],
)
def test_a_look_back_is_due_at_the_end_of_its_day(released: str, day: int, due: str) -> None:
    found = review_due(datetime.fromisoformat(released), day)
    assert found.astimezone(UTC) == datetime.fromisoformat(due)
    assert (found - review_opens(found)).days == 1
