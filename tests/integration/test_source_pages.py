"""The pages of the sources: the broken first, paged by key, edited with a preview, and never a secret shown."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from opinion_service import clock
from opinion_service.adapters.hour_grid import GridRow, cell_state, hour_grid
from opinion_service.domain.listening.hearing import OUTCOME_LABELS, SourceState
from opinion_service.domain.people import SYSTEM
from opinion_service.models import BlindWindow, Source, SourceCheck, db
from opinion_service.queries.listening import hearing
from opinion_service.queries.listening.hearing import SourceFilter
from opinion_service.services.listening import ingest
from opinion_service.services.listening.ingest import Haul, Incoming, NewSource
from opinion_service.services.transaction import transaction
from opinion_service.web.listening.source_forms import marked
from tests.feed_server import feed_server
from tests.integration.test_statements import counted
from tests.story import NOW, PASSWORD

H = timedelta(hours=1)
M = timedelta(minutes=1)


@pytest.fixture
def desk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    app.config["WTF_CSRF_ENABLED"] = False
    app.config["DESK"] = replace(app.config["DESK"], private_feed_hosts=frozenset({"127.0.0.1"}))
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return app


def signed_in(app: Flask, login: str = "admin") -> FlaskClient:
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302
    return client


def add(name: str, **state: object) -> int:
    """Add a source and bring it into a state by hand."""
    new = NewSource(name, f"https://{name}.example/", kind=str(state.pop("kind", "feed")))
    source_id = ingest.add_source(new, actor=SYSTEM, now=NOW)
    with transaction() as session:
        values = {"next_check_at": NOW + M, **state}
        session.execute(update(Source).where(Source.id == source_id).values(**values))
    return source_id


STATES = {
    "import": {"kind": "import"},
    "ok": {"last_ok_at": NOW},
    "paused": {"is_active": False, "failures": 9},
    "asleep": {"paused_until": NOW + H, "next_check_at": NOW - 9 * H},
    "quiet": {"quiet_from": NOW - M},
    "troubled": {"failures": 2},
    "empty": {"empties": 3, "last_new_at": NOW - H},
    "never-spoke": {"empties": 3},
    "unchecked": {"next_check_at": NOW - H},
    "failing": {"failures": 3},
}


def test_the_broken_come_first(desk: Flask) -> None:
    with desk.app_context():
        for name, state in STATES.items():
            add(name, **state)
        page = hearing.list_sources(db.session(), SourceFilter(), now=NOW)
        found = [(row.name, row.state) for row in page.rows]
    assert found == [
        ("failing", "failing"), ("unchecked", "unchecked"), ("empty", "empty"), ("troubled", "troubled"),
        ("quiet", "quiet"), ("ok", "ok"), ("never-spoke", "ok"), ("paused", "paused"), ("asleep", "paused"),
        ("import", "import"),
    ]  # fmt: skip
    assert page.counts == {
        "failing": 1, "unchecked": 1, "empty": 1, "troubled": 1, "quiet": 1, "ok": 2, "paused": 2, "import": 1,
    }  # fmt: skip
    assert set(page.counts) == {state.value for state in SourceState}


@pytest.mark.parametrize("sort", ["state", "name", "heard", "new", "next", "usual"])
@pytest.mark.parametrize("is_descending", [False, True])
def test_every_order_pages_through_all_sources_once(desk: Flask, sort: str, is_descending: bool, monkeypatch) -> None:
    monkeypatch.setattr(hearing, "PAGE", 4)
    with desk.app_context():
        for number in range(10):
            heard = NOW - (number // 3) * H if number % 4 else None
            add(f"信源{number:02}", failures=number % 3, last_ok_at=heard, items_per_week=float(number // 2))
        seen, after, pages = [], "", 0
        while pages < 9:
            wanted = SourceFilter(sort=sort, is_descending=is_descending, after=after)
            page = hearing.list_sources(db.session(), wanted, now=NOW)
            seen += [row.name for row in page.rows]
            after, pages = page.after, pages + 1
            if not after:
                break
    assert (sorted(seen), pages) == ([f"信源{number:02}" for number in range(10)], 3)
    if sort == "name":
        assert seen == sorted(seen, reverse=is_descending)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=信源1", {"信源1"}), ("q=%25", set()), ("state=failing", {"信源0"}), ("state=nonsense", {"信源0", "信源1"}),
        ("kind=hotlist", {"信源1"}), ("folder=没有", set()), ("sort=nonsense&after=x|y", {"信源0", "信源1"}),
        ("sort=heard&after=nonsense|1", {"信源0", "信源1"}),
    ],
)  # fmt: skip
def test_the_list_filters_by_its_address(desk: Flask, query: str, names: set[str]) -> None:
    with desk.app_context():
        add("信源0", failures=3, last_error="超时")
        add("信源1", kind="hotlist")
    html = signed_in(desk, "auditor").get(f"/sources?{query}").text
    assert {name for name in ("信源0", "信源1") if f">{name}</a>" in html} == names


def test_blind_hours_count_the_last_seven_days_once(desk: Flask) -> None:
    day = timedelta(days=1)
    with desk.app_context():
        source_id = add("论坛")
        spans = ((-9 * day, -8 * day), (-8 * day, -6 * day), (-5 * day, -4 * day), (-4.5 * day, -3 * day), (-H, None))
        with transaction() as session:
            for began, ended in spans:
                end = None if ended is None else NOW + ended
                session.add(
                    BlindWindow(source_id=source_id, began_at=NOW + began, ended_at=end, cause="timeout", detail="")
                )
        found = hearing.blind_hours(db.session(), [source_id], now=NOW)
    assert found == {source_id: day + 2 * day + H}


def _busy(source_id: int, count: int) -> None:
    for number in range(count):
        at = NOW - 20 * H + number * 10 * M
        entry = Incoming(f"{number}", f"消息 {number}", published_at=at - 7 * M)
        haul = Haul("ok", (entry,), (("坏", f"<{number}>"),), body=f"<rss>{number} 13912345678</rss>".encode())
        down = Haul("timeout", detail="20 秒内未能取完。")
        ingest.store(source_id, down if number % 5 == 4 else haul, token=None, now=at)


def test_a_page_of_a_source_costs_the_same_however_long_its_ledger(desk: Flask) -> None:
    with desk.app_context():
        short, long = add("短"), add("长")
        _busy(short, 6)
        _busy(long, 60)
    client = signed_in(desk)
    costs = []
    for source_id in (short, long):
        client.get(f"/sources/{source_id}")
        with counted(desk) as statements:
            assert client.get(f"/sources/{source_id}").status_code == 200
        costs.append(len(statements))
    assert costs[1] <= costs[0] + 1
    assert costs[1] <= 30


def test_the_page_tells_the_story_and_the_ledger_pages(desk: Flask) -> None:
    with desk.app_context():
        source_id = add("论坛")
        _busy(source_id, 45)
    client = signed_in(desk, "supervisor")
    html = client.get(f"/sources/{source_id}").text
    for text in ("开始采集", "漏采时段 10 分", "晚 7 分", "20 秒内未能取完。", "7 分 内", "无法解析的条目"):
        assert text in html, text
    pages, seen = 1, html.count("失败后退避")
    while (link := re.search(r'rel="next" href="([^"]+)"', html)) is not None:
        html = client.get(link[1].replace("&amp;", "&")).text
        pages, seen = pages + 1, seen + html.count("失败后退避")
    assert (pages, seen) == (3, 9)
    assert client.get("/sources/999999").status_code == 404


FORM = {
    "name": "县城论坛", "kind": "feed", "scope": "all", "any_terms": "", "folder": "本地", "interval_minutes": "30",
    "floor_minutes": "5", "ceiling_minutes": "120", "weight": "1", "zone": "Asia/Shanghai", "credential_kind": "keep",
}  # fmt: skip


def test_a_preview_shows_what_matches_and_keeps_nothing(desk: Flask) -> None:
    client = signed_in(desk)
    with feed_server() as server:
        form = FORM | {"url": server.url("one_broken"), "scope": "match", "any_terms": "第1条", "action": "preview"}
        html = client.post("/sources", data=form).text
        assert "<mark>第1条</mark>消息" in html
        assert "可采集：2 条，其中 1 条会被接收。" in html
        assert "不匹配，不接收" in html
        refused = client.post("/sources", data=form | {"url": server.url("web_page")}).text
        assert "返回的是网页，不是信息源。" in refused
        assert server.visits == ["robots.txt", "one_broken", "robots.txt", "web_page"]
    with desk.app_context():
        assert db.session.scalars(select(Source)).all() == []
        assert db.session.scalars(select(SourceCheck)).all() == []


def test_a_secret_is_kept_sent_and_never_shown(desk: Flask) -> None:
    client = signed_in(desk)
    with feed_server() as server:
        form = FORM | {"url": server.url("locked"), "credential_kind": "bearer", "secret": "canary-7f3a"}
        shown = client.post("/sources", data=form | {"action": "preview"}).text
        assert "可采集：1 条" in shown
        answer = client.post("/sources", data=form | {"action": "save"})
        assert answer.status_code == 302
        where = answer.location
        pages = [shown, client.get(where).text, client.get(f"{where}/edit").text, client.get("/sources.opml").text]
        again = client.post(f"{where}/edit", data=FORM | {"url": server.url("locked"), "action": "preview"})
        assert "可采集：1 条" in again.text
        pages += [again.text, client.get(f"/sources/new?copy={where.rsplit('/')[-1]}").text]
    assert [page for page in pages if "canary-7f3a" in page] == []
    assert "已加密保存，只发往 http://127.0.0.1" in pages[1]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"), ({"url": "ftp://x.example/"}, "url"), ({"url": "https://u:p@x.example/"}, "url"),
        ({"interval_minutes": "0"}, "interval_minutes"), ({"interval_minutes": "10081"}, "interval_minutes"),
        ({"interval_minutes": "-5"}, "interval_minutes"), ({"floor_minutes": "31"}, "floor_minutes"),
        ({"ceiling_minutes": "29"}, "ceiling_minutes"), ({"weight": "nan"}, "weight"), ({"weight": "11"}, "weight"),
        ({"zone": "Mars/Base"}, "zone"), ({"zone": "../../etc/passwd"}, "zone"), ({"name": "旧"}, "name"),
        ({"url": "http://x.example/", "credential_kind": "basic", "secret": "s"}, "secret"),
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_saved_comes_back_as_typed(desk: Flask, change: dict[str, str], field: str) -> None:
    with desk.app_context():
        add("旧")
    form = FORM | {"url": "https://forum.example/", "folder": "独特的分组", "action": "save"} | change
    answer = signed_in(desk).post("/sources", data=form)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert "独特的分组" in answer.text
    with desk.app_context():
        assert len(db.session.scalars(select(Source)).all()) == 1


def test_what_an_administrator_does_is_seen_on_the_page(desk: Flask) -> None:
    with desk.app_context():
        source_id = add("论坛", last_ok_at=NOW)
    client, where = signed_in(desk), f"/sources/{source_id}"
    form = FORM | {"name": "县城论坛", "url": "https://other.example/rss", "action": "save"}
    assert client.post(f"{where}/edit", data=form).status_code == 302
    assert "修改了：名称、地址、分组" in client.get(where).text
    assert client.post(f"{where}/switch", data={"until": "2026-03-04T09:00", "on": "0"}).status_code == 302
    assert "暂停至 2026-03-04 09:00" in client.get(where).text
    assert client.post(f"{where}/switch", data={"until": "tomorrow"}).status_code == 422
    assert client.post(f"{where}/switch", data={"on": "1"}).status_code == 302
    assert client.post(f"{where}/check").status_code == 302
    with desk.app_context():
        assert db.session.get(Source, source_id).next_check_at == NOW


def test_the_last_response_is_shown_without_personal_data(desk: Flask) -> None:
    with desk.app_context():
        source_id, silent = add("论坛"), add("新")
        _busy(source_id, 3)
    client = signed_in(desk)
    html = client.get(f"/sources/{source_id}/response").text
    assert "&lt;rss&gt;2" in html
    assert "13912345678" not in html
    assert "没有保存的原始内容" in client.get(f"/sources/{silent}/response").text


def test_a_list_comes_in_and_goes_out_by_page(desk: Flask) -> None:
    opml = b'<opml version="2.0"><body><outline text="&lt;b&gt;" xmlUrl="https://a.example/"/><outline text="x" xmlUrl="ftp://x/"/></body></opml>'
    client = signed_in(desk)
    for words in ("新增 1 个，已有 0 个，未能新增 1 个。", "新增 0 个，已有 1 个，未能新增 1 个。"):
        answer = client.post("/sources/import", data={"file": (io.BytesIO(opml), "list.opml")})
        assert words in answer.text
    assert client.post("/sources/import", data={"file": (io.BytesIO(b"no"), "x.opml")}).status_code == 422
    assert client.post("/sources/import").status_code == 422
    out = client.get("/sources.opml")
    assert out.headers["Content-Disposition"].startswith("attachment")
    assert "https://a.example/" in out.text


def test_the_home_page_says_who_is_not_heard(desk: Flask) -> None:
    with desk.app_context():
        for name in ("failing", "quiet", "ok", "unchecked"):
            add(name, **STATES[name])
    for login in ("admin", "liaison"):
        html = signed_in(desk, login).get("/").text
        assert re.search(r'todo-n">2</span><span class="todo-text">个信源采集异常', html), login
        assert re.search(r'todo-n">1</span><span class="todo-text">个信源异常安静', html), login


@pytest.mark.parametrize(
    ("checks", "heard", "state"), [(0, 0, "none"), (1, 1, "heard"), (2, 2, "heard"), (2, 1, "part"), (2, 0, "deaf")]
)
def test_a_cell_tells_heard_from_deaf(checks: int, heard: int, state: str) -> None:
    assert cell_state(checks, heard) == state


def test_the_chart_of_hours_escapes_names_and_differs_by_height() -> None:
    svg = str(hour_grid([GridRow("<script>" + "长" * 40, [(1, 1), (2, 1), (1, 0), (0, 0)])], "收听"))
    assert "<script>" not in svg
    assert "style=" not in svg
    assert re.findall(r'class="bar-fill[^/]+height="([\d.]+)"', svg) == ["14.0", "8.4", "4.2"]


@pytest.mark.parametrize(
    ("text", "words", "parts"),
    [
        ("路灯不亮", (), (("路灯不亮", False),)),
        ("路灯不亮", ("路灯",), (("路灯", True), ("不亮", False))),
        ("修路灯路灯", ("路", "路灯"), (("修", False), ("路灯", True), ("路灯", True))),
        ("", ("路",), ()),
    ],
)
def test_words_are_marked(text: str, words: tuple[str, ...], parts: tuple[tuple[str, bool], ...]) -> None:
    assert marked(text, words) == parts


def test_every_outcome_of_a_check_has_a_word() -> None:
    from opinion_service.adapters.feed_client import FetchOutcome

    assert {outcome.value for outcome in FetchOutcome} <= set(OUTCOME_LABELS)
