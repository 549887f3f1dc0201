"""The access table asked cell by cell over HTTP, and what goes with every answer."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from opinion_service import clock
from opinion_service.domain.people import Role
from opinion_service.models import User, db
from opinion_service.services import accounts
from opinion_service.web.access import ACCESS, PUBLIC
from opinion_service.web.guard import HEADERS
from tests.story import PASSWORD, Story, person

LOGINS = {
    Role.LIAISON: "liaison", Role.SUPERVISOR: "supervisor", Role.ADMIN: "admin", Role.AUDITOR: "auditor",
    Role.HANDLER: "handler", Role.APPROVER: "approver",
}  # fmt: skip
VALUES = {"number": "0000-0000-00", "filename": "desk.css", "code": "zh", "kind": "slip"}


@pytest.fixture
def desk(sqlite_app: Flask) -> Flask:
    sqlite_app.config.update(WTF_CSRF_ENABLED=False, TESTING=False)
    return sqlite_app


def client_of(app: Flask, login: str | None) -> FlaskClient:
    client = app.test_client()
    if login:
        answer = client.post("/sign-in", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 302, login
    return client


def cells(app: Flask) -> list[tuple[str, str, str]]:
    """Return (endpoint, method, path) for every rule and method."""
    found = []
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            found.append((rule.endpoint, method, _path(app, rule)))
    return found


def _path(app: Flask, rule: Rule) -> str:
    values = {name: VALUES.get(name, 999999) for name in rule.arguments}
    with app.test_request_context():
        built = app.url_map.bind("localhost").build(rule.endpoint, values)
    return str(built)


def hardened(answer: object) -> bool:
    return all(answer.headers.get(name) == value for name, value in HEADERS.items())


def test_every_endpoint_has_a_rule_and_every_rule_an_endpoint(desk: Flask) -> None:
    assert {rule.endpoint for rule in desk.url_map.iter_rules()} == set(ACCESS)


@pytest.mark.parametrize("role", Role)
def test_each_role_meets_403_exactly_where_the_table_refuses(desk: Flask, role: Role) -> None:
    client = client_of(desk, LOGINS[role])
    wrong = []
    for endpoint, method, path in cells(desk):
        if endpoint == "account.sign_out":
            continue  # would end the session; asked last
        allowed = ACCESS[endpoint]
        answer = client.open(path, method=method)
        may = allowed is PUBLIC or role in allowed
        # No object of these addresses exists, so whoever may ask is told 404, 409 or 422, never 403.
        if (answer.status_code == 403) is may or answer.status_code >= 500 or not hardened(answer):
            wrong.append((endpoint, method, answer.status_code))
        answer.close()
    assert wrong == []
    assert client.post("/sign-out").status_code == 302


QUERY_NAMES = (
    "after", "before", "page", "department", "handler", "id", "show", "copy", "days", "source", "rule", "q", "state",
    "kind", "role", "number", "since", "until", "at", "year", "next", "new", "old", "from", "event", "version", "run",
    "topic", "grade", "folder", "against", "only", "hp", "hr", "hb", "day", "month", "ids", "title",
)  # fmt: skip


def failures(app: Flask, number: int, query: dict[str, str]) -> list[tuple[str, int]]:
    """Ask every page with `query`, each as somebody who may; return those that answered with 500 or more."""
    app.config.update(WTF_CSRF_ENABLED=False, TESTING=False)
    clients = {role: client_of(app, login) for role, login in LOGINS.items()}
    wrong = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or (ACCESS[rule.endpoint] is PUBLIC and "static" in rule.endpoint):
            continue
        with app.test_request_context():
            values = {name: VALUES.get(name, number) for name in rule.arguments}
            path = app.url_map.bind("localhost").build(rule.endpoint, values)
        role = next(iter(ACCESS[rule.endpoint] or {Role.LIAISON}))
        answer = clients[role].get(path, query_string=query)
        if answer.status_code >= 500:
            wrong.append((path, answer.status_code))
        answer.close()
    return wrong


@pytest.mark.parametrize("huge", [2**31, 2**63, 10**40, -(2**63) - 1])
def test_a_number_no_row_can_have_is_not_found(app: Flask, huge: int) -> None:
    names = ("after", "before", "page", "department", "handler", "id", "show", "copy", "days", "source", "rule")
    assert failures(app, abs(huge), {name: str(huge) for name in names}) == []


@pytest.mark.parametrize(("value", "sort"), [
    ("²", "total"),
    ("2026-03-02T10:00:00+08:00|²", ""),
    ("0001-01-01T00:00:00+14:00|1", "next"),
    ("9999-12-31T23:59:59-14:00|1", ""),
    ("9999-12-31", ""),
    ("a\0b\r\nc|1", "name"),
])  # fmt: skip
def test_what_is_no_number_no_day_and_no_text_breaks_no_page(app: Flask, value: str, sort: str) -> None:
    assert failures(app, 1, dict.fromkeys(QUERY_NAMES, value) | {"sort": sort}) == []


def test_forms_with_strange_digits_or_missing_lists_are_refused_not_broken(desk: Flask) -> None:
    with desk.app_context():
        story = Story()
        story.reach("accepted")
        path, version = f"/cases/{story.case.number}", story.case.version
    client = client_of(desk, "handler")
    assessment = {"version": version, "facts": "已核实。", "handling": "整改。", "likelihood": "²", "impact": "3"}
    ledger = {"version": version, "question": "为什么超员？", "promised_on": "", "outcome": "open", "passage": ""}
    policy = {"title": "新政策", "concern_id": "²", "question": "为什么？", "answer": "因为", "words": "政策"}
    asked = [(f"{path}/assess", assessment), (f"{path}/concerns", ledger),
             (f"{path}/concerns", ledger | {"concern_id": "1", "promised_on": "0001-01-01"})]  # fmt: skip
    assert [client.post(to, data=data).status_code for to, data in asked] == [422] * 3
    assert client.post(f"{path}/concerns", data=ledger | {"concern_id": "²"}).status_code == 302
    assert client.post("/policies/new", data=policy).status_code < 500


def test_nobody_is_sent_to_the_door(desk: Flask) -> None:
    client = desk.test_client()
    wrong = []
    for endpoint, method, path in cells(desk):
        answer = client.open(path, method=method)
        # A page leads to the door; what was sent is given back on a page of its own.
        is_sent = answer.status_code == 401 or (answer.status_code == 302 and answer.location.startswith("/sign-in"))
        if is_sent is (ACCESS[endpoint] is PUBLIC) or answer.status_code >= 500 or not hardened(answer):
            wrong.append((endpoint, method, answer.status_code))
        answer.close()
    assert wrong == []


def test_a_foreign_department_is_told_nothing(desk: Flask) -> None:
    with desk.app_context():
        story = Story()
        story.reach("drafting")
        number = story.case.number
    seen = {login: client_of(desk, login).get(f"/cases/{number}").status_code for login in
            ("handler", "approver", "liaison", "auditor", "foreign_handler", "foreign_approver", "admin")}  # fmt: skip
    assert seen == {
        "handler": 200, "approver": 200, "liaison": 200, "auditor": 200,
        "foreign_handler": 404, "foreign_approver": 404, "admin": 403,
    }  # fmt: skip
    assert number not in client_of(desk, "foreign_handler").get("/cases").text


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/users", 403), ("/healthz", 200), ("/", 200)])
def test_headers_go_with_every_answer(desk: Flask, path: str, status: int) -> None:
    answer = client_of(desk, "liaison").get(path)
    assert answer.status_code == status
    assert hardened(answer)


def test_a_post_without_token_is_refused(desk: Flask) -> None:
    desk.config["WTF_CSRF_ENABLED"] = True
    client = desk.test_client()
    answer = client.post("/sign-in", data={"login": "liaison", "password": PASSWORD})
    assert answer.status_code == 400
    assert hardened(answer)


def test_ten_wrong_passwords_close_the_door(desk: Flask) -> None:
    client = desk.test_client()
    tries = [{"login": "liaison", "password": "wrong"}] * 10
    assert [client.post("/sign-in", data=data).status_code for data in tries] == [422] * 10
    assert client.post("/sign-in", data={"login": "liaison", "password": PASSWORD}).status_code == 429
    assert client.post("/sign-in", data={"login": "auditor", "password": PASSWORD}).status_code == 302


def test_ten_wrong_old_passwords_close_the_change(desk: Flask) -> None:
    client = client_of(desk, "liaison")
    asked = [client.post("/account", data={"old": "wrong", "new": "another-Pass-1"}).status_code for _ in range(11)]
    assert asked == [422] * 10 + [429]


@pytest.mark.parametrize("target", [
    "//evil.example", "https://evil.example", "\\\\evil.example", "/\\evil.example", "/x\r\ny", "/\t/evil.example",
    "/x\\y",
])  # fmt: skip
def test_signing_in_never_leads_away(desk: Flask, target: str) -> None:
    data = {"login": "liaison", "password": PASSWORD, "next": target}
    assert desk.test_client().post("/sign-in", data=data).location == "/"


def test_what_was_typed_before_the_session_ended_is_given_back(desk: Flask) -> None:
    answer = desk.test_client().post("/cases/2026-0101-01/assess", data={"facts": "写了半小时的研判"})
    assert answer.status_code == 401
    assert "写了半小时的研判" in answer.text


def test_a_password_that_another_knows_opens_nothing(desk: Flask) -> None:
    with desk.app_context():
        accounts.reset_password(person("auditor").user_id, "Temporary-77", actor=person("admin"), now=clock.now())
    client = desk.test_client()
    client.post("/sign-in", data={"login": "auditor", "password": "Temporary-77"})
    assert client.get("/journal").location == "/account"
    assert client.post("/account", data={"old": "Temporary-77", "new": "Mine-alone-78"}).status_code == 302
    client.post("/sign-in", data={"login": "auditor", "password": "Mine-alone-78"})
    assert client.get("/journal").status_code == 200


def test_control_characters_do_not_get_in(app: Flask) -> None:
    app.config.update(WTF_CSRF_ENABLED=False, TESTING=False)
    client = client_of(app, "admin")
    values = {"login": "new\x00one", "name": "王\x0b五", "role": "auditor", "password": "Good-pass-12"}
    assert client.post("/users", data=values).status_code == 302
    with app.app_context():
        user = db.session.scalars(select(User).where(User.login == "newone")).one()
        assert user.name == "王\n五"


def test_a_kept_view_with_a_number_no_row_has_does_not_shut_the_list(desk: Flask) -> None:
    client = client_of(desk, "liaison")
    for name in ("department", "handler"):
        client.post("/views", data={"page": "cases", "name": name, "shared": "1", "query": f"{name}=9{'9' * 30}"})
    assert client.get("/cases").status_code == 200


def test_the_language_stays_with_the_browser(desk: Flask) -> None:
    client = desk.test_client()
    client.get("/language/en", headers={"Referer": "http://localhost/responses?q=x"})
    client.post("/sign-in", data={"login": "liaison", "password": PASSWORD})
    assert 'lang="en"' in client.get("/").text
    client.post("/sign-out")
    assert 'lang="en"' in client.get("/sign-in").text
    assert (
        client.get("/language/zh", headers={"Referer": "http://localhost/cases?state=open"}).location
        == "/cases?state=open"
    )
