"""Templates: variables are filled, gaps stay visible, nothing written is overwritten, the shipped ones are sound."""

import pytest

from opinion_service import data
from opinion_service.domain.casework.coverage import ResponseKind
from opinion_service.domain.casework.templates import LONGEST_PART, Stage, TemplateKind, check, fill, put_in
from opinion_service.domain.errors import InvalidInput


def test_variables_are_filled_and_what_is_unknown_stays_visible() -> None:
    parts = {"title": "关于“{案件标题}”的回应", "measures": "由{协办单位}办理，{回应单位}牵头。"}
    filled = fill(parts, {"案件标题": "校车{超员}", "回应单位": "市教育局", "协办单位": ""})
    assert filled == {
        "title": "关于“校车{超员}”的回应",
        "measures": "由【请填写：协办单位】办理，市教育局牵头。",
    }


PUT = [
    (TemplateKind.TEMPLATE, {"facts": "写好的。"}, {"facts": "模板"}, {"facts": "写好的。"}),
    (TemplateKind.TEMPLATE, {"facts": "  "}, {"facts": "模板"}, {"facts": "模板"}),
    (TemplateKind.SNIPPET, {"facts": "写好的。"}, {"facts": "常用语"}, {"facts": "写好的。\n常用语"}),
    (TemplateKind.SNIPPET, {"facts": "写好的。常用语"}, {"facts": "常用语"}, {"facts": "写好的。常用语"}),
    (TemplateKind.SNIPPET, {}, {"facts": "常用语"}, {"facts": "常用语"}),
]


@pytest.mark.parametrize(("kind", "parts", "texts", "expected"), PUT)
def test_nothing_that_was_written_is_overwritten(kind, parts, texts, expected) -> None:
    assert put_in(parts, texts, kind) == expected


WRONG = [
    ({"facts": "{没有的变量}"}, "没有这个变量：没有的变量"),
    ({"facts": " "}, "至少填写一栏"),
    ({}, "至少填写一栏"),
    ({"contact": "电话"}, "各栏"),
    ({"facts": "长" * (LONGEST_PART + 1)}, "最多"),
]


@pytest.mark.parametrize(("parts", "message"), WRONG)
def test_a_template_is_checked_before_it_is_kept(parts: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        check(parts)


def test_the_longest_part_is_kept() -> None:
    assert check({"facts": "长" * LONGEST_PART})


def test_the_shipped_templates_are_sound_and_serve_every_kind_of_answer() -> None:
    rows = data.read_json("reply_templates.json")
    assert len({row["code"] for row in rows}) == len(rows)
    for row in rows:
        assert check(row["parts"])
        assert row["kind"] in set(TemplateKind)
        assert row["stage"] in {"", *Stage}
    assert {row["response_kind"] for row in rows} >= set(ResponseKind)
    assert {row["stage"] for row in rows} >= set(Stage)
