"""Which district or county a text speaks of: names of areas, towns and well-known places.

Every matter needs a territory beside its department (属地管理). A place name that is also an ordinary word is
only known by its full name (马路镇, not 马路), and some phrases only look like a place (湖南县域 is no 南县).
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

TITLE_WEIGHT = 2.0
LONGEST_BODY = 4000


@dataclass(frozen=True, slots=True)
class Territory:
    """The area a text speaks of (empty when unknown), the names that said so, and the other areas named.

    `doubt` are the areas that the same names may mean as well, when nothing in the text tells them apart.
    """

    area: str = ""
    words: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    doubt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Areas by the names of their places, several where they share a name; none marks a phrase that is no place."""

    areas: Mapping[str, tuple[str, ...]]
    longest: int

    @classmethod
    def from_record(cls, places: Mapping[str, Sequence[str]], not_places: Iterable[str] = ()) -> "Gazetteer":
        """Return the gazetteer of `places` (area -> names); `not_places` hide names that stand inside them."""
        areas: dict[str, tuple[str, ...]] = {}
        for area, names in places.items():
            for name in map(_even, names):
                areas[name] = tuple(dict.fromkeys((*areas.get(name, ()), area)))
        areas |= {_even(phrase): () for phrase in not_places}
        return cls(areas, max(map(len, areas), default=0))

    def locate(self, title: str, body: str = "") -> Territory:
        """Return the area named most, the title counting double and the first named winning a tie.

        A name that several areas share speaks for each of them; where only such names speak for the area, the others
        are its doubt, and the area that the list of places names first is the guess.
        """
        scores: dict[str, float] = {}
        words: dict[str, dict[str, None]] = {}
        for text, weight in ((title, TITLE_WEIGHT), (body[:LONGEST_BODY], 1.0)):
            for word in self._find(_even(text)):
                for area in self.areas[word]:
                    scores[area] = scores.get(area, 0.0) + weight
                    words.setdefault(area, {})[word] = None
        if not scores:
            return Territory()
        best = max(scores, key=lambda area: scores[area])
        doubt = self._doubt(best, tuple(words[best]))
        others = tuple(area for area in scores if area != best and not set(words[area]) <= set(words[best]))
        return Territory(best, tuple(words[best]), others, doubt)

    def _doubt(self, best: str, words: Sequence[str]) -> tuple[str, ...]:
        """Return the areas besides `best` that have every place named, empty when one of them is its own."""
        shared = set.intersection(*(set(self.areas[word]) for word in words))
        return tuple(area for area in self.areas[words[0]] if area in shared and area != best)

    def named(self, text: str) -> frozenset[str]:
        """Return the names of places found in the text and the areas they lie in, folded as `knows` wants them."""
        words = self._find(_even(text))
        return frozenset(words) | {_even(area) for word in words for area in self.areas[word]}

    def knows(self, name: str) -> bool:
        """Return whether a folded name is a place or an area of this list."""
        return bool(self.areas.get(name)) or any(_even(area) == name for them in self.areas.values() for area in them)

    def _find(self, text: str) -> list[str]:
        found: list[str] = []
        at = 0
        while at < len(text) - 1:
            word = self._longest_at(text, at)
            if word and self.areas[word]:
                found.append(word)
            at += len(word) or 1
        return found

    def _longest_at(self, text: str, at: int) -> str:
        for size in range(min(self.longest, len(text) - at), 1, -1):
            word = text[at : at + size]
            if word in self.areas:
                return word
        return ""


def _even(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()
