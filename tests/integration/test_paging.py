"""Pages by key on both databases: equal values, both directions, every kind of value, and the index."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Column, Date, Float, Index, Integer, MetaData, String, Table, delete, insert, select, text
from sqlalchemy.orm import Session

from opinion_service.models.base import BigKey, UTCDateTime, db
from opinion_service.queries import paging

MOMENT = datetime(2026, 3, 2, 2, 0, 0, 1, tzinfo=UTC)
LINES = Table(
    "line", MetaData(), Column("id", BigKey, primary_key=True), Column("number", Integer), Column("real", Float),
    Column("words", String(20)), Column("day", Date), Column("at", UTCDateTime), Index("ix_line_number", "number", "id"),
)  # fmt: skip
# Three values that are sorted alike in every column, each of them on several rows.
PLACES = {1: 1, 2: 0, 3: 1, 4: 2, 5: 1, 6: 0, 7: 2}
READERS = {
    "number": paging.number, "real": paging.real, "words": paging.words, "day": paging.day, "at": paging.moment,
}  # fmt: skip


@pytest.fixture
def session(empty_app: Flask) -> Iterator[Session]:
    """Return a session on a database that holds the lines."""
    with empty_app.app_context():
        session = db.session()
        LINES.create(session.connection())
        session.execute(insert(LINES), [
            {"id": number, "number": place, "real": place / 10, "words": ("A", "B|1", "C")[place],
             "day": date(2026, 3, 1 + place), "at": MOMENT + timedelta(microseconds=place)}
            for number, place in PLACES.items()
        ])  # fmt: skip
        yield session
        session.rollback()


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(("descending", "ids"), [(False, [2, 6, 1, 3, 5, 4, 7]), (True, [7, 4, 5, 3, 1, 6, 2])])
def test_pages_join_without_a_gap_or_a_row_twice(session: Session, name: str, descending: bool, ids: list) -> None:
    column = LINES.c[name]
    order = paging.Order(LINES.c.id, column, READERS[name], descending)
    for size in (1, 2, 3, 7):
        after, seen, lengths = "", [], []
        while True:
            rows, last = order.page(session, select(LINES), after, size)
            seen += [row.id for row in rows]
            lengths.append(len(rows))
            if last is None:
                break
            after = paging.key_of(getattr(last, name), last.id)
        assert seen == ids
        assert lengths == [size] * (7 // size) + [7 % size] * (7 % size > 0)


@pytest.mark.parametrize(("after", "descending", "ids"), [
    ("1|3", False, [5, 4, 7]), ("1|3", True, [1, 6, 2]), ("1|4", False, [5, 4, 7]), ("1|4", True, [3, 1, 6, 2]),
    ("1|0", False, [1, 3, 5, 4, 7]), ("1|0", True, [6, 2]), ("2|7", False, []), ("0|2", True, []),
    ("3|1", True, [7, 4, 5, 3, 1, 6, 2]), ("999999999|" + "9" * 18, False, []),
    ("1000000000|1", False, [2, 6, 1, 3, 5, 4, 7]),
])  # fmt: skip
def test_the_row_of_the_key_is_the_boundary(session: Session, after: str, descending: bool, ids: list) -> None:
    order = paging.Order(LINES.c.id, LINES.c.number, paging.number, descending)
    assert [row.id for row in order.page(session, select(LINES), after, 7)[0]] == ids


@pytest.mark.parametrize(("after", "descending", "ids"), [
    ("5", False, [6, 7]), ("5", True, [4, 3, 2, 1]), ("any|5", False, [6, 7]), ("²", True, [7, 6, 5, 4, 3, 2, 1]),
])  # fmt: skip
def test_a_list_by_the_id_alone(session: Session, after: str, descending: bool, ids: list) -> None:
    order = paging.Order(LINES.c.id, descending=descending)
    assert [row.id for row in order.page(session, select(LINES), after, 7)[0]] == ids


def test_a_key_outlives_its_row(session: Session) -> None:
    order = paging.Order(LINES.c.id, LINES.c.number, paging.number)
    session.execute(delete(LINES).where(LINES.c.id == 3))
    assert [row.id for row in order.page(session, select(LINES), "1|3", 7)[0]] == [5, 4, 7]


@pytest.mark.parametrize("descending", [False, True])
def test_the_index_leads_to_the_page(session: Session, descending: bool) -> None:
    order = paging.Order(LINES.c.id, LINES.c.number, paging.number, descending)
    wanted = select(LINES).where(*order.beyond("1|3")).order_by(*order.by()).limit(2)
    asked = str(wanted.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
    if session.get_bind().dialect.name == "sqlite":
        plan = " ".join(row.detail for row in session.execute(text(f"EXPLAIN QUERY PLAN {asked}")))
        assert "SEARCH line USING INDEX ix_line_number (number" in plan
    else:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = " ".join(row[0] for row in session.execute(text(f"EXPLAIN {asked}")))
        assert "using ix_line_number" in plan
        assert "Index Cond: (ROW(number, id)" in plan
    assert "Sort" not in plan
    assert "TEMP" not in plan
