"""Words are marked where they stand, and an excerpt shows where most of them are."""

import pytest

from opinion_service.domain.reading.highlight import excerpt, pieces


def shown(found) -> str:
    return "".join(f"[{one.text}]" if one.is_hit else one.text for one in found)


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("泉交河镇校车停运", "校车", "泉交河镇[校车]停运"),
        ("泉交河镇校车停运", "校车停运", "泉交河镇[校车停运]"),
        ("校车校车", "校车", "[校车校车]"),
        ("符合ＧＢ7258 的", "gb7258", "符合[ＧＢ7258] 的"),
        ("路灯不亮", "灯", "路[灯]不亮"),
        ("路灯不亮", "校车", "路灯不亮"),
        ("路灯不亮", "", "路灯不亮"),
        ("", "校车", ""),
        ("İ校车", "校车", "İ[校车]"),  # a character that grows when it is folded
    ],
)
def test_the_words_are_marked_where_they_stand(text, query, marked):
    assert shown(pieces(text, query)) == marked
    assert "".join(one.text for one in pieces(text, query)) == text


def test_an_excerpt_shows_the_densest_part():
    text = "甲" * 300 + "校车停运" + "乙" * 300
    found = shown(excerpt(text, "校车停运", 60))
    assert "[校车停运]" in found
    assert found.startswith("…")
    assert found.endswith("…")
    assert len(found) <= 60 + 4


def test_a_text_without_a_hit_gives_its_beginning():
    assert shown(excerpt("甲" * 5 + "乙" * 50, "校车", 10)) == "甲" * 5 + "乙" * 5 + "…"
    assert shown(excerpt("甲乙", "校车", 10)) == "甲乙"
