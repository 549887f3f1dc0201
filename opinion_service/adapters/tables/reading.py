"""Reads the rows of a file: CSV in the encodings of Chinese offices, JSON lines, XLSX. Every cell is text."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice, takewhile
from typing import Any

from opinion_service.domain.listening.import_rows import guess

MOST_ROWS = 100_000
MOST_COLUMNS = 100
LONGEST_CELL = 50_000
MOST_CHARACTERS = 60_000_000
ENCODINGS = ("utf-8-sig", "gb18030", "big5", "utf-16")
_KINDS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".xlsx": "xlsx"}
MOST_ABOVE = 10
# The cells of a row, and what is wrong with it.
_Line = tuple[list[str], str]
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table:
    """The columns and rows of a file, row numbers as a person counts them (the heading is row 1).

    broken: (row number, reason, excerpt) of rows that are no rows. problem: why the file could not be read
    at all, else empty.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[int, tuple[str, ...]], ...] = ()
    broken: tuple[tuple[int, str, str], ...] = ()
    encoding: str = ""
    problem: str = ""


class Unreadable(Exception):
    """The file cannot be read as a table; the message says why and what to do."""


def kind_of(name: str) -> str:
    """Return csv, jsonl or xlsx by the ending of a file's name, or an empty text for anything else."""
    dot = name.rfind(".")
    return _KINDS.get(name[dot:].lower(), "") if dot >= 0 else ""


def read(body: bytes, kind: str, encoding: str = "", most: int = MOST_ROWS) -> Table:
    """Return the table in `body`; never raises for what is in it.

    encoding: empty to find it out. most: rows to read; a file with more than MOST_ROWS is refused as a whole,
    so that nobody takes a part for all of it.
    """
    try:
        if kind == "xlsx":
            from opinion_service.adapters.tables.workbook import cells

            return _table(((row, "") for row in cells(body)), "", most)
        text, found = decoded(body, encoding)
        lines = _csv_rows(text) if kind == "csv" else None
        return _table(lines, found, most) if lines is not None else _json_table(text, found, most)
    except Unreadable as problem:
        return Table(problem=str(problem))


def spreadsheet_safe(cell: str) -> str:
    """Return the cell so that a spreadsheet shows it as text and runs no formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def decoded(body: bytes, encoding: str) -> tuple[str, str]:
    """Return the text and the encoding it was read in; UTF-8 is tried first, then GB18030, which holds GBK."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) and not encoding:
        encoding = "utf-16"
    for name in (encoding,) if encoding else ("utf-8-sig", "gb18030"):
        if name not in ENCODINGS:
            raise Unreadable("编码不在可选范围内。")
        try:
            return body.decode(name).replace("\0", ""), name
        except UnicodeError:
            continue
    raise Unreadable("文件编码无法识别。请在下方选择编码，或另存为 UTF-8 后重新上传。")


def _csv_rows(text: str) -> Iterator[_Line]:
    """Yield each record with what is wrong with it; raise Unreadable when a quote swallows the rest of the file."""
    csv.field_size_limit(LONGEST_CELL * 20)
    first = text[:20_000].split("\n", 1)[0]
    delimiter = max("\t,;|，", key=lambda mark: (first.count(mark), mark == ","))
    fed = _Fed(io.StringIO(text, newline=""))
    reader = csv.reader(fed, delimiter=delimiter, strict=True)
    while True:
        begun = reader.line_num + 1
        try:
            yield next(reader), ""
        except StopIteration:
            return
        except csv.Error as error:
            if "end of data" in str(error):
                raise Unreadable(f"第 {begun} 行的引号没有结束，其后的内容无法分行。请修改后重新上传。") from error
            yield [fed.last.rstrip()], "引号位置不对或单元格过长，无法分列"


class _Fed:
    """Hands lines on and remembers the last one, for the reader does not say what it stumbled over."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self.last = lines, ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.last = next(self._lines)
        return self.last


def _table(lines: Iterator[_Line], encoding: str, most: int) -> Table:
    heading, below = _below_heading(lines)
    if len(heading) > MOST_COLUMNS:
        raise Unreadable(f"超过 {MOST_COLUMNS} 列，请只保留需要的列。")
    rows: list[tuple[int, tuple[str, ...]]] = []
    broken: list[tuple[int, str, str]] = []
    room = MOST_CHARACTERS
    for number, (line, wrong) in below:
        if len(rows) + len(broken) >= most:
            _refuse_more(most)
            break
        reason = wrong or _reason(line, len(heading))
        if reason:
            broken.append((number, reason, " ".join(line)[:300]))
        else:
            rows.append((number, tuple(line)))
            room -= sum(map(len, line))
        if room < 0:
            raise Unreadable("文字总量过大，请分成几个文件。")
    return Table(tuple(cell.strip()[:100] for cell in heading), tuple(rows), tuple(broken), encoding)


def _below_heading(lines: Iterator[_Line]) -> tuple[list[str], Iterator[tuple[int, _Line]]]:
    """Return the row that names the columns, and what lies below it with its row numbers.

    Titles over a table stand alone in their rows; they are passed over when a row with known names follows soon.
    """
    numbered = ((number, line) for number, line in enumerate(lines, 1) if any(cell.strip() for cell in line[0]))
    above = list(islice(numbered, MOST_ABOVE))
    if not above:
        raise Unreadable("文件是空的。")
    place = sum(1 for _ in takewhile(lambda row: _filled(row) == 1 and not guess(row[1][0]), above))
    if place == len(above) or _filled(above[place]) == 1 or not guess(above[place][1][0]):
        place = 0
    return above[place][1][0], chain(above[place + 1 :], numbered)


def _filled(row: tuple[int, _Line]) -> int:
    return sum(bool(cell.strip()) for cell in row[1][0])


def _refuse_more(most: int) -> None:
    if most >= MOST_ROWS:
        raise Unreadable(f"超过 {MOST_ROWS} 行，请分成几个文件。")


def _reason(line: list[str], width: int) -> str:
    if any(len(cell) > LONGEST_CELL for cell in line):
        return f"单元格超过 {LONGEST_CELL} 字"
    if any(cell.strip() for cell in line[width:]):
        return "列数多于表头"
    return ""


def _json_table(text: str, encoding: str, most: int) -> Table:
    columns: dict[str, int] = {}
    parsed: list[tuple[int, dict[str, Any]]] = []
    broken: list[tuple[int, str, str]] = []
    filled = ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    for number, line in islice(filled, most + 1):
        if len(parsed) + len(broken) >= most:
            _refuse_more(most)
            break
        entry = _json_row(line)
        if entry is None:
            broken.append((number, "不是 JSON 对象", line[:300]))
            continue
        parsed.append((number, entry))
        for name in entry:
            columns.setdefault(name, len(columns))
    if not parsed and not broken:
        raise Unreadable("文件是空的。")
    if len(columns) > MOST_COLUMNS:
        raise Unreadable(f"超过 {MOST_COLUMNS} 列，请只保留需要的列。")
    rows = tuple((number, tuple(_cell(entry.get(name)) for name in columns)) for number, entry in parsed)
    return Table(tuple(name[:100] for name in columns), rows, tuple(broken), encoding)


def _json_row(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))[:LONGEST_CELL]
