"""Pages by key: the key of the last row shown (`value|id`), and the rows that come after it.

The key stands in the address. One that cannot be read leads to the first page, never to an error.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, SQLColumnExpression, literal, tuple_
from sqlalchemy.orm import Session

from opinion_service.domain import typed_values

MOST_DIGITS = 9  # what a column of 32 bits holds, whatever the digits are


def number(text: str) -> int:
    """Return an unsigned whole number of at most nine digits; raise ValueError for anything else."""
    found = typed_values.whole_number(text)
    if found is None or len(text) > MOST_DIGITS:
        raise ValueError(f"not a number of a column: {text[:20]!r}")
    return found


def real(text: str) -> float:
    """Return a finite number; raise ValueError for anything else."""
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(f"not finite: {text[:20]!r}")
    return found


def words(text: str) -> str:
    """Return the text; raise ValueError for one with a NUL, which PostgreSQL cannot compare."""
    if "\0" in text:
        raise ValueError("a NUL in a text")
    return text


day = typed_values.day


def moment(text: str) -> datetime:
    """Return an aware ISO time of the years 1970 to 2200; raise ValueError for anything else."""
    at = typed_values.moment(text)
    if at.tzinfo is None:
        raise ValueError(f"without a zone: {text[:40]!r}")
    return at


def key_of(value: object, row_id: int) -> str:
    """Return the key of a row, with days and times in their ISO form."""
    return f"{value.isoformat() if isinstance(value, date) else value}|{row_id}"


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list: by a value and among equals by the id, or without a value by the id alone.

    read: takes the value from a key, or raises ValueError. Both columns run the same way.
    """

    row_id: SQLColumnExpression[int]
    value: SQLColumnExpression[Any] | None = None
    read: Callable[[str], Any] = words
    descending: bool = False

    def by(self) -> tuple[ColumnElement[Any], ...]:
        """Return what to sort by."""
        columns = (self.row_id,) if self.value is None else (self.value, self.row_id)
        return tuple(column.desc() if self.descending else column.asc() for column in columns)

    def beyond(self, after: str) -> tuple[ColumnElement[bool], ...]:
        """Return the condition for the rows after a key; none for the first page or a key that cannot be read."""
        text, mark, id_text = after.rpartition("|")
        last_id = typed_values.whole_number(id_text)
        if not last_id:  # ids begin at one
            return ()
        if self.value is None:
            # PostgreSQL refuses a number that a column of 32 bits does not hold, unless it is said to have 64.
            known = literal(last_id, BigInteger)
            return (self.row_id < known if self.descending else self.row_id > known,)
        try:
            last = (self.read(text), last_id)
        except ValueError:
            return ()
        # Compared as one row: PostgreSQL uses no index for an OR of two conditions and walks past all earlier rows.
        row = tuple_(self.value, self.row_id)
        return (row < last if self.descending else row > last,) if mark else ()

    def page(
        self, session: Session, statement: Select[*tuple[Any, ...]], after: str, size: int
    ) -> tuple[Sequence[Any], Any]:
        """Return at most `size` rows after a key, and the last of them when more follow, else None; one statement."""
        found = session.execute(statement.where(*self.beyond(after)).order_by(*self.by()).limit(size + 1)).all()
        return found[:size], found[size - 1] if len(found) > size else None
