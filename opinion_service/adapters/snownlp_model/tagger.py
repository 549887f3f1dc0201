"""Finds where words begin and end by snownlp's model of characters, to the same bit, in time linear in the text.

snownlp tries 4 x 16 tags for each character, each with three look-ups and a logarithm, and copies the
way it came. Here the logarithms come from `tables`, only what the corpus has seen is looked at, and the
way back is found afterwards.

A *cell* (last, tag) is the best log probability of the text so far when its last character has `tag`
and the one before has `last`; `best[tag]` is the best of a tag's cells. Most cells follow from `best`
and the character alone and are not written down. The maximum is taken first and the logarithm added
after: rounding keeps the order of numbers, so the sum is snownlp's to the last bit.
"""

from collections.abc import Sequence

from opinion_service.adapters.snownlp_model.tables import BEGIN, Four, SegTables

MIDDLE, END, SINGLE = 1, 2, 3
_UNKNOWN: Four = (0.0, 0.0, 0.0, 0.0)  # told from a known character by identity

Cells = dict[int, float]  # the written cells, by 4 * last + tag
Entry = tuple[int, int, int, float]  # last, tag, 4 * last + tag, logarithm
# What the corpus has of a pair, the bounds of its thirds, and of its second character the logarithms and what follows.
Pair = tuple[Sequence[Entry], int, int, Four, "After"]
# One character: the best before it, its own logarithms, its written cells, the entries of its pair, its third (or -1).
Step = tuple[list[float], Four, Cells, Sequence[Entry], int]
After = dict[str, Pair | int]  # what may follow a character: unpacked, or the number of the pair
_NEVER_SEEN: tuple[Four, After] = (_UNKNOWN, {})
USUAL = 120_000  # so many pairs, the most frequent, are kept unpacked; the others are unpacked when met


