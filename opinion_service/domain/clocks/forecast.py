"""The chance that a running clock is met in time: counted on ended clocks, drawn towards the city's rate.

A clock is compared with those of its kind that were still open at the same stage of their time: of the ones that had
used three quarters and were not done, how many made it? The share of its own department, and of the department when
it was as busy as now, are drawn towards the share of the city (by `WEIGHT` imagined clocks), so that a handful of
cases neither condemns nor acquits anybody. The chance orders a list; nothing else follows from it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

STAGES = (0, 25, 50, 75, 90)  # percent of the time that was used
LEAST = 30  # ended clocks of the kind at this stage, below which nothing is said
WEIGHT = 10
BUSY, QUIET = 1.25, 0.75  # load against what is usual in the department
FROM_BANDS = (0.0, 0.2, 0.4, 0.6, 0.8)
SPLIT = 0.7  # share of the history that a back-test learns from


class Load(StrEnum):
    """How busy a department is against what is usual there."""

    QUIET = "quiet"
    USUAL = "usual"
    BUSY = "busy"

    @property
    def label(self) -> str:
        """Return the word shown."""
        return {"quiet": "较轻", "usual": "平常", "busy": "较重"}[self.value]


@dataclass(frozen=True, slots=True)
class Ended:
    """A clock that was met, or ran out unmet (`met_at` None); `department`: its id, 0 for the desk."""

    kind: str
    department: int
    started_at: datetime
    due_at: datetime
    met_at: datetime | None

    @property
    def is_on_time(self) -> bool:
        """Return whether it was met by its due time."""
        return self.met_at is not None and self.met_at <= self.due_at

    @property
    def known_at(self) -> datetime:
        """Return when it was known how it ended."""
        return min(self.met_at or self.due_at, self.due_at)

    def was_open_at(self, stage: int) -> bool:
        """Return whether it was still unmet when `stage` percent of its time were used."""
        return self.met_at is None or self.met_at > self.started_at + (self.due_at - self.started_at) * stage / 100


@dataclass(frozen=True, slots=True)
class Count:
    """How many clocks, and how many of them in time."""

    n: int
    on_time: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """The chance (0-1), None while `missing` ended clocks are wanted; and the counts it rests on, widest first."""

    chance: float | None
    missing: int
    stage: int
    load: Load
    city: Count
    department: Count
    department_so_busy: Count


@dataclass(frozen=True, slots=True)
class History:
    """Counts by kind and stage, with department and load where known; and the usual load of each department."""

    cells: Mapping[str, Count]
    usual: Mapping[int, float]

    def forecast(self, kind: str, department: int, open_now: int, used: float) -> Forecast:
        """Return the chance of a clock of `kind` that has used the share `used` (0-1) of its time.

        open_now: clocks that run in the department now.
        """
        stage, load = stage_of(used), load_of(open_now, self.usual.get(department, 0.0))
        every, city, unit, busy = (self._count(key) for key in _keys(kind, department, load, stage))
        if city.n < LEAST:
            return Forecast(None, LEAST - city.n, stage, load, city, unit, busy)
        chance = _drawn(busy, _drawn(unit, _drawn(city, (every.on_time + 1) / (every.n + 2))))
        return Forecast(chance, 0, stage, load, city, unit, busy)

    def as_record(self) -> dict[str, Any]:
        """Return the history as plain JSON."""
        cells = {key: [one.n, one.on_time] for key, one in self.cells.items()}
        return {"cells": cells, "usual": {str(unit): round(load, 2) for unit, load in self.usual.items()}}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "History":
        """Return the history written by `as_record`."""
        cells = {key: Count(n, on_time) for key, (n, on_time) in record.get("cells", {}).items()}
        return cls(cells, {int(unit): load for unit, load in record.get("usual", {}).items()})

    def _count(self, key: str) -> Count:
        return self.cells.get(key, Count(0, 0))


@dataclass(frozen=True, slots=True)
class Band:
    """Forecasts of one band of chance in a back-test: how many, the mean chance given, and the share that came true."""

    low: float
    n: int
    given: float
    came_true: float


@dataclass(frozen=True, slots=True)
class BackTest:
    """Forecasts of clocks by the history that was known when they began.

    brier: mean squared error, `plain` the one of always giving the city's rate; error: mean distance between what was
    given and what came true over the bands, weighted by their size.
    """

    n: int
    brier: float
    plain: float
    error: float
    bands: tuple[Band, ...]


def stage_of(used: float) -> int:
    """Return the stage reached when the share `used` of the time is gone."""
    return max((stage for stage in STAGES if stage <= used * 100), default=0)


def load_of(open_now: int, usual: float) -> Load:
    """Return how busy `open_now` is where `usual` clocks run on average; usual where nothing is known."""
    if usual <= 0:
        return Load.USUAL
    if open_now > usual * BUSY:
        return Load.BUSY
    return Load.QUIET if open_now < usual * QUIET else Load.USUAL


def history_of(ended: Iterable[Ended]) -> History:
    """Return the counts over ended clocks; the order does not matter."""
    clocks = sorted(ended, key=lambda one: (one.started_at, one.due_at, one.kind, one.department))
    at_start = _open_at_start(clocks)
    by_unit: dict[int, list[int]] = defaultdict(list)
    for one, count in zip(clocks, at_start, strict=True):
        by_unit[one.department].append(count)
    usual = {unit: sum(counts) / len(counts) for unit, counts in by_unit.items()}
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one, count in zip(clocks, at_start, strict=True):
        load = load_of(count, usual[one.department])
        for stage in STAGES:
            if one.was_open_at(stage):
                for key in _keys(one.kind, one.department, load, stage):
                    found[key][0] += 1
                    found[key][1] += one.is_on_time
    return History({key: Count(*pair) for key, pair in found.items()}, usual)


def back_test(ended: Sequence[Ended]) -> BackTest | None:
    """Return how forecasts would have fared on the later part of the history; None when it is too short.

    What is learned from is known before the first of the clocks that are forecast begins.
    """
    clocks = sorted(ended, key=lambda one: (one.started_at, one.due_at, one.kind, one.department))
    if len(clocks) < 2 * LEAST:
        return None
    split = clocks[int(len(clocks) * SPLIT)].started_at
    known = [one for one in clocks if one.known_at <= split]
    later = [(one, count) for one, count in zip(clocks, _open_at_start(clocks), strict=True) if one.started_at > split]
    history = history_of(known)
    pairs = [
        (found.chance, one.is_on_time, stage)
        for one, count in later
        for stage in STAGES
        if one.was_open_at(stage)
        and (found := history.forecast(one.kind, one.department, count, stage / 100)).chance is not None
    ]
    return _judged([(chance, is_true, _rate(history, stage)) for chance, is_true, stage in pairs if chance is not None])


def _judged(rows: Sequence[tuple[float, bool, float]]) -> BackTest | None:
    """Return the figures over (chance given, whether it came true, the city's rate)."""
    if not rows:
        return None
    bands = []
    for low in FROM_BANDS:
        inside = [
            (given, is_true) for given, is_true, _ in rows if low <= given < low + 0.2 or (low == 0.8 and given == 1)
        ]
        if inside:
            given, true = (sum(column) / len(inside) for column in zip(*inside, strict=True))
            bands.append(Band(low, len(inside), given, true))
    n = len(rows)
    return BackTest(
        n,
        sum((given - is_true) ** 2 for given, is_true, _ in rows) / n,
        sum((rate - is_true) ** 2 for _, is_true, rate in rows) / n,
        sum(band.n * abs(band.given - band.came_true) for band in bands) / n,
        tuple(bands),
    )


def _rate(history: History, stage: int) -> float:
    every = history.cells.get(f"|{stage}", Count(0, 0))
    return (every.on_time + 1) / (every.n + 2)


def _keys(kind: str, department: int, load: Load, stage: int) -> tuple[str, str, str, str]:
    return f"|{stage}", f"{kind}|{stage}", f"{kind}|{stage}|{department}", f"{kind}|{stage}|{department}|{load}"


def _drawn(count: Count, towards: float) -> float:
    return (count.on_time + WEIGHT * towards) / (count.n + WEIGHT)


def _open_at_start(clocks: Sequence[Ended]) -> list[int]:
    """Return for each clock (by start) how many of its department ran when it began, itself included."""
    ends: dict[int, list[datetime]] = defaultdict(list)
    counts = []
    for one in clocks:
        running = [end for end in ends[one.department] if end > one.started_at]
        # One that ran out unmet is taken to have run on for as long again.
        running.append(one.met_at or one.due_at + max(one.due_at - one.started_at, timedelta(0)))
        ends[one.department] = running
        counts.append(len(running))
    return counts
