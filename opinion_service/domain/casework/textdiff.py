"""What changed between two texts, word by word: Chinese by character, everything else by word."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_WORD = re.compile(r"[A-Za-z]+|\d+(?:[.,]\d+)*|\s+|.", re.DOTALL)
# What differs is compared by word up to the first length on either side, by line or sentence up to the second, and
# shown whole, old and new, beyond: the work grows with the square of the length, and anybody may ask for it.
MOST_WORDS, MOST_LINES = 3_000, 400
_LINE = re.compile(r"[^\n。！？；]*[\n。！？；]|[^\n。！？；]+")
# An island this short between two changes reads worse than one longer change.
SHORT_ISLAND = 1


class Change(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that stayed, came or went."""

    change: Change
    text: str


def pieces(old: str, new: str) -> tuple[Piece, ...]:
    """Return `new` in pieces with what was removed from `old` in its place; empty for two empty texts."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    start, end = _alike(before, after)
    first, last = "".join(before[:start]), "".join(before[len(before) - end :])
    middle = _compared(before[start : len(before) - end], after[start : len(after) - end])
    found = [Piece(Change.SAME, first), *middle, Piece(Change.SAME, last)]
    return _joined([piece for piece in found if piece.text])


def _alike(before: list[str], after: list[str]) -> tuple[int, int]:
    """Return how many words the texts share at the beginning and, of the rest, at the end."""
    shorter = min(len(before), len(after))
    start = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    rest = shorter - start
    return start, next((at for at in range(rest) if before[-1 - at] != after[-1 - at]), rest)


def _compared(before: list[str], after: list[str]) -> list[Piece]:
    """Return the differences as finely as the length allows."""
    if max(len(before), len(after)) > MOST_WORDS:
        old, new = "".join(before), "".join(after)
        before, after = _LINE.findall(old), _LINE.findall(new)
        if max(len(before), len(after)) > MOST_LINES:
            return _change(old, new)
    found: list[Piece] = []
    # Autojunk (the default) leaves out what makes up over 1 % of a long text: repeated characters cost nothing.
    for tag, a, b, c, d in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            found.append(Piece(Change.SAME, "".join(before[a:b])))
        else:
            found += _change("".join(before[a:b]), "".join(after[c:d]))
    return found


def _joined(found: list[Piece]) -> tuple[Piece, ...]:
    """Return the pieces with short islands given to the changes around them, and removals before additions."""
    result: list[Piece] = []
    removed = added = ""
    for number, piece in enumerate(found):
        is_island = (
            piece.change is Change.SAME
            and len(piece.text) <= SHORT_ISLAND
            and (removed or added)
            and number + 1 < len(found)
        )
        if piece.change is Change.SAME and not is_island:
            result += _change(removed, added)
            removed = added = ""
            result.append(piece)
            continue
        removed += piece.text if piece.change is not Change.ADDED else ""
        added += piece.text if piece.change is not Change.REMOVED else ""
    return tuple(result + _change(removed, added))


def _change(removed: str, added: str) -> list[Piece]:
    return [Piece(change, text) for change, text in ((Change.REMOVED, removed), (Change.ADDED, added)) if text]
