"""Where the words somebody searched for stand in a text: cut into pieces that are hit and pieces that are not."""

import unicodedata
from dataclasses import dataclass

from opinion_service.domain.text import bigrams

WINDOW = 40


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text, and whether it is one of the words looked for."""

    text: str
    is_hit: bool


def pieces(text: str, query: str) -> tuple[Piece, ...]:
    """Return the whole text in pieces, the stretches that the query's words cover marked as hit."""
    covered = _covered(text, query)
    found: list[Piece] = []
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or covered[at] != covered[start]:
            found.append(Piece(text[start:at], covered[start]))
            start = at
    return tuple(found)


def excerpt(text: str, query: str, length: int = 160) -> tuple[Piece, ...]:
    """Return the part of the text around the densest hits, about `length` characters, in pieces.

    What is left out before or after is shown as an ellipsis; a text without a hit gives its beginning.
    """
    start = _best_start(_covered(text, query), length)
    cut = text[start : start + length]
    shown = pieces(cut, query)
    before = (Piece("…", False),) if start else ()
    after = (Piece("…", False),) if start + length < len(text) else ()
    return before + shown + after


def _best_start(covered: list[bool], length: int) -> int:
    """Return where the window with most covered characters begins, a little before its first hit."""
    if not any(covered):
        return 0
    sums = [0]
    for one in covered:
        sums.append(sums[-1] + one)
    last = max(len(covered) - length, 0)
    best = max(range(last + 1), key=lambda at: (sums[min(at + length, len(covered))] - sums[at], -at))
    first_hit = covered.index(True, best)
    return min(max(first_hit - WINDOW, 0), last)


def _covered(text: str, query: str) -> list[bool]:
    """Return for each character whether a token of the query covers it; widths and cases are made equal."""
    plain = "".join(_plain(one) for one in text)
    covered = [False] * len(text)
    for token in set(bigrams(query)):
        at = plain.find(token)
        while at >= 0:
            covered[at : at + len(token)] = [True] * len(token)
            at = plain.find(token, at + 1)
    return covered


def _plain(one: str) -> str:
    folded = unicodedata.normalize("NFKC", one).lower()
    return folded if len(folded) == 1 else one
