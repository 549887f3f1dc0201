"""Rows of handed-in files: headings, what a row says, what tells rows apart; and pasted text."""

from datetime import UTC, datetime

import pytest

from opinion_service.domain.listening.import_rows import BadRow, ImportField, Row, guess, identities, read_row
from opinion_service.domain.listening.paste import read_paste

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
F = ImportField
FIXED = ("title", "content", "url", "published_at", "external_id", "territory")


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (FIXED, {F(name): place for place, name in enumerate(FIXED)}),
        (("工单编号", "*标题：", "诉求内容", "受理时间", "所属区域"),
         {F.EXTERNAL_ID: 0, F.TITLE: 1, F.CONTENT: 2, F.PUBLISHED_AT: 3, F.TERRITORY: 4}),
        (("snapshot", "rank", "title", "hot"), {F.SNAPSHOT: 0, F.RANK: 1, F.TITLE: 2, F.HEAT_VALUE: 3}),
        (("ＵＲＬ", "Title"), {F.URL: 0, F.TITLE: 1}),
        (("甲", "乙"), {}),
    ],
)  # fmt: skip
def test_headings_are_known(columns: tuple[str, ...], found: dict[ImportField, int]) -> None:
    assert guess(columns) == found


ALL = {field: place for place, field in enumerate(F)}


def said(**cells: str) -> Row | BadRow:
    return read_row(7, [cells.get(field.value, "") for field in F], ALL, now=NOW)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"title": " 路灯 "}, Row(7, "路灯")),
        ({"content": "看不清"}, Row(7, "", "看不清")),
        ({"title": "甲", "published_at": "2026年3月1日 08:00"}, Row(7, "甲", published_at=datetime(2026, 3, 1, tzinfo=UTC))),
        ({"title": "甲", "published_at": "昨天 08:00"}, Row(7, "甲", published_at=datetime(2026, 3, 1, tzinfo=UTC))),
        ({"title": "甲", "rank": "3", "heat_value": "1,234"}, Row(7, "甲", rank=3, heat_value=1234.0)),
        ({"title": "甲", "rank": "0"}, Row(7, "甲")),
        ({"title": "甲", "snapshot": "2026-03-01 08:00:00"}, Row(7, "甲", seen_at=datetime(2026, 3, 1, tzinfo=UTC))),
        ({"title": "=1+1"}, Row(7, "=1+1")),
    ],
)  # fmt: skip
def test_what_a_row_says(cells: dict[str, str], expected: Row) -> None:
    assert said(**cells) == expected


@pytest.mark.parametrize(
    ("cells", "remark"),
    [
        ({"title": "甲", "published_at": "不详"}, "发布时间“不详”无法识别"),
        ({"title": "甲", "url": "javascript:alert(1)"}, "链接不是"),
        ({"title": "甲", "rank": "第三"}, "不是数字"),
    ],
)
def test_a_row_is_not_lost_for_one_bad_cell(cells: dict[str, str], remark: str) -> None:
    row = said(**cells)
    assert isinstance(row, Row)
    assert remark in row.remarks[0]
    assert (row.published_at, row.url, row.rank) == (None, "", None)


def test_a_row_without_text_is_no_row() -> None:
    assert isinstance(said(url="https://a.example", external_id="7"), BadRow)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Row(1, "甲", external_id="7"), Row(2, "乙", external_id="7"), True),
        (Row(1, "甲", url="https://a.example/1"), Row(2, "甲", url="https://a.example/1"), True),
        (Row(1, "甲", url="https://a.example"), Row(2, "乙", url="https://a.example"), False),
        (Row(1, "甲", "文"), Row(2, "甲", "文"), True),
        (Row(1, "甲", "文"), Row(2, "甲", "字"), False),
    ],
)
def test_what_tells_rows_apart(one: Row, other: Row, same: bool) -> None:
    first, second = identities([one, other])
    assert (first == second) is same


def test_a_pasted_text_falls_into_its_parts() -> None:
    text = "工单编号：RX20260301-7\n路灯不亮\n发布时间：2026-03-01 08:00\nhttps://a.example/7\n晚上看不清，\n请解决。"
    found = read_paste(text, now=NOW)
    assert (found.external_id, found.url) == ("RX20260301-7", "https://a.example/7")
    assert found.published_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert (found.title, found.content) == ("路灯不亮", "晚上看不清，\n请解决。")
    assert read_paste("路灯不亮\n\n晚上看不清。", now=NOW).title == "路灯不亮"
    assert read_paste("长" * 300, now=NOW).title == "长" * 60
    assert read_paste(" \n", now=NOW).title == ""
