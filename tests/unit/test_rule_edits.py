"""Changes to a rule record, what differs between two, and their merge: the old record is never touched."""

import copy

import pytest

from opinion_service.domain.errors import InvalidInput, NotFound
from opinion_service.domain.routing import OrderedRule, RuleSet, route, rules_in
from opinion_service.domain.routing.highlight import segments
from opinion_service.domain.routing.ordered import SURE, Field, Then
from opinion_service.domain.routing.rule_diff import differences, merge
from opinion_service.domain.routing.rule_edits import (
    DropDuty,
    DropPhrases,
    DropRule,
    MoveRule,
    PutDuty,
    PutPhrases,
    PutRule,
    SwitchRule,
    normalised,
)

RECORD = {
    "version": "t-1",
    "default": "spj",
    "names": {"jyj": "教育局", "gaj": "公安局", "spj": "审批局"},
    "places": {"南县": ["南县"], "沅江市": ["沅江市"]},
    "departments": {
        "jyj": [{"id": "jyj-1.1", "weight": 4.0, "words": ["校车"]}, {"weight": 1.0, "words": ["学校"]}],
        "gaj": [{"id": "gaj-1.1", "weight": 2.5, "words": ["超员", "超载"], "with": ["车辆"]}],
    },
    "duties": {"jyj": [{"id": "jyj-1", "text": "管理校车", "basis": "I-1"}]},
}  # fmt: skip
BASE = normalised(RECORD, {"gaj": ["管交通秩序〔gaj-1〕"], "jyj": ["不应覆盖〔jyj-1〕"]})


def rule(**changes) -> OrderedRule:
    return OrderedRule(**{"id": "", "name": "校车归公安", "target": "gaj", "any": ("校车",)} | changes)


def having(*rules: OrderedRule) -> dict:
    record = BASE
    for one in reversed(rules):
        record = PutRule(one).apply(record).record
    return record


def decided(record: dict, title: str, body: str = ""):
    return route(RuleSet.from_record(record), title, body)


def test_a_record_is_completed_before_it_is_edited():
    assert [one["id"] for one in BASE["departments"]["jyj"]] == ["jyj-1.1", "jyj-2"]
    assert BASE["duties"]["gaj"] == [{"id": "gaj-1", "text": "管交通秩序", "basis": ""}]
    assert BASE["duties"]["jyj"][0]["text"] == "管理校车"
    assert (BASE["ordered"], BASE["shipped"]) == ([], "t-1")
    assert "ordered" not in RECORD


@pytest.mark.parametrize(
    ("one", "title", "body", "failed"),
    [
        (rule(), "校车超员", "", ""),
        (rule(), "公交超员", "", "any"),
        (rule(any=("校车", "公交")), "公交超员", "", ""),
        (rule(all=("超员",)), "校车超速", "", "all"),
        (rule(all=("超员",)), "校车", "超员", ""),
        (rule(any=(), all=("超员", "校车")), "校车超员", "", ""),
        (rule(none=("驾校",)), "校车超员", "驾校也有", "none"),
        (rule(field=Field.TITLE), "上学路上", "校车超员", "any"),
        (rule(areas=("南县",)), "南县校车超员", "", ""),
        (rule(areas=("南县",)), "沅江市校车超员", "", "areas"),
        (rule(any=("ＡＢ车",)), "ab车超员", "", ""),
    ],
)
def test_conditions_hold_or_say_which_does_not(one, title, body, failed):
    step = decided(having(one), title, body).path[0]
    assert (step.is_match, step.failed) == (not failed, failed)


def test_a_rule_that_stops_decides_and_ends_the_path():
    record = having(rule(), rule(name="其后不看", target="spj"))
    settled = decided(record, "学校的校车超员")
    assert (settled.decision.winner, settled.decision.confidence) == ("gaj", SURE)
    assert [one.name for one in settled.path] == ["校车归公安"]
    assert [one.department for one in settled.decision.candidates][:2] == ["gaj", "jyj"]
    assert rules_in(settled.as_record())[0] == settled.path[0].rule_id


def test_a_rule_that_continues_speaks_for_its_target_and_lets_a_person_look():
    plain = decided(BASE, "学校的校车超员").decision
    settled = decided(having(rule(then=Then.CONTINUE, any=("学校",))), "学校的校车超员")
    assert plain.winner == "jyj"
    assert [one.is_match for one in settled.path] == [True]
    assert settled.decision.candidates[1].score > 0
    assert settled.decision.confidence <= plain.confidence
    helped = decided(having(rule(then=Then.CONTINUE, target="spj", any=("公章",))), "公章")
    assert helped.decision.winner == "spj"
    assert helped.decision.confidence == 0.0


def test_without_a_match_nothing_changes():
    record = having(rule(any=("无关",)))
    assert decided(record, "校车").decision == decided(BASE, "校车").decision
    assert decided(BASE, "校车").path == ()
    off = having(rule(is_on=False))
    assert decided(off, "校车").path == ()


def test_ids_are_never_used_twice():
    first = PutRule(rule()).apply(BASE)
    gone = DropRule(first.rule_id).apply(first.record)
    second = PutRule(rule()).apply(gone.record)
    assert (first.rule_id, second.rule_id) == ("r1", "r2")


