"""Files people hand in: encodings, separators, workbooks, and what is made to break a reader."""

import io
import zipfile
from datetime import datetime

import pytest
from openpyxl import Workbook

from opinion_service.adapters import tables
from opinion_service.adapters.tables import reading

HEAD = "标题,内容,编号\n"


def workbook(*rows: tuple) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("gbk", "gb18030"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
    ],
)
def test_encodings_are_found_out(encoding: str, found: str) -> None:
    table = tables.read((HEAD + "路灯不亮,晚上看不清,7\n").encode(encoding), "csv")
    assert (table.problem, table.encoding, table.columns) == ("", found, ("标题", "内容", "编号"))
    assert table.rows == ((2, ("路灯不亮", "晚上看不清", "7")),)


def test_big5_is_read_when_named() -> None:
    body = "標題,內容\n路燈不亮,晚上看不清\n".encode("big5")
    assert tables.read(body, "csv", "big5").rows[0][1][0] == "路燈不亮"
    assert "编码" in tables.read(body, "csv", "latin-1").problem


@pytest.mark.parametrize("mark", [",", "\t", ";", "|", "，"])
def test_separators_are_found_out(mark: str) -> None:
    text = mark.join(("标题", "内容", "编号")) + "\n" + mark.join(("路灯", "看不清", "7")) + "\n"
    assert tables.read(text.encode(), "csv").rows == ((2, ("路灯", "看不清", "7")),)


@pytest.mark.parametrize(
    ("body", "rows", "broken", "problem"),
    [
        ("", 0, 0, "空"),
        ("\n\n", 0, 0, "空"),
        (HEAD, 0, 0, ""),
        (HEAD + "\n甲,乙,1\n\n丙,丁,2\n", 2, 0, ""),
        (HEAD + '"甲\n二行",乙,1\n', 1, 0, ""),
        (HEAD + '"甲"错,乙,1\n丙,丁,2\n', 1, 1, ""),
        (HEAD + '丙,丁,2\n"没有结束,乙,1\n丙,丁,2\n', 0, 0, "第 3 行的引号没有结束"),
        (HEAD + "甲,乙,1,多,余\n丙,丁,2,,\n", 1, 1, ""),
        (HEAD + "甲\n", 1, 0, ""),
        (HEAD + "甲" * (reading.LONGEST_CELL + 1) + ",乙,1\n", 0, 1, ""),
        (HEAD + "甲\0乙,丙,1\n", 1, 0, ""),
        (",".join("列" for _ in range(reading.MOST_COLUMNS + 1)) + "\n", 0, 0, "列"),
    ],
)
def test_what_a_csv_gives(body: str, rows: int, broken: int, problem: str) -> None:
    table = tables.read(body.encode(), "csv")
    assert (len(table.rows), len(table.broken)) == (rows, broken)
    assert problem in table.problem
    assert bool(table.problem) is bool(problem)


@pytest.mark.parametrize(
    ("line", "rows", "broken"),
    [
        ('{"title": "甲", "content": null}', 1, 0),
        ('{"title": {"深": [1]}}', 1, 0),
        ("[1]", 0, 1),
        ("{", 0, 1),
        ("[" * 100_000, 0, 1),
    ],
)
def test_what_json_lines_give(line: str, rows: int, broken: int) -> None:
    table = tables.read(line.encode(), "jsonl")
    assert (len(table.rows), len(table.broken), table.problem) == (rows, broken, "")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_too_many_rows_are_refused_as_a_whole(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 3)
    line, head = ("甲,乙,1\n", HEAD) if kind == "csv" else ('{"title": "甲"}\n', "")
    assert len(reading.read((head + line * 3).encode(), kind, most=3).rows) == 3
    assert "超过" in reading.read((head + line * 4).encode(), kind, most=3).problem
    assert len(reading.read((head + line * 4).encode(), kind, most=2).rows) == 2


def test_a_workbook_is_text() -> None:
    at = datetime(2026, 3, 1, 8, 30)  # noqa: DTZ001 - spreadsheets know no zones
    body = workbook(("标题", "编号", "时间"), ("路灯不亮", 430902.0, at), ("=1+1", "'=2", None))
    assert tables.read(body, "xlsx").rows[0] == (2, ("路灯不亮", "430902", "2026-03-01 08:30:00"))
    # A formula nobody ever calculated has no value; it is never calculated here.
    assert tables.read(body, "xlsx").rows[1] == (3, ("", "'=2"))


