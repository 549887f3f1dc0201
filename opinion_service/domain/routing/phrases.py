"""Finds known phrases in a text, longest first, at a cost that does not grow with their number."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase that was found, and where it starts in the evened text."""

    word: str
    at: int


@dataclass(frozen=True, slots=True)
class PhraseIndex:
    """Phrases by their first two characters; only the lengths that begin this way are tried."""

    words: frozenset[str]
    sizes: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, words: Iterable[str]) -> "PhraseIndex":
        """Return the index over `words`; width and case are evened, phrases of one character are left out."""
        kept = frozenset(word for word in map(even, words) if len(word) >= SHORTEST)
        sizes: dict[str, set[int]] = {}
        for word in kept:
            sizes.setdefault(word[:SHORTEST], set()).add(len(word))
        return cls(kept, {start: tuple(sorted(found, reverse=True)) for start, found in sizes.items()})

    def find(self, text: str) -> list[Hit]:
        """Return the phrases in `text` from left to right; a longer one hides the shorter ones inside it.

        `text` has to be evened already (see `even`). Takes time in proportion to the text alone.
        """
        found: list[Hit] = []
        at, last = 0, len(text) - SHORTEST
        while at <= last:
            size = self._longest_at(text, at)
            if size:
                found.append(Hit(text[at : at + size], at))
            at += size or 1
        return found

    def _longest_at(self, text: str, at: int) -> int:
        for size in self.sizes.get(text[at : at + SHORTEST], ()):
            if text[at : at + size] in self.words:
                return size
        return 0


def even(text: str) -> str:
    """Return the text with full and half width, and upper and lower case, made equal."""
    return unicodedata.normalize("NFKC", text).lower()
