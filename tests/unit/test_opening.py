"""Each condition of a rule at its boundary, and rules that cannot be used."""

from dataclasses import replace

import pytest

from opinion_service import data
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reading.opening import Facts, decide, from_record

FACTS = Facts(
    heat=30.0, item_count=3, complaints=50.0, negative=50.0, kind="news", topic="其他", territory="赫山区",
    text="泉交河镇一厂房起火，网传有人员伤亡",
)  # fmt: skip
WORDS = {"1": ["网传"], "4": ["起火", "伤亡"]}


def ruled(facts: Facts = FACTS, **rule: object):
    record = {"class_words": WORDS, "rules": [{"code": "r", "name": "规则", **rule}]}
    return decide(from_record(record, 7), facts)


@pytest.mark.parametrize(
    ("rule", "change", "opens"),
    [
        ({"least_heat": 30}, {}, True),
        ({"least_heat": 30}, {"heat": 29.9}, False),
        ({"least_items": 3}, {}, True),
        ({"least_items": 4}, {}, False),
        ({"least_complaints": 50}, {}, True),
        ({"least_complaints": 50}, {"complaints": 49.9}, False),
        ({"least_negative": 50}, {"negative": 49.9}, False),
        ({"kinds": ["news"]}, {}, True),
        ({"kinds": ["complaint", "report"]}, {}, False),
        ({"topics": ["其他"]}, {}, True),
        ({"topics": ["突发事件"]}, {}, False),
        ({"places": ["泉交河"]}, {}, True),
        ({"places": ["赫山区"]}, {}, True),
        ({"places": ["桃江县"]}, {}, False),
        ({"words": ["爆炸", "起火"]}, {}, True),
        ({"words": ["爆炸"]}, {}, False),
        ({"must_answer": [4]}, {}, True),
        ({"must_answer": [2, 3]}, {}, False),
        ({"scope": "local", "words": ["起火"]}, {}, True),
        ({"scope": "local", "words": ["起火"]}, {"territory": ""}, False),
        ({"words": ["起火"], "is_on": False}, {}, False),
        ({"words": ["起火"], "least_heat": 31}, {}, False),
    ],
)
def test_each_condition_holds_at_its_boundary(rule, change, opens):
    assert (ruled(replace(FACTS, **change), **rule) is not None) is opens


def test_the_reason_names_rule_version_and_figures():
    found = ruled(words=["起火", "爆炸"], must_answer=[1, 4], least_heat=12, least_items=2)
    assert found.reason == (
        "规则“规则”（第 7 版）：命中“起火”；61号第 1 类（政策误解误读），命中“网传”；热度 30（≥ 12）；3 条（≥ 2）"
    )
    assert found.must_answer_class == 1


def test_a_class_nobody_asked_for_is_not_claimed():
    assert ruled(words=["起火"]).must_answer_class == 0


def test_the_first_rule_that_holds_opens():
    rows = [{"code": "a", "name": "甲", "words": ["停电"]}, {"code": "b", "name": "乙", "words": ["起火"]},
            {"code": "c", "name": "丙", "words": ["网传"]}]  # fmt: skip
    assert decide(from_record({"rules": rows}, 1), FACTS).code == "b"


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"rules": []}, "1–30"),
        ({"rules": [{"code": "a", "name": "甲"}]}, "没有任何条件"),
        ({"rules": [{"code": "a", "name": " ", "words": ["x"]}]}, "名称"),
        ({"rules": [{"code": "a", "name": "甲", "words": ["x"]}] * 2}, "同一个代码"),
        ({"rules": [{"code": "a", "name": "甲", "words": ["x"], "scope": "mars"}]}, "范围"),
        ({"rules": [{"code": "a", "name": "甲", "kinds": ["shout"]}]}, "诉求类型"),
        ({"rules": [{"code": "a", "name": "甲", "must_answer": [6]}]}, "1–5"),
        ({"rules": [{"code": "a", "name": "甲", "least_heat": 101}]}, "0–100"),
        ({"rules": [{"code": "a", "name": "甲", "least_items": 0}]}, "条数"),
        ({"rules": [{"code": "a", "name": "甲", "words": ["x"]}], "surge": {"factor": 1.1}}, "复燃"),
        ({"rules": [{"code": "a", "name": "甲", "words": ["x"]}], "surge": {"least_new_items": 0}}, "复燃"),
    ],
)
def test_rules_that_cannot_be_used_are_refused(record, says):
    with pytest.raises(InvalidInput, match=says):
        from_record(record, 1)


def test_the_shipped_rules_are_usable_and_answer_whoever_asks():
    rules = from_record(data.read_json("opening_rules.json"), 1)
    for kind in ("inquiry", "help", "complaint", "report", "advice"):
        assert decide(rules, Facts(0, 1, 0, 0, kind, "其他", "", "路灯不亮")).code == "asked"
    assert decide(rules, Facts(0, 1, 0, 0, "news", "其他", "", "明星演唱会门票")) is None
    assert decide(rules, Facts(0, 1, 0, 0, "news", "其他", "", "外地一厂房起火")) is None


@pytest.mark.parametrize(
    ("scope", "territory", "is_addressed", "opens"),
    [
        ("all", "", False, True), ("addressed", "", False, False), ("addressed", "赫山区", False, True),
        ("addressed", "", True, True), ("local", "", True, False), ("local", "赫山区", False, True),
    ],
)  # fmt: skip
def test_what_addresses_nobody_opens_by_its_place_only(scope, territory, is_addressed, opens):
    rules = from_record({"rules": [{"code": "a", "name": "甲", "kinds": ["inquiry"], "scope": scope}]}, 1)
    facts = Facts(0, 1, 0, 0, "inquiry", "其他", territory, "路灯为什么不亮", is_addressed=is_addressed)
    assert bool(decide(rules, facts)) is opens
