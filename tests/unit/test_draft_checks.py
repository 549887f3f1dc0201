"""What is found in a draft before it goes to review: what blocks, what is a hint, and that a good one is left alone."""

from dataclasses import replace

import pytest

from opinion_service.domain.casework.coverage import ConcernState, ResponseKind
from opinion_service.domain.casework.draft_checks import KIND_RULE, DraftFacts, Finding, check
from opinion_service.domain.casework.draft_figures import clashes, number_of
from tests.story import REPLY

ANSWERED = (ConcernState("校车为什么超员？", "answered", REPLY.measures),)


def found(kind: str = "hardship", beside: tuple[tuple[str, str], ...] = (), **parts: str) -> tuple[Finding, ...]:
    concerns = ANSWERED if "measures" not in parts else (ConcernState("为何？", "not_ours", "属市公安局"),)
    return check(DraftFacts(replace(REPLY, **parts), kind, concerns, beside=beside))


def told(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(one.severity.value, one.field) for one in findings]


def test_a_good_draft_is_left_alone() -> None:
    assert found() == ()


def test_every_finding_says_what_why_and_what_to_do() -> None:
    parts = {"facts": "记者获悉，市领导高度重视，召开现场会，亲自部署。电话13812345678。", "next_step": "将尽快解决。"}
    findings = found(**parts)
    assert len(findings) >= 4
    assert all(one.sentence and one.why and one.todo for one in findings)
    blocking = [one.is_blocking for one in findings]
    assert blocking == sorted(blocking, reverse=True)


NEWS = [
    ("经现场核查，该车核载三十六人，实载四十一人，情况属实。", []),
    ("市教育局调研指导校车工作，经核查，核载三十六人，超员属实。", [("hint", "facts")]),
    ("记者从市教育局了解到，会议强调要扎实推进校车安全，情况属实。", [("block", "facts")]),
]


@pytest.mark.parametrize(("facts", "expected"), NEWS)
def test_one_turn_of_a_news_text_is_a_hint_three_block(facts: str, expected: list[tuple[str, str]]) -> None:
    assert told(found(facts=facts)) == expected


def test_what_a_template_left_open_blocks() -> None:
    assert told(found(result="结果：【请填写：结果】。")) == [("block", "result")]
    assert told(found(result="截至{今天日期}已完成。")) == [("block", "result")]


def test_a_link_alone_is_no_answer() -> None:
    parts = {"facts": "详见 https://news.example/2026/03/a-very-long-address", "basis": "依据有关规定。", "measures": "见上。",
             "result": "见上。", "next_step": ""}  # fmt: skip
    assert "正文只给出链接。" in [one.what for one in found(**parts)]


PERSONAL = [
    ("联系家长 13812345678 核实，该车核载三十六人，情况属实。", [("block", "facts")]),
    ("市民王小明反映的情况属实，该车核载三十六人，实载四十一人。", [("hint", "facts")]),
    ("市民反映的情况属实，该车核载三十六人，实载四十一人，超员。", []),
    ("家长代表提出的三条意见已核实，该车核载三十六人，超员属实。", []),
]


@pytest.mark.parametrize(("facts", "expected"), PERSONAL)
def test_personal_data_blocks_and_a_name_is_a_hint(facts: str, expected: list[tuple[str, str]]) -> None:
    assert told(found(facts=facts)) == expected


PROMISES = [
    ("四月底前完成排查，并公布结果。", 0),
    ("将于4月30日前完成排查。", 0),
    ("将尽快完成排查。", 1),
    ("下一步加强管理。", 1),
    ("将于下周一公布结果。", 1),
    ("已完成排查。", 0),
    ("将来两年的线路见附件。", 0),
    ("已将到校时间调整到七点四十分以后。", 0),
    ("已将涉事车辆停用。", 0),
]


@pytest.mark.parametrize(("next_step", "count"), PROMISES)
def test_a_promise_wants_a_date(next_step: str, count: int) -> None:
    assert len([one for one in found(next_step=next_step) if one.field == "next_step"]) == count


