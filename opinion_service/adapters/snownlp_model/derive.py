"""Works out the segmenter's tables from the counts of the installed snownlp; run once, in a process of its own.

`python -m opinion_service.adapters.snownlp_model.derive FILE` writes them to FILE. The sums are taken
in the order in which snownlp takes them, so that the logarithms agree to the last bit.
"""

import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, log
from pathlib import Path
from typing import Any

from opinion_service.adapters.snownlp_model import source, tables
from opinion_service.adapters.snownlp_model.tables import BEGIN, TAGS, Four, SegTables

Tagged = tuple[str, str]
_START: Tagged = ("", "BOS")


def derive(record: Mapping[str, Any]) -> SegTables:
    """Return the tables for the counts of a segmenter (snownlp's own record of its model)."""
    counts = _Counts(record)
    chars = sorted({char for char, _ in counts.uni if _is_han(char)})
    pairs = _pair_entries(counts)
    thirds = _third_entries(counts)
    flat = _Flat()
    frequency = _frequency(counts)
    # The usual pairs lie side by side, so that they share the processor's cache.
    for pair in sorted(pairs.keys() | thirds.keys(), key=lambda pair: (-frequency[pair], pair)):
        flat.add_pair(pair, pairs.get(pair, []))
    for pair in flat.pairs:
        flat.add_thirds(thirds.get(pair, {}))
    flat.close()
    return SegTables(
        chars={char: counts.four(None, char) for char in chars},
        starts={char: counts.four(_START, char) for char in chars},
        pairs="".join(flat.pairs),
        thirds="".join(flat.thirds),
        pair_entries=flat.pair_entries,
        pair_thirds=flat.pair_thirds,
        third_entries=flat.third_entries,
        codes=bytes(flat.codes),
        values=flat.values,
    )


class _Counts:
    def __init__(self, record: Mapping[str, Any]) -> None:
        self.uni: dict[Tagged, int] = record["uni"]["d"]
        self.bi: dict[tuple[Tagged, Tagged], int] = record["bi"]["d"]
        self.tri: dict[tuple[Tagged, Tagged, Tagged], int] = record["tri"]["d"]
        self.total: float = record["uni"]["total"]
        self.shares: tuple[float, float, float] = (record["l1"], record["l2"], record["l3"])

    def log_prob(self, prev: Tagged | None, last: Tagged | None, now: Tagged) -> float:
        """Return what CharacterBasedGenerativeModel.log_prob returns; None is a context never seen."""
        one, two, three = self.shares
        alone = one * (float(self.uni.get(now, 0)) / self.total)
        after_last = self.uni.get(last, 0) if last else 0
        pair = float(two * self.bi.get((last, now), 0)) / after_last if last and after_last else 0
        after_both = self.bi.get((prev, last), 0) if prev and last else 0
        third = float(three * self.tri.get((prev, last, now), 0)) / after_both if prev and last and after_both else 0
        together = alone + pair + third
        return log(together) if together else -inf

    def four(self, before: Tagged | None, char: str) -> Four:
        """Return the logarithm of a character with each tag, twice `before` in front of it."""
        begin, middle, end, single = (self.log_prob(before, before, (char, tag)) for tag in TAGS)
        return begin, middle, end, single


@dataclass(slots=True)
class _Flat:
    pairs: dict[str, int] = field(default_factory=dict)
    thirds: list[str] = field(default_factory=list)
    pair_entries: "array[int]" = field(default_factory=lambda: array("I"))
    pair_thirds: "array[int]" = field(default_factory=lambda: array("I"))
    third_entries: "array[int]" = field(default_factory=lambda: array("I"))
    codes: bytearray = field(default_factory=bytearray)
    values: "array[float]" = field(default_factory=lambda: array("d"))

    def add_pair(self, pair: str, entries: list[tuple[int, float]]) -> None:
        self.pairs[pair] = len(self.pairs)
        self.pair_entries.append(len(self.values))
        self._add(entries)

    def add_thirds(self, thirds: Mapping[str, list[tuple[int, float]]]) -> None:
        if not self.pair_thirds:
            self.pair_entries.append(len(self.values))
        self.pair_thirds.append(len(self.thirds))
        for char, entries in thirds.items():
            self.thirds.append(char)
            self.third_entries.append(len(self.values))
            self._add(entries)

    def close(self) -> None:
        self.pair_thirds.append(len(self.thirds))
        self.third_entries.append(len(self.values))

    def _add(self, entries: list[tuple[int, float]]) -> None:
        for code, value in sorted(entries):
            self.codes.append(code)
            self.values.append(value)


def _frequency(counts: _Counts) -> Counter[str]:
    found: Counter[str] = Counter()
    for (last, now), count in counts.bi.items():
        found[(last[0] or BEGIN) + now[0]] += count
    return found


def _pair_entries(counts: _Counts) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for last, now in counts.bi:
        # After the beginning of the text only `starts` is asked; its thirds hang on an empty pair.
        if _is_han(last[0]) and _is_han(now[0]):
            code = 4 * TAGS.index(last[1]) + TAGS.index(now[1])
            found[last[0] + now[0]].append((code, counts.log_prob(None, last, now)))
    return found


def _third_entries(counts: _Counts) -> dict[str, dict[str, list[tuple[int, float]]]]:
    found: dict[str, dict[str, list[tuple[int, float]]]] = defaultdict(lambda: defaultdict(list))
    for prev, last, now in counts.tri:
        begins = prev == _START
        if (begins or _is_han(prev[0])) and _is_han(last[0]) and _is_han(now[0]):
            first = 0 if begins else TAGS.index(prev[1])
            code = 16 * first + 4 * TAGS.index(last[1]) + TAGS.index(now[1])
            pair = (BEGIN if begins else prev[0]) + last[0]
            found[pair][now[0]].append((code, counts.log_prob(prev, last, now)))
    return found


def _is_han(char: str) -> bool:
    return len(char) == 1 and "\u4e00" <= char <= "\u9fa5"


if __name__ == "__main__":
    tables.write(derive(source.read_marshal(source.shipped_segmenter())), Path(sys.argv[1]))
