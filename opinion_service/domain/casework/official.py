"""The form of official papers (GB/T 9704-2012): numbered headings, full-width punctuation, dates in full.

A paper is plain JSON: heading, number, to, blocks, signed, at, copies. A block is a line (`kind`: one, two, three
for the levels 一、（一）1.; text for running text) or a table (`columns`, `rows`; without columns a form of two).
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from opinion_service.domain.clocks.walk import ZONE

_WIDE = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！", "(": "（", ")": "）"}
_CJK = r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef“”]"
_NARROW = re.compile(rf"(?<={_CJK})[,;:?!()]|[,;?!()](?={_CJK})")
_STOP = re.compile(rf"(?<={_CJK})\.(?=\s|$|{_CJK})")
_QUOTES = re.compile(rf'"([^"\n]*{_CJK}[^"\n]*)"')
_DIGITS = "零一二三四五六七八九"


def full_width(text: str) -> str:
    """Return Chinese text with its punctuation in full width; figures, Latin words and addresses stay as they are."""
    text = _QUOTES.sub(r"“\1”", text)
    return _STOP.sub("。", _NARROW.sub(lambda mark: _WIDE[mark[0]], text))


def chinese_number(number: int) -> str:
    """Return 1-99 in Chinese, as headings are numbered: 一, 十, 十二, 二十."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return head + (_DIGITS[ones] if ones else "")


def long_date(at: datetime) -> str:
    """Return a day as it stands under a paper: `2026年3月2日` (Beijing)."""
    local = at.astimezone(ZONE)
    return f"{local.year}年{local.month}月{local.day}日"


def minute(at: datetime | None) -> str:
    """Return an instant in a form: `2026年3月2日10:00` (Beijing), a dash for none."""
    if at is None:
        return "——"
    return f"{long_date(at)}{at.astimezone(ZONE):%H:%M}"


def due_minute(at: datetime) -> str:
    """Return a due time in a form; the end of a day is 24:00 of that day, as people write it (民法典第二百零三条)."""
    local = at.astimezone(ZONE)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return f"{long_date(at - timedelta(days=1))}24:00"
    return minute(at)


def number_of(sign: str, case_number: str) -> str:
    """Return the number of a paper on a case: `交办〔2026〕1124-09号`."""
    year, _, rest = case_number.partition("-")
    return f"{sign}〔{year}〕{rest}号"


class Blocks:
    """The body of a paper in the making; headings get their numbers here."""

    def __init__(self) -> None:
        """Start with an empty body."""
        self.rows: list[dict[str, Any]] = []
        self._one = self._two = self._three = 0

    def one(self, title: str) -> None:
        """Add a heading of the first level: 一、"""
        self._one, self._two, self._three = self._one + 1, 0, 0
        self.rows.append({"kind": "one", "text": f"{chinese_number(self._one)}、{full_width(title)}"})

    def two(self, title: str) -> None:
        """Add a heading of the second level: （一）"""
        self._two, self._three = self._two + 1, 0
        self.rows.append({"kind": "two", "text": f"（{chinese_number(self._two)}）{full_width(title)}"})

    def three(self, text: str) -> None:
        """Add a numbered paragraph: 1."""
        self._three += 1
        self.rows.append({"kind": "three", "text": f"{self._three}.{full_width(text)}"})

    def text(self, text: str) -> None:
        """Add running text, one block a paragraph; nothing for an empty text."""
        for paragraph in text.splitlines():
            if paragraph.strip():
                self.rows.append({"kind": "text", "text": full_width(paragraph.strip())})

    def form(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Add a form: a name and a value in each row."""
        rows = [[name, full_width(value) if value else "——"] for name, value in pairs]
        self.rows.append({"kind": "table", "columns": [], "rows": rows})

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table with a head; nothing without rows."""
        if rows:
            wide = [[full_width(cell) or "——" for cell in row] for row in rows]
            self.rows.append({"kind": "table", "columns": list(columns), "rows": wide})
