"""Areas of Yiyang in texts, and phrases that only look like one."""

import pytest

from opinion_service.data import routing_data
from opinion_service.domain.routing.territory import Gazetteer, Territory


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    record = routing_data.read_rules()
    return Gazetteer.from_record(record["places"], record["not_places"])


@pytest.mark.parametrize(
    ("title", "body", "area"),
    [
        ("赫山区桃花仑路灯不亮", "", "赫山区"),
        ("欧江岔镇修路", "", "赫山区"),
        ("请问何时通车", "我住在沅江市草尾镇", "沅江市"),
        ("南县茅草街大桥", "", "南县"),
        ("湖南县域经济", "", ""),
        ("河南县城", "", ""),
        ("安化黑茶销售", "", ""),
        ("安化县黑茶销售", "", "安化县"),
        ("马路坑洼", "", ""),
        ("安化马路镇坑洼", "", "安化县"),
        ("金盆", "", ""),
        ("大通湖金盆镇", "", "大通湖区"),
        ("高新区谢林港", "", "益阳高新区"),
        ("长沙高新区", "", ""),
        ("四川资阳", "", ""),
        ("", "", ""),
        ("桃江", "安化，安化", "桃江县"),  # a tie goes to what was named first
        ("桃江", "安化，安化，安化", "安化县"),
        ("长沙县高桥镇", "", ""),  # the same name in another city
        ("桃江县高桥镇", "", "桃江县"),
    ],
)
def test_area(gazetteer: Gazetteer, title: str, body: str, area: str) -> None:
    assert gazetteer.locate(title, body).area == area


def test_other_areas_and_words_are_told(gazetteer: Gazetteer) -> None:
    assert gazetteer.locate("桃江灰山港到赫山区的公交") == Territory("桃江县", ("桃江", "灰山港"), ("赫山区",))


@pytest.mark.parametrize(
    ("title", "body", "area", "doubt"),
    [
        ("朝阳街道污水外溢", "", "益阳高新区", ("赫山区",)),
        ("朝阳街道污水外溢", "我住赫山区", "赫山区", ()),  # another word tells them apart
        ("高新区朝阳街道污水外溢", "", "益阳高新区", ()),
        ("河坝镇修路", "千山红镇也一样", "大通湖区", ("南县",)),
        ("南县河坝镇修路", "", "南县", ()),
        ("草尾镇修路", "", "沅江市", ()),
    ],
)
def test_a_name_of_two_areas_leaves_a_doubt_until_another_word_settles_it(
    gazetteer: Gazetteer, title: str, body: str, area: str, doubt: tuple[str, ...]
) -> None:
    found = gazetteer.locate(title, body)
    assert (found.area, found.doubt, found.others) == (area, doubt, ())


def test_a_shared_name_is_known_under_each_of_its_areas(gazetteer: Gazetteer) -> None:
    assert gazetteer.named("朝阳街道") == {"朝阳街道", "益阳高新区", "赫山区"}


def test_empty_gazetteer_knows_nothing() -> None:
    assert Gazetteer.from_record({}).locate("益阳", "益阳") == Territory()


def test_full_width_is_evened() -> None:
    assert Gazetteer.from_record({"A": ["ab路"]}).locate("ＡＢ路").area == "A"
