"""The forecast: counted by stage, drawn towards the city, silent without history, calibrated on drawn histories."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from opinion_service.domain.clocks.forecast import (
    LEAST,
    WEIGHT,
    Count,
    Ended,
    History,
    Load,
    back_test,
    history_of,
    load_of,
    stage_of,
)

START = datetime(2026, 1, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def ended(share: float | None, *, kind: str = "response", unit: int = 1, day: float = 0.0) -> Ended:
    """Return a clock of two days that was met after `share` of them; None: never."""
    start = START + DAY * day
    return Ended(kind, unit, start, start + 2 * DAY, None if share is None else start + 2 * DAY * share)


@pytest.mark.parametrize(
    ("used", "stage"), [(0.0, 0), (0.2499, 0), (0.25, 25), (0.5, 50), (0.7499, 50), (0.75, 75), (0.9, 90), (0.9999, 90), (-0.1, 0)]
)  # fmt: skip
def test_stage(used: float, stage: int) -> None:
    assert stage_of(used) == stage


@pytest.mark.parametrize(
    ("open_now", "usual", "load"),
    [(5, 0.0, Load.USUAL), (5, 4.0, Load.USUAL), (6, 4.0, Load.BUSY), (3, 4.0, Load.USUAL), (2, 4.0, Load.QUIET)],
)
def test_load(open_now: int, usual: float, load: Load) -> None:
    assert load_of(open_now, usual) is load


@pytest.mark.parametrize(
    ("share", "is_on_time", "open_at"),
    [(0.1, True, [0]), (0.25, True, [0]), (0.26, True, [0, 25]), (1.0, True, [0, 25, 50, 75, 90]),
     (1.01, False, [0, 25, 50, 75, 90]), (None, False, [0, 25, 50, 75, 90])],
)  # fmt: skip
def test_an_ended_clock_counts_at_the_stages_it_lived_to_see(
    share: float | None, is_on_time: bool, open_at: list[int]
) -> None:
    one = ended(share)
    assert one.is_on_time is is_on_time
    assert [stage for stage in (0, 25, 50, 75, 90) if one.was_open_at(stage)] == open_at


@pytest.mark.parametrize(("count", "is_said"), [(LEAST - 1, False), (LEAST, True)])
def test_nothing_is_said_without_history(count: int, is_said: bool) -> None:
    found = history_of([ended(0.8, day=n * 3) for n in range(count)]).forecast("response", 1, 1, 0.5)
    assert (found.chance is not None) is is_said
    assert found.missing == LEAST - count
    assert found.city == Count(count, count)


def test_each_step_is_drawn_towards_the_one_before() -> None:
    clocks = [ended(0.8, unit=1, day=3 * n) for n in range(40)] + [ended(None, unit=2, day=3 * n) for n in range(10)]
    history = history_of(clocks)
    every = (40 + 1) / (50 + 2)
    city = (40 + WEIGHT * every) / (50 + WEIGHT)
    unit = (0 + WEIGHT * city) / (10 + WEIGHT)
    busy = history.forecast("response", 2, 1, 0.5)
    assert busy.department == Count(10, 0)
    so_busy = busy.department_so_busy
    assert busy.chance == pytest.approx((so_busy.on_time + WEIGHT * unit) / (so_busy.n + WEIGHT))
    stranger = history.forecast("response", 9, 1, 0.5)
    assert stranger.chance == pytest.approx(city)
    assert busy.chance < stranger.chance < history.forecast("response", 1, 1, 0.5).chance < 1


def test_a_later_stage_forgets_those_who_were_done() -> None:
    history = history_of([ended(0.1, day=3 * n) for n in range(60)] + [ended(None, day=3 * n) for n in range(40)])
    early, late = (history.forecast("response", 1, 1, used) for used in (0.0, 0.5))
    assert (early.city, late.city) == (Count(100, 60), Count(40, 0))
    assert late.chance < 0.1 < early.chance


def test_a_record_gives_the_same_chances() -> None:
    history = history_of(drawn(300))
    again = History.from_record(history.as_record())
    for unit in (1, 2, 3, 7):
        assert again.forecast("closure", unit, 3, 0.6) == history.forecast("closure", unit, 3, 0.6)


def drawn(count: int) -> list[Ended]:
    """Return a history in which departments differ and a clock open late is met late."""
    dice = random.Random(7)
    rows = []
    for number in range(count):
        unit = dice.randint(1, 6)
        share = dice.betavariate(2, 2) * (0.7 + 0.15 * unit)
        rows.append(
            ended(share if share < 2 else None, kind=dice.choice(["closure", "response"]), unit=unit, day=number / 8)
        )
    return rows


def test_forecasts_come_true_as_often_as_they_say() -> None:
    test = back_test(drawn(4000))
    assert test is not None
    assert test.error <= 0.05
    assert test.brier < test.plain
    for band in test.bands:
        if band.n >= 300:
            assert abs(band.given - band.came_true) <= 0.1


def test_a_back_test_learns_only_from_what_was_known() -> None:
    """Everything before the split is late, everything after in time: an honest back-test is wrong about all of it."""
    rows = [ended(None, day=n) for n in range(140)] + [ended(0.5, day=200 + n) for n in range(60)]
    test = back_test(rows)
    assert test is not None
    assert all(band.given < 0.2 and band.came_true == 1 for band in test.bands)


@pytest.mark.parametrize("count", [0, 1, 2 * LEAST - 1])
def test_a_short_history_has_no_back_test(count: int) -> None:
    assert back_test([ended(0.5, day=n) for n in range(count)]) is None
