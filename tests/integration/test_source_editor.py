"""The editor of a source: its effect as it is typed, the list of places, and two people at once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from opinion_service import clock, intake
from opinion_service.domain.listening.watch import Watch
from opinion_service.domain.people import SYSTEM
from opinion_service.models import Item, Source, SourceCheck, SourceWatch, db
from opinion_service.services.listening import imports, ingest, source_book
from opinion_service.services.listening.ingest import Haul, Incoming, NewSource
from opinion_service.services.listening.source_book import SourceChanged
from tests.integration.test_scope import FORM, signed_in
from tests.story import NOW, person

URL = "https://forum.example/rss"
DAY = timedelta(days=1)


@pytest.fixture
def desk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    app.config["WTF_CSRF_ENABLED"] = False
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with app.app_context():
        yield app


@pytest.fixture
def source_id(desk: Flask) -> int:
    new = NewSource("论坛", URL, scope="match", watch=Watch(("校车",)))
    one = ingest.add_source(new, actor=SYSTEM, now=NOW)
    entries = (Incoming("bus", "校车超员"), Incoming("lamp", "路灯不亮"))
    ingest.store(one, Haul("ok", entries), token=None, now=NOW - DAY)
    return one


def test_the_effect_comes_while_it_is_typed_and_asks_and_keeps_nothing(desk: Flask, source_id: int) -> None:
    client = signed_in(desk)
    form = FORM | {"url": "https://nowhere.invalid/", "any_terms": "路灯"}
    html = client.post(f"/sources/{source_id}/effect", data=form).text
    assert "近 7 天共 2 条：目前收了 1 条，改后会收 1 条。" in html
    assert "<mark>路灯</mark>不亮" in html
    assert "<html" not in html
    wrong = client.post(f"/sources/{source_id}/effect", data=form | {"any_terms": "/(/"})
    assert (wrong.status_code, "无法使用" in wrong.text) == (200, True)
    assert client.post("/sources/999/effect", data=form).status_code == 404
    assert signed_in(desk, "liaison").post(f"/sources/{source_id}/effect", data=form).status_code == 403
    assert f'data-effect="/sources/{source_id}/effect"' in client.get(f"/sources/{source_id}/edit").text
    db.session.rollback()
    assert len(db.session.scalars(select(SourceCheck)).all()) == 1
    assert db.session.get_one(SourceWatch, source_id).any_terms == ["校车"]


def test_a_title_is_text_wherever_the_editor_shows_it(desk: Flask, source_id: int) -> None:
    evil = Incoming("x", "路灯&lt;img src=x onerror=alert(1)&gt;坏了")
    ingest.store(source_id, Haul("ok", (evil,)), token=None, now=NOW)
    name = "<script>alert(1)</script>"
    source_book.edit_source(source_id, NewSource(name, URL), actor=person("admin"), now=NOW)
    client = signed_in(desk)
    pages = [
        client.post(f"/sources/{source_id}/effect", data=FORM | {"url": URL, "any_terms": "路灯"}).text,
        client.get(f"/sources/{source_id}/edit").text, client.get(f"/sources/{source_id}").text,
        client.get("/sources").text, client.get(f"/sources/{source_id}/passed-over").text,
        client.get("/sources.opml").text,
    ]  # fmt: skip
    assert [page for page in pages if "<script>alert" in page or "<img src=x" in page] == []


def test_places_are_chosen_from_the_list_in_force_with_or_without_a_script(desk: Flask, source_id: int) -> None:
    client = signed_in(desk)
    html = client.get(f"/sources/{source_id}/edit").text
    assert '<optgroup label="赫山区"><option value="赫山区">' in html
    form = FORM | {"url": URL, "any_terms": "校车", "scope": "all", "action": "place", "place": "赫山区"}
    for where in (f"/sources/{source_id}/edit", "/sources"):
        added = client.post(where, data=form).text
        assert "校车\n@赫山区</textarea>" in added
        assert client.post(where, data=form | {"place": ""}).text.count("校车</textarea>") == 1
    db.session.rollback()
    assert db.session.get_one(SourceWatch, source_id).any_terms == ["校车"]
    assert len(db.session.scalars(select(Source)).all()) == 1


def test_who_saves_second_sees_both_and_overwrites_only_knowingly(desk: Flask, source_id: int) -> None:
    client, where = signed_in(desk), f"/sources/{source_id}/edit"
    seen = client.get(where).text.partition('name="seen" value="')[2].partition('"')[0]
    other = NewSource("论坛", URL, scope="match", watch=Watch(("井盖",)), folder="网民")
    source_book.edit_source(source_id, other, actor=person("admin"), now=NOW)
    mine = FORM | {"url": URL, "any_terms": "路灯", "seen": seen, "action": "save"}
    preview = client.post(where, data=mine | {"action": "place", "place": ""}).text
    assert f'name="seen" value="{seen}"' in preview
    answer = client.post(where, data=mine)
    assert answer.status_code == 409
    assert "已被他人修改" in answer.text
    assert "<dd>井盖</dd>" in answer.text
    assert "<dd>网民</dd>" in answer.text
    assert "路灯</textarea>" in answer.text
    db.session.rollback()
    assert db.session.get_one(SourceWatch, source_id).any_terms == ["井盖"]
    again = answer.text.partition('name="seen" value="')[2].partition('"')[0]
    assert client.post(where, data=mine | {"seen": again}).status_code == 302
    db.session.rollback()
    assert db.session.get_one(SourceWatch, source_id).any_terms == ["路灯"]


@pytest.mark.parametrize(
    "change",
    [{"name": "县论坛"}, {"weight": 2.0}, {"zone": "Asia/Tokyo"}, {"folder": "网民"}, {"watch": Watch(("井盖",))}],
    ids=str,
)
def test_any_setting_makes_another_stamp(desk: Flask, source_id: int, change: dict[str, object]) -> None:
    stamp = source_book.stamp_of(db.session(), db.session.get_one(Source, source_id))
    settings = {"name": "论坛", "url": URL, "scope": "match", "watch": Watch(("校车",))}
    source_book.edit_source(source_id, NewSource(**settings, seen=stamp), actor=person("admin"), now=NOW)
    source_book.edit_source(source_id, NewSource(**settings | change), actor=person("admin"), now=NOW)
    with pytest.raises(SourceChanged):
        source_book.edit_source(source_id, NewSource(**settings, seen=stamp), actor=person("admin"), now=NOW)


def test_a_file_for_a_source_that_is_asked_does_not_make_it_heard(desk: Flask) -> None:
    listened = ingest.add_source(NewSource("热搜", URL, "hotlist"), actor=SYSTEM, now=NOW)
    run_id = imports.receive(intake.look_at("热搜", "a.csv", "标题\n甲事\n".encode()), actor=SYSTEM, now=NOW)
    imports.start(run_id, is_rehearsal=False, actor=SYSTEM, now=NOW)
    intake.import_file(run_id, now=lambda: NOW)
    db.session.rollback()
    assert db.session.get_one(Source, listened).last_ok_at is None
    assert len(db.session.scalars(select(Item)).all()) == 1


def test_sources_of_one_name_come_in_under_numbers(desk: Flask) -> None:
    listed = [NewSource("论坛", f"https://a.example/{number}") for number in range(300)]
    counts = source_book.add_listed(listed, actor=SYSTEM, now=NOW)
    assert counts.added == 300
    names = set(db.session.scalars(select(Source.name)))
    assert {"论坛", "论坛（2）", "论坛（300）"} <= names
    assert source_book.add_listed(listed, actor=SYSTEM, now=NOW).known == 300
