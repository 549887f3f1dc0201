"""Which titles are one event: keys, judgements and their reasons, choice, and the figures of a grouping."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinion_service.domain.reading.event_features import MOST_KEYS
from opinion_service.domain.reading.events import (
    WINDOW,
    Features,
    OnlineGrouper,
    choose,
    evaluate,
    group,
    index_keys,
    judge,
)
from opinion_service.domain.reading.term_weights import DEFAULT, LEARNED_FROM, TermWeights

AT = datetime(2024, 3, 20, 2, 30, tzinfo=UTC)


def features(title: str, hours: float = 0, body: str = "") -> Features:
    return Features.of(title, AT + timedelta(hours=hours), body)


LEAK = "龙洲路银城首府门口自来水主管爆裂，路面塌陷约两平方米，早高峰车辆绕行，供水公司抢修人员已到现场关阀开挖"
NOISE = "迎宾楼夜宵摊每晚营业至凌晨三点，音响喇叭猜拳吵闹，附近老人孩子无法入睡，城管来过两次仍旧摆到马路中间"

JOINED = [
    ("龙洲路自来水管爆裂", "龙洲路自来水管爆裂！", 0, "标题相同"),
    ("龙洲路自来水管爆裂", "【关注】龙洲路，自来水管爆裂", 100, "标题近似重复"),
    ("龙洲路自来水管爆裂", "关于龙洲路自来水管爆裂的情况通报", 20, "标题近似重复"),
    ("龙洲路自来水管爆裂", "供水公司回应龙洲路水管爆裂", 3, "同一事件的不同说法"),
    ("会龙山一溶洞发现古代壁画", "专家考察会龙山壁画", 5, "同一事件的不同说法"),
    ("女子带四个娃坐高铁被要求补票", "12306回应女子带4娃坐高铁补票", 5, "同一事件的不同说法"),
]


@pytest.mark.parametrize(("one", "other", "hours", "reason"), JOINED)
def test_one_event_in_different_words(one: str, other: str, hours: float, reason: str) -> None:
    judgement = judge(features(other, hours), features(one))
    assert judgement.joins, judgement
    assert judgement.reason.startswith(reason)
    assert 0.6 < judgement.score <= 1


APART = [
    ("龙洲路自来水管爆裂", "龙洲路自来水管爆裂", 7 * 24 + 1, "相隔超过 7 天"),
    ("龙洲路积水严重影响出行", "金山路积水严重影响出行", 0, "地点不同：金山路、龙洲路"),
    ("锦绣小区停水三天", "阳光小区停水三天", 1, "地点不同"),
    ("湖南一地突发山体滑坡", "湖北一地突发山体滑坡", 1, "地点不同"),
    ("安化县茶园遭冰雹灾害", "桃江县茶园遭冰雹灾害", 1, "地点不同"),
    ("3月20日龙洲片区停水公告", "3月27日龙洲片区停水公告", 0, "文字相近而数字不同"),
    ("物业问题", "物业问题", 1, "标题相同，但过于笼统"),
    ("咨询", "咨询", 0, "标题相同，但过于笼统"),
    ("龙洲路自来水管爆裂", "夜宵摊音响吵闹", 0, "没有共有的关键词"),
    ("会龙山壁画", "会龙山游客中心停车收费", 30, "共有的关键词不足"),
]


@pytest.mark.parametrize(("one", "other", "hours", "reason"), APART)
def test_look_alikes_stay_apart(one: str, other: str, hours: float, reason: str) -> None:
    judgement = judge(features(other, hours), features(one))
    assert not judgement.joins, judgement
    assert judgement.reason.startswith(reason)


def test_the_window_is_closed_at_its_end() -> None:
    old = features("龙洲路自来水管爆裂")
    assert judge(Features.of(old.title, AT + WINDOW), old).joins
    assert not judge(Features.of(old.title, AT + WINDOW + timedelta(microseconds=1)), old).joins


def test_equal_bodies_join_whatever_the_titles() -> None:
    judgement = judge(features("水管又爆了", 1, LEAK), features("龙洲路塌陷", 0, LEAK + "。"))
    assert (judgement.joins, judgement.reason) == (True, "正文近似重复")


def test_different_bodies_part_equal_short_titles() -> None:
    assert judge(features("表扬信", 1), features("表扬信")).joins
    judgement = judge(features("表扬信", 1, NOISE), features("表扬信", 0, LEAK))
    assert (judgement.joins, judgement.reason) == (False, "标题相同，但正文所述不同")


def test_different_bodies_weaken_what_the_titles_share() -> None:
    with_bodies = judge(features("楼道堆物占用消防通道", 1, NOISE), features("堆物多次反映", 0, LEAK))
    without = judge(features("楼道堆物占用消防通道", 1), features("堆物多次反映"))
    assert with_bodies.score < without.score


@given(st.text(max_size=40), st.text(max_size=40), st.integers(0, 200))
@settings(max_examples=200, deadline=None)
def test_judging_is_symmetric_and_bounded(one: str, other: str, hours: int) -> None:
    a, b = features(one), features(other, hours)
    there, back = judge(a, b), judge(b, a)
    assert (there.joins, there.score) == (back.joins, back.score)
    assert 0 <= there.score <= 1
    assert len(there.reason) <= 300


def test_time_lowers_the_score() -> None:
    old = features("会龙山一溶洞发现古代壁画")
    scores = [judge(features("专家考察会龙山壁画", hours), old).score for hours in (0, 3, 12, 48, 100)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1]


def test_keys_are_few_stable_and_fit_a_signed_column() -> None:
    keys = index_keys(features("会龙山一溶洞发现古代壁画引来众多游客和专家前往考察", body=LEAK))
    assert len(keys) == len(set(keys)) == MOST_KEYS
    assert all(0 <= key < 2**63 for key in keys)
    assert keys == index_keys(features("会龙山一溶洞发现古代壁画引来众多游客和专家前往考察", 5, LEAK))
    assert index_keys(features("")) == ()


@pytest.mark.parametrize(("one", "other", "_hours", "_reason"), JOINED)
def test_what_joins_shares_a_key(one: str, other: str, _hours: float, _reason: str) -> None:
    assert set(index_keys(features(one))) & set(index_keys(features(other)))


def test_equal_bodies_share_a_key() -> None:
    assert set(index_keys(features("甲乙", body=LEAK))) & set(index_keys(features("丙丁", body=LEAK)))


def test_the_best_event_is_chosen() -> None:
    new = features("供水公司回应龙洲路水管爆裂", 3)
    candidates = [
        (7, features("夜宵摊音响吵闹")),
        (5, features("龙洲路自来水管爆裂")),
        (3, features("供水公司招聘抄表员")),
    ]
    chosen = choose(new, candidates)
    assert chosen is not None
    assert chosen[0] == 5
    assert "龙洲" in chosen[1].reason


def test_no_event_is_chosen_from_strangers_or_nothing() -> None:
    assert choose(features("夜宵摊音响吵闹"), [(1, features("龙洲路自来水管爆裂"))]) is None
    assert choose(features("夜宵摊音响吵闹"), []) is None


def test_the_older_event_wins_a_tie() -> None:
    same = features("龙洲路自来水管爆裂")
    assert choose(same, [(9, same), (4, same)])[0] == 4  # type: ignore[index]


def test_one_weak_link_does_not_pull_an_item_into_a_big_event() -> None:
    new = features("专家质疑会龙山票价", 4)
    big = [(1, features(title)) for title in ("会龙山停车难", "溶洞壁画真伪之争", "壁画年代考证", "壁画保护方案")]
    assert judge(new, big[0][1]).joins
    assert choose(new, big) is None


def test_grouping_a_stream() -> None:
    titles = ["龙洲路自来水管爆裂", "夜宵摊音响吵闹", "供水公司回应龙洲路水管爆裂", "夜宵摊音响吵闹扰民"]
    assert group([(title, AT + timedelta(hours=n)) for n, title in enumerate(titles)]) == [0, 1, 0, 1]


def test_a_stream_forgets_what_left_the_window() -> None:
    grouper = OnlineGrouper(timedelta(hours=1))
    assert grouper.add("龙洲路自来水管爆裂", AT)[0] == 0
    assert grouper.add("龙洲路自来水管爆裂", AT + timedelta(hours=1))[0] == 0
    assert grouper.add("龙洲路自来水管爆裂", AT + timedelta(hours=3))[0] == 1


def _made_up(number: int) -> str:
    return "".join(chr(0x4E00 + (number * 7919 + k * 104729 + k * k * 13) % 6000) for k in range(12))


def test_cost_stays_flat_with_history() -> None:
    grouper = OnlineGrouper()
    spent = []
    for block in range(5):
        began = time.process_time()
        for n in range(block * 400, block * 400 + 400):
            grouper.add(f"停水{_made_up(n)}", AT + timedelta(minutes=n))
        spent.append(time.process_time() - began)
    assert min(spent[2:]) < 4 * max(spent[1], 0.05)


def test_a_word_that_is_everywhere_on_this_desk_loses_weight() -> None:
    weights = TermWeights()
    for n in range(LEARNED_FROM * 2):
        weights.learn({"龙洲", _made_up(n)[:2]})
    assert weights.of("龙洲") < 0.1
    assert weights.of("壁画") == DEFAULT.of("壁画")


def test_learning_keeps_its_memory_bounded() -> None:
    weights = TermWeights()
    for n in range(40_001):
        weights.learn((str(n), "停水"))
    assert len(weights.counts) < 25_000
    assert weights.of("停水") < 0.1


@pytest.mark.parametrize(
    ("term", "most", "least"),
    [("问题", 0.5, 0), ("停水", 0.7, 0.4), ("壁画", 1, 0.9), ("的", 0.31, 0), ("covid", 1, 0.9), ("12", 0.85, 0.7)],
)
def test_common_terms_weigh_less(term: str, most: float, least: float) -> None:
    assert least <= DEFAULT.of(term) <= most


B_CUBED = [
    ([0, 0, 1], ["a", "a", "b"], (1, 1, 1)),
    ([0, 1, 2], ["a", "a", "b"], (1, 2 / 3, 0.8)),
    ([0, 0, 0], ["a", "a", "b"], (5 / 9, 1, 5 / 7)),
    ([], [], (0, 0, 0)),
]


@pytest.mark.parametrize(("found", "truth", "wanted"), B_CUBED)
def test_b_cubed(found: list[int], truth: list[str], wanted: tuple[float, float, float]) -> None:
    figures = evaluate(found, truth)
    assert (figures.precision, figures.recall, figures.f1) == pytest.approx(wanted)
    assert figures.n == len(found)
