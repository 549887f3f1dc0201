"""Politeness, robots.txt, moves, credentials and validators: what a check says to a server and remembers of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from opinion_service import listening
from opinion_service.adapters.feed_client import FetchPolicy
from opinion_service.domain.errors import Forbidden, InvalidInput
from opinion_service.domain.listening.watch import Watch
from opinion_service.domain.people import SYSTEM
from opinion_service.models import AuditEvent, BlindWindow, FeedHost, Item, Source, SourceCheck, SourceHour, SourceStory
from opinion_service.services.listening import ingest, source_book
from opinion_service.services.listening.ingest import Counts, NewSource
from opinion_service.services.listening.vault import Credential
from opinion_service.services.transaction import transaction
from tests.feed_server import FeedServer, feed_server
from tests.story import NOW, person

QUICK = FetchPolicy(timeout_s=0.6, max_bytes=200_000)
M = timedelta(minutes=1)
SECRET = Credential("bearer", "canary-7f3a")


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with feed_server() as running:
        yield running


@pytest.fixture
def desk(sqlite_app: Flask) -> Iterator[Flask]:
    with sqlite_app.app_context():
        allow(sqlite_app, "127.0.0.1", "localhost")
        yield sqlite_app


def allow(app: Flask, *hosts: str) -> None:
    app.config["DESK"] = replace(app.config["DESK"], private_feed_hosts=frozenset(hosts))


def listen(server: FeedServer, behaviour: str, name: str = "", **changes) -> int:
    new = NewSource(name or behaviour, server.url(behaviour), **changes)
    return ingest.add_source(new, actor=SYSTEM, now=NOW)


def check(source_id: int, at: datetime = NOW) -> Counts:
    return listening.fetch_source(source_id, now=at, policy=QUICK)


def source(source_id: int) -> Source:
    with transaction() as session:
        return session.get_one(Source, source_id)


def rows(model: type, *conditions) -> list:
    with transaction() as session:
        return list(session.scalars(select(model).where(*conditions).order_by(*model.__table__.primary_key.columns)))


def outcomes(source_id: int) -> list[str]:
    return [row.outcome for row in rows(SourceCheck, SourceCheck.source_id == source_id)]


def test_robots_txt_is_read_first_kept_a_day_and_obeyed(desk: Flask, server: FeedServer) -> None:
    server.robots = ("200 OK", b"User-agent: *\nDisallow: /plain\n")
    refused, allowed = listen(server, "plain"), listen(server, "chunked")
    assert check(refused) == Counts()
    assert check(allowed) == Counts(new=1)
    assert server.visits == ["robots.txt", "chunked"]
    assert (outcomes(refused), outcomes(allowed)) == (["robots_refused"], ["ok"])
    check(refused, NOW + timedelta(hours=23, minutes=59))
    assert server.visits.count("robots.txt") == 1
    server.robots = ("200 OK", b"User-agent: opinion-service\nAllow: /\n\nUser-agent: *\nDisallow: /\n")
    assert check(refused, NOW + timedelta(hours=48)) == Counts(new=1)
    assert server.visits.count("robots.txt") == 2


@pytest.mark.parametrize(
    ("status", "text", "outcome"),
    [
        ("404 Not Found", b"", "ok"),
        ("403 Forbidden", b"Disallow: /", "ok"),
        ("200 OK", b"", "ok"),
        ("200 OK", b"\xff\xfe\x00<html>no robots here", "ok"),
        ("200 OK", b"User-agent: *\nDisallow: /other", "ok"),
        ("200 OK", b"User-agent: *\nDisallow: /pl*n$", "robots_refused"),
        ("200 OK", b"User-agent: *\nDisallow: /\nAllow: /plain", "ok"),
        ("500 Internal Server Error", b"", "robots_unreachable"),
        ("503 Service Unavailable", b"", "robots_unreachable"),
        ("429 Too Many Requests", b"", "robots_unreachable"),
    ],
)
def test_what_robots_txt_says(desk: Flask, server: FeedServer, status: str, text: bytes, outcome: str) -> None:
    server.robots = (status, text)
    source_id = listen(server, "plain")
    check(source_id)
    assert outcomes(source_id) == [outcome]


def test_a_robots_txt_that_stays_out_of_reach_does_not_forbid_for_ever(desk: Flask, server: FeedServer) -> None:
    server.robots = ("500 Internal Server Error", b"")
    source_id = listen(server, "plain")
    for hours in (0, 12, 23, 26):
        check(source_id, NOW + timedelta(hours=hours))
    assert outcomes(source_id) == ["robots_unreachable"] * 3 + ["ok"]


def test_a_host_is_asked_by_one_at_a_time_with_a_pause_between(desk: Flask, server: FeedServer) -> None:
    server.robots = ("200 OK", b"User-agent: *\nCrawl-delay: 20\n")
    first, second = listen(server, "plain"), listen(server, "chunked")
    assert ingest.due_sources(10, now=NOW) == [first, second]
    lease = ingest.claim(first, now=NOW)
    assert lease is not None
    assert ingest.claim(second, now=NOW) is None
    assert ingest.due_sources(10, now=NOW) == []
    haul = listening.check(lease, now=NOW, policy=QUICK)
    ingest.store(first, haul, token=lease.token, now=NOW)
    assert ingest.claim(second, now=NOW + timedelta(seconds=19)) is None
    assert ingest.due_sources(10, now=NOW + timedelta(seconds=21)) == [second]
    assert ingest.claim(second, now=NOW + timedelta(seconds=21)) is not None


def test_the_pause_of_a_public_host_is_a_second_and_of_ones_own_none(desk: Flask, server: FeedServer) -> None:
    source_id = listen(server, "plain")
    lease = ingest.claim(source_id, now=NOW)
    assert lease is not None
    assert listening.check(lease, now=NOW, policy=QUICK).host_delay == timedelta(0)
    allow(desk)
    public = replace(lease, url="http://203.0.113.9/feed")
    assert listening.check(public, now=NOW, policy=FetchPolicy(timeout_s=0.2)).host_delay == timedelta(seconds=1)


def test_a_host_whose_worker_died_is_free_again(desk: Flask, server: FeedServer) -> None:
    first, second = listen(server, "plain"), listen(server, "chunked")
    assert ingest.claim(first, now=NOW) is not None
    assert ingest.claim(second, now=NOW + ingest.LEASE) is None
    later = NOW + ingest.LEASE + timedelta(seconds=1)
    assert ingest.claim(second, now=later) is not None
    assert check(first, later + ingest.LEASE + timedelta(seconds=1)) == Counts(new=1)
    assert outcomes(first) == ["lost", "ok"]


@pytest.mark.parametrize(
    ("behaviour", "final"),
    [
        ("moved", "plain"), ("moved_308", "plain"), ("moved_to_conditional", "conditional"), ("found", "found"),
        ("moved_then_found", "moved_then_found"), ("moved_to_page", "moved_to_page"),
    ],
)  # fmt: skip
def test_only_a_lasting_move_to_a_feed_changes_the_record(desk, server, behaviour: str, final: str) -> None:
    source_id = listen(server, behaviour)
    check(source_id)
    assert source(source_id).url == server.url(final)
    moves = rows(SourceStory, SourceStory.kind == "moved")
    journal = rows(AuditEvent, AuditEvent.kind == "source_changed")
    assert len(moves) == len(journal) == (behaviour != final)
    if moves:
        assert server.url(behaviour) in moves[0].summary
        assert journal[0].detail["to"] == server.url(final)


def test_after_a_move_the_new_address_is_asked(desk: Flask, server: FeedServer) -> None:
    source_id = listen(server, "moved")
    check(source_id)
    check(source_id, NOW + 40 * M)
    assert server.visits == ["robots.txt", "moved", "plain", "plain"]
    assert outcomes(source_id) == ["ok", "same"]


def test_a_credential_goes_to_its_origin_and_nowhere_else(desk: Flask, server: FeedServer) -> None:
    source_id = listen(server, "locked", credential=SECRET)
    assert check(source_id) == Counts(new=1)
    other = listen(server, "to_other_name", credential=SECRET)
    check(other)
    hosts = {host for host, _ in server.authorizations}
    assert hosts == {f"127.0.0.1:{server.port}"}
    assert "locked" in server.visits[-1:]
    assert outcomes(other) == ["http_error"]


def test_a_credential_is_ciphertext_in_the_database_and_dies_with_its_key(desk: Flask, server: FeedServer) -> None:
    source_id = listen(server, "locked", credential=SECRET)
    kept = source(source_id)
    assert SECRET.secret not in kept.credential
    assert SECRET.secret not in repr(SECRET)
    lease = ingest.claim(source_id, now=NOW)
    assert lease is not None
    assert lease.authorization == f"Bearer {SECRET.secret}"
    assert SECRET.secret not in repr(lease)
    desk.config["SECRET_KEY"] = "another" * 9
    later = ingest.claim(source_id, now=NOW + timedelta(minutes=30))
    assert later is not None
    assert later.authorization == ""


def test_a_credential_does_not_follow_its_source_to_another_address(desk: Flask, server: FeedServer) -> None:
    source_id = listen(server, "locked", "库", credential=SECRET)
    admin = person("admin")
    source_book.edit_source(source_id, NewSource("库", server.url("plain")), actor=admin, now=NOW)
    assert source(source_id).credential_origin == f"http://127.0.0.1:{server.port}"
    source_book.edit_source(source_id, NewSource("库", "https://other.example/"), actor=admin, now=NOW)
    assert (source(source_id).credential, source(source_id).credential_origin) == ("", "")
    with pytest.raises(InvalidInput):
        source_book.edit_source(
            source_id, NewSource("库", "http://x.example/", credential=SECRET), actor=admin, now=NOW
        )
    with pytest.raises(Forbidden):
        source_book.edit_source(source_id, NewSource("库", server.url("plain")), actor=person("liaison"), now=NOW)


def test_unchanged_documents_cost_a_question_and_no_parsing(desk, server, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []
    real = listening.feed_client.parse_killable
    monkeypatch.setattr(
        listening.feed_client, "parse_killable", lambda *args, **kw: (parsed.append(1), real(*args, **kw))[1]
    )
    ids = [listen(server, behaviour) for behaviour in ("conditional", "plain", "growing")]
    for minutes in (0, 40, 80):
        for source_id in ids:
            check(source_id, NOW + minutes * M)
    kinds = [outcomes(row.id) for row in rows(Source)]
    assert kinds == [["ok", "not_modified", "not_modified"], ["ok", "same", "same"], ["ok", "ok", "ok"]]
    assert len(parsed) == 5


@pytest.mark.parametrize(
    ("behaviour", "low", "high", "reason"),
    [
        ("plain", 27, 30, "usual"),
        ("cached", 100, 110, "cache"),
        ("cached_for_ever", 360, 396, "cache"),
        ("expires", 180, 198, "cache"),
        ("no_store", 27, 30, "usual"),
        ("ttl", 240, 264, "cache"),
        ("busy", 27, 30, "backoff"),
        ("busy_for_ever", 1440, 1584, "retry_after"),
        ("busy_nonsense", 27, 30, "backoff"),
        ("gone", 1296, 1440, "gone"),
    ],
)
def test_what_the_server_asks_is_a_lower_bound(desk, server, behaviour, low, high, reason) -> None:
    source_id = listen(server, behaviour)
    check(source_id)
    line = rows(SourceCheck)[-1]
    assert low <= (source(source_id).next_check_at - NOW) / M <= high
    assert (line.wait_reason, line.next_check_at) == (reason, source(source_id).next_check_at)


def test_a_blind_window_opens_with_the_first_failure_and_ends_when_heard(desk, server) -> None:
    source_id = listen(server, "flapping")
    for minutes in (0, 40, 80, 120):
        check(source_id, NOW + minutes * M)
    windows = rows(BlindWindow)
    spans = [(row.began_at - NOW, row.ended_at and row.ended_at - NOW, row.cause) for row in windows]
    assert spans == [(40 * M, 80 * M, "http_error"), (120 * M, None, "http_error")]
    hours = [(row.check_count, row.heard_count, row.new_count) for row in rows(SourceHour)]
    assert hours == [(2, 1, 1), (1, 1, 0), (1, 0, 0)]


@pytest.mark.parametrize(("late", "windows"), [(15, 0), (16, 1)])
def test_what_the_desk_itself_missed_is_a_blind_window_too(desk, server, late: int, windows: int) -> None:
    source_id = listen(server, "plain")
    check(source_id)
    due = source(source_id).next_check_at
    check(source_id, due + late * M)
    found = rows(BlindWindow)
    assert [(row.cause, row.began_at) for row in found] == [("not_checked", due)] * windows


def test_an_empty_list_is_counted_and_never_hidden_by_a_validator(desk, server) -> None:
    source_id = listen(server, "empty_list")
    for minutes in (0, 40, 80):
        check(source_id, NOW + minutes * M)
    assert outcomes(source_id) == ["empty"] * 3
    assert (source(source_id).empties, source(source_id).failures) == (3, 0)


def test_editing_what_is_wanted_reads_the_whole_document_again(desk, server) -> None:
    source_id = listen(server, "conditional", "论坛", scope="match", watch=Watch(("校车",)))
    assert check(source_id) == Counts(unmatched=1)
    new = NewSource("论坛", server.url("conditional"), scope="match", watch=Watch(("路灯",)))
    source_book.edit_source(source_id, new, actor=person("admin"), now=NOW + M)
    assert check(source_id, NOW + 2 * M) == Counts(new=1)
    assert [row.summary for row in rows(SourceStory)] == ["开始采集", "修改了：关注词"]


def test_the_pause_a_document_asks_for_outlives_the_same_bytes(desk, server) -> None:
    source_id = listen(server, "ttl")
    for hours in (0, 5):
        check(source_id, NOW + timedelta(hours=hours))
    lines = rows(SourceCheck)
    assert [(line.outcome, line.wait_reason) for line in lines] == [("ok", "cache"), ("same", "cache")]
    assert lines[1].next_check_at >= lines[1].finished_at + 240 * M


def test_a_pause_ends_by_itself(desk, server) -> None:
    source_id = listen(server, "plain")
    admin = person("admin")
    source_book.pause_until(source_id, NOW + timedelta(hours=5), actor=admin, now=NOW)
    assert ingest.due_sources(9, now=NOW + timedelta(hours=5) - M) == []
    assert ingest.due_sources(9, now=NOW + timedelta(hours=5)) == [source_id]
    assert check(source_id, NOW + timedelta(hours=5)) == Counts(new=1)
    assert rows(BlindWindow) == []
    for until in (NOW, NOW + timedelta(days=90, seconds=1)):
        with pytest.raises(InvalidInput):
            source_book.pause_until(source_id, until, actor=admin, now=NOW)


def test_check_now_respects_what_a_refusing_server_asked(desk, server) -> None:
    free, asked = listen(server, "plain"), listen(server, "busy_for_ever")
    check(free)
    check(asked)
    admin = person("admin")
    source_book.check_now(free, actor=admin, now=NOW + M)
    assert ingest.due_sources(9, now=NOW + M) == [free]
    with pytest.raises(InvalidInput):
        source_book.check_now(asked, actor=admin, now=NOW + M)


def test_dates_are_read_in_the_zone_of_the_source(desk, server) -> None:
    body = (
        "<rss version='2.0'><channel><item><title>t</title><guid>1</guid><pubDate>{}</pubDate></item></channel></rss>"
    )
    for text, zone, hours in (
        ("2026-03-02 08:00", "Asia/Shanghai", 2), ("2026-03-02 10:00", "Asia/Tokyo", 1), ("1小时前", "Asia/Tokyo", 1),
        ("2031-01-01 08:00", "Asia/Shanghai", None),
    ):  # fmt: skip
        fetched = listening.Fetched(listening.FetchOutcome.OK, status=200, body=body.format(text).encode())
        source_id = listen(server, "plain", text)
        ingest.store(source_id, listening.haul_of(fetched, zone=zone, now=NOW), token=None, now=NOW)
        found = rows(Item, Item.source_id == source_id)[0].published_at
        assert found == (NOW - timedelta(hours=hours) if hours is not None else None), text


def test_hosts_are_noted_once(desk, server) -> None:
    for behaviour in ("plain", "chunked"):
        check(listen(server, behaviour))
    assert [row.host for row in rows(FeedHost)] == [f"127.0.0.1:{server.port}"]


def test_one_round_asks_ones_own_host_for_everything_and_a_slow_one_once(desk, server) -> None:
    for number in range(8):
        listen(server, "plain", f"信源{number}")
    assert len(listening.fetch_due(100, now=lambda: NOW, policy=QUICK)) == 8
    assert server.visits.count("plain") == 8
    server.robots = ("200 OK", b"User-agent: *\nCrawl-delay: 30\n")
    later = NOW + timedelta(days=2)
    listening.fetch_due(100, now=lambda: later, policy=QUICK)
    assert server.visits.count("plain") == 9


def test_the_due_of_many_hosts_take_turns(desk) -> None:
    ids = [
        ingest.add_source(NewSource(f"{host}{number}", f"https://{host}.example/{number}"), actor=SYSTEM, now=NOW)
        for host in ("a", "b")
        for number in range(7)
    ]
    turns = [one for pair in zip(ids[:5], ids[7:12], strict=True) for one in pair]
    assert ingest.due_sources(100, now=NOW) == turns
    assert ingest.due_sources(3, now=NOW) == turns[:3]
