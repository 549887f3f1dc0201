"""Routing by rules: longest match, title and body, evidence against, stored decisions, figures."""

import json
from datetime import date
from typing import Any

import pytest

from opinion_service.data import routing_data
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.routing import (
    OTHER_TOPIC,
    Candidate,
    Evidence,
    PhraseIndex,
    Router,
    RoutingDecision,
    RuleSet,
    Truth,
    calibration_error,
    decide,
    decision_from_record,
    evaluate,
    even,
    reasons,
)
from opinion_service.domain.routing.dated import has_turned

RECORD: dict[str, Any] = {
    "version": "test-1",
    "default": "office",
    "departments": {
        "finance": [{"weight": 4, "words": ["保险"]}, {"weight": -5, "words": ["劳动仲裁"]}],
        "labour": [{"id": "labour-2.1", "weight": 4, "words": ["养老保险", "工资"]}],
        "traffic": [{"weight": 4, "words": ["停车"]}],
        "city": [{"weight": 4, "words": ["占道"]}, {"weight": 4, "words": ["噪音"], "with": ["工地"]}],
    },
    "names": {"labour": "市人社局", "finance": "金融局", "traffic": "交警", "city": "城管局"},
    "aliases": {"labour": ["人社局", "劳动局"]},
    "topics": {"社会保障": ["工资"]},
    "topic_of_department": {"traffic": "社会治安"},
    "synonyms": {"工资": ["薪水"]},
    "split_duties": [{"departments": ["traffic", "city"], "words": ["停车"], "why": "停车分段管理。"}],
}


@pytest.fixture(scope="module")
def router() -> Router:
    return Router(RuleSet.from_record(RECORD))


@pytest.fixture(scope="module")
def shipped() -> Router:
    return Router(RuleSet.from_record(routing_data.read_rules()))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("养老保险", ["养老保险"]),
        ("养老的保险", ["保险"]),
        ("保险养老保险", ["保险", "养老保险"]),
        ("ＷＩＦＩ信号", ["wifi"]),
        ("保", []),
        ("", []),
    ],
)
def test_the_longest_phrase_hides_what_stands_inside_it(text: str, found: list[str]) -> None:
    index = PhraseIndex.of(["保险", "养老保险", "WiFi", "单"])
    assert [hit.word for hit in index.find(even(text))] == found


@pytest.mark.parametrize(
    ("title", "body", "winner"),
    [
        ("养老保险怎么补缴", "", "labour"),
        ("商业保险", "", "finance"),
        ("拖欠薪水", "", "labour"),  # a synonym
        ("占道", "停车", "city"),  # the title weighs more
        ("停车", "占道", "traffic"),
        ("保险纠纷，劳动仲裁", "", "office"),  # evidence against
        ("噪音", "", "office"),  # without its company
        ("噪音", "附近工地", "city"),
        ("请劳动局答复", "", "labour"),  # a former name
        ("你好", "", "office"),
        ("", "", "office"),
        ("ＷＩＦＩ", "停 车", "office"),
    ],
)
def test_winner(router: Router, title: str, body: str, winner: str) -> None:
    assert router.decide(title, body).winner == winner


def test_evidence_names_word_field_weight_and_rule(router: Router) -> None:
    first = router.decide("养老保险", "养老保险断缴，养老保险").candidates[0]
    assert [(e.word, e.field, e.weight, e.rule) for e in first.evidence] == [
        ("养老保险", "body", 8.4, "labour-2.1"),
        ("养老保险", "title", 8.0, "labour-2.1"),
    ]
    assert first.score == 16.4


@pytest.mark.parametrize(
    ("title", "body", "winner"),
    [
        ("人社局领导你好", "停车停车，停车难", "labour"),  # whom the letter greets
        ("", "人社局：停车停车停车", "labour"),
        ("", "人社局不管停车，停车难", "traffic"),  # named, not greeted
        ("", "停车难，停车贵，车位不够用，希望能解决停车，人社局领导", "traffic"),  # named too late for a greeting
    ],
)
def test_a_letter_belongs_to_whom_it_greets(router: Router, title: str, body: str, winner: str) -> None:
    assert router.decide(title, body).winner == winner


