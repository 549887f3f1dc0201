"""A page costs the same few SQL statements however much there is to show."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event

from opinion_service.models import db
from tests.story import PASSWORD, Story

MOST_STATEMENTS = 40


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """Collect the statements sent while the block runs."""
    statements: list[str] = []

    def collect(_connection, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", collect)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", collect)


def _cost(app: Flask, path: str) -> int:
    client = app.test_client()
    assert client.post("/sign-in", data={"login": "liaison", "password": PASSWORD}).status_code == 302
    client.get(path)
    with counted(app) as statements:
        assert client.get(path).status_code == 200
    return len(statements)


@pytest.mark.parametrize(
    "path",
    [
        "/", "/cases", "/cases?state=open&late=1", "/triage", "/sources", "/responses", "/events", "/events/1",
        "/events?sort=new&dir=asc&state=cased", "/search?q=校车", "/search?q=校车&kind=case", "/opening-rules", "/kind-rules", "/reading-models", "/load", "/load?view=people", "/rules", "/rules/duties", "/rules/duties/department?code=jyj",
        "/rules/simulations", "/rules/history", "/rulings", "/duty", "/duty?kind=absences", "/reply-templates", "/reply-templates/hardship", "/cases?state=countersigning&disputed=1",
    ],
)  # fmt: skip
def test_a_page_with_more_rows_sends_no_more_statements(sqlite_app: Flask, path: str) -> None:
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    with sqlite_app.app_context():
        Story().reach("published")
    few = _cost(sqlite_app, path)
    with sqlite_app.app_context():
        for _ in range(6):
            Story().reach("accepted")

    many = _cost(sqlite_app, path)

    # Lists may need one statement more once rows of both kinds (with and without a running clock) are there.
    assert many <= few + 1
    assert many <= MOST_STATEMENTS
