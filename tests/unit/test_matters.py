"""Messages of people about one lasting matter join over weeks; news does not, nor what shares common words only."""

from datetime import UTC, datetime, timedelta

import pytest

from opinion_service.domain.reading.events import (
    MATTER_WINDOW,
    WINDOW,
    Features,
    OnlineGrouper,
    index_keys,
    judge,
)
from opinion_service.domain.reading.matters import shared_name

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DUST = "家住泊兰苑二期，楼下混凝土搅拌站昼夜开工，粉尘飘进屋里，老人咳嗽，孩子无法入睡，向环保热线反映过几次仍未停工。"
NOISE = "我是泊兰苑业主，搅拌站离阳台不足五十米，罐车整夜进出，粉尘落满窗台，多次反映无人处理，孩子夜里无法入睡。"
LIFT = "本栋电梯上月两次困人，物业说等维修基金，至今没有检修，出行的老人只能爬楼梯，请住建部门督促更换配件。"


def message(title: str, body: str, days: float = 0, asks: bool = True) -> Features:
    return Features.of(title, AT + timedelta(days=days), body, asks=asks)


PLANT = message("泊兰苑旁搅拌站粉尘严重，请查处", DUST)


@pytest.mark.parametrize(("days", "joins"), [(1, True), (8, True), (30, True), (30 + 1 / 86_400, False)])
def test_a_matter_lasts_thirty_days_from_message_to_message(days: float, joins: bool) -> None:
    assert judge(message("投诉泊兰苑附近搅拌站整夜施工扰民", NOISE, days), PLANT).joins is joins


def test_the_reason_names_what_both_speak_of() -> None:
    reason = judge(message("投诉泊兰苑附近搅拌站整夜施工扰民", NOISE, 9), PLANT).reason
    assert reason == "同一事项：都提到“泊兰苑”，标题和正文相近"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (message("泊兰苑三号楼电梯困人", LIFT, 9), "another trouble of the same estate"),
        (message("投诉泊兰苑附近搅拌站整夜施工扰民", NOISE, 9, asks=False), "news, not a message"),
        (message("投诉泊兰苑附近搅拌站整夜施工扰民", "", 9), "nothing but a heading"),
    ],
)
def test_look_alikes_stay_apart(other: Features, why: str) -> None:
    assert not judge(other, PLANT).joins, why


def test_words_of_everywhere_are_no_matter_however_alike() -> None:
    one = message("小区电梯故障，物业无人维修", LIFT)
    other = message("电梯经常故障，小区物业不维修", LIFT.replace("上月两次", "今早").replace("检修", "更新"), 9)
    near = LIFT[:30] + "每天上下楼都很困难，孩子上学也受影响，请求尽快安排人员到现场处理。"
    assert shared_name(one, other) == ""
    assert not judge(message("电梯经常故障，小区物业不维修", near, 9), one).joins


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ("泊兰苑旁搅拌站粉尘", "投诉泊兰苑搅拌站", "泊兰苑"),
        ("老小区加装电梯", "建议加装电梯", ""),
        ("泊兰花园停水", "泊兰路停水", ""),  # two characters are no name
    ],
)
def test_a_name_is_three_characters_that_are_no_words(one: str, other: str, name: str) -> None:
    assert shared_name(message(one, DUST), message(other, NOISE)) == name


def test_the_index_prefers_what_may_be_a_name() -> None:
    crowded = message("泊兰苑旁搅拌站粉尘严重影响居民生活孩子无法正常入睡请环保部门查处", DUST)
    assert len(set(index_keys(crowded)) & set(index_keys(PLANT))) >= 2


def test_the_grouper_keeps_messages_longer_than_news() -> None:
    grouper = OnlineGrouper()
    first, _ = grouper.add("泊兰苑旁搅拌站粉尘严重，请查处", AT, DUST)
    news, _ = grouper.add("第七届龙舟赛在资水河畔举行", AT)
    assert grouper.add("投诉泊兰苑附近搅拌站整夜施工扰民", AT + MATTER_WINDOW, NOISE)[0] == first
    assert grouper.add("第七届龙舟赛在资水河畔举行", AT + WINDOW + timedelta(days=1))[0] != news
