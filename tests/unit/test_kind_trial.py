"""A text tried on the rules of the kinds: every character comes back, and what was matched says for which kind."""

import pytest

from opinion_service.domain.reading.kind_trial import attempt, stretches
from opinion_service.domain.reading.nature import Nature, NatureRules, shipped
from opinion_service.domain.reading.nature_rules import SHIPPED

RULES = NatureRules.from_record(
    {
        **SHIPPED,
        "kinds": {"advice": [{"weight": 4, "phrases": "加装.{0,4}路灯"}], "help": [{"weight": 4, "phrases": "路灯"}]},
    }
)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("没有说法", [("没有说法", ())]),
        ("请加装几盏路灯吧", [("请", ()), ("加装几盏", ("advice",)), ("路灯", ("advice", "help")), ("吧", ())]),
        ("路灯，路灯", [("路灯", ("help",)), ("，", ()), ("路灯", ("help",))]),
    ],
)
def test_stretches_cover_the_text_and_name_the_kinds(text: str, pieces: list[tuple[str, tuple[str, ...]]]) -> None:
    found = [(one.text, tuple(kind.value for kind in one.kinds)) for one in stretches(text, RULES)]
    assert found == pieces
    assert "".join(part for part, _ in found) == text


def test_a_trial_says_what_the_line_would_say() -> None:
    found = attempt("请问如何办理居住证", "需要什么材料？", shipped())
    assert found.kind is Nature.INQUIRY
    assert found.sums[Nature.INQUIRY] == max(found.sums.values())
    assert found.matches[0].kind is Nature.INQUIRY
    assert any(one.kinds for one in found.title)
