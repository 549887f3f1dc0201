"""Somebody is told when sources are no longer heard, every day until they are, and when they are again."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from opinion_service import clock, listening
from opinion_service.adapters import feed_client
from opinion_service.domain.people import SYSTEM
from opinion_service.models import Item, ItemRevision, OutboxMail, RankPoint, RawBody, Source, SourceCheck, SourceStory
from opinion_service.services.listening import alarms, archive, ingest, source_book
from opinion_service.services.listening.ingest import Counts, Haul, Incoming, NewSource
from opinion_service.services.transaction import transaction
from tests.story import NOW, person

H = timedelta(hours=1)
M = timedelta(minutes=1)
DOWN = Haul("timeout", detail="20 秒内未能取完。")
UP = Haul("ok", (Incoming("a", "路灯不亮"),))


def listen(name: str = "县城论坛", **changes) -> int:
    return ingest.add_source(NewSource(name, f"https://{name}.example/", **changes), actor=SYSTEM, now=NOW)


def put(source_id: int, haul: Haul, at: datetime) -> Counts:
    return ingest.store(source_id, haul, token=None, now=at)


def letters(kind: str = "source_alarm") -> list[OutboxMail]:
    with transaction() as session:
        return list(session.scalars(select(OutboxMail).where(OutboxMail.kind == kind).order_by(OutboxMail.id)))


def rows(model: type) -> list:
    with transaction() as session:
        return list(session.scalars(select(model).order_by(*model.__table__.primary_key.columns)))


@pytest.fixture
def desk(app: Flask):
    with app.app_context():
        yield app


def test_three_failures_in_a_row_are_told_daily_until_mended(desk: Flask) -> None:
    source_id = listen()
    told = []
    for minutes, haul in ((0, DOWN), (1, DOWN), (2, UP), (3, DOWN), (4, DOWN), (5, DOWN), (6, DOWN)):
        put(source_id, haul, NOW + minutes * M)
        told.append(alarms.raise_alarms(now=NOW + minutes * M))
    assert told == [0, 0, 0, 0, 0, 1, 0]
    first = NOW + 5 * M
    assert alarms.raise_alarms(now=first + 24 * H - M) == 0
    assert alarms.raise_alarms(now=first + 24 * H) == 1
    put(source_id, UP, first + 25 * H)
    assert alarms.raise_alarms(now=first + 25 * H) == 1
    assert alarms.raise_alarms(now=first + 25 * H) == 0
    # Two liaisons and the administrator.
    assert (len(letters()), len(letters("source_mended"))) == (6, 3)
    assert letters()[0].subject == "【信源告警】1 个信源采集异常：县城论坛"
    assert "连续失败 3 次。20 秒内未能取完。" in letters()[0].body
    assert [row.kind for row in rows(SourceStory)] == ["added", "alarm", "alarm", "mended"]


def test_a_broken_line_is_one_letter_and_not_a_hundred(desk: Flask) -> None:
    for number in range(30):
        source_id = listen(f"信源{number}")
        for _ in range(3):
            put(source_id, DOWN, NOW + number * M)
        alarms.raise_alarms(now=NOW + number * M)
    assert len(letters()) == 3
    alarms.raise_alarms(now=NOW + 60 * M)
    assert len(letters()) == 6
    late = letters()[-1]
    assert "另有" in late.body
    assert len(late.subject) < 60


@pytest.mark.parametrize(("minutes", "told"), [(59, 0), (60, 1)])
def test_a_source_the_desk_does_not_ask_is_told_too(desk: Flask, minutes: int, told: int) -> None:
    listen()
    assert alarms.raise_alarms(now=NOW + minutes * M) == told
    if told:
        assert "未按时检查" in letters()[0].body


def test_a_list_that_has_become_empty_is_told(desk: Flask) -> None:
    source_id = listen()
    put(source_id, UP, NOW)
    for hours in (1, 2, 3):
        put(source_id, Haul("empty"), NOW + hours * H)
        told = alarms.raise_alarms(now=NOW + hours * H)
    assert told == 1
    never = listen("新论坛")
    for hours in (3, 4, 5):
        put(never, Haul("empty"), NOW + hours * H)
    assert alarms.raise_alarms(now=NOW + 5 * H) == 0
    assert [row.alarmed_at is not None for row in rows(Source)] == [True, False]


@pytest.mark.parametrize("how", ["paused", "switched_off"])
def test_what_is_not_to_be_heard_is_not_told(desk: Flask, how: str) -> None:
    source_id = listen()
    for minutes in (0, 1, 2):
        put(source_id, DOWN, NOW + minutes * M)
    if how == "paused":
        source_book.pause_until(source_id, NOW + 48 * H, actor=person("admin"), now=NOW + 3 * M)
    else:
        source_book.set_listening(source_id, False, actor=person("admin"), now=NOW + 3 * M)
    assert alarms.raise_alarms(now=NOW + 4 * M) == 0
    assert alarms.raise_alarms(now=NOW + 47 * H) == 0


def test_a_source_that_is_quieter_than_ever_is_marked_but_not_told(desk: Flask) -> None:
    source_id = listen()
    for number in range(12):
        put(source_id, Haul("ok", (Incoming(str(number), f"消息 {number}"),)), NOW + 2 * number * H)
    source = rows(Source)[0]
    assert source.gap_minutes == 120
    assert source.quiet_from == NOW + 22 * H + 6 * H
    for hours in range(23, 40):
        put(source_id, Haul("same"), NOW + hours * H)
    assert rows(Source)[0].quiet_from < NOW + 39 * H
    assert alarms.raise_alarms(now=NOW + 39 * H) == 0


def test_documents_go_after_thirty_days_and_stay_while_they_are_current(desk: Flask) -> None:
    source_id = listen()
    put(source_id, Haul("ok", body=b"<rss>old</rss>"), NOW)
    put(source_id, Haul("ok", body=b"<rss>new</rss>"), NOW + H)
    put(source_id, Haul("same", body=b"<rss>new</rss>"), NOW + timedelta(days=20))
    assert [archive.body_of(row.id) for row in rows(RawBody)] == [b"<rss>old</rss>", b"<rss>new</rss>"]
    assert archive.purge(now=NOW + timedelta(days=30)) == 0
    assert archive.purge(now=NOW + timedelta(days=30, seconds=1)) == 1
    assert archive.purge(now=NOW + timedelta(days=50, seconds=1)) == 1
    assert len(rows(SourceCheck)) == 3
    assert archive.purge(now=NOW + timedelta(days=421)) == 5  # with the two windows in which nobody asked


def _feed(*entries: tuple[str, str]) -> bytes:
    items = "".join(f"<item><guid>{guid}</guid><title>{title}</title></item>" for guid, title in entries)
    return f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode()


def test_reading_again_adds_what_was_missed_and_never_turns_back_an_edit(desk: Flask) -> None:
    source_id = listen()
    for hours, body in ((0, _feed(("1", "停水"), ("2", "停电"))), (1, _feed(("1", "停水（已恢复）"), ("3", "修路")))):
        fetched = feed_client.Fetched(feed_client.FetchOutcome.OK, status=200, body=body)
        put(source_id, listening.haul_of(fetched, now=NOW), NOW + hours * H)
    again = listening.reparse(source_id, since=NOW, now=NOW + 2 * H)
    assert again == Counts(repeated=3)
    with transaction() as session:
        session.execute(update(Item).where(Item.title == "停电").values(identity="f" * 64))
    found = listening.reparse(source_id, since=NOW, now=NOW + 3 * H)
    assert found == Counts(new=1, repeated=2)
    titles = sorted(row.title for row in rows(Item))
    assert titles == sorted(["停水（已恢复）", "停电", "停电", "修路"])
    assert len(rows(ItemRevision)) == 1
    assert rows(RankPoint) == []
    assert [row.outcome for row in rows(SourceCheck)] == ["ok", "ok"] + ["reparsed"] * 4
    assert rows(Source)[0].last_ok_at == NOW + H


OPML = """<?xml version="1.0"?><opml version="2.0"><body><outline text="本地"><outline type="rss" text="县城论坛"
xmlUrl="https://forum.example/rss"/><outline text="晚报" xmlUrl="https://paper.example/rss"/></outline>
<outline text="晚报" xmlUrl="https://other.example/rss"/><outline text="x" xmlUrl="https://u:p@x.example/"/>
<outline text="y" xmlUrl="ftp://x.example/"/></body></opml>"""


def test_a_list_comes_in_once_and_goes_out_again(desk: Flask, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    path, out = tmp_path / "list.opml", tmp_path / "out.opml"
    path.write_text(OPML)
    run = desk.test_cli_runner().invoke
    first, second = run(args=["sources", "import", str(path), "--json"]), run(args=["sources", "import", str(path)])
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout == '{"added": 3, "known": 0, "refused": 2}\n'
    assert second.stdout.split() == ["added", "known", "refused", "0", "3", "2"]
    assert {(row.name, row.folder) for row in rows(Source)} == {
        ("县城论坛", "本地"), ("晚报", "本地"), ("晚报（2）", ""),
    }  # fmt: skip
    assert run(args=["sources", "export", str(out)]).exit_code == 0
    read = feed_client.read_opml(out.read_bytes())
    assert {(one.title, one.url, one.folder) for one in read.outlines} == {
        ("县城论坛", "https://forum.example/rss", "本地"), ("晚报", "https://paper.example/rss", "本地"),
        ("晚报（2）", "https://other.example/rss", ""),
    }  # fmt: skip
    path.write_text("<html>no list</html>")
    assert run(args=["sources", "import", str(path)]).exit_code == 1


def test_the_reparse_command_counts(desk: Flask) -> None:
    source_id = listen()
    put(source_id, Haul("ok", body=_feed(("1", "停水"))), clock.now())
    result = desk.test_cli_runner().invoke(args=["sources", "reparse", "--json"])
    assert result.stdout == (
        f'{{"source": {source_id}, "new": 1, "revised": 0, "repeated": 0, "broken": 0, "unmatched": 0}}\n'
    )