def merged(*areas: str) -> bytes:
    """Return a workbook with a title over its table, and cells merged as offices merge them."""
    book = Workbook()
    rows = [("2026年3月热线工单", None, None), ("制表：热线科",), (), ("区域", "标题", "编号"), ("赫山区", "路灯不亮", 1), (None, "井盖缺失", 2),
            (None, None, None), ("南县", "校车超员", 3)]  # fmt: skip
    for row in rows:
        book.active.append(row)
    for area in areas:
        book.active.merge_cells(area)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_title_over_the_table_is_no_heading_and_merged_cells_count_for_every_row() -> None:
    table = tables.read_killable(merged("A1:C1", "A5:A7"), "xlsx")
    assert table.columns == ("区域", "标题", "编号")
    assert table.rows == (
        (5, ("赫山区", "路灯不亮", "1")), (6, ("赫山区", "井盖缺失", "2")), (8, ("南县", "校车超员", "3")),
    )  # fmt: skip
    assert tables.read(merged("A1:C1"), "xlsx").rows[1] == (6, ("", "井盖缺失", "2"))


@pytest.mark.parametrize(
    ("body", "columns", "numbers"),
    [
        ("热线工单\n标题,编号\n路灯,1\n", ("标题", "编号"), [3]),
        ("热线工单,,\n\n标题,编号,\n路灯,1,\n", ("标题", "编号", ""), [4]),
        ("\n\n标题,编号\n路灯,1\n", ("标题", "编号"), [4]),
        ("说法\n路灯不亮\n标题\n", ("说法",), [2, 3]),
        ("说法,甲\n标题,编号\n", ("说法", "甲"), [2]),
        ("标题\n内容\n", ("标题",), [2]),
    ],
)
def test_the_heading_and_the_numbers_of_the_rows(body: str, columns: tuple[str, ...], numbers: list[int]) -> None:
    table = tables.read(body.encode(), "csv")
    assert (table.columns, [number for number, _ in table.rows]) == (columns, numbers)


def bomb(size: int, name: str = "xl/worksheets/sheet1.xml") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, b"0" * size)
    return out.getvalue()


LAUGHS = "<!DOCTYPE x [" + '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
) + "]>"  # fmt: skip


def laughing() -> bytes:
    """Return a workbook whose sheet is nine levels of entities."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(("标题",), ("甲",)))) as given, zipfile.ZipFile(out, "w") as packed:
        for part in given.infolist():
            text = given.read(part).decode()
            if part.filename.endswith("sheet1.xml"):
                text = LAUGHS + text.replace("<t>", "<t>&j;")
            packed.writestr(part.filename, text)
    return out.getvalue()


@pytest.mark.parametrize(
    "body", [b"", b"PK", b"no workbook", bomb(160_000_000), bomb(2_000_000), bomb(10, "a.txt"), laughing()],
    ids=["empty", "cut", "text", "huge", "ratio", "zip", "entities"],
)  # fmt: skip
def test_a_bad_workbook_is_told(body: bytes) -> None:
    table = tables.read_killable(body, "xlsx", timeout_s=20)
    assert table.problem
    assert table.rows == ()


def test_another_process_gives_the_same() -> None:
    body = (HEAD + '路灯,"看不\n清",7\n"甲"错,乙,1\n').encode("gbk")
    assert tables.read_killable(body, "csv") == tables.read(body, "csv")


@pytest.mark.parametrize(
    ("cell", "safe"),
    [("=1+1", "'=1+1"), ("+86", "'+86"), ("-1", "'-1"), ("@x", "'@x"), ("\t=1", "'\t=1"), ("a=1", "a=1"), ("", "")],
)
def test_cells_for_a_spreadsheet_run_nothing(cell: str, safe: str) -> None:
    assert tables.spreadsheet_safe(cell) == safe


@pytest.mark.parametrize(
    ("name", "kind"), [("a.CSV", "csv"), ("a.b.xlsx", "xlsx"), ("a.jsonl", "jsonl"), ("a.xls", ""), ("a", "")]
)
def test_kinds(name: str, kind: str) -> None:
    assert tables.kind_of(name) == kind