def test_a_word_weighs_more_where_a_letter_says_what_it_wants(router: Router) -> None:
    filler = "请" * 100
    assert router.decide("", f"停车{filler}占道").winner == "traffic"
    assert router.decide("", f"{filler[:97]}停车{filler}").candidates[0].score == 6.0
    assert router.decide("", f"{filler}停车").candidates[0].score == 4.0


@pytest.mark.parametrize(
    ("text", "day", "code"),
    [
        ("职工医保报销比例", "2018-12-31", "rsj"),
        ("职工医保报销比例", "2019-01-01", "ybj"),
        ("职工医保报销比例", None, "ybj"),  # the present
        ("退役士兵安置", "2018-12-31", "mzj"),
        ("退役士兵安置", "2019-01-01", "tyj"),
        ("消防通道被堵", "2018-11-08", "gaj"),
        ("消防通道被堵", "2018-11-09", "xfjy"),
        ("新农合交多少钱", "2018-06-01", "wjw"),
    ],
)
def test_duties_that_moved_in_a_reform(shipped: Router, text: str, day: str | None, code: str) -> None:
    assert shipped.decide(text, "", date.fromisoformat(day) if day else None).winner == code


def test_nothing_matched_goes_to_the_default_without_confidence(router: Router) -> None:
    decision = router.decide("今天天气很好")
    assert (decision.winner, decision.confidence, decision.candidates) == ("office", 0.0, ())
    assert (decision.hot_topic, decision.ranked) == (OTHER_TOPIC, ("office",))


@pytest.mark.parametrize(
    ("title", "topic"),
    [("拖欠工资", "社会保障"), ("停车", "社会治安"), ("占道", "其他"), ("停车与工资工资", "社会保障")],
)
def test_hot_topic_comes_from_words_then_from_the_winner(router: Router, title: str, topic: str) -> None:
    assert router.decide(title).hot_topic == topic


@pytest.mark.parametrize(
    ("title", "is_split", "why"),
    [
        ("占道停车", True, "停车分段管理。"),
        ("占道与工资", True, "城管局与市人社局的依据相当，宜先商定牵头单位。"),
        ("停车", False, ""),
    ],
)
def test_split_duty_says_why(router: Router, title: str, is_split: bool, why: str) -> None:
    decision = router.decide(title)
    assert (decision.is_split_duty, decision.split_reason) == (is_split, why)
    assert bool(decision.co_departments) is is_split
    assert decision.winner not in decision.co_departments


def test_runner_up_is_explained(router: Router) -> None:
    decision = router.decide("占道，占道", "停车")
    assert decision.runner_up_reason == "次选交警：“停车”只出现在正文，城管局的“占道”在标题中（得分 6 比 11.2）。"
    assert decision.winner_reason == "推荐城管局：标题中有“占道”。"
    assert router.decide("停车").runner_up_reason == ""
    assert router.decide("今天天气").winner_reason == ""


NAMES = {"a": "甲局", "b": "乙局"}


