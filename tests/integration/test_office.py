"""Users, journal and operations as pages: narrowed, sorted, paged, and what is typed stays."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from opinion_service.models import Department, User, db
from opinion_service.queries import journal, operations, people
from opinion_service.services import journal as journal_service
from opinion_service.services import maintenance
from opinion_service.services.transaction import transaction
from opinion_service.web import names
from tests.story import NOW, PASSWORD, Story, department, person


@pytest.fixture
def client_of(sqlite_app: Flask) -> Callable[[str], FlaskClient]:
    sqlite_app.config["WTF_CSRF_ENABLED"] = False

    def sign_in(login: str) -> FlaskClient:
        client = sqlite_app.test_client()
        client.post("/sign-in", data={"login": login, "password": PASSWORD})
        return client

    return sign_in


def _many(count: int) -> None:
    with transaction() as session:
        for number in range(count):
            session.add(User(
                login=f"many{number:03}", name=f"众人{number % 7}", role="auditor", email=f"m{number}@desk.example",
                password_hash="x", is_active=number % 2 == 0, created_at=NOW,
            ))  # fmt: skip


@pytest.mark.parametrize("sort", people.SORTS)
@pytest.mark.parametrize("descending", [False, True])
def test_people_are_paged_without_gap_or_repeat(app: Flask, sort: str, descending: bool) -> None:
    with app.app_context():
        _many(120)
        seen, after = [], ""
        while True:
            page = people.list_people(
                db.session(), people.PeopleFilter("众人", sort=sort, descending=descending, after=after)
            )
            seen += [row.login for row in page.rows]
            after = page.after
            if not after:
                break
        assert len(seen) == len(set(seen)) == page.total == 120


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"text": "m7@"}, 1), ({"text": "%"}, 0), ({"role": "auditor", "state": "disabled"}, 5), ({"after": "x|y"}, None),
        ({"after": "|"}, None), ({"text": "MANY"}, None),
    ],
)  # fmt: skip
def test_people_are_narrowed(app: Flask, wanted: dict[str, str], count: int | None) -> None:
    with app.app_context():
        _many(10)
        page = people.list_people(db.session(), people.PeopleFilter(**wanted))
        assert count is None or page.total == count


def test_a_refused_user_keeps_what_was_typed(client_of: Callable[[str], FlaskClient]) -> None:
    answer = client_of("admin").post(
        "/users", data={"login": "li.si", "name": "李四", "role": "handler", "password": "Good-pass-12"}
    )
    assert answer.status_code == 422
    assert 'value="li.si"' in answer.text
    assert "须选择所在单位" in answer.text


def test_a_person_is_changed_on_their_page(client_of: Callable[[str], FlaskClient], sqlite_app: Flask) -> None:
    client = client_of("admin")
    with sqlite_app.app_context():
        user_id, unit = person("handler").user_id, department("jyj")
    shown = client.get(f"/users/{user_id}").text
    seen = shown.split('name="seen" value="')[1].split('"')[0]
    values = {"name": "王新", "role": "handler", "department_id": unit, "email": "w@desk.example", "seen": seen}
    assert client.post(f"/users/{user_id}", data=values).status_code == 302
    stale = client.post(f"/users/{user_id}", data=values)
    assert stale.status_code == 422
    assert "已被他人修改" in stale.text
    assert client.get("/users/999999").status_code == 404


def test_the_journal_is_narrowed_and_paged(app: Flask) -> None:
    with app.app_context():
        story = Story()
        story.reach("published")
        admin = person("admin")
        for number in range(journal.PAGE + 5):
            with transaction() as session:
                entry = journal_service.Entry("user_changed", f"第{number}次", reason="百分之50%")
                journal_service.record(session, entry, actor=admin, now=NOW)
        session = db.session()
        rows, after = journal.list_acts(session, journal.JournalFilter(role="admin"))
        more, last = journal.list_acts(session, journal.JournalFilter(role="admin", after=after))
        assert (len(rows), len(more), last) == (journal.PAGE, 5, "")
        number = story.case.number
        of_case, _ = journal.list_acts(session, journal.JournalFilter(number=number))
        assert {row.number for row in of_case} == {number}
        assert len(journal.list_acts(session, journal.JournalFilter(text="50%"))[0]) == journal.PAGE
        assert journal.list_acts(session, journal.JournalFilter(until=NOW - timedelta(days=1)))[0] == ()


@pytest.mark.parametrize(
    "address",
    [
        "/journal?since=2026-13-01&until=x&after=-1",
        "/journal?since=9999-12-31&until=9999-12-31",
    ],
)
def test_a_strange_address_is_no_error(client_of: Callable[[str], FlaskClient], address: str) -> None:
    assert client_of("auditor").get(address).status_code == 200


@pytest.mark.parametrize(("silent", "is_alive"), [(timedelta(seconds=59), True), (timedelta(seconds=60), False)])
def test_a_silent_sweeper_is_a_finding(app: Flask, silent: timedelta, is_alive: bool) -> None:
    with app.app_context():
        maintenance.beat("sweeper", "sweeper", now=NOW - silent)
        found = {one.code: one.is_fine for one in operations.checks(db.session(), now=NOW)}
        assert found["sweeper"] is is_alive
        assert found["auditor"] is False
        assert found["users"] is True


def test_what_waits_is_counted(app: Flask) -> None:
    with app.app_context():
        Story().open()
        found = {one.code: one for one in operations.backlogs(db.session(), now=NOW)}
        assert set(found) == {"fetch", "read", "mail", "import", "simulation", "quarantine"}


def test_the_pages_come(client_of: Callable[[str], FlaskClient]) -> None:
    assert client_of("admin").get("/operations").status_code == 200
    assert client_of("liaison").get("/operations").status_code == 403
    assert client_of("auditor").get("/journal?role=system&q=x").status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("wrong", "another-Pass-1", "old"), (PASSWORD, "short", "new"), (PASSWORD, "a" * 20, "new")],
)
def test_a_refused_password_points_at_its_own_field(
    client_of: Callable[[str], FlaskClient], old: str, new: str, field: str
) -> None:
    answer = client_of("liaison").post("/account", data={"old": old, "new": new})

    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert answer.text.count('aria-invalid="true"') == 1


def test_a_department_is_named_as_the_table_has_it(sqlite_app: Flask) -> None:
    with sqlite_app.test_request_context("/"):
        department_id = department("jyj")
        with transaction() as session:
            session.get_one(Department, department_id).name = "市教育和体育局"

        assert [names.department(code) for code in ("jyj", "nobody")] == ["市教育和体育局", "nobody"]
