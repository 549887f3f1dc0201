"""The comparison of two texts: complete on both sides, and as short as a reader wants it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opinion_service.domain.casework.textdiff import Change, Piece, pieces

S, A, R = Change.SAME, Change.ADDED, Change.REMOVED


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", ()),
        ("路灯", "路灯", ((S, "路灯"),)),
        ("", "路灯", ((A, "路灯"),)),
        ("路灯", "", ((R, "路灯"),)),
        ("下周一恢复运行", "下周三恢复运行", ((S, "下周"), (R, "一"), (A, "三"), (S, "恢复运行"))),
        ("共 36 人", "共 41 人", ((S, "共 "), (R, "36"), (A, "41"), (S, " 人"))),
        ("责令停用", "责令立即停用", ((S, "责令"), (A, "立即"), (S, "停用"))),
        # One character that happens to be equal between two changes is no island.
        ("甲的乙。", "丙的丁。", ((R, "甲的乙"), (A, "丙的丁"), (S, "。"))),
    ],
)
def test_pieces(old: str, new: str, expected: tuple) -> None:
    assert pieces(old, new) == tuple(Piece(*one) for one in expected)


@given(st.text(max_size=60), st.text(max_size=60))
def test_both_texts_can_be_read_out_of_the_pieces(old: str, new: str) -> None:
    found = pieces(old, new)
    assert "".join(piece.text for piece in found if piece.change is not A) == old
    assert "".join(piece.text for piece in found if piece.change is not R) == new
    assert all(piece.text for piece in found)


def test_a_very_long_text_is_compared_by_lines() -> None:
    old = "".join(f"第{n}行内容若干字以凑长度\n" for n in range(2_000))
    new = old.replace("第7行", "第七行")
    changed = [piece for piece in pieces(old, new) if piece.change is not S]
    assert [piece.text for piece in changed] == ["第7行内容若干字以凑长度\n", "第七行内容若干字以凑长度\n"]
