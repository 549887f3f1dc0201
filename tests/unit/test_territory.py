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
    ],
)
def test_area(gazetteer: Gazetteer, title: str, body: str, area: str) -> None:
    assert gazetteer.locate(title, body).area == area


def test_other_areas_and_words_are_told(gazetteer: Gazetteer) -> None:
    assert gazetteer.locate("桃江灰山港到赫山区的公交") == Territory("桃江县", ("桃江", "灰山港"), ("赫山区",))


def test_empty_gazetteer_knows_nothing() -> None:
    assert Gazetteer.from_record({}).locate("益阳", "益阳") == Territory()


def test_full_width_is_evened() -> None:
    assert Gazetteer.from_record({"A": ["ab路"]}).locate("ＡＢ路").area == "A"
