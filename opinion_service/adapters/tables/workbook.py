"""Reads the first sheet of an XLSX file as text; what would unpack to too much is refused before it is unpacked."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time

from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string

from opinion_service.adapters.tables.reading import MOST_COLUMNS, Unreadable

MOST_UNPACKED = 150_000_000
MOST_RATIO = 200
MOST_PARTS = 2_000
_SMALL = 1_000_000
_PIECE = 1 << 20
_LONGEST_REFERENCE = 200
_MERGED = re.compile(rb'<(?:\w{1,20}:)?mergeCell\s{1,9}ref="([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})"')


def cells(body: bytes) -> Iterator[list[str]]:
    """Yield the rows of the first sheet, every cell as a person sees it; raise Unreadable for a bomb or no workbook.

    A formula counts as the value last saved with it; text that looks like a formula stays text.
    """
    _check(body)
    try:
        book = load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # A sheet may claim a million columns or none; only its cells count.
        sheet.reset_dimensions()
        tall = _tall_cells(body, sheet._worksheet_path)  # noqa: SLF001 - the reader keeps no list of merged cells
        held: dict[int, tuple[int, str]] = {}
        for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1), 1):
            texts = [_text(value) for value in row]
            held |= {column: (until, texts[column]) for column, until in tall.get(number, ()) if column < len(texts)}
            yield _filled(_spread(texts, held, number))
    except Unreadable:
        raise
    except MemoryError:
        raise
    except Exception as error:
        # openpyxl raises whatever its parsers raise: KeyError, ValueError, ParseError, BadZipFile, ...
        raise Unreadable("不是可以读取的 XLSX 文件。请用表格软件打开后另存为 XLSX 或 CSV。") from error


def _tall_cells(body: bytes, path: str) -> dict[int, list[tuple[int, int]]]:
    """Return the merged cells that reach over several rows: by first row, their column (from 0) and last row."""
    found: dict[int, list[tuple[int, int]]] = {}
    with zipfile.ZipFile(io.BytesIO(body)) as parts, parts.open(path) as part:
        rest = b""
        while piece := part.read(_PIECE):
            rest += piece
            for column, first, last in _MERGED.findall(rest):
                if int(first) < int(last):
                    found.setdefault(int(first), []).append((column_index_from_string(column.decode()) - 1, int(last)))
            rest = rest[rest.rfind(b"<") :][-_LONGEST_REFERENCE:]
    return found


def _spread(texts: list[str], held: dict[int, tuple[int, str]], number: int) -> list[str]:
    """Return the row with the text of merged cells that reach into it: a person sees it beside every row."""
    for column, (until, _) in list(held.items()):
        if number > until:
            del held[column]
    if not any(texts):
        return texts
    return [text or held.get(column, (0, ""))[1] for column, text in enumerate(texts)]


def _check(body: bytes) -> None:
    try:
        parts = zipfile.ZipFile(io.BytesIO(body)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Unreadable("不是可以读取的 XLSX 文件。请用表格软件打开后另存为 XLSX 或 CSV。") from error
    # The reader stops at the size a part declares, so that a lie here is cut short there.
    unpacked = sum(part.file_size for part in parts)
    packed = max(sum(part.compress_size for part in parts), 1)
    is_bomb = unpacked > MOST_UNPACKED or (unpacked > _SMALL and unpacked / packed > MOST_RATIO)
    if is_bomb or len(parts) > MOST_PARTS:
        raise Unreadable("文件解开后过大，已拒绝。请分成几个文件，或另存为 CSV。")


def _filled(row: list[str]) -> list[str]:
    """Return the row without the empty cells at its end, to which the reader stretches every row."""
    while row and not row[-1]:
        row.pop()
    return row


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
