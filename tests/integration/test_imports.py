"""Files handed in: received, rehearsed, taken in once, continued after a death, forgotten; and the pages for it."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from opinion_service import intake, pipeline
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.listening.import_rows import ImportField
from opinion_service.domain.people import SYSTEM
from opinion_service.models import ImportProblem, ImportRun, Item, RankPoint, SourceCheck
from opinion_service.services.listening import import_work, imports, ingest
from opinion_service.services.listening.item_store import Incoming
from opinion_service.services.transaction import transaction
from tests.integration.test_access import client_of
from tests.integration.test_statements import counted
from tests.story import NOW, person

CSV = "编号,标题,内容,时间\n1,路灯不亮,电话13912345678,2026-03-01 08:00\n2,,,\n3,井盖缺失,看不清,不详\n1,路灯不亮,电话13912345678,\n"
Clock = Callable[[], object]


@pytest.fixture
def desk(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        yield app


def hand_in(text: str = CSV, name: str = "工单.csv", encoding: str = "gbk", **start: bool) -> int:
    new = intake.look_at("12345 热线", name, text.encode(encoding))
    run_id = imports.receive(new, actor=person("liaison"), now=NOW)
    if start:
        imports.start(run_id, is_rehearsal=start["rehearse"], actor=person("liaison"), now=NOW)
    return run_id


def go_on(run_id: int, minutes: int = 0) -> bool:
    return intake.import_file(run_id, now=lambda: NOW + timedelta(minutes=minutes))


def run_of(run_id: int) -> ImportRun:
    with transaction() as session:
        return session.get_one(ImportRun, run_id)


def counts(run: ImportRun) -> tuple[int, ...]:
    return (run.new_count, run.revised_count, run.repeated_count, run.broken_count, run.done_count, run.row_count)


def number_of(model: type) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_file_is_taken_in_once(desk: Flask) -> None:
    run_id = hand_in(rehearse=False)
    assert (go_on(run_id), go_on(run_id)) == (True, False)
    run = run_of(run_id)
    assert (run.state, counts(run), run.body, run.sample) == ("done", (2, 0, 1, 1, 4, 4), None, [])
    with transaction() as session:
        items = list(session.scalars(select(Item).order_by(Item.id)))
        wrong = [(row.row_number, row.is_kept) for row in session.scalars(select(ImportProblem).order_by("row_number"))]
        check = session.scalars(select(SourceCheck)).one()
    assert [item.external_id for item in items] == ["1", "3"]
    assert items[0].published_at == NOW - timedelta(hours=26)
    assert "13912345678" not in items[0].body
    assert wrong == [(3, False), (4, True)]
    assert (check.new_count, check.repeated_count, check.broken_count) == (2, 1, 1)


def test_the_same_file_again_changes_nothing(desk: Flask) -> None:
    go_on(hand_in(rehearse=False))
    again = hand_in(rehearse=False)
    go_on(again)
    assert counts(run_of(again)) == (0, 0, 3, 1, 4, 4)
    assert number_of(Item) == 2


def test_a_rehearsal_counts_the_same_and_stores_nothing(desk: Flask) -> None:
    run_id = hand_in(rehearse=True)
    go_on(run_id)
    run = run_of(run_id)
    assert (run.state, counts(run), number_of(Item), number_of(SourceCheck)) == ("draft", (2, 0, 1, 1, 4, 4), 0, 0)
    assert run.rehearsed_at is not None
    imports.start(run_id, is_rehearsal=False, actor=person("liaison"), now=NOW)
    assert number_of(ImportProblem) == 0
    go_on(run_id)
    assert counts(run_of(run_id)) == (2, 0, 1, 1, 4, 4)
    assert number_of(ImportProblem) == 2


def test_a_run_goes_on_where_its_worker_died(desk: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "title\n" + "".join(f"第{n}盏路灯不亮\n" for n in range(1200))
    run_id = hand_in(text, rehearse=False)
    real, calls = import_work.keep_batch, []

    def die_at_the_second(work, batch, seen, *, now):
        calls.append(batch.row_count)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(work, batch, seen, now=now)

    monkeypatch.setattr(import_work, "keep_batch", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        go_on(run_id)
    monkeypatch.setattr(import_work, "keep_batch", real)
    assert (run_of(run_id).done_count, go_on(run_id), import_work.waiting(now=NOW)) == (500, False, [])
    later = 6
    assert import_work.waiting(now=NOW + timedelta(minutes=later)) == [run_id]
    assert go_on(run_id, later)
    assert counts(run_of(run_id)) == (1200, 0, 0, 0, 1200, 1200)
    assert number_of(Item) == 1200


def test_a_lost_or_cancelled_run_keeps_nothing_more(desk: Flask) -> None:
    run_id = hand_in(rehearse=False)
    work = import_work.claim(run_id, now=NOW)
    assert work is not None
    imports.cancel(run_id, actor=person("liaison"), now=NOW)
    batch = import_work.Batch(1, (Incoming("x", "路灯"),))
    assert not import_work.keep_batch(work, batch, {}, now=NOW)
    import_work.finish(work, now=NOW)
    assert (run_of(run_id).state, number_of(Item)) == ("cancelled", 0)
    with pytest.raises(NotFound):
        imports.cancel(run_id, actor=person("liaison"), now=NOW)


def test_drafts_nobody_came_back_to_are_forgotten(desk: Flask) -> None:
    run_id = hand_in()
    import_work.waiting(now=NOW + import_work.KEPT_FOR)
    assert run_of(run_id).state == "draft"
    import_work.waiting(now=NOW + import_work.KEPT_FOR + timedelta(seconds=1))
    assert (run_of(run_id).state, run_of(run_id).body) == ("cancelled", None)


def test_the_sweeper_takes_files_in_without_a_queue(desk: Flask) -> None:
    run_id = hand_in(rehearse=False)
    assert pipeline.drain(lambda: NOW)["imported"] == 1
    assert run_of(run_id).state == "done"


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("a.xls", b"x", "file"),
        ("a.csv", b"", "file"),
        ("a.xlsx", b"PK", "file"),
        ("a.csv", b"\xff\xff\xff\xff", "file"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(desk: Flask, name: str, body: bytes, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        intake.look_at("x", name, body)
    assert refused.value.field == field
    with pytest.raises(InvalidInput):
        intake.look_at("x", "a.csv", b"title\n" + b"x" * 100, most_bytes=100)


def test_who_may_hand_in_and_what_must_be_mapped(desk: Flask) -> None:
    new = intake.look_at("x", "a.csv", "甲,乙\n1,2\n".encode())
    for login in ("handler", "supervisor", "auditor"):
        with pytest.raises(Forbidden):
            imports.receive(new, actor=person(login), now=NOW)
    run_id = imports.receive(new, actor=person("admin"), now=NOW)
    with pytest.raises(InvalidInput):
        imports.start(run_id, is_rehearsal=False, actor=person("admin"), now=NOW)
    for mapping in ({ImportField.URL: 0}, {ImportField.TITLE: 2}):
        with pytest.raises(InvalidInput):
            imports.map_columns(run_id, mapping, actor=person("admin"))
    imports.map_columns(run_id, {ImportField.TITLE: 1}, actor=person("admin"))
    imports.start(run_id, is_rehearsal=False, actor=person("admin"), now=NOW)
    with pytest.raises(NotFound):
        imports.map_columns(run_id, {ImportField.TITLE: 0}, actor=person("admin"))


def test_the_past_of_a_hot_list_comes_in_with_its_timeline(desk: Flask) -> None:
    rows = [
        f"2026-03-01 0{hour}:00:00,{rank},校车超员,{hot}" for hour, rank, hot in ((7, 9, 5), (8, 1, 99), (9, 4, 50))
    ]
    go_on(hand_in("snapshot,rank,title,hot\n" + "\n".join(rows), rehearse=False))
    with transaction() as session:
        item = session.scalars(select(Item)).one()
        points = [(p.rank, p.heat_value) for p in session.scalars(select(RankPoint).order_by(RankPoint.at))]
    assert points == [(9, 5), (1, 99), (4, 50)]
    assert (item.rank, item.published_at) == (4, NOW - timedelta(hours=27))


def test_the_command_imports_the_fixed_columns(sqlite_app: Flask, tmp_path) -> None:
    path = tmp_path / "a.jsonl"
    line = '{"title": "路灯", "content": "不亮", "url": "https://a.example/1", "published_at": "2026-03-01T08:00:00+08:00", "external_id": "7", "territory": "赫山区"}\n'
    path.write_text(line + "{\n", encoding="utf-8")
    run = sqlite_app.test_cli_runner().invoke
    rehearsed = run(args=["items", "import", str(path), "--source", "热线", "--dry-run", "--json"])
    first = run(args=["items", "import", str(path), "--source", "热线", "--json"])
    again = run(args=["items", "import", str(path), "--source", "热线", "--json"])
    assert ['"new": 1' in answer.output for answer in (rehearsed, first, again)] == [True, True, False]
    assert ['"broken": 1' in answer.output for answer in (rehearsed, first, again)] == [True] * 3
    (tmp_path / "a.xls").write_bytes(b"x")
    assert run(args=["items", "import", str(tmp_path / "a.xls"), "--source", "热线"]).exit_code == 1
    with sqlite_app.app_context(), transaction() as session:
        item = session.scalars(select(Item)).one()
        assert (item.external_id, item.territory, item.url) == ("7", "赫山区", "https://a.example/1")


@pytest.fixture
def web(sqlite_app: Flask) -> Flask:
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    return sqlite_app


def test_upload_preview_rehearse_import_download(web: Flask) -> None:
    client = client_of(web, "liaison")
    formula = CSV + "9,,,\n".replace("9,,,", ",,,=HYPERLINK(1)")
    answer = client.post("/imports", data={"source": "热线", "file": (io.BytesIO(formula.encode("gbk")), "工单.csv")})
    page = client.get(answer.location).text
    assert "井盖缺失" in page
    assert "13912345678" not in page
    columns = {"column_external_id": "0", "column_title": "1", "column_content": "2", "column_published_at": "3"}
    client.post(f"{answer.location}/act", data={"action": "rehearse", **columns})
    assert 'http-equiv="refresh"' in client.get(answer.location).text
    with web.app_context():
        intake.import_waiting(now=lambda: NOW)
    assert "试运行结果" in client.get(answer.location).text
    client.post(f"{answer.location}/act", data={"action": "start", **columns})
    with web.app_context():
        intake.import_waiting(now=lambda: NOW)
        assert number_of(Item) == 2
    wrong = client.get(f"{answer.location}/problems.csv")
    assert wrong.text.startswith("\ufeff行号")
    assert ",'=HYPERLINK(1)" in wrong.text
    assert "已完成" in client.get("/imports?state=done").text
    assert client.post(f"{answer.location}/act", data={"action": "nonsense"}).status_code == 400


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"source": "热线"}, "请选择文件"),
        ({"source": "", "pasted": "标题\t内容\n甲\t乙"}, "请填写信源名称"),
        ({"source": "热线", "file": (b"PK", "a.xlsx")}, "不是可以读取的"),
    ],
)
def test_a_refused_upload_says_why_and_keeps_the_form(web: Flask, data: dict, said: str) -> None:
    sent = {
        name: (io.BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value for name, value in data.items()
    }
    answer = client_of(web, "liaison").post("/imports", data=sent)
    assert (answer.status_code, said in answer.text, data.get("pasted", "") in answer.text) == (422, True, True)


def test_an_entry_is_pasted_checked_and_kept(web: Flask) -> None:
    client = client_of(web, "liaison")
    pasted = "路灯不亮\n2026-03-01 08:00\n电话13912345678"
    page = client.post("/entries/new", data={"action": "read", "pasted": pasted, "source": "来电"}).text
    assert 'value="2026-03-01 08:00"' in page
    assert 'value="路灯不亮"' in page
    entry = {"action": "save", "title": "路灯不亮", "content": "电话13912345678", "source": "来电"}
    assert client.post("/entries/new", data=entry).status_code == 302
    assert "没有重复录入" in client.post("/entries/new", data=entry, follow_redirects=True).text
    wrong = client.post("/entries/new", data={**entry, "published_at": "不详"})
    assert (wrong.status_code, "无法识别" in wrong.text, "路灯不亮" in wrong.text) == (422, True, True)
    assert client.post("/entries/new", data={"action": "save", "source": "来电"}).status_code == 422
    with web.app_context(), transaction() as session:
        item = session.scalars(select(Item)).one()
        assert "13912345678" not in item.body


def test_the_pages_cost_the_same_for_more_runs(web: Flask) -> None:
    with web.app_context():
        go_on(hand_in(rehearse=False))
    client = client_of(web, "liaison")
    client.get("/imports")
    with counted(web) as few:
        client.get("/imports")
    with counted(web) as few_of_one:
        client.get("/imports/1")
    with web.app_context():
        for n in range(5):
            run_id = hand_in("标题,内容\n" + ",\n甲,\n" * 60 + f"乙{n},\n", rehearse=False)
            go_on(run_id)
        source = ingest.NewSource("别的", kind="import")
        ingest.add_source(source, actor=SYSTEM, now=NOW)
    with counted(web) as many:
        client.get("/imports")
    with counted(web) as many_of_one:
        client.get("/imports/6")
    assert len(many) <= len(few)
    assert len(many_of_one) <= len(few_of_one)