def _candidate(code: str, *evidence: tuple[str, str, float]) -> Candidate:
    found = tuple(Evidence(word, field, weight, f"{code}-1.1") for word, field, weight in evidence)
    return Candidate(code, sum(one.weight for one in found), found)


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ([("甲局", "addressee", 12), ("停车", "body", 4)], [("占道", "title", 8)], "也有“占道”，但来信写明给“甲局”"),
        (
            [("停车", "title", 8)],
            [("占道", "title", 6), ("工资", "body", -3)],
            "有“占道”，但“工资”说明不归该单位",
        ),
        ([("停车", "body", 10)], [("占道", "title", 8.5)], "也有“占道”，与甲局相当，请看内容再定"),
        ([("停车", "body", 10)], [("占道", "title", 8.49)], "“占道”不如甲局的“停车”明确"),
        ([("停车", "title", 8)], [("占道", "body", 4)], "“占道”只出现在正文，甲局的“停车”在标题中"),
        ([("停车", "body", 4), ("泊位", "body", 4)], [("占道", "body", 4)], "只有1个词（“占道”），甲局有2个"),
        (
            [("停车", "body", 8), ("泊位", "body", 4)],
            [("停车", "body", 6)],
            "“停车”两个单位都管，甲局另有“泊位”",
        ),
        ([("停车", "body", 8)], [("停车", "body", 4)], "“停车”两个单位都管，对甲局更直接"),
        (
            [("停车", "body", 8), ("泊位", "body", 4)],
            [("停车", "body", 4), ("占道", "body", 2)],
            "“占道”不如甲局的“泊位”明确",
        ),
        ([("停车", "body", 4), ("停车", "title", 8)], [("占道", "title", 6)], "“占道”不如甲局的“停车”明确"),
    ],
)
def test_the_runner_up_lost_for_the_plainest_reason(first: list, second: list, why: str) -> None:
    rules = RuleSet.from_record({"version": "t", "default": "a", "departments": {}, "names": NAMES})
    told = reasons.runner_up_reason(rules, [_candidate("a", *first), _candidate("b", *second)])
    assert told.startswith(f"次选乙局：{why}（得分 "), told


def test_the_winner_cites_the_duty_its_words_rest_on(shipped: Router) -> None:
    decision = shipped.decide("占道经营没人管", "", date(2026, 1, 5))
    assert decision.candidates[0].duty == "查处占道经营、违法建设、户外广告和餐饮露天烧烤"
    assert decision.winner_reason == (
        "推荐市城管综合执法局：标题中有“占道经营”；属于其职责“查处占道经营、违法建设、户外广告和餐饮露天烧烤”。"
    )


@pytest.mark.parametrize(
    ("text", "day", "notes"),
    [
        ("环保局电话多少", "2026-01-05", ("“环保局”是2019年1月1日前的名称，现由市生态环境局承担。",)),
        ("环保局电话多少", "2018-12-31", ()),
        ("生态环境局电话多少", "2026-01-05", ()),
        ("合作医疗交多少钱", "2026-01-05", ("“合作医疗”原属市卫生健康委的职责，2019年1月1日起由市医保局承担。",)),
        ("合作医疗交多少钱", "2018-12-31", ()),
    ],
)
def test_what_a_reform_changed_is_told(shipped: Router, text: str, day: str, notes: tuple[str, ...]) -> None:
    assert shipped.decide(text, "", date.fromisoformat(day)).notes == notes


@pytest.mark.parametrize(("day", "winner"), [("2024-12-31", "labour"), ("2025-01-01", "city")])
def test_a_name_that_passed_to_another_department_is_its_new_bearers(day: str, winner: str) -> None:
    aliases = {
        "labour": [{"name": "市容所", "until": "2025-01-01"}, {"name": "劳动科", "until": "2010-01-01"}],
        "city": [{"name": "市容所", "since": "2025-01-01"}],
    }
    router = Router(RuleSet.from_record({**RECORD, "aliases": aliases}))
    assert router.decide("市容所电话", "", date.fromisoformat(day)).winner == winner
    assert router.decide("劳动科电话", "", date.fromisoformat(day)).winner == "labour"  # nobody else bears it


