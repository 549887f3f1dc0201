"""What the public asks is found in its own sentences, and each question finds its passage."""

import pytest

from opinion_service.domain.casework.concerns import propose_passage, suggest
from opinion_service.domain.casework.sentences import clauses, likeness, overlap, sentences

SUGGESTED = [
    # text, what is suggested
    ("校车停运两周。请问校车什么时候恢复？", ["校车什么时候恢复？"]),
    ("想问一下停运期间谁来接送孩子", ["停运期间谁来接送孩子？"]),
    ("希望教育局尽快公布新的运营公司。", ["希望教育局尽快公布新的运营公司"]),
    ("要求退还多收的校车费！", ["要求退还多收的校车费"]),
    ("孩子能按时到校吗", ["孩子能按时到校吗？"]),
    ("家长都很着急。今天下雨了。", []),
    ("为啥？", []),  # five characters or fewer ask nothing that can be answered
    ("请问" + "很" * 80 + "吗？", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "questions"), SUGGESTED)
def test_questions_and_demands_are_taken_from_sentences(text: str, questions: list[str]) -> None:
    assert [one.question for one in suggest([(1, text)])] == questions


def test_what_several_items_ask_comes_first_and_names_them_all() -> None:
    texts = [
        (11, "校车费用为什么涨了这么多？"),
        (12, "请问校车什么时候恢复？"),
        (13, "校车到底什么时候恢复运行？校车什么时候恢复？"),
    ]
    found = suggest(texts)
    assert [(one.question, one.item_ids) for one in found] == [
        ("校车什么时候恢复？", (12, 13)),
        ("校车费用为什么涨了这么多？", (11,)),
    ]


def test_what_stands_on_the_list_is_not_suggested_again_and_the_list_has_an_end() -> None:
    assert suggest([(1, "请问校车什么时候恢复？")], ["校车什么时候恢复？"]) == ()
    many = [(n, f"{'路桥水电气热房田'[n] * 6}为什么？") for n in range(8)]
    assert len(suggest(many, most=4)) == 4
    assert suggest(many, most=0) == ()


REPLY = (
    "经核实，金山路小学两条校车线路因运营合同到期，自本月中旬起停运。\n\n"
    "已确定新的运营公司，停运期间由学校组织教师护送。两条线路将于十二月一日恢复运行。\n\n"
    "校车费用维持每学期三百元不变。"
)
PASSAGES = [
    ("校车什么时候恢复？", "两条线路将于十二月一日恢复运行。"),
    ("校车为什么停运？", "经核实，金山路小学两条校车线路因运营合同到期，自本月中旬起停运。"),
    ("校车费用多少？", "校车费用维持每学期三百元不变。"),
    ("停运期间谁来护送孩子？", "已确定新的运营公司，停运期间由学校组织教师护送。"),
    ("食堂饭菜是否安全？", None),
    ("？", None),
]


@pytest.mark.parametrize(("question", "passage"), PASSAGES)
def test_a_question_finds_the_passage_that_takes_it_up(question: str, passage: str | None) -> None:
    found = propose_passage(question, REPLY)
    assert (found.text if found else None) == passage
    assert found is None or found.text in REPLY


def test_every_proposed_passage_stands_in_the_reply_as_it_is() -> None:
    reply = "已停用车辆。已增开一班。\n\n已停用车辆。超员的车辆已停用并接受检查，驾驶人停岗。"
    found = propose_passage("超员车辆停用了吗？驾驶人怎么处理？", reply)
    assert found is not None
    assert found.text in reply


def test_sentences_clauses_and_likeness() -> None:
    assert sentences("一。二！\n\n三") == ("一。", "二！", "三")
    assert clauses("甲，乙（丙）。") == ("甲", "乙", "丙")
    assert overlap("", "甲乙") == 0
    assert overlap("甲乙丙", "甲乙") == 0.5
    assert likeness("", "") == 0
    assert likeness("甲乙", "甲乙") == 1
