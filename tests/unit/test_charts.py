"""Charts: well-formed, escaped, in scale; and the colours of desk.css against the grounds they stand on."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from opinion_service.adapters.charts import Bar, Mark, _nice_top, bars, hourly_series, sparkline

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2019, 5, 20, 16, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script>\"&"


def series(*values: float) -> list[tuple[datetime, float]]:
    return [(START + timedelta(hours=i), value) for i, value in enumerate(values)]


def heights(svg: str) -> list[float]:
    points = ET.fromstring(svg).iter("polyline")
    return [float(pair.split(",")[1]) for line in points for pair in line.get("points").split()]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], [22, 22]),
        ([0, 0], [22, 22]),
        ([5], [2, 2]),
        ([0, 10], [22, 2]),
        ([10, 5, 0], [2, 12, 22]),
        ([0.5, 0.5], [12, 12]),
        ([-3, 10], [22, 2]),
    ],
)
def test_a_sparkline_stands_on_zero(values, expected):
    assert heights(sparkline(values, "热度")) == expected


@pytest.mark.parametrize(
    "svg",
    [
        sparkline([1, 2], HOSTILE),
        bars([Bar(HOSTILE, 3, HOSTILE)], HOSTILE),
        bars([], HOSTILE),
        hourly_series(series(1, 2), HOSTILE, [Mark(START, HOSTILE)]),
        hourly_series([], HOSTILE),
    ],
)
def test_text_cannot_leave_its_place_and_nothing_is_inline(svg):
    root = ET.fromstring(svg)
    assert root.get("aria-label") == HOSTILE
    assert root.get("role") == "img"
    assert "<script" not in svg
    assert not [node for node in root.iter() if node.get("style") or any(key.startswith("on") for key in node.attrib)]


def test_the_longest_bar_fills_its_track():
    root = ET.fromstring(bars([Bar("甲", 40), Bar("乙", 10, "10 件", "late"), Bar("丙", 0)], "按单位"))
    fills = [node for node in root.iter("rect") if node.get("class").startswith("bar-fill")]
    assert [node.get("width") for node in fills] == ["46%", "11.5%", "0%"]
    assert [node.get("class") for node in fills] == ["bar-fill", "bar-fill tone-late", "bar-fill"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("一二三四五六七八九十", "一二三四五六七八九十"), ("一二三四五六七八九十一", "一二三四五六七八九…")],
)
def test_a_long_name_is_cut_but_kept_whole_in_the_title(name, shown):
    root = ET.fromstring(bars([Bar(name, 1)], "x"))
    assert next(root.iter("text")).text == shown
    assert next(root.iter("title")).text == f"{name} 1"


@pytest.mark.parametrize(
    ("value", "top"),
    [
        (0, 1),
        (0.4, 1),
        (1, 1),
        (1.5, 2),
        (2, 2),
        (2.1, 2.5),
        (9, 10),
        (10, 10),
        (11, 20),
        (78, 100),
        (101, 200),
        (1e6, 1e6),
    ],
)
def test_the_axis_ends_on_a_round_figure(value, top):
    assert _nice_top(value) == top


def test_marks_outside_the_span_are_left_out():
    inside, outside = Mark(START + timedelta(hours=1), "首次发布"), Mark(START - timedelta(seconds=1), "早")
    svg = hourly_series(series(1, 5, 3), "热度", [inside, outside])
    assert "首次发布" in svg
    assert "早" not in svg


@pytest.mark.parametrize(
    ("hours", "first"),
    [(2, "21日00时"), (71, "21日00时"), (72, "05-21"), (0, "21日00时")],
)
def test_dates_are_read_in_desk_time(hours, first):
    svg = hourly_series([(START, 1.0), (START + timedelta(hours=hours), 2.0)], "热度")
    shown = [node.text for node in ET.fromstring(svg).iter("text")]
    assert first in shown


def test_an_unknown_tone_is_refused():
    with pytest.raises(ValueError, match="loud"):
        sparkline([1, 2], "x", "loud")


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


STYLE = (ROOT / "opinion_service/static/desk.css").read_text(encoding="utf-8")
TOKENS = {"card": "#ffffff"} | dict(re.findall(r"--([a-z0-9-]+):(#[0-9a-f]{6})", STYLE))
LIGHT = ("ink", "ink-2", "ink-3", "accent", "late", "soon", "ok", "g1", "g2", "g3", "g4")
PAIRS = [(ink, ground) for ink in LIGHT for ground in ("card", "paper")] + [
    ("ink-2", "line-2"), ("ink-3", "line-2"), ("accent", "accent-weak"), ("late", "late-weak"), ("soon", "soon-weak"),
    ("ok", "ok-weak"), ("ink", "note"), ("soon", "note"), ("rail-text", "rail"), ("rail-quiet", "rail"),
    ("rail-text", "rail-2"),
    ("card", "rail-3"), ("card", "accent"), ("card", "late"), ("ink-3", "accent-weak"),
    ("g3", "accent-weak"), ("g2", "accent-weak"),
]  # fmt: skip


@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_words_can_be_read(ink, ground):
    assert contrast(TOKENS[ink], TOKENS[ground]) >= 4.5


def test_the_stylesheet_needs_nothing_from_outside():
    assert set(re.findall(r"url\(([^)]*)\)", STYLE)) == {"img/select.svg", "img/check.svg", "img/radio.svg"}
    assert "@import" not in STYLE
