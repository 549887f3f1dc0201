"""Times, spans, shares and addresses as people read them."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import jinja2
import pytest
from flask import Flask

from opinion_service.web import formats

NOW = datetime(2019, 5, 22, 8, 11, 30, tzinfo=UTC)
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


@pytest.mark.parametrize(
    ("at", "lang", "expected"),
    [
        (NOW, "zh", "2019-05-22 16:11（周三）"),
        (NOW, "en", "2019-05-22 16:11 (Wed)"),
        (datetime(2019, 5, 25, 15, 59, tzinfo=UTC), "zh", "2019-05-25 23:59（周六）"),
        (datetime(2019, 5, 25, 16, 0, tzinfo=UTC), "zh", "2019-05-26 00:00（周日）"),
        (None, "zh", "—"),
    ],
)
def test_stamp(at, lang, expected):
    assert formats.stamp(at, lang) == expected


@pytest.mark.parametrize(
    ("on", "lang", "expected"),
    [
        (date(2019, 5, 22), "zh", "2019-05-22（周三）"),
        (datetime(2019, 5, 25, 16, 0, tzinfo=UTC), "en", "2019-05-26 (Sun)"),
        (None, "en", "—"),
    ],
)
def test_day(on, lang, expected):
    assert formats.day(on, lang) == expected


def test_short_and_machine_forms():
    assert formats.short_stamp(NOW) == "05-22 16:11"
    assert formats.short_stamp(None) == "—"
    assert formats.iso(NOW) == "2019-05-22T16:11:30+08:00"
    assert formats.iso(None) == ""


@pytest.mark.parametrize(
    ("length", "zh", "en"),
    [
        (timedelta(0), "不到 1 分", "less than 1 min"),
        (timedelta(seconds=59), "不到 1 分", "less than 1 min"),
        (timedelta(seconds=60), "1 分", "1 min"),
        (timedelta(minutes=59, seconds=59), "59 分", "59 min"),
        (timedelta(hours=1), "1 小时", "1 h"),
        (timedelta(hours=3, minutes=12), "3 小时 12 分", "3 h 12 min"),
        (timedelta(days=1), "1 天", "1 day"),
        (timedelta(days=2, minutes=5), "2 天", "2 days"),
        (timedelta(days=2, hours=5, minutes=59), "2 天 5 小时", "2 days 5 h"),
        (-timedelta(minutes=58), "58 分", "58 min"),
    ],
)
def test_span_drops_what_is_not_whole(length, zh, en):
    assert formats.span(length, "zh") == zh
    assert formats.span(length, "en") == en


@pytest.mark.parametrize(
    ("gap", "zh", "en"),
    [
        (timedelta(0), "刚刚", "just now"),
        (timedelta(seconds=59), "刚刚", "just now"),
        (timedelta(seconds=-59), "刚刚", "just now"),
        (timedelta(minutes=1), "1 分钟前", "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 分钟前", "59 min ago"),
        (timedelta(hours=1), "1 小时前", "1 h ago"),
        (timedelta(hours=23, minutes=59), "23 小时前", "23 h ago"),
        (timedelta(days=1), "1 天前", "1 day ago"),
        (timedelta(days=-2), "2 天后", "in 2 days"),
        (timedelta(days=30) - timedelta(seconds=1), "29 天前", "29 days ago"),
        (timedelta(days=30), "2019-04-22（周一）", "2019-04-22 (Mon)"),
    ],
)
def test_ago(gap, zh, en):
    assert formats.ago(NOW - gap, NOW, "zh") == zh
    assert formats.ago(NOW - gap, NOW, "en") == en


@pytest.mark.parametrize(
    ("gap", "zh", "en"),
    [
        (timedelta(hours=3, minutes=12), "剩 3 小时 12 分", "3 h 12 min left"),
        (timedelta(seconds=1), "剩 不到 1 分", "less than 1 min left"),
        (timedelta(0), "超期 不到 1 分", "less than 1 min overdue"),
        (timedelta(minutes=-58), "超期 58 分", "58 min overdue"),
    ],
)
def test_left_turns_at_the_instant_itself(gap, zh, en):
    assert formats.left(NOW + gap, NOW, "zh") == zh
    assert formats.left(NOW + gap, NOW, "en") == en


@pytest.mark.parametrize(
    ("share", "digits", "expected"),
    [(0.874, 0, "87%"), (0.874, 1, "87.4%"), (0, 0, "0%"), (1, 0, "100%"), (None, 0, "—")],
)
def test_percent(share, digits, expected):
    assert formats.percent(share, digits) == expected


@pytest.mark.parametrize(("value", "expected"), [(0, "0"), (12345, "12,345"), (1234.56, "1,234.6"), (None, "—")])
def test_number(value, expected):
    assert formats.number(value) == expected


@pytest.mark.parametrize(
    ("here", "last", "expected"),
    [
        (1, 1, (1,)),
        (3, 7, (1, 2, 3, 4, 5, 6, 7)),
        (1, 8, (1, 2, 3, 0, 8)),
        (5, 12, (1, 0, 3, 4, 5, 6, 7, 0, 12)),
        (4, 12, (1, 2, 3, 4, 5, 6, 0, 12)),
        (12, 12, (1, 0, 10, 11, 12)),
    ],
)
def test_page_window(here, last, expected):
    assert formats.page_window(here, last) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "q=%E6%A0%A1&dept=a&dept=b"),
        ({"page": 2}, "q=%E6%A0%A1&dept=a&dept=b&page=2"),
        ({"dept": "c"}, "q=%E6%A0%A1&dept=c"),
        ({"dept": None, "q": ""}, ""),
    ],
)
def test_an_address_keeps_what_is_not_changed(changes, expected):
    assert formats.changed_query({"q": ["校"], "dept": ["a", "b"]}, changes) == expected


def test_with_args_reads_the_present_address():
    with Flask("x").test_request_context("/cases?sort=due&page=3"):
        assert formats.with_args(page=None) == "/cases?sort=due"
        assert formats.with_args(page=None, sort=None) == "/cases"


ALL_TEMPLATES = sorted(p.relative_to(TEMPLATES).as_posix() for p in TEMPLATES.rglob("*.html"))
FORBIDDEN = {
    "|safe": r"\|\s*safe\b",
    "inline style": r"\sstyle=\"",
    "style element": r"<style",
    "inline script": r"<script(?![^>]*\ssrc=)",
    "handler": r"\son[a-z]+=\"",
    "outside address": r"(?:src|href)=\"(?:https?:)?//",
}


@pytest.mark.parametrize("name", [n for n in ALL_TEMPLATES if not n.startswith("emails/")])
def test_templates_hold_the_content_policy(name):
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    assert [what for what, pattern in FORBIDDEN.items() if re.search(pattern, source)] == []


@pytest.mark.parametrize("name", ALL_TEMPLATES)
def test_templates_compile(name):
    environment = jinja2.Environment(autoescape=True, extensions=["jinja2.ext.i18n", "jinja2.ext.do"])
    formats_only = {"iso", "stamp", "short_stamp", "day", "ago", "left", "span", "percent", "number"}
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    names = set(re.findall(r"\|\s*([a-z_]+)", source)) | formats_only
    environment.filters |= {n: str for n in names if n not in environment.filters}
    environment.compile(source, name)
