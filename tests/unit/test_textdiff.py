"""The comparison of two texts: complete on both sides, and as short as a reader wants it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opinion_service.domain.casework import textdiff
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


def edited(text: str, every: int) -> str:
    """Return the text with a character changed every so often, and its beginning and end."""
    return "首" + "".join(chr(0x5000 + at) if at % every == 0 else one for at, one in enumerate(text)) + "末"


@pytest.mark.parametrize(
    ("old", "new", "compared"),
    [
        ("路灯" * 9_000, "路灯" * 4_000 + "亮" + "路灯" * 5_000, (0, 1)),  # beginning and end are not compared
        ("甲" * 2_998, edited("甲" * 2_998, 40), (2_998, 3_000)),
        ("甲" * 2_999, edited("甲" * 2_999, 40), (1, 1)),  # one line
        ("甲" * 5_000, edited("甲" * 5_000, 40), (1, 1)),
        ("街道路灯已修。" * 500, edited("街道路灯已修。" * 400, 50), None),  # 500 sentences
        ("街道路灯已经修好。" * 400, "首" + "街道路灯已经修好。" * 398 + "末", (400, 399)),
        ("甲\n" * 8_000, "乙" + "甲\n" * 7_999 + "丙", None),
        ("", "甲" * 100_000, (0, 1)),
    ],
)
def test_long_texts_are_compared_as_finely_as_is_cheap(
    old: str, new: str, compared: tuple[int, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[tuple[int, int]] = []

    class Noting(textdiff.SequenceMatcher):
        def __init__(self, junk: None, before: list[str], after: list[str]) -> None:
            super().__init__(junk, before, after)
            sizes.append((len(before), len(after)))
            assert self.autojunk

    monkeypatch.setattr(textdiff, "SequenceMatcher", Noting)
    found = pieces(old, new)

    assert sizes == ([compared] if compared else [])
    assert "".join(piece.text for piece in found if piece.change is not A) == old
    assert "".join(piece.text for piece in found if piece.change is not R) == new


def test_a_long_text_is_compared_by_sentence() -> None:
    old = "".join(f"第{n}段内容若干字以凑长度。" for n in range(300))
    new = old.replace("第7段", "第七段").replace("第290段", "第二九零段")

    changed = [piece.text for piece in pieces(old, new) if piece.change is not S]

    assert changed == ["7段内容若干字以凑长度。", "七段内容若干字以凑长度。", "第290", "第二九零"]
