"""Keys of pages: what a key is read into, and that no key is an error."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table

from opinion_service.models.base import UTCDateTime
from opinion_service.queries import paging

MOMENT = datetime(2026, 3, 2, 2, tzinfo=UTC)
LIST = Table(
    "list", MetaData(), Column("id", BigInteger), Column("n", Integer), Column("s", String), Column("at", UTCDateTime)
)


@pytest.mark.parametrize(("read", "text", "value"), [
    (paging.number, "0", 0), (paging.number, "9" * 9, 10**9 - 1), (paging.number, "1" + "0" * 9, None),
    (paging.number, "-1", None), (paging.number, "²", None), (paging.number, "", None), (paging.number, "1.0", None),
    (paging.real, "0.1", 0.1), (paging.real, "-3", -3.0), (paging.real, "1e308", 1e308), (paging.real, "1e309", None),
    (paging.real, "nan", None), (paging.real, "-inf", None), (paging.real, "²", None), (paging.real, "", None),
    (paging.words, "甲|乙", "甲|乙"), (paging.words, "", ""), (paging.words, "甲\0", None),
    (paging.day, "2200-12-31", date(2200, 12, 31)), (paging.day, "2201-01-01", None), (paging.day, "1969-12-31", None),
    (paging.day, "2026-02-30", None), (paging.day, "2026-03-02\0", None),
    (paging.moment, "2026-03-02T10:00:00+08:00", MOMENT), (paging.moment, "2026-03-02T02:00:00", None),
    (paging.moment, "2026-03-02", None), (paging.moment, "0001-01-01T00:00:00+14:00", None),
    (paging.moment, "9999-12-31T23:59:59-14:00", None), (paging.moment, "2026-03-02T02:00:00 00:00", None),
])  # fmt: skip
def test_a_value_is_read_or_refused(read, text: str, value: object) -> None:
    if value is not None:
        assert read(text) == value
    else:
        with pytest.raises(ValueError, match=r"."):
            read(text)


@pytest.mark.parametrize(("value", "read", "key"), [
    (7, paging.number, "7|3"), (0.1 + 0.2, paging.real, "0.30000000000000004|3"), ("甲|乙", paging.words, "甲|乙|3"),
    (date(2026, 3, 2), paging.day, "2026-03-02|3"), (MOMENT, paging.moment, "2026-03-02T02:00:00+00:00|3"),
    (MOMENT.replace(microsecond=1), paging.moment, "2026-03-02T02:00:00.000001+00:00|3"),
])  # fmt: skip
def test_a_key_is_read_as_it_was_written(value: object, read, key: str) -> None:
    assert paging.key_of(value, 3) == key
    assert read(key.rpartition("|")[0]) == value


@pytest.mark.parametrize(("value", "read", "after", "is_read"), [
    (LIST.c.n, paging.number, "7|3", True), (LIST.c.n, paging.number, "", False), (LIST.c.n, paging.number, "7", False),
    (LIST.c.n, paging.number, "7|", False), (LIST.c.n, paging.number, "|7", False),
    (LIST.c.n, paging.number, "7|²", False), (LIST.c.n, paging.number, "7|-1", False),
    (LIST.c.n, paging.number, "7|" + "9" * 18, True), (LIST.c.n, paging.number, "7|" + "9" * 19, False),
    (LIST.c.n, paging.number, "²|7", False), (LIST.c.n, paging.number, "1|7|3", False),
    (LIST.c.s, paging.words, "|7", True), (LIST.c.s, paging.words, "7", False), (LIST.c.s, paging.words, "\0|7", False),
    (LIST.c.at, paging.moment, "2026-03-02T02:00:00|7", False),
    (None, paging.moment, "7", True), (None, paging.moment, "x|7", True), (None, paging.moment, "x|y", False),
])  # fmt: skip
def test_a_key_that_cannot_be_read_leads_to_the_first_page(value, read, after: str, is_read: bool) -> None:
    for descending in (False, True):
        assert len(paging.Order(LIST.c.id, value, read, descending).beyond(after)) == is_read