class Tagger:
    """Gives each character its place in a word. Never changes: may be shared by threads and by forked processes."""

    def __init__(self, tables: SegTables) -> None:
        self._tables = tables
        after: dict[str, After] = {char: {} for char in (BEGIN, *tables.chars)}
        self._begins = after[BEGIN]
        self._chars = {char: (own, after[char]) for char, own in tables.chars.items()}
        for number, (one, other) in enumerate(zip(tables.pairs[::2], tables.pairs[1::2], strict=True)):
            after[one][other] = self._unpacked(other, number) if number < USUAL else number

    def tags(self, run: str) -> list[int]:
        """Return the tag of each character of a run of two or more (0 begins a word, 1 middle, 2 ends it, 3 single).

        Of equally probable ways it is the one snownlp would keep.
        """
        steps, best, raised = self._forward(run)
        top = max(best)
        tag = best.index(top)
        last = _first_equal(steps[-1], tag, (0.0, 0.0, 0.0, 0.0), top)
        tags = [tag, last]
        for at in range(len(run) - 1, 1, -1):
            prev = raised.get(16 * at + 4 * last + tag)
            if prev is None:
                prev = self._came_from(steps[at - 1], steps[at], last, tag)
            tags.append(prev)
            tag, last = last, prev
        tags.reverse()
        return tags

    def _forward(self, run: str) -> tuple[list[Step], list[float], dict[int, int]]:
        """Return a step for each character, the best after the last, and the tags before `last` of raised cells.

        The latter stand under `16 * position + 4 * last + tag`, wherever a third alone made the cell.
        """
        t, chars = self._tables, self._chars
        find = t.thirds.find
        step, after, low, high = self._first(run[0])
        best, steps = step[0], [step]
        keep = steps.append
        raised: dict[int, int] = {}
        entries: Sequence[Entry]
        for char in run[1:]:
            third = find(char, low, high) if low < high else -1
            pair = after.get(char)
            if pair is None:
                own, after = chars.get(char, _NEVER_SEEN)
                entries, low, high = (), 0, 0
                if own is _UNKNOWN:
                    best, step = _after_unknown(steps)
                    keep(step)
                    continue
            else:
                entries, low, high, own, after = self._unpacked(char, pair) if isinstance(pair, int) else pair
            top = max(best)
            new = [top + own[0], top + own[1], top + own[2], top + own[3]]
            cells: Cells = {}
            for last, tag, code, value in entries:
                cells[code] = total = best[last] + value
                if total > new[tag]:
                    new[tag] = total
            if third >= 0:
                self._raise(third, step, cells, new, raised, 16 * len(steps))
            step = (best, own, cells, entries, third)
            keep(step)
            best = new
        return steps, best, raised

    def _raise(self, third: int, step: Step, cells: Cells, new: list[float], raised: dict[int, int], at: int) -> None:
        """Raise the cells that a pair with its forerunner makes likelier, and note by which tag."""
        codes, values = self._tables.codes, self._tables.values
        before, own_before, cells_before, _, _ = step
        for one in range(self._tables.third_entries[third], self._tables.third_entries[third + 1]):
            code = codes[one]
            found = cells_before.get(code >> 2)
            total = before[code >> 4] + own_before[code >> 2 & 3] if found is None else found
            total += values[one]
            code, prev = code & 15, code >> 4
            # The corpus cannot have a third without its pair, so the cell is written already.
            if total > cells[code]:
                cells[code], raised[at + code] = total, prev
                new[code & 3] = max(new[code & 3], total)

    def _first(self, char: str) -> tuple[Step, After, int, int]:
        """Return the step of the first character, what may follow it, and the bounds of the thirds after it."""
        begin, middle, end, single = best = [*self._tables.starts.get(char, _UNKNOWN)]
        cells = {0: begin, 1: middle, 2: end, 3: single}
        low = high = 0
        pair = self._begins.get(char)
        if pair is not None:
            _, low, high, _, _ = self._unpacked(char, pair) if isinstance(pair, int) else pair
        return (best, _UNKNOWN, cells, (), -1), self._chars.get(char, _NEVER_SEEN)[1], low, high

    def _unpacked(self, char: str, number: int) -> Pair:
        """Return a pair that ends in `char` as tuples, quicker to go through than arrays but ten times as large."""
        t = self._tables
        begin, end = t.pair_entries[number], t.pair_entries[number + 1]
        packed = zip(t.codes[begin:end], t.values[begin:end], strict=True)
        entries = tuple((code >> 2, code & 3, code, value) for code, value in packed)
        return entries, t.pair_thirds[number], t.pair_thirds[number + 1], *self._chars.get(char, _NEVER_SEEN)

    def _came_from(self, earlier: Step, step: Step, last: int, tag: int) -> int:
        """Return the first tag before `last` that leads to the cell; after an unknown character the last one."""
        best, own, cells, entries, third = step
        if own is _UNKNOWN:
            return SINGLE
        code = 4 * last + tag
        total = cells.get(code)
        value = own[tag]
        if total is None:
            total = best[last] + value
        else:
            for entry in entries:
                if entry[2] == code:
                    value = entry[3]
        values = self._with_third(third, code, value) if third >= 0 else (value, value, value, value)
        return _first_equal(earlier, last, values, total)

    def _with_third(self, third: int, code: int, value: float) -> list[float]:
        """Return the logarithm of a cell by the tag before `last`: the third's where there is one, else `value`."""
        t = self._tables
        values = [value] * 4
        for one in range(t.third_entries[third], t.third_entries[third + 1]):
            if t.codes[one] & 15 == code:
                values[t.codes[one] >> 4] = t.values[one]
        return values


def _cell(step: Step, last: int, tag: int) -> float:
    """Return a cell, written or not."""
    found = step[2].get(4 * last + tag)
    return step[0][last] + step[1][tag] if found is None else found


def _first_equal(step: Step, tag: int, values: Sequence[float], total: float) -> int:
    """Return the first `last` whose cell (last, tag) and value make the total."""
    before, own, cells, _, _ = step
    for last in (0, 1, 2):
        found = cells.get(4 * last + tag)
        if (before[last] + own[tag] if found is None else found) + values[last] == total:
            return last
    return SINGLE


def _after_unknown(steps: list[Step]) -> tuple[list[float], Step]:
    """Return best and step for a character never seen: snownlp keeps the last way it looks at, not the best."""
    looked_at_last = 0 if len(steps) == 1 else SINGLE
    kept = [_cell(steps[-1], looked_at_last, last) for last in range(4)]
    cells = {4 * last + tag: kept[last] for last in range(4) for tag in range(4)}
    return [max(kept)] * 4, ([], _UNKNOWN, cells, (), -1)