@pytest.mark.parametrize(
    ("rule_id", "by", "order"),
    [("r2", 1, ["r1", "r2"]), ("r2", -1, ["r2", "r1"]), ("r1", -1, ["r1", "r2"]), ("r1", 9, ["r2", "r1"])],
)
def test_a_rule_moves_one_place_and_stays_at_the_ends(rule_id, by, order):
    record = having(rule(name="前一条"), rule(name="后一条"))
    assert [one["id"] for one in record["ordered"]] == ["r2", "r1"]
    moved = MoveRule(rule_id, by).apply(record)
    assert [one["id"] for one in moved.record["ordered"]] == order


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "短"}, "name"),
        ({"target": "none"}, "target"),
        ({"any": ()}, "any"),
        ({"any": ("一",)}, "any"),
        ({"none": ("长" * 21,)}, "none"),
        ({"areas": ("火星",)}, "areas"),
    ],
)
def test_a_wrong_rule_names_its_field(changes, field):
    with pytest.raises(InvalidInput) as problem:
        PutRule(rule(**changes)).apply(BASE)
    assert problem.value.field == field


def test_edits_of_what_is_gone_are_refused_and_leave_the_record_alone():
    before = copy.deepcopy(BASE)
    for edit in (
        MoveRule("r9", 1), SwitchRule("r9", True), DropRule("r9"), PutRule(rule(id="r9")),
        PutDuty("zzz", "", "管理校车运行"), DropDuty("jyj", "jyj-9"), DropPhrases("jyj", "jyj-9.1"),
        PutPhrases("jyj", "jyj-9", "", ("校车",), 4.0), PutPhrases("jyj", "jyj-1", "jyj-9.9", ("校车",), 4.0),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            edit.apply(BASE)
    for edit in (
        DropDuty("jyj", "jyj-1"), PutDuty("jyj", "", "短"), PutPhrases("jyj", "jyj-1", "", (), 4.0),
        PutPhrases("jyj", "jyj-1", "", ("校车",), 0.0), PutPhrases("jyj", "jyj-1", "", ("校车",), 8.5), PutPhrases("jyj", "jyj-1", "", ("校",), 4.0),
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            edit.apply(BASE)
    assert before == BASE


def test_words_rest_on_their_duty():
    added = PutPhrases("jyj", "jyj-1", "", ("接送车",), 2.5, ("学生",)).apply(BASE)
    assert added.record["departments"]["jyj"][-1] == {
        "id": "jyj-1.2", "weight": 2.5, "words": ["接送车"], "with": ["学生"],
    }  # fmt: skip
    duty = PutDuty("jyj", "", "管理学生接送", "三定").apply(BASE)
    assert duty.rule_id == "jyj-2"
    emptied = DropPhrases("jyj", "jyj-1.1").apply(BASE)
    assert DropDuty("jyj", "jyj-1").apply(emptied.record).record["duties"]["jyj"] == []


def test_differences_say_what_was_added_changed_moved_and_removed():
    one = having(rule(name="前一条"), rule(name="后一条"))
    two = MoveRule("r2", 1).apply(one).record
    two = PutPhrases("jyj", "jyj-1", "jyj-1.1", ("校车", "接送车"), 4.0).apply(two).record
    found = {(line.part, line.kind) for line in differences(one, two)}
    assert found == {("顺序规则", "moved"), ("职责词", "changed")}
    assert differences(one, copy.deepcopy(one)) == ()
    lines = differences(one, BASE)
    assert [(line.key, line.kind) for line in lines] == [("前一条", "removed"), ("后一条", "removed")]
    assert "含“校车” → 公安局，匹配后停止" in lines[0].old
    switched = differences(one, SwitchRule("r1", False).apply(one).record)
    assert [line.kind for line in switched] == ["changed"]


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "merged"),
    [
        (1, 1, 2, 2),
        (1, 2, 1, 2),
        (1, 2, 3, 2),  # both changed it: the desk's stays
        ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "c": 3}, {"a": 1, "b": 2, "c": 3}),
        ({"a": 1, "b": 1}, {"b": 1}, {"a": 1, "b": 2}, {"b": 2}),  # mine took a out, theirs left it alone
        ({"a": 1}, {"a": 2}, {}, {"a": 2}),
        ({"a": 1}, {"a": 1}, {}, {}),
        (
            [{"id": "x", "n": 1}],
            [{"id": "x", "n": 2}, {"id": "m"}],
            [{"id": "x", "n": 1}, {"id": "t"}],
            [{"id": "x", "n": 2}, {"id": "m"}, {"id": "t"}],
        ),
        (["a"], ["a", "b"], ["a", "c"], ["a", "b"]),
    ],
)
def test_a_merge_takes_each_change_from_the_side_that_made_it(base, mine, theirs, merged):
    assert merge(base, mine, theirs) == merged


@pytest.mark.parametrize(
    ("text", "words", "pieces"),
    [
        ("校车超员", ["超员"], (("校车", False), ("超员", True))),
        ("校车超员", ["校车", "车超"], (("校车超", True), ("员", False))),
        ("校车", [], (("校车", False),)),
        ("", ["校车"], ()),
        ("ＡＢ校车，", ["ab"], (("ＡＢ", True), ("校车，", False))),
        ("㎡校车", ["校车"], (("m2", False), ("校车", True))),
    ],
)
def test_pieces_are_cut_where_the_words_are(text, words, pieces):
    assert segments(text, words) == pieces
