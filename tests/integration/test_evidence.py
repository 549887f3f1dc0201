"""Evidence: frozen with the case, proved against the journal, and looked at again under guard."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from opinion_service import clock, pipeline, rechecking
from opinion_service.adapters.feed_client import Fetched, FetchOutcome
from opinion_service.domain.casework.evidence import Outcome, digest
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import SYSTEM
from opinion_service.models import AuditEvent, Case, Event, Evidence, EvidenceCheck, FeedHost, Item, Recheck, Source, db
from opinion_service.services.casework import evidence, rechecks, triage
from opinion_service.services.listening import ingest
from opinion_service.services.listening.ingest import Haul, Incoming, NewSource
from opinion_service.services.reading import event_book
from opinion_service.services.transaction import transaction
from tests.feed_server import BEHAVIOURS, FeedServer, feed_server
from tests.integration.test_statements import counted
from tests.story import NOW, PASSWORD, person

DAY, M = timedelta(days=1), timedelta(minutes=1)
TITLE, BODY = "校车超员被拍，家长要求说明", "今天早晨三路校车核载三十六人，实载四十一人。家长要求学校说明情况。"
HEADERS = {"Date": "Mon, 02 Mar 2026 01:00:00 GMT", "ETag": '"v7"'}


@pytest.fixture
def desk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    app.config["WTF_CSRF_ENABLED"] = False
    app.config["DESK"] = replace(app.config["DESK"], private_feed_hosts=frozenset({"127.0.0.1"}))
    monkeypatch.setattr(clock, "now", lambda: NOW + M)
    with app.app_context():
        yield app


@pytest.fixture(scope="module")
def server() -> Iterator[FeedServer]:
    pages = {
        "same": f"<html><body><nav>首页</nav><h1>{TITLE}</h1><p>{BODY}</p></body></html>",
        "other": f"<html><body><h1>{TITLE}</h1><p>{BODY.replace('四十一', '三十五')}</p></body></html>",
        "login": "<html><body>请登录后查看</body></html>",
    }
    for name, page in pages.items():
        BEHAVIOURS[f"page_{name}"] = lambda visit, page=page: visit.answer(
            page.encode(), "200 OK", "Content-Type: text/html"
        )
    with feed_server() as running:
        yield running
    for name in pages:
        del BEHAVIOURS[f"page_{name}"]


def items(*urls: str, event_id: int | None = None) -> int:
    """Store an item for each address, put them into one event, and return the event."""
    name = f"论坛{len(rows(Source)) + 1}"
    home = next((url for url in urls if url), "https://forum.example/f")
    source_id = ingest.add_source(NewSource(name, home), actor=SYSTEM, now=NOW)
    entries = tuple(Incoming(f"{n}", TITLE, BODY, url) for n, url in enumerate(urls))
    haul = Haul("ok", entries, body=b"<rss/>", content_type="text/xml", headers=HEADERS)
    ingest.store(source_id, haul, token=None, now=NOW)
    with transaction() as session:
        if event_id is None:
            event = Event(title=TITLE, first_seen_at=NOW, last_item_at=NOW, item_count=len(urls))
            session.add(event)
            session.flush()
            event_id = event.id
        for item in session.scalars(select(Item).where(Item.source_id == source_id)):
            item.event_id, item.analysed_at, item.band = event_id, NOW, "neutral"
    return event_id


def opened(*urls: str) -> int:
    """Open a case over one item for each address and return its id."""
    number = triage.open_by_hand(items(*urls), actor=person("liaison"), now=NOW)
    return rows(Case, Case.number == number)[0].id


def rows(model, *where) -> list:
    db.session.rollback()
    return list(db.session.scalars(select(model).where(*where).order_by(model.id)))


def proof() -> evidence.Proof:
    with transaction() as session:
        return evidence.verify(session)


def test_a_case_opens_with_its_items_frozen(desk: Flask) -> None:
    case_id = opened("https://forum.example/1", "")
    first, second = rows(Evidence)
    assert (first.case_id, first.title, first.body, first.url) == (case_id, TITLE, BODY, "https://forum.example/1")
    assert (first.source_name, first.revision, first.frozen_at) == ("论坛1", 1, NOW)
    assert first.headers["headers"] == HEADERS
    assert len(first.headers["document_sha256"]) == 64
    (event,) = rows(AuditEvent, AuditEvent.kind == "evidence_frozen")
    assert event.case_id == case_id
    assert event.detail["evidence"] == [[first.id, first.sha256], [second.id, second.sha256]]
    assert proof() == evidence.Proof(2, 0)


def test_what_joins_later_is_frozen_once_and_what_was_frozen_stays(desk: Flask) -> None:
    case_id = opened("https://forum.example/1")
    event_id = rows(Case, Case.id == case_id)[0].event_id
    items("https://forum.example/2", event_id=event_id)
    with transaction() as session:
        item = session.scalars(select(Item).order_by(Item.id)).first()
        item.title, item.revision = "已改标题", 2
        event = session.get_one(Event, event_id)
        for _ in range(2):
            event_book.tell_case(session, event, 1, now=NOW + M)
    assert [row.title for row in rows(Evidence)] == [TITLE, TITLE]
    assert proof() == evidence.Proof(2, 0)


def test_a_case_that_fails_to_open_leaves_no_evidence(desk: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    event_id = items("https://forum.example/1")

    def fail(*_args, **_kwargs) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr("opinion_service.services.clocks.clock_book.start", fail)
    with pytest.raises(RuntimeError):
        triage.open_by_hand(event_id, actor=person("liaison"), now=NOW)
    assert (rows(Evidence), rows(AuditEvent, AuditEvent.kind == "evidence_frozen")) == ([], [])


def test_freezing_many_costs_as_many_statements_as_freezing_few(desk: Flask) -> None:
    costs = []
    for count in (5, 100):
        event_id = items(*(f"https://forum.example/{count}-{n}" for n in range(count)), event_id=None)
        with counted(desk) as statements:
            triage.open_by_hand(event_id, actor=person("liaison"), now=NOW)
        costs.append(len([one for one in statements if not one.startswith("INSERT INTO evidence ")]))
    assert costs[1] <= costs[0] + 2


# Somebody with the database in hand.

TAMPER = {
    "text": ("UPDATE evidence SET body = 'x' WHERE id = 2", "the content was changed", 2),
    "text and digest": ("UPDATE evidence SET sha256 = '0', title = 'x' WHERE id = 1", "the content was changed", 1),
    "header": ("UPDATE evidence SET headers = '{}' WHERE id = 3", "the content was changed", 3),
    "time": ("UPDATE evidence SET frozen_at = '2026-03-02 03:00:00+00:00' WHERE id = 2", "the content was changed", 2),
    "address": ("UPDATE evidence SET url = '' WHERE id = 1", "the content was changed", 1),
    "removed": ("DELETE FROM evidence WHERE id = 3", "a row is missing", 3),
    "first removed": ("DELETE FROM evidence WHERE id = 1", "a row is missing", 1),
}


def forge(statement: str) -> None:
    db.session.rollback()
    with db.engine.begin() as connection:
        for table in ("evidence", "evidence_check"):
            if db.engine.dialect.name == "sqlite":
                connection.execute(text(f"DROP TRIGGER {table}_no_update"))
                connection.execute(text(f"DROP TRIGGER {table}_no_delete"))
            else:
                connection.execute(text(f"DROP TRIGGER {table}_no_change ON {table}"))
        connection.execute(text(statement))


@pytest.mark.parametrize("kind", TAMPER)
def test_tampering_is_found_and_named(desk: Flask, kind: str) -> None:
    opened(*(f"https://forum.example/{n}" for n in range(3)))
    statement, problem, broken = TAMPER[kind]
    forge(statement)
    found = proof()
    assert (found.problem, found.broken_id) == (f"evidence: {problem}", broken)


def test_evidence_that_was_slipped_in_is_found(desk: Flask) -> None:
    opened("https://forum.example/1")
    items("https://forum.example/2", event_id=1)
    with transaction() as session:
        row, item = session.get_one(Evidence, 1), session.get_one(Item, 2)
        slipped = Evidence(
            case_id=row.case_id, item_id=item.id, revision=1, source_name="x", url="", title="x", body="",
            first_seen_at=NOW, headers={}, frozen_at=NOW,
        )  # fmt: skip
        slipped.sha256 = evidence.digest_of(slipped)
        session.add(slipped)
    assert proof().problem == "evidence: the journal does not know the row"


@pytest.mark.parametrize("statement", ["UPDATE evidence SET body = 'x'", "DELETE FROM evidence"])
@pytest.mark.parametrize("table", ["evidence", "evidence_check"])
def test_the_database_refuses_to_change_it(desk: Flask, statement: str, table: str) -> None:
    case_id = opened("")
    rechecks.ask(case_id, actor=person("liaison"), now=NOW)
    pipeline.recheck(now=NOW)
    changed = statement.replace("evidence", table).replace("body", "detail" if table == "evidence_check" else "body")
    with pytest.raises(DatabaseError, match="append-only"), db.engine.begin() as connection:
        connection.execute(text(changed))


def test_the_command_proves_and_names(desk: Flask) -> None:
    opened("https://forum.example/1")
    run = desk.test_cli_runner()
    good = run.invoke(args=["evidence", "verify", "--json"])
    assert (good.exit_code, json.loads(good.output)["evidence"]) == (0, 1)
    forge("UPDATE evidence SET title = 'x'")
    bad = run.invoke(args=["evidence", "verify", "--json"])
    assert (bad.exit_code, json.loads(bad.output)["problem"]) == (1, "evidence: the content was changed")


# A second look.


def looked(case_id: int) -> list[tuple[str, int | None]]:
    rechecks.ask(case_id, actor=person("liaison"), now=NOW)
    while pipeline.recheck(now=NOW):
        pass
    return [(row.outcome, row.http_status) for row in rows(EvidenceCheck)]


def test_a_look_says_what_became_of_each_page(desk: Flask, server: FeedServer) -> None:
    paths = ("page_same", "page_other", "page_login", "gone", "broken")
    case_id = opened(*(server.url(path) for path in paths), "", "http://10.0.0.1/x")
    assert looked(case_id) == [
        ("unchanged", 200), ("edited", 200), ("unclear", 200), ("gone", 410), ("unreachable", 500),
        ("no_address", None), ("unreachable", None),
    ]  # fmt: skip
    edited = rows(EvidenceCheck, EvidenceCheck.outcome == "edited")[0]
    assert edited.found_text == f"{TITLE}\n{BODY.replace('四十一', '三十五')}"
    (order,) = rows(Recheck)
    assert (order.state, order.finished_at, order.lease_token) == ("done", NOW, None)
    (event,) = rows(AuditEvent, AuditEvent.kind == "evidence_checked")
    assert event.summary == "复查证据：未变 1，已修改 1，已消失 1，无法判断 1，无法访问 2，没有链接 1"
    assert proof() == evidence.Proof(7, 7)
    assert {row.lease_token for row in db.session.scalars(select(FeedHost))} == {None}


def test_a_link_of_a_foreign_source_leads_nowhere_inward(desk: Flask, server: FeedServer) -> None:
    asked = len(server.visits)
    case_id = opened("https://10.0.0.1/x", server.url("page_same"))
    assert looked(case_id) == [("unreachable", None)] * 2
    assert server.visits[asked:] == []


def test_a_look_is_not_asked_for_over_and_over(desk: Flask) -> None:
    case_id = opened("")
    looked(case_id)
    with pytest.raises(InvalidInput, match="十分钟内"):
        rechecks.ask(case_id, actor=person("liaison"), now=NOW + rechecks.APART - timedelta(seconds=1))
    assert rechecks.ask(case_id, actor=person("liaison"), now=NOW + rechecks.APART) == 2


def test_robots_are_obeyed_on_a_second_look_too(desk: Flask, server: FeedServer) -> None:
    server.robots = ("200 OK", b"User-agent: *\nDisallow: /page_")
    try:
        assert looked(opened(server.url("page_same"))) == [("unreachable", None)]
    finally:
        server.robots = ("404 Not Found", b"")
    assert "robots.txt 不允许" in rows(EvidenceCheck)[0].detail


def test_an_edit_that_the_source_sent_counts_where_the_page_says_nothing(desk: Flask, server: FeedServer) -> None:
    case_id = opened(server.url("page_login"), "")
    with transaction() as session:
        for item in session.scalars(select(Item)):
            item.title, item.revision = "校车超员已查处", 2
    assert [outcome for outcome, _ in looked(case_id)] == ["edited", "edited"]
    assert rows(EvidenceCheck)[0].found_text == f"校车超员已查处\n{BODY}"


def test_personal_data_on_the_page_is_not_kept(desk: Flask, server: FeedServer) -> None:
    page = f"<p>{TITLE}</p><p>{BODY}联系电话13912345678。</p>".encode()
    fetched = Fetched(FetchOutcome.OK, status=200, body=page, content_type="text/html")
    found = rechecking.said_by(fetched, TITLE, BODY + "请尽快处理这件事情。")
    assert found.outcome is Outcome.EDITED
    assert "13912345678" not in found.text


def test_a_worker_that_dies_in_the_middle_costs_nothing(desk: Flask, server: FeedServer) -> None:
    case_id = opened(server.url("page_same"), server.url("page_other"), "")
    rechecks.ask(case_id, actor=person("liaison"), now=NOW)
    order = rechecks.claim(now=NOW)
    assert order is not None
    assert rechecking._look(order, order.looks[2], NOW, rechecking.listening.DEFAULT)
    # It died here, after one of three; nobody else may have the order before its lease is over.
    assert pipeline.recheck(now=NOW + rechecks.LEASE) == 0
    later = NOW + rechecks.LEASE + timedelta(seconds=1)
    assert proof() == evidence.Proof(3, 1)
    while pipeline.recheck(now=later):
        pass
    assert sorted(row.evidence_id for row in rows(EvidenceCheck)) == [1, 2, 3]
    # It comes back: what it has in hand is written nowhere.
    assert not rechecking._look(order, order.looks[0], later, rechecking.listening.DEFAULT)
    assert not rechecks.settle(order, now=later)
    assert proof() == evidence.Proof(3, 3)


def test_a_check_that_was_changed_is_found(desk: Flask) -> None:
    looked(opened(""))
    forge("UPDATE evidence_check SET outcome = 'unchanged'")
    assert (proof().problem, proof().broken_id) == ("check: the content was changed", 1)


def test_a_busy_host_is_waited_for_and_not_for_ever(desk: Flask, server: FeedServer) -> None:
    case_id = opened(server.url("page_same"))
    rechecks.ask(case_id, actor=person("liaison"), now=NOW)
    host = f"127.0.0.1:{server.port}"
    with transaction() as session:
        session.add(FeedHost(host=host, free_at=NOW + DAY))
    assert pipeline.recheck(now=NOW) == 0
    assert [row.state for row in rows(Recheck)] == ["running"]
    assert pipeline.recheck(now=NOW + timedelta(seconds=4)) == 0
    assert pipeline.recheck(now=NOW + rechecks.PATIENCE + M) == 2
    assert rows(EvidenceCheck)[0].detail.startswith("该网站一小时内轮不到访问")


DUE = [
    (NOW + DAY - M, 0), (NOW + DAY, 1), (NOW + rechecks.LOOKED_AFTER - M, 1), (NOW + rechecks.LOOKED_AFTER, 0),
]  # fmt: skip


@pytest.mark.parametrize(("now", "count"), DUE)
def test_a_young_open_case_is_looked_at_once_a_day(desk: Flask, now, count: int) -> None:
    opened("https://forum.example/1")
    assert rechecks.order_due(now=now) == count
    assert rechecks.order_due(now=now) == 0
    assert len(rows(Recheck)) == count


def test_cases_without_a_link_or_closed_are_not_looked_at(desk: Flask) -> None:
    opened("")
    case_id = opened("https://forum.example/1")
    with transaction() as session:
        session.execute(
            text("UPDATE case_file SET state = 'merged', merged_into_id = 1 WHERE id = :id"), {"id": case_id}
        )
    assert rechecks.order_due(now=NOW + DAY) == 0


def test_who_may_ask(desk: Flask) -> None:
    case_id = opened("https://forum.example/1")
    for login, error in (("auditor", Forbidden), ("admin", NotFound), ("foreign_handler", NotFound)):
        with pytest.raises(error):
            rechecks.ask(case_id, actor=person(login), now=NOW)
    first = rechecks.ask(case_id, actor=person("liaison"), now=NOW)
    assert rechecks.ask(case_id, actor=person("supervisor"), now=NOW) == first
    with transaction() as session:
        event = Event(title="无条目", first_seen_at=NOW, last_item_at=NOW)
        session.add(event)
        session.flush()
    empty = triage.open_by_hand(event.id, actor=person("liaison"), now=NOW)
    with pytest.raises(InvalidInput):
        rechecks.ask(rows(Case, Case.number == empty)[0].id, actor=person("liaison"), now=NOW)


# The pages.


def signed_in(app: Flask, login: str) -> FlaskClient:
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302
    return client


def test_the_page_shows_the_looks_and_hands_everything_out(desk: Flask, server: FeedServer) -> None:
    case_id = opened(server.url("page_same"), server.url("page_other"))
    number = rows(Case, Case.id == case_id)[0].number
    client = signed_in(desk, "liaison")
    assert "尚未复查" in client.get(f"/cases/{number}").text
    assert client.post(f"/cases/{number}/evidence/recheck").status_code == 302
    assert "复查正在进行" in client.get(f"/cases/{number}/evidence").text
    while pipeline.recheck(now=NOW):
        pass
    # The client shares the session of this test, and with it what was read before.
    db.session.rollback()
    html = client.get(f"/cases/{number}/evidence").text
    assert "<del>四十一</del><ins>三十五</ins>" in html
    assert "HTTP 200" in html
    assert client.get(f"/cases/{number}/evidence?outcome=edited").text.count("SHA-256）") == 1
    assert "没有符合条件的证据" in client.get(f"/cases/{number}/evidence?outcome=gone&after=x").text
    assert "已修改" in client.get(f"/cases/{number}").text
    taken = client.get(f"/cases/{number}/evidence.json")
    assert taken.headers["Content-Disposition"] == f"attachment; filename=evidence-{number}.json"
    found = taken.json
    first = found["evidence"][0]
    # Whoever has the file can compute the digest and find it in the journal.
    names = (
        "item_id",
        "revision",
        "source_name",
        "url",
        "title",
        "body",
        "published_at",
        "first_seen_at",
        "headers",
        "frozen_at",
    )
    assert digest([case_id, *(first[name] for name in names)]) == first["sha256"]
    assert [first["id"], first["sha256"]] in found["journal"][0]["detail"]["evidence"]
    assert [check["outcome"] for one in found["evidence"] for check in one["checks"]] == ["unchanged", "edited"]


@pytest.mark.parametrize(
    ("login", "status"), [("auditor", 200), ("supervisor", 200), ("foreign_handler", 404), ("admin", 403)]
)
def test_evidence_follows_the_scope_of_its_case(desk: Flask, login: str, status: int) -> None:
    case_id = opened("https://forum.example/1")
    number = rows(Case, Case.id == case_id)[0].number
    client = signed_in(desk, login)
    assert client.get(f"/cases/{number}/evidence").status_code == status
    assert client.get(f"/cases/{number}/evidence.json").status_code == status
    wanted = 302 if login == "supervisor" else 403 if status == 200 else status
    assert client.post(f"/cases/{number}/evidence/recheck").status_code == wanted
    assert len(rows(Recheck)) == (login == "supervisor")


def test_the_page_costs_the_same_for_many(desk: Flask) -> None:
    costs = []
    for count in (2, 15):
        case_id = opened(*(f"https://forum.example/{n}" for n in range(count)))
        number = rows(Case, Case.id == case_id)[0].number
        client = signed_in(desk, "liaison")
        client.get(f"/cases/{number}/evidence")
        with counted(desk) as statements:
            client.get(f"/cases/{number}/evidence")
        costs.append(len(statements))
    assert costs[1] <= costs[0] < 30
