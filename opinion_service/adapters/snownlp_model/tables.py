"""The segmenter's numbers laid flat: strings and arrays that load in a moment and take little memory.

Everything the segmenter of snownlp may look up is a logarithm worked out once. A *pair* is two
characters that follow each other in snownlp's corpus, a *third* one that follows a pair. An entry is a
logarithm with a code of the tags it holds for: `4 * last + tag` for pairs, `16 * prev + 4 * last + tag`
for thirds. What has no entry takes the logarithm of the character alone.
"""

import json
import os
import sys
import tempfile
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BEGIN = "\x02"  # stands before the first character
TAGS = "bmes"  # begins a word, in the middle, ends it, single: in snownlp's order, which settles ties
FORMAT = 1
_UTF16 = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"

Four = tuple[float, float, float, float]


class BrokenTables(Exception):
    """A file of tables is torn, damaged or of another format."""


@dataclass(frozen=True, slots=True)
class SegTables:
    """Logarithms by character, by pair and by third. Pair i is `pairs[2 * i : 2 * i + 2]`.

    `pair_entries[i]` and `pair_entries[i + 1]` bound the entries of pair i in `codes` and `values`;
    `pair_thirds` bounds its thirds in the string `thirds`; `third_entries` bounds the entries of a third.
    """

    chars: dict[str, Four]
    starts: dict[str, Four]
    pairs: str
    thirds: str
    pair_entries: "array[int]"
    pair_thirds: "array[int]"
    third_entries: "array[int]"
    codes: bytes
    values: "array[float]"


def write(tables: SegTables, path: Path) -> None:
    """Write the tables to `path` at one stroke: a reader sees the old file or the new, never a part.

    Several processes may write at once; the last one stays, and all write the same. Raises OSError.
    """
    body = tuple(_sections(tables))
    checksum = 0
    for section in body:
        checksum = zlib.crc32(section, checksum)
    head = {"format": FORMAT, "order": sys.byteorder, "crc32": checksum, "sizes": [len(one) for one in body]}
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(head).encode("ascii") + b"\n")
            file.writelines(body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def read(path: Path) -> SegTables:
    """Return the tables of a file; raise FileNotFoundError without it, BrokenTables when it cannot be trusted."""
    content = path.read_bytes()
    line, _, rest = content.partition(b"\n")
    try:
        head = json.loads(line)
        sizes = [int(size) for size in head["sizes"]]
        if (head["format"], head["order"]) != (FORMAT, sys.byteorder):
            raise BrokenTables(f"{path.name}: written for another format or machine")
        if sum(sizes) != len(rest) or zlib.crc32(rest) != head["crc32"]:
            raise BrokenTables(f"{path.name}: content does not agree with its checksum")
    except (ValueError, KeyError, TypeError) as problem:
        raise BrokenTables(f"{path.name}: no head") from problem
    del content
    return _from_sections(_cut(memoryview(rest), sizes))


def _sections(tables: SegTables) -> Iterator[bytes]:
    for four in (tables.chars, tables.starts):
        yield "".join(four).encode(_UTF16)
        yield array("d", [value for values in four.values() for value in values]).tobytes()
    yield tables.pairs.encode(_UTF16)
    yield tables.thirds.encode(_UTF16)
    for numbers in (tables.pair_entries, tables.pair_thirds, tables.third_entries):
        yield numbers.tobytes()
    yield tables.codes
    yield tables.values.tobytes()


def _cut(rest: memoryview, sizes: list[int]) -> list[memoryview]:
    parts = []
    at = 0
    for size in sizes:
        parts.append(rest[at : at + size])
        at += size
    return parts


def _from_sections(parts: list[memoryview]) -> SegTables:
    return SegTables(
        chars=_fours(parts[0], parts[1]),
        starts=_fours(parts[2], parts[3]),
        pairs=_text(parts[4]),
        thirds=_text(parts[5]),
        pair_entries=_whole_numbers(parts[6]),
        pair_thirds=_whole_numbers(parts[7]),
        third_entries=_whole_numbers(parts[8]),
        codes=bytes(parts[9]),
        values=_numbers(parts[10]),
    )


def _text(part: memoryview) -> str:
    return str(part, _UTF16)


def _numbers(part: memoryview) -> "array[float]":
    found = array("d")
    found.frombytes(part)
    return found


def _whole_numbers(part: memoryview) -> "array[int]":
    found = array("I")
    found.frombytes(part)
    return found


def _fours(names: memoryview, part: memoryview) -> dict[str, Four]:
    numbers = _numbers(part)
    return {
        char: (numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3])
        for char, at in zip(_text(names), range(0, len(numbers), 4), strict=True)
    }
