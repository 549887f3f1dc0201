"""The kind of a message by plain rules: what ships, what a desk may write, and what is refused."""

import copy

import pytest

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reading import nature
from opinion_service.domain.reading.nature import Nature, NatureRules
from opinion_service.domain.reading.nature_rules import SHIPPED

KINDS = (
    ("请问办理居住证需要什么材料？", "", Nature.INQUIRY),
    ("小区停水三天了", "多次拨打热线投诉，至今没有答复，严重影响生活。", Nature.COMPLAINT),
    ("举报某作坊偷排污水", "实名反映。", Nature.REPORT),
    ("建议在路口增设红绿灯", "", Nature.ADVICE),
    ("表扬社保窗口工作人员", "非常感谢两位工作人员，热情耐心。", Nature.PRAISE),
    ("恳请政府帮助重病孩子", "生活困难，求助。", Nature.HELP),
    ("城区公交线路今日调整", "本次调整涉及三条线路。", Nature.NEWS),
    ("希望能维修路灯", "", Nature.HELP),  # one plain wish blames nobody
)


@pytest.mark.parametrize(("title", "body", "kind"), KINDS)
def test_a_message_is_of_the_kind_its_words_say(title: str, body: str, kind: Nature) -> None:
    assert nature.nature(title, body) is kind


def test_the_rules_that_spoke_are_told_heaviest_first() -> None:
    found = nature.explain("请问办证需要什么材料？")

    assert (found[0].kind, found[0].words) == (Nature.INQUIRY, "请问")
    assert [one.weight for one in found] == sorted((one.weight for one in found), reverse=True)


def test_rules_of_the_desk_replace_the_shipped() -> None:
    record = copy.deepcopy(SHIPPED)
    record["kinds"]["praise"] = [{"weight": 9, "phrases": "花展"}]
    rules = NatureRules.from_record(record)

    assert nature.nature("今日花展", "", rules) is Nature.PRAISE
    assert nature.nature("今日花展") is Nature.NEWS


@pytest.mark.parametrize(
    ("pattern", "is_fine"),
    [
        ("投诉|举报", True), ("请.{0,40}处理", True), ("请.{0,41}处理", False), ("好+", False), ("好*", False),
        ("(?:好.{0,4}){2,9}", False), (r"(好)\1", False), ("投诉|", False), ("[好", False), ("好?", False), ("", False),
        ("请.{0,9}(?:查处|整改)", True), ("a.{0,4}b.{0,4}c", True), ("a.{0,4}b.{0,4}c.{0,4}d", False), ("好" * 601, False),
    ],
)  # fmt: skip
def test_only_patterns_that_end_are_taken(pattern: str, is_fine: bool) -> None:
    assert (nature.check_pattern(pattern) == "") is is_fine


@pytest.mark.parametrize(("weight", "phrases"), [(0.4, "好"), (20.1, "好"), (3, "好+")])
def test_a_wrong_line_is_named(weight: float, phrases: str) -> None:
    record = copy.deepcopy(SHIPPED)
    record["kinds"]["advice"] = [{"weight": 3, "phrases": "建议"}, {"weight": weight, "phrases": phrases}]

    with pytest.raises(InvalidInput, match="“建议”第 2 条"):
        NatureRules.from_record(record)


BOMBS = (
    "a?" * 22 + "a" * 22, "(a|a)*", "(a?){30}", "(?:a?){2,9}", ".*.*.*x", "(?:(?:(?:a?)?b?)?c?)?" * 5, "(?:.a|a.)" * 22,
    "(?:a?|b)" * 22, r"\\\\*\\\\*x", "a{2,}", "a{,}", ".{0,40}|" + "(?:.a|.b|.c)" * 12, "(?i)a", "(?>a)", "(?P<x>a)", "(?:a??)" * 30,
)  # fmt: skip


@pytest.mark.parametrize("pattern", BOMBS)
def test_a_pattern_that_could_run_for_ever_is_refused(pattern: str) -> None:
    assert nature.check_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["[*+?]", "没(?:有)?办法", r"a\\?", "a{3}", "a{,3}b", "{名}", "[^]]x", "a?" * 12 + "b"]
)
def test_a_harmless_pattern_is_taken(pattern: str) -> None:
    assert nature.check_pattern(pattern) == ""


@pytest.mark.parametrize(
    ("pattern", "ways"),
    [
        ("投诉", 1), ("投诉|举报", 2), ("a?", 2), ("a?a?a?", 8), ("a.{0,4}b", 5), ("a{3}", 1), ("(?:a|b)(?:c|d|e)", 6),
        ("(?:a|b)?c", 3), ("(?:a?)?", 3), ("[a|b]?|c", 3), (r"\(\|", 1), ("a|(?:b.{0,9}|c)d?", 23),
    ],
)  # fmt: skip
def test_the_ways_of_a_pattern_are_counted(pattern: str, ways: int) -> None:
    assert nature._ways(nature._parts(pattern)) == ways


def test_the_shipped_rules_stay_below_the_bounds() -> None:
    phrases = [line["phrases"] for lines in SHIPPED["kinds"].values() for line in lines]

    assert [nature.check_pattern(one) for one in phrases] == [""] * len(phrases)
    assert sum(nature._ways(nature._parts(one)) for one in phrases) <= nature.MOST_WAYS_OF_ALL


def test_many_wide_rules_are_refused_together() -> None:
    record = copy.deepcopy(SHIPPED)
    record["kinds"]["advice"] = [{"weight": 3, "phrases": "请.{0,40}改.{0,40}好"}] * 8

    with pytest.raises(InvalidInput, match="合起来"):
        NatureRules.from_record(record)


def test_a_kept_version_with_a_bomb_is_not_run() -> None:
    record = copy.deepcopy(SHIPPED)
    record["kinds"]["advice"] = [{"weight": 3, "phrases": "a?" * 22 + "a" * 22}]

    with pytest.raises(InvalidInput, match="“建议”第 1 条"):
        NatureRules.from_record(record)
