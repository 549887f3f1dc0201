"""What a source's scope takes in, what it passes over, and what a change of it would do before it is saved."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from opinion_service import clock
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.listening.watch import Watch
from opinion_service.domain.people import SYSTEM
from opinion_service.models import AuditEvent, Item, PassedOver, SourceCheck, SourceStory, SourceWatch, db
from opinion_service.services.listening import archive, ingest, scope, source_book
from opinion_service.services.listening.ingest import Counts, Haul, Incoming, NewSource
from opinion_service.services.transaction import transaction
from tests.feed_server import feed_server
from tests.integration.test_statements import counted
from tests.story import NOW, PASSWORD, person

DAY = timedelta(days=1)
BUS, LAMP = Incoming("bus", "校车超员，家长要求说明"), Incoming("lamp", "路灯不亮", "请致电13912345678")
URL = "https://forum.example/feed"


@pytest.fixture
def desk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    app.config["WTF_CSRF_ENABLED"] = False
    app.config["DESK"] = replace(app.config["DESK"], private_feed_hosts=frozenset({"127.0.0.1"}))
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with app.app_context():
        yield app


def listen(*lines: str, **fields: object) -> int:
    new = NewSource("论坛", URL, scope="match", watch=Watch(tuple(lines)), **fields)
    return ingest.add_source(new, actor=SYSTEM, now=NOW - 10 * DAY)


def store(source_id: int, *entries: Incoming, at=NOW) -> Counts:
    return ingest.store(source_id, Haul("ok", entries), token=None, now=at)


def rows(model) -> list:
    db.session.rollback()
    return list(db.session.scalars(select(model).order_by(model.id)))


def test_what_does_not_match_is_counted_and_remembered_once(desk: Flask) -> None:
    source_id = listen("校车")
    assert store(source_id, BUS, LAMP) == Counts(new=1, unmatched=1)
    assert store(source_id, BUS, LAMP, at=NOW + DAY / 2) == Counts(repeated=1, unmatched=1)
    assert [(row.new_count, row.unmatched_count) for row in rows(SourceCheck)] == [(1, 1), (0, 1)]
    (passed,) = rows(PassedOver)
    assert (passed.title, passed.grounds, passed.first_seen_at) == ("路灯不亮", "none_of", NOW)
    assert "13912345678" not in passed.body
    assert [item.title for item in rows(Item)] == [BUS.title]


def test_an_item_taken_in_once_is_followed_whatever_the_scope_says_now(desk: Flask) -> None:
    source_id = listen("校车")
    store(source_id, BUS)
    source_book.edit_source(
        source_id, NewSource("论坛", URL, scope="match", watch=Watch(("路灯",))), actor=SYSTEM, now=NOW
    )
    assert store(source_id, replace(BUS, title="校车超员已处理")) == Counts(revised=1)


def test_an_entry_that_matches_after_its_edit_is_taken_in(desk: Flask) -> None:
    source_id = listen("校车")
    assert store(source_id, LAMP).unmatched == 1
    assert store(source_id, replace(LAMP, title="校车与路灯")).new == 1
    assert rows(PassedOver) == []


def test_what_is_remembered_is_bounded_and_forgotten(desk: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope, "MOST_REMEMBERED", 3)
    source_id = listen("校车")
    many = tuple(Incoming(f"n{n}", f"路灯{n}") for n in range(5))
    assert store(source_id, *many).unmatched == 5
    assert len(rows(PassedOver)) == 3
    # Seen again on the second day: kept until seven days after that.
    store(source_id, many[0], at=NOW + 2 * DAY)
    archive.purge(now=NOW + 7 * DAY)
    assert len(rows(PassedOver)) == 3
    archive.purge(now=NOW + 7 * DAY + timedelta(seconds=1))
    assert [row.identity for row in rows(PassedOver)] == ["n0"]
    archive.purge(now=NOW + 9 * DAY + timedelta(seconds=1))
    assert rows(PassedOver) == []


def test_the_statements_of_a_store_do_not_grow_with_what_is_passed_over(desk: Flask) -> None:
    source_id = listen("校车")
    costs = []
    for size in (10, 200):
        entries = [Incoming(f"{size}-{n}", f"路灯{n}") for n in range(size)]
        with counted(desk) as statements:
            store(source_id, *entries)
        costs.append(len(statements))
    assert costs[1] <= costs[0]


def test_saving_can_take_in_what_was_passed_over(desk: Flask) -> None:
    source_id = listen("校车")
    store(source_id, Incoming("old", "路灯坏了一年"), at=NOW - 8 * DAY)
    store(source_id, LAMP, Incoming("fog", "大雾预警"), at=NOW - DAY)
    new = NewSource("论坛", URL, scope="match", watch=Watch(("校车", "路灯")), takes_in=True)
    source_book.edit_source(source_id, new, actor=person("admin"), now=NOW)
    assert [(item.title, item.first_seen_at) for item in rows(Item)] == [("路灯不亮", NOW)]
    assert [row.identity for row in rows(PassedOver)] == ["old", "fog"]
    assert [row.summary for row in rows(SourceStory)][1:] == ["修改了：关注词", "补收近 7 天范围外的内容 1 条"]
    (watch,) = db.session.scalars(select(SourceWatch))
    assert (watch.version, watch.any_terms, watch.updated_by_id) == (2, ["校车", "路灯"], person("admin").user_id)
    # The same document again: nothing is new, nothing is an edit.
    assert store(source_id, LAMP) == Counts(repeated=1)


@pytest.mark.parametrize(
    ("watch", "said"),
    [
        (Watch(), "请填写关注词"), (Watch(("/(/",)), "无法使用：missing )"), (Watch(("/(?=x)/",)), "无法使用"),
        (Watch(("/a{9999}/",)), "无法使用"), (Watch(("@月球",)), "属地名单中没有“月球”"), (Watch(("|",)), "没有可以匹配的文字"),
    ],
)  # fmt: skip
def test_an_expression_that_cannot_work_is_refused(desk: Flask, watch: Watch, said: str) -> None:
    with pytest.raises(InvalidInput, match=said.replace("(", r"\(").replace(")", r"\)")):
        ingest.add_source(NewSource("x", URL, scope="match", watch=watch), actor=SYSTEM, now=NOW)


def test_places_come_from_the_list_in_force(desk: Flask) -> None:
    source_id = listen("@赫山区")
    assert store(source_id, Incoming("a", "赫山区一小区停水"), Incoming("b", "长沙一小区停水")) == Counts(
        new=1, unmatched=1
    )


def signed_in(app: Flask, login: str = "admin") -> FlaskClient:
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302
    return client


FORM = {
    "name": "论坛", "kind": "feed", "scope": "match", "any_terms": "路灯\n大雾", "interval_minutes": "30", "floor_minutes": "5",
    "ceiling_minutes": "120", "weight": "1", "zone": "Asia/Shanghai", "credential_kind": "keep", "action": "preview",
}  # fmt: skip


def test_the_editor_shows_what_a_change_would_do_and_saves_nothing(desk: Flask) -> None:
    source_id = listen("校车")
    store(source_id, BUS, LAMP, Incoming("fog", "大雾预警"), Incoming("x", "停水通知"), at=NOW - DAY)
    store(source_id, Incoming("old", "路灯旧闻"), at=NOW - 7 * DAY)
    client = signed_in(desk)
    with feed_server() as server:
        html = client.post(f"/sources/{source_id}/edit", data=FORM | {"url": server.url("plain")}).text
    assert "近 7 天共 4 条：目前收了 1 条，改后会收 2 条。" in html
    assert "<mark>路灯</mark>不亮" in html
    assert "<mark>大雾</mark>预警" in html
    assert "路灯旧闻" not in html
    assert html.count("没有任何关注词") == 1
    assert db.session.get_one(SourceWatch, source_id).any_terms == ["校车"]


def test_what_was_passed_over_is_listed_filtered_and_paged(desk: Flask) -> None:
    source_id = listen("校车")
    store(source_id, *(Incoming(f"n{n}", f"路灯{n:02}号<b>") for n in range(35)))
    client = signed_in(desk, "liaison")
    page = client.get(f"/sources/{source_id}").text
    assert "不符合关注词：35 条" in page
    first = client.get(f"/sources/{source_id}/passed-over").text
    assert first.count("没有任何关注词</td>") == 30
    after = first.split("after=")[1].split('"')[0].replace("&amp;", "&")
    assert client.get(f"/sources/{source_id}/passed-over?after={after}").text.count("没有任何关注词</td>") == 5
    assert client.get(f"/sources/{source_id}/passed-over?q=路灯07").text.count("没有任何关注词</td>") == 1
    assert "没有范围外的内容" in client.get(f"/sources/{source_id}/passed-over?grounds=excluded").text
    assert client.get(f"/sources/{source_id}/passed-over?after=nonsense&grounds=x&dir=asc").status_code == 200
    assert signed_in(desk, "handler").get(f"/sources/{source_id}/passed-over").status_code == 403


def test_the_journal_names_who_changed_the_words(desk: Flask) -> None:
    source_id = listen("校车")
    form = FORM | {"url": URL, "action": "save", "any_terms": "路灯"}
    assert signed_in(desk).post(f"/sources/{source_id}/edit", data=form).status_code == 302
    event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event.detail["watch"] == [["路灯"], [], []]


def test_words_of_earlier_versions_become_an_expression(empty_app: Flask) -> None:
    with empty_app.app_context():
        flask_migrate.upgrade(revision="0011_prove_the_ladder")
        values = "1, 'a', '', 'feed', 'match', '[\"校车\"]', 1, 'Asia/Shanghai', true, 30, 5, 120, '', '', '', 0, 0, '', '', '', '', :at, 0, '', :at"
        columns = (
            "id, name, url, kind, scope, match_words, weight, zone, is_active, interval_minutes, floor_minutes, ceiling_minutes, "
            "folder, host, body_sha256, empties, items_per_week, credential, credential_origin, etag, last_modified, "
            "next_check_at, failures, last_error, created_at"
        )
        with transaction() as session:
            session.execute(
                text(f"INSERT INTO source ({columns}) VALUES ({values})"), {"at": "2026-01-01 00:00:00+00:00"}
            )
        flask_migrate.upgrade()
        assert db.session.get_one(SourceWatch, 1).any_terms == ["校车"]
        db.session.rollback()
        flask_migrate.downgrade(revision="0011_prove_the_ladder")
        assert "校车" in str(
            db.session.scalar(text("SELECT match_words FROM source")).encode().decode("unicode_escape")
            if db.engine.dialect.name == "sqlite"
            else db.session.scalar(text("SELECT match_words FROM source"))
        )
        db.session.rollback()
        flask_migrate.upgrade()
        flask_migrate.check()
