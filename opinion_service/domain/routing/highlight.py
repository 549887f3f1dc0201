"""Cuts a text where phrases were found, so that a page can mark them."""

from collections.abc import Iterable

from opinion_service.domain.routing.phrases import even


def segments(text: str, words: Iterable[str]) -> tuple[tuple[str, bool], ...]:
    """Return the text in pieces, each with whether it belongs to one of `words`; found words may overlap.

    Words are looked for as the rules do, width and case evened. Where evening changes the length of the text,
    its places no longer fit, and the evened text is returned instead.
    """
    plain = even(text)
    shown = text if len(text) == len(plain) else plain
    marked = [False] * len(plain)
    for word in {even(one) for one in words if one}:
        at = plain.find(word)
        while at >= 0:
            marked[at : at + len(word)] = [True] * len(word)
            at = plain.find(word, at + 1)
    pieces: list[tuple[str, bool]] = []
    start = 0
    for at in range(1, len(plain) + 1):
        if at == len(plain) or marked[at] != marked[start]:
            pieces.append((shown[start:at], marked[start]))
            start = at
    return tuple(pieces)