KINDS = [
    (ResponseKind.ADVICE, {"result": "该建议已采纳。"}, 0),
    (ResponseKind.ADVICE, {"result": "感谢您的关心。"}, 1),
    (ResponseKind.HARDSHIP, {"measures": "感谢您的关心。"}, 1),
    (ResponseKind.MAJOR_PROBLEM, {"result": "感谢您的关心。"}, 1),
    (ResponseKind.MISUNDERSTANDING, {"basis": "请您理解。"}, 1),
    (ResponseKind.MISUNDERSTANDING, {"basis": "《校车安全管理条例》第三十四条。"}, 0),
    (ResponseKind.WRONG_VIEW, {"basis": "请您理解。"}, 1),
    (ResponseKind.FALSE_INFORMATION, {"facts": "该校有三十名教师，校车每天运行两班，路线与去年一致。"}, 1),
    (ResponseKind.FALSE_INFORMATION, {"facts": "网传该校校车停运不实，校车每天运行两班，路线与去年一致。"}, 0),
]


@pytest.mark.parametrize(("kind", "parts", "count"), KINDS)
def test_each_kind_of_answer_says_what_it_must(kind: ResponseKind, parts: dict[str, str], count: int) -> None:
    assert len([one for one in found(kind, **parts) if one.why == KIND_RULE and not one.is_blocking]) == count


@pytest.mark.parametrize("kind", [*ResponseKind, ""])
def test_an_empty_draft_gets_blocks_and_never_an_error(kind: str) -> None:
    empty = dict.fromkeys(("title", "facts", "basis", "measures", "result", "next_step", "unit", "contact"), "")
    findings = check(DraftFacts(replace(REPLY, **empty), kind, ()))
    assert {"title", "facts", "basis", "result", "unit", "contact", "concerns"} <= {one.field for one in findings}
    assert all(one.is_blocking for one in findings)


CLASHES = [
    # draft, beside it, what disagrees
    ("校车核载三十六人，实载四十一人。", "该车核载38人，实载41人。", [("数字", "核载三十六人", "核载38人")]),
    ("校车核载三十六人。", "该车核载36人。", []),
    ("全市投入资金1.2亿元。", "投入资金12000万元。", []),
    ("全市投入资金1.2亿元。", "投入资金1.3亿元。", [("数字", "资金1.2亿元", "资金1.3亿元")]),
    ("合格率95%。", "合格率95％。", []),
    ("共120条线路。", "共118条意见。", []),  # nothing says that the same is counted
    ("校车线路自11月15日起停运。", "校车线路自11月18日起停运。", [("日期", "11月15日", "11月18日")]),
    ("校车线路自11月15日起停运。", "校车线路自十一月十五日起停运。", []),
    ("校车线路自2026年11月15日起停运。", "校车线路自11月15日起停运。", []),
    ("校车线路自11月起停运。", "校车线路自11月15日起停运。", []),
    ("11月15日收到举报。", "11月18日完成维修。", []),
    ("金山小学已核查。", "金川小学共有校车六台。", [("名称", "金山小学", "金川小学")]),
    ("金山小学、金川小学均已核查。", "金川小学共有校车六台。", []),
    ("金山小学已核查。", "金山小学共有校车六台。", []),
    ("金山小学已核查。", "东风小学共有校车六台。", []),
]


@pytest.mark.parametrize(("draft", "beside", "expected"), CLASHES)
def test_two_texts_on_the_same_thing_must_agree(draft: str, beside: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(one.what, one.here, one.there) for one in clashes(draft, beside)] == expected


def test_a_contradiction_names_its_source_and_the_place() -> None:
    (one,) = found(beside=(("市公安局的意见", "该车核载38人。"),))
    assert (one.severity.value, one.field) == ("hint", "facts")
    assert "市公安局的意见" in one.sentence
    assert one.where in REPLY.facts


NUMBERS = [("十", 10), ("二十", 20), ("三十六", 36), ("一百二十", 120), ("一百零五", 105), ("一万二千", 12_000), ("二〇二六", 2026),
           ("1,200", 1200), ("3.5万", 35_000), ("两千", 2000), ("一亿零五", 100_000_005), ("0", 0)]  # fmt: skip


@pytest.mark.parametrize(("words", "value"), NUMBERS)
def test_numbers_are_read_in_both_writings(words: str, value: float) -> None:
    assert number_of(words) == value
