"""Reads the first sheet of an XLSX file as text; what would unpack to too much is refused before it is unpacked."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time

from openpyxl import load_workbook

from opinion_service.adapters.tables.reading import MOST_COLUMNS, Unreadable

MOST_UNPACKED = 150_000_000
MOST_RATIO = 200
MOST_PARTS = 2_000
_SMALL = 1_000_000


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
        for row in sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1):
            yield _filled([_text(value) for value in row])
    except Unreadable:
        raise
    except MemoryError:
        raise
    except Exception as error:
        # openpyxl raises whatever its parsers raise: KeyError, ValueError, ParseError, BadZipFile, ...
        raise Unreadable("不是可以读取的 XLSX 文件。请用表格软件打开后另存为 XLSX 或 CSV。") from error


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
