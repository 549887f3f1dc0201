"""Sources that lie: in their headers, their moves, their names and their numbers; none of them deafens the desk."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import DataError, OperationalError

from opinion_service import intake, listening
from opinion_service.adapters.feed_client import FetchOutcome, FetchRequest, fetch
from opinion_service.adapters.feed_client.robots import may_fetch
from opinion_service.domain.people import SYSTEM
from opinion_service.models import (
    ImportProblem,
    ImportRun,
    Item,
    OutboxMail,
    Quarantine,
    RawBody,
    SearchText,
    Source,
    SourceCheck,
    SourceStory,
)
from opinion_service.services.listening import alarms, flood, import_work, imports, ingest, one_by_one
from opinion_service.services.listening.ingest import Counts, NewSource
from opinion_service.services.transaction import transaction
from opinion_service.web.listening import source_forms
from tests.feed_server import FeedServer, feed_server
from tests.integration.test_feed_fetch import LOCAL, QUICK
from tests.integration.test_listening import SECRET, M, allow, check, listen, outcomes, rows, source
from tests.story import NOW, person

H = timedelta(hours=1)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with feed_server() as running:
        yield running


@pytest.fixture
def desk(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        allow(app, "127.0.0.1", "localhost")
        yield app


def test_a_type_that_no_header_may_hold_costs_itself_alone(desk: Flask, server: FeedServer) -> None:
    assert check(listen(server, "strange_type")) == Counts(new=1)
    assert [row.content_type for row in rows(RawBody)] == [""]


def test_unchanged_is_no_proof_of_a_feed_at_a_new_address(desk: Flask, server: FeedServer) -> None:
    source_id = listen(server, "moving")
    for hours in (0, 1, 2):
        check(source_id, NOW + hours * H)
    assert outcomes(source_id) == ["ok", "not_modified", "no_feed"]
    assert source(source_id).url == server.url("moving")
    assert rows(SourceStory, SourceStory.kind == "moved") == []


def test_a_preview_does_not_carry_a_credential_to_where_a_source_has_moved(desk: Flask, server: FeedServer) -> None:
    source_id = listen(server, "locked", credential=SECRET)
    away = server.url("locked", "localhost")
    with transaction() as session:
        session.execute(update(Source).where(Source.id == source_id).values(url=away))
    shown = source_forms.preview_of(NewSource("locked", away), source(source_id), now=NOW)
    assert not shown.is_heard
    assert server.authorizations == []
    home = source_forms.preview_of(NewSource("locked", server.url("locked")), source(source_id), now=NOW)
    assert home.is_heard
    assert {host for host, _ in server.authorizations} == {f"127.0.0.1:{server.port}"}


def test_an_instant_counts_from_now_when_the_server_names_no_date(server: FeedServer) -> None:
    url = server.url("busy_no_date")
    at = NOW.replace(year=2025, month=11, day=3, hour=0, minute=0)
    assert fetch(FetchRequest(url, allow_private_hosts=LOCAL, asked_at=at), QUICK).retry_after_s == 300
    assert fetch(FetchRequest(url, allow_private_hosts=LOCAL, asked_at=NOW), QUICK).retry_after_s == 0
    assert fetch(FetchRequest(url, allow_private_hosts=LOCAL), QUICK).retry_after_s is None


def test_what_grows_two_hundred_times_is_a_bomb(server: FeedServer) -> None:
    roomy = listening.FetchPolicy(timeout_s=2, max_bytes=2_000_000)
    fetched = fetch(FetchRequest(server.url("gzip_thin"), allow_private_hosts=LOCAL), roomy)
    assert fetched.outcome is FetchOutcome.TOO_LARGE


@pytest.mark.parametrize(
    ("group", "may"), [("opinion-service", True), ("Opinion-Service", True), ("reader", False), ("desk", False)]
)
def test_robots_groups_are_named_after_the_product_alone(group: str, may: bool) -> None:
    text = f"User-agent: *\nDisallow: /\n\nUser-agent: {group}\nAllow: /\n"
    assert may_fetch(text, "https://forum.example/feed") is may


def test_a_source_whose_worker_died_is_told_when_nobody_comes_back(desk: Flask, server: FeedServer) -> None:
    source_id = listen(server, "plain")
    assert ingest.claim(source_id, now=NOW) is not None
    assert alarms.raise_alarms(now=NOW + 59 * M) == 0
    assert alarms.raise_alarms(now=NOW + 61 * M) == 1


def test_the_many_sources_of_one_host_do_not_keep_the_others_waiting(desk: Flask) -> None:
    for number in range(60):
        ingest.add_source(NewSource(f"a{number}", f"https://a.example/{number}"), actor=SYSTEM, now=NOW - H)
    late = ingest.add_source(NewSource("b", "https://b.example/"), actor=SYSTEM, now=NOW)
    assert late in ingest.due_sources(10, now=NOW)


def test_a_row_with_characters_no_database_takes_costs_nobody_anything(desk: Flask) -> None:
    odd = {
        "标题": "路灯\0不亮",
        "编号": "1\0\ud800",
        "属地": "赫山区\0\ud800",
        "时间": "昨\0天\ud800",
        "备\0注\ud800": "x",
    }
    lines = [json.dumps(odd), json.dumps({"标题": "井盖缺失", "编号": "2"})]
    new = intake.look_at("热线", "工单.jsonl", "\n".join(lines).encode())
    run_id = imports.receive(new, actor=person("liaison"), now=NOW)
    assert desk.test_client().get("/healthz").status_code == 200
    imports.start(run_id, is_rehearsal=False, actor=person("liaison"), now=NOW)
    assert intake.import_file(run_id, now=lambda: NOW)
    run = rows(ImportRun)[0]
    assert (run.state, run.new_count, run.broken_count) == ("done", 2, 0)
    assert [(row.external_id, row.territory) for row in rows(Item)] == [("1", "赫山区"), ("2", "")]
    assert "无法识别" in rows(ImportProblem)[0].reason
    assert run.columns[-1] == "备注"


def test_a_telephone_number_in_the_place_column_is_not_kept(desk: Flask) -> None:
    new = intake.look_at("热线", "工单.csv", "标题,属地\n路灯不亮,赫山区13912345678\n".encode())
    run_id = imports.receive(new, actor=person("liaison"), now=NOW)
    imports.start(run_id, is_rehearsal=False, actor=person("liaison"), now=NOW)
    intake.import_file(run_id, now=lambda: NOW)
    with transaction() as session:
        assert "13912345678" not in session.scalars(select(Item.territory)).one()


def feed(*items: str) -> listening.Fetched:
    body = f'<rss version="2.0"><channel><title>论坛</title>{"".join(items)}</channel></rss>'.encode()
    return listening.Fetched(FetchOutcome.OK, status=200, body=body)


def entry(guid: str, title: str, link: str, date: str = "Mon, 02 Mar 2026 08:00:00 +0800", text: str = "正文") -> str:
    return (
        f"<item><guid>{guid}</guid><title>{title}</title><link>{link}</link><pubDate>{date}</pubDate>"
        f"<description>{text}</description></item>"
    )


A = ("路灯不亮", "https://forum.example/a")
B = ("井盖缺失", "https://forum.example/b")


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        ([entry("1", *A)], [entry("2", *A)], Counts(repeated=1)),
        ([entry("x", *A), entry("x", *B)], [entry("x", *B)], Counts(repeated=1)),
        ([entry("x", *A)], [entry("x", *A), entry("x", *B)], Counts(new=1, repeated=1)),
        ([entry("1", *A)], [entry("2", A[0], "https://forum.example/c")], Counts(new=1)),
        ([entry("1", *A)], [entry("2", *A, text="另一段正文")], Counts(new=1)),
        ([entry("1", *A)], [entry("2", *A, date="Tue, 03 Mar 2026 08:00:00 +0800")], Counts(new=1)),
        ([entry("1", A[0], "")], [entry("2", A[0], "")], Counts(new=1)),
    ],
    ids=["new guid", "window slides", "window fills", "other address", "other text", "other day", "no address"],
)
def test_an_entry_is_not_new_because_its_guid_is(desk: Flask, server: FeedServer, first, second, counts) -> None:
    source_id = listen(server, "plain")
    for number, items in enumerate((first, second)):
        at = NOW + 24 * H + number * M
        found = ingest.store(source_id, listening.haul_of(feed(*items), now=at), token=None, now=at)
    assert found == counts


def test_a_flood_is_bounded_told_once_a_day_and_can_be_taken_in_later(
    desk: Flask, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flood, "MOST_NEW_A_DAY", 3)
    source_id = listen(server, "plain")
    body = feed(*(entry(str(number), f"第{number}条", f"https://a.example/{number}") for number in range(5)))
    for hours, found in (
        (0, Counts(new=3, overflow=2)),
        (1, Counts(repeated=3, overflow=2)),
        (26, Counts(new=2, repeated=3)),
    ):
        lease = ingest.claim(source_id, now=NOW + hours * H)
        assert lease is not None
        haul = listening.haul_of(body, now=NOW + hours * H)
        counts = ingest.store(source_id, haul, token=lease.token, now=NOW + hours * H)
        assert counts == found
        if hours < 26:
            line = rows(SourceCheck)[-1]
            assert (line.broken_count, "其余暂不收录：2 条" in line.detail) == (2, True)
            assert source(source_id).body_sha256 == ""
            assert len(rows(SourceStory, SourceStory.kind == "alarm")) == 1
    assert len({letter.recipient for letter in rows(OutboxMail)}) == len(rows(OutboxMail)) > 1
    assert len(rows(Item)) == 5


def test_what_a_flood_left_out_comes_back_with_a_second_reading(
    desk: Flask, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flood, "MOST_NEW_A_DAY", 1)
    source_id = listen(server, "one_broken")
    assert check(source_id) == Counts(new=1, broken=1, overflow=1)
    assert listening.reparse(source_id, since=NOW - H, now=NOW + H).new == 1


def test_a_redirect_is_not_followed_to_a_host_that_does_not_want_it(desk: Flask, server: FeedServer) -> None:
    server.robots_of["localhost"] = ("200 OK", b"User-agent: *\nDisallow: /locked\n")
    source_id = listen(server, "to_other_name")
    check(source_id)
    check(source_id, NOW + H)
    assert server.visits == ["robots.txt", "to_other_name", "robots.txt", "to_other_name"]
    assert outcomes(source_id) == ["refused", "refused"]
    assert "robots.txt 不允许" in source(source_id).last_error
    server.robots_of["localhost"] = ("200 OK", b"")
    check(source_id, NOW + 25 * H)
    assert server.visits[-1] == "locked"


def test_a_redirect_from_outside_asks_no_inner_host_for_anything(desk: Flask, server: FeedServer) -> None:
    lease = ingest.SourceLease(0, "", "https://forum.example/", "", "")
    ask = listening.leave_to_go(lease, LOCAL, now=NOW, policy=QUICK)
    assert ask(server.url("plain"), False) == ""
    assert server.visits == []
    assert ask(server.url("plain"), True) == ""
    assert server.visits == ["robots.txt"]


POISON = ingest.Incoming("bad", "坏数据", rank=10**30)


def test_an_entry_the_database_refuses_costs_itself_alone(desk: Flask, server: FeedServer) -> None:
    source_id = listen(server, "plain")
    lease = ingest.claim(source_id, now=NOW)
    assert lease is not None
    around = (ingest.Incoming("a", "路灯不亮"), POISON, ingest.Incoming("b", "井盖缺失"))
    haul = ingest.Haul("ok", around, etag='"v1"', body=b"x")
    assert ingest.store(source_id, haul, token=lease.token, now=NOW) == Counts(new=2, broken=1)
    assert [row.title for row in rows(Item)] == ["路灯不亮", "井盖缺失"]
    assert [(row.reason, row.excerpt) for row in rows(Quarantine)] == [("数据库无法保存该条", "坏数据")]
    assert (source(source_id).etag, outcomes(source_id)) == ('"v1"', ["ok"])
    assert {row.ref_id for row in rows(SearchText)} == {row.id for row in rows(Item)}


def test_a_row_the_database_refuses_costs_itself_alone(desk: Flask) -> None:
    run_id = imports.receive(intake.look_at("热线", "a.csv", "标题\n甲\n".encode()), actor=SYSTEM, now=NOW)
    imports.start(run_id, is_rehearsal=False, actor=SYSTEM, now=NOW)
    work = import_work.claim(run_id, now=NOW)
    assert work is not None
    batch = import_work.Batch(2, (ingest.Incoming("a", "路灯不亮"), POISON))
    assert import_work.begin(work, 2, now=NOW)
    assert import_work.keep_batch(work, batch, {}, now=NOW)
    run = rows(ImportRun)[0]
    assert (run.new_count, run.broken_count, run.done_count) == (1, 1, 2)


def test_a_lost_connection_is_no_poison() -> None:
    lost = OperationalError("", None, Exception())
    assert (one_by_one.is_poison(lost), one_by_one.is_poison(DataError("", None, Exception()))) == (False, True)
