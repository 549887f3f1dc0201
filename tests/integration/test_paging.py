"""Pages by key on both databases: equal values, both directions, every kind of value, and the index."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Column, Date, Float, Index, Integer, MetaData, String, Table, delete, insert, select, text
from sqlalchemy.orm import Session

from opinion_service.domain.people import SYSTEM
from opinion_service.models import Case
from opinion_service.models.base import BigKey, UTCDateTime, db
from opinion_service.queries import paging
from opinion_service.queries.casework import cases
from opinion_service.services.listening.ingest import NewSource, add_source
from opinion_service.services.transaction import transaction
from tests.story import NOW, PASSWORD, Story, person

MOMENT = datetime(2026, 3, 2, 2, 0, 0, 1, tzinfo=UTC)
LINES = Table(
    "line", MetaData(), Column("id", BigKey, primary_key=True), Column("serial", Integer), Column("number", Integer), Column("real", Float),
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
            {"id": number, "serial": number, "number": place, "real": place / 10, "words": ("A", "B|1", "C")[place],
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
    ("1|0", False, [2, 6, 1, 3, 5, 4, 7]), ("1|0", True, [7, 4, 5, 3, 1, 6, 2]), ("2|7", False, []), ("0|2", True, []),
    ("3|1", True, [7, 4, 5, 3, 1, 6, 2]), ("999999999|" + "9" * 18, False, []),
    ("1000000000|1", False, [2, 6, 1, 3, 5, 4, 7]),
])  # fmt: skip
def test_the_row_of_the_key_is_the_boundary(session: Session, after: str, descending: bool, ids: list) -> None:
    order = paging.Order(LINES.c.id, LINES.c.number, paging.number, descending)
    assert [row.id for row in order.page(session, select(LINES), after, 7)[0]] == ids


@pytest.mark.parametrize(("after", "descending", "ids"), [
    ("5", False, [6, 7]), ("5", True, [4, 3, 2, 1]), ("any|5", False, [6, 7]), ("²", True, [7, 6, 5, 4, 3, 2, 1]),
    ("0", True, [7, 6, 5, 4, 3, 2, 1]), ("-1", True, [7, 6, 5, 4, 3, 2, 1]), ("9" * 18, False, []), ("9" * 19, False, [1, 2, 3, 4, 5, 6, 7]),
])  # fmt: skip
def test_a_list_by_the_id_alone(session: Session, after: str, descending: bool, ids: list) -> None:
    for column in (LINES.c.id, LINES.c.serial):  # of 64 bits and of 32
        order = paging.Order(column, descending=descending)
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


def test_cases_without_a_running_clock_come_last_on_pages_of_any_size(story: Story, monkeypatch) -> None:
    made = [story.open() for _ in range(6)]
    with transaction() as writing:
        for case_id, hours in zip(made, (2, 1, 1, None, None, 2), strict=True):
            writing.get_one(Case, case_id).next_due_at = None if hours is None else NOW + timedelta(hours=hours)
    expected = [made[place] for place in (1, 2, 0, 5, 3, 4)]
    for size in range(1, 8):
        monkeypatch.setattr(cases, "PAGE", size)
        after, seen = "", []
        for _ in range(6):
            page = cases.list_cases(db.session(), person("liaison"), cases.CaseFilter(after=after), now=NOW)
            seen += [row.id for row in page.rows]
            after = page.after
            if not after:
                break
        assert seen == expected
    for odd in ("|²", "|", "²|1", "2026-03-02|1", f"{NOW:%Y-%m-%dT%H:%M:%S}|1"):
        page = cases.list_cases(db.session(), person("liaison"), cases.CaseFilter(after=odd), now=NOW)
        assert [row.id for row in page.rows] == expected


LISTS = {
    "liaison": (
        "/cases?", "/triage?", "/triage?state=cases&sort=due&", "/events?sort=heat&", "/events?sort=new&", "/events?sort=count&",
        "/events/1?", "/sources?sort=state&", "/sources?sort=name&", "/sources?sort=heard&", "/sources?sort=usual&", "/sources/{source_id}?",
        "/sources/{source_id}/passed-over?", "/imports?", "/search?q=校车&kind=case&", "/reading-models?", "/kind-rules?", "/opening-rules?",
        "/rules/history?", "/rules/hits?id=r1&", "/rulings?", "/load?view=people&", "/duty?", "/tasks?", "/promises?", "/proposals?",
        "/evaluations?sort=total&", "/evaluations?", "/reply-templates?", "/policies?sort=filed&", "/papers?", "/circulars?",
        "/silences?", "/at-risk?", "/cases/{number}/evidence?", "/limits/changes?",
    ),
    "admin": ("/users?sort=login&", "/rules/models?", "/outbox?sort=next&", "/outbox?"),
    "auditor": ("/journal?",),
}  # fmt: skip
ODD = ("²|1", "9" * 18 + "|" + "9" * 18, "9" * 30)


@pytest.mark.parametrize("login", LISTS)
def test_no_list_fails_on_an_odd_key(app: Flask, login: str) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        story = Story()
        story.reach("published")
        number = story.case.number
        source_id = add_source(NewSource("论坛", "https://forum.example/feed"), actor=SYSTEM, now=NOW)
    client = app.test_client()
    client.post("/sign-in", data={"login": login, "password": PASSWORD})
    paths = [
        f"{path.format(number=number, source_id=source_id)}after={key}&before={key}"
        for path in LISTS[login]
        for key in ODD
    ]
    answers = {path: client.get(path).status_code for path in paths}
    assert sorted({path.partition("after=")[0] for path, status in answers.items() if status != 200}) == []
