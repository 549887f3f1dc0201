"""What changed between two texts, word by word: Chinese by character, everything else by word."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_WORD = re.compile(r"[A-Za-z]+|\d+(?:[.,]\d+)*|\s+|.", re.DOTALL)
# Beyond this a character-wise comparison takes seconds; whole lines are compared instead.
MOST_WORDS = 6_000
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
    before, after = _words(old), _words(new)
    if len(before) + len(after) > 2 * MOST_WORDS:
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    found: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece(Change.SAME, "".join(before[a:b])))
            continue
        found += [
            Piece(change, text)
            for change, text in ((Change.REMOVED, "".join(before[a:b])), (Change.ADDED, "".join(after[c:d])))
            if text
        ]
    return _joined(found)


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


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
