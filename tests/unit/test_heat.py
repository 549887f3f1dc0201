"""Heat by the published formula, its parts, and when it rises."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinion_service.domain.reading import heat as heat_module
from opinion_service.domain.reading.heat import (
    HALF_LIFE,
    LARGEST_INDEX,
    LOWEST_RANK,
    MOST_ATTENTION,
    Trace,
    decay,
    heat,
    hour_of,
    hourly_bins,
    is_rising,
    rising,
)

NOW = datetime(2024, 3, 20, 2, 30, tzinfo=UTC)


def ago(hours: float, **more: float) -> Trace:
    return Trace(NOW - timedelta(hours=hours), **more)  # type: ignore[arg-type]


VALUES = [
    ([], 0.0),
    ([ago(0)], 15.4),
    ([ago(0)] * 6, 63.2),
    ([ago(24)], 8.0),
    ([ago(48)], 4.1),
    ([ago(0, source_weight=1.5)], 22.1),
    ([ago(0, source_weight=0.8)], 12.5),
    ([ago(0, source_weight=-1)], 0.0),
    ([ago(-5)], 15.4),
    ([ago(0, value=LARGEST_INDEX)], 56.5),
    ([ago(0, rank=1)], 56.5),
    ([ago(0, value=LARGEST_INDEX, rank=1)], 56.5),
    ([ago(0, value=0)], 15.4),
    ([ago(0, value=-3, rank=0)], 15.4),
    ([ago(0, rank=LOWEST_RANK + 1)], 15.4),
    ([ago(0, value=math.nan)], 15.4),
    ([ago(0, value=math.inf)], 56.5),
    ([ago(0)] * 5000, 100.0),
    ([ago(24 * 365 * 200)], 0.0),
]


@pytest.mark.parametrize(("traces", "wanted"), VALUES)
def test_the_formula(traces: list[Trace], wanted: float) -> None:
    assert heat(traces, NOW).value == pytest.approx(wanted, abs=0.05)


@pytest.mark.parametrize(("age", "left"), [(0, 1), (12, math.sqrt(0.5)), (24, 0.5), (48, 0.25), (-1, 1)])
def test_half_is_left_after_a_day(age: float, left: float) -> None:
    assert decay(timedelta(hours=age)) == pytest.approx(left)
    assert timedelta(hours=24) == HALF_LIFE


def test_the_parts_add_up_to_the_value() -> None:
    warmth = heat([ago(1, value=120_000, rank=7), ago(30, source_weight=1.2), ago(2, rank=3)], NOW)
    assert [label for label, _ in warmth.parts] == ["报道与留言量", "公开热度值", "榜单排名"]
    x = sum(amount for _, amount in warmth.parts)
    assert warmth.value == pytest.approx(100 * (1 - math.exp(-x / 6)), abs=0.2)


def test_a_part_without_a_contribution_is_not_shown() -> None:
    assert [label for label, _ in heat([ago(0)], NOW).parts] == ["报道与留言量"]
    assert [label for label, _ in heat([], NOW).parts] == ["报道与留言量"]


def test_a_weightier_source_is_hotter() -> None:
    values = [heat([ago(0, source_weight=weight)], NOW).value for weight in (1.5, 1.2, 1.0, 0.8)]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(("better", "worse"), [(1, 2), (2, 10), (10, 50)])
def test_a_better_rank_is_hotter(better: int, worse: int) -> None:
    assert heat([ago(0, rank=better)], NOW).value > heat([ago(0, rank=worse)], NOW).value


TRACES = st.lists(
    st.builds(
        Trace,
        at=st.integers(-100, 5000).map(lambda minutes: NOW - timedelta(minutes=minutes)),
        source_weight=st.floats(0, 2),
        value=st.none() | st.floats(0, 1e9),
        rank=st.none() | st.integers(-1, 99),
    ),
    max_size=12,
)


@given(TRACES)
@settings(max_examples=200, deadline=None)
def test_heat_is_bounded_and_cools(traces: list[Trace]) -> None:
    now, later = heat(traces, NOW), heat(traces, NOW + timedelta(hours=6))
    assert 0 <= now.value <= 100
    assert later.value <= now.value + 0.1
    assert all(amount >= 0 for _, amount in now.parts)
    assert sum(a for _, a in now.parts) <= sum(t.source_weight for t in traces) * (1 + MOST_ATTENTION) + 0.1


@given(TRACES, TRACES)
@settings(max_examples=100, deadline=None)
def test_more_items_are_never_cooler(some: list[Trace], more: list[Trace]) -> None:
    assert heat(some + more, NOW).value >= heat(some, NOW).value - 0.1


RISING = [
    ([], False),
    ([2], False),
    ([3], True),
    ([0, 0, 0, 0, 0, 3], True),
    ([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3], True),
    ([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3], False),
    ([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4], True),
    ([9, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4], True),
    ([5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5], False),
]


@pytest.mark.parametrize(("series", "wanted"), RISING)
def test_rising_is_twice_the_six_hours_before(series: list[float], wanted: bool) -> None:
    assert rising(series) is wanted


@pytest.mark.parametrize(
    ("ages", "wanted"),
    [
        ((0, 1, 5.99), True),
        ((0, 1, 6), False),
        ((-1, 0, 1), True),
        ((0, 1, 2, 6, 7), False),
        ((0, 1, 2, 3, 6, 12), True),
    ],
)
def test_items_rise_by_the_exact_hour(ages: tuple[float, ...], wanted: bool) -> None:
    traces = [ago(age) for age in ages]
    assert is_rising(traces, NOW) is wanted
    assert heat(traces, NOW).is_rising is wanted


def test_hourly_bins() -> None:
    instants = [NOW - timedelta(hours=h) for h in (-1, 0, 0.99, 1, 2.5, 3, 9)]
    assert hourly_bins(instants, NOW, 4) == (1, 1, 1, 3)
    assert hourly_bins([], NOW, 3) == (0, 0, 0)
    assert hourly_bins(instants, NOW, 0) == ()


@pytest.mark.parametrize("minute", [0, 1, 59])
def test_the_hour_of_an_instant(minute: int) -> None:
    assert hour_of(NOW.replace(minute=minute, second=59, microsecond=9)) == NOW.replace(minute=0)


@pytest.mark.parametrize(
    ("before", "now", "is_surge"),
    [
        (0.0, 28.3, False),  # less than two plain items
        (0.0, 28.4, True),
        (60.0, 83.9, False),
        (60.0, 84.0, True),  # twice as much before it is flattened
        (100.0, 100.0, False),
    ],
)
def test_a_surge_is_measured_before_the_heat_is_flattened(before: float, now: float, is_surge: bool) -> None:
    assert heat_module.surged(before, now, 2.0) is is_surge


def test_the_peak_is_the_highest_a_series_reached() -> None:
    day = timedelta(days=1)
    assert heat_module.peak([]) == 0.0
    assert heat_module.peak([(NOW, 1.0)]) == 15.4
    # One item, a day later another: half of the first is left.
    assert heat_module.peak([(NOW, 1.0), (NOW + day, 1.0)]) == 22.1
    assert heat_module.peak([(NOW, 6.0), (NOW + 9 * day, 1.0)]) == 63.2


def test_the_load_of_an_item_is_what_it_adds_when_fresh() -> None:
    trace = heat_module.Trace(NOW, 1.5, 10_000_000.0, 1)
    assert heat_module.load(trace) == pytest.approx(1.5 * 5)
    assert heat_module.load(heat_module.Trace(NOW, -1.0)) == 0.0


@pytest.mark.parametrize(
    ("kind", "value", "load"),
    [
        ("hotlist", 10_000_000.0, 5.0), ("hotlist", 10_000.0, 3.286), ("feed", 10_000.0, 5.0), ("import", 10_000.0, 5.0),
        ("feed", 1_000_000.0, 5.0), ("feed", 99.0, 3.0), ("feed", None, 1.0),
    ],
)  # fmt: skip
def test_people_count_on_another_scale_than_the_index_of_a_hot_list(
    kind: str, value: float | None, load: float
) -> None:
    trace = heat_module.Trace(NOW, value=value, full_value=heat_module.full_value(kind))
    assert heat_module.load(trace) == pytest.approx(load, abs=0.001)