@pytest.mark.parametrize(
    ("then", "today", "is_turned"),
    [
        ("2025-12-31", "2025-12-31", False),
        ("2025-12-31", "2026-01-01", True),
        ("2026-01-01", "2026-03-01", False),
        ("2026-06-30", "2026-07-01", True),
        ("2026-07-01", "2026-12-01", False),
    ],
)
def test_the_division_of_duties_turns_on_its_day(then: str, today: str, is_turned: bool) -> None:
    groups = [{"words": ["停车"], "weight": 4, "since": "2026-01-01", "until": "2026-07-01"}]
    record = {"departments": {"city": groups, "labour": []}}
    assert has_turned(record, date.fromisoformat(then), date.fromisoformat(today)) is is_turned


@pytest.mark.parametrize(
    ("title", "body", "lead", "co", "begins"),
    [
        ("广场舞噪音", "工地噪声，环保局不管，派出所也不来", "gaj", {"sthjj"}, "噪声看声音从哪里来"),
        ("校车超载", "学校的校车被交警查了，家长着急", "jyj", {"gaj"}, "校园安全看事情发生在哪里"),
        ("物业公司不管乱堆乱放", "小区绿化被毁绿", "cgj", {"zjj"}, "小区管理"),
    ],
)
def test_shipped_rules_separate_shared_duties(
    shipped: Router, title: str, body: str, lead: str, co: set[str], begins: str
) -> None:
    decision = shipped.decide(title, body, date(2026, 3, 2))
    assert decision.is_split_duty
    assert decision.split_reason.startswith(begins)
    assert decision.winner == lead
    assert set(decision.co_departments) == co


def test_a_matter_of_a_third_department_is_not_split_between_two_others(router: Router) -> None:
    decision = router.decide("劳动合同工资工资", "养老保险，占道停车")
    assert decision.winner == "labour"
    assert decision.split_reason != "停车分段管理。"


def test_confidence_grows_with_evidence_and_shrinks_with_a_rival(router: Router) -> None:
    alone = router.decide("停车停车", "停车").confidence
    rivalled = router.decide("停车停车", "停车占道").confidence
    assert 0 < rivalled < alone < 1


def test_decision_survives_its_record(router: Router) -> None:
    decision = router.decide("占道停车", "薪水")
    record = json.loads(json.dumps(decision.as_record(), ensure_ascii=False))
    assert decision_from_record(record) == decision
    assert record["rule_set_version"] == "test-1"


def test_record_of_an_earlier_version_is_read() -> None:
    record = RoutingDecision("a", 0.5, "其他", "", (), "v0").as_record()
    del record["is_split_duty"], record["split_reason"], record["runner_up_reason"]
    assert decision_from_record(record).is_split_duty is False


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"version": "1", "default": "a"},
        {"version": "1", "default": "a", "departments": {"a": [{"words": ["x"]}]}},
        {"version": "1", "default": "a", "departments": {"a": [{"weight": "heavy", "words": ["xy"]}]}},
        {"version": "1", "default": "a", "departments": {"a": [{"weight": 1, "words": [3]}]}},
        {"version": "1", "default": "a", "departments": []},
    ],
)
def test_unreadable_rules_are_refused(record: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        RuleSet.from_record(record)


def test_figures() -> None:
    truths = [Truth("a"), Truth("a", frozenset({"b"})), Truth("b"), Truth("c")]
    decisions = [
        RoutingDecision(winner, sure, "其他", "", (), "v")
        for winner, sure in zip("abab", (0.9, 0.8, 0.2, 0.1), strict=True)
    ]
    found = evaluate(truths, decisions, threshold=0.8)
    assert (found.n, found.coverage, found.accuracy_at_1) == (4, 0.0, 0.5)
    assert (found.dispatch_coverage, found.dispatch_precision) == (0.5, 1.0)
    assert found.confusion == {"a": {"a": 1}, "b": {"b": 1, "a": 1}, "c": {"b": 1}}
    assert found.ece == pytest.approx((0.1 + 0.2 + 0.2 + 0.1) / 4)
    assert found.macro_f1 == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    with pytest.raises(ValueError, match="zip"):
        evaluate(truths, decisions[:1])


@pytest.mark.parametrize(
    ("confidences", "right", "error"),
    [([], [], 0.0), ([1.0], [True], 0.0), ([1.0, 1.0], [True, False], 0.5), ([0.05, 0.95], [False, True], 0.05)],
)
def test_calibration_error(confidences: list[float], right: list[bool], error: float) -> None:
    assert calibration_error(confidences, right) == pytest.approx(error)


@pytest.mark.parametrize(
    ("title", "body", "code", "topic"),
    [
        ("公司拖欠农民工工资三个月", "", "rsj", "社会保障"),
        ("城区垃圾无人清运", "", "cgj", "生态环境"),
        ("孩子小升初学区划分咨询", "", "jyj", "教育改革"),
        ("楼盘延期交房，开发商推脱", "", "zjj", "房地产市场"),
        ("化工厂夜间偷排废气，气味刺鼻", "", "sthjj", "生态环境"),
        ("异地就医医保报销比例", "", "ybj", "卫生健康"),
        ("超市出售过期食品", "", "scjgj", "食品药品"),
        ("敬老院护理收费高", "", "mzj", "养老服务"),
        ("个税退税如何办理", "", "swuj", "减税降费"),
        ("理财公司爆雷，涉嫌非法集资", "", "jrb", "金融安全"),
        ("贫困户易地扶贫搬迁补助未发", "", "fpb", "脱贫攻坚"),
        ("遭遇电信诈骗报警无结果", "", "gaj", "社会治安"),
        ("医院挂号难", "", "wjw", "卫生健康"),
        ("退役士兵安置", "", "tyj", "社会保障"),
        ("公积金贷款额度", "", "gjj", "房地产市场"),
        ("小区消防通道被堵", "", "xfjy", ""),
        ("水库大坝渗水，防汛隐患", "", "slj", ""),
        ("经常停电，电压低", "", "gdgs", ""),
        ("公交车不按时发车", "", "jtj", ""),
        ("水稻种粮补贴没到账", "", "nyj", ""),
        ("化工厂发生爆炸，有人员伤亡", "", "yjj", "突发事件"),
        ("政务服务中心窗口推诿，跑了几趟", "", "spj", "堵点痛点"),
    ],
)
def test_shipped_rules_know_everyday_matters(shipped: Router, title: str, body: str, code: str, topic: str) -> None:
    decision = shipped.decide(title, body)
    assert decision.winner == code
    assert not topic or decision.hot_topic == topic


def test_shipped_rules_stand_on_shipped_departments() -> None:
    record = routing_data.read_rules()
    codes = {one.code for one in routing_data.departments()}
    assert set(record["departments"]) <= codes
    assert set(record["topic_of_department"]) <= codes
    assert {code for split in record["split_duties"] for code in split["departments"]} <= codes
    assert set(record["topic_of_department"].values()) <= set(record["topics"])
    assert len(record["topics"]) == 14
    rule_ids = [rule["id"] for rules in record["departments"].values() for rule in rules]
    assert len(rule_ids) == len(set(rule_ids))
    duty_ids = {duty.id for one in routing_data.departments() for duty in one.duties}
    assert {one.split(".")[0] for one in rule_ids} <= duty_ids


def test_shipped_departments_are_complete() -> None:
    found = routing_data.departments()
    assert len({one.code for one in found}) == len(found) >= 45
    assert all(one.name and one.full_name and one.duties for one in found)
    assert all(one.upper_contact for one in found if one.is_vertical)
    assert {"swuj", "xfjy", "jrjg"} <= {one.code for one in found if one.is_vertical}
    codes = routing_data.codes_by_name()
    assert (codes["市税务局"], codes["地税局"], codes["工商局"], codes["计生委"]) == ("swuj", "swuj", "scjgj", "wjw")


def test_same_text_same_decision(shipped: Router) -> None:
    assert decide(shipped.rules, "物业停车收费") == shipped.decide("物业停车收费")
