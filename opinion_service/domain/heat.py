"""Heat of an event: published formula, its parts shown. It orders the work and decides nothing.

heat = 100·(1−exp(−x/k)); x adds up what the items say, halved every 24 hours. Source: domain rules 4.1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

HALF_LIFE = timedelta(hours=24)
SCALE = 6.0
LARGEST_VALUE = 10_000_000.0


@dataclass(frozen=True, slots=True)
class Trace:
    """One item's contribution: when, the weight of its source, and its public counter when it has one."""

    at: datetime
    source_weight: float = 1.0
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Heat:
    """0-100, and the parts it came from as (label, amount) pairs."""

    value: float
    parts: tuple[tuple[str, float], ...]
    is_rising: bool


def heat(traces: Sequence[Trace], now: datetime) -> Heat:
    """Return the heat at `now`; items of the future count as of now."""
    volume = counters = 0.0
    for trace in traces:
        decay = _decay(now - trace.at)
        volume += trace.source_weight * decay
        if trace.value is not None and trace.value > 0:
            counters += math.log1p(min(trace.value, LARGEST_VALUE)) / 4 * trace.source_weight * decay
    x = volume + counters
    value = 100 * (1 - math.exp(-x / SCALE))
    parts = (("报道与留言量", round(volume, 2)), ("公开热度值", round(counters, 2)))
    return Heat(round(value, 1), parts, is_rising(traces, now))


def is_rising(traces: Sequence[Trace], now: datetime) -> bool:
    """Return whether the last six hours brought at least three items and twice the six hours before."""
    six = timedelta(hours=6)
    recent = sum(1 for trace in traces if now - trace.at < six)
    before = sum(1 for trace in traces if six <= now - trace.at < 2 * six)
    return recent >= 3 and recent >= 2 * before


def hour_of(at: datetime) -> datetime:
    """Return the hour an instant falls in."""
    return at.replace(minute=0, second=0, microsecond=0)


def _decay(age: timedelta) -> float:
    return float(0.5 ** (max(age, timedelta(0)) / HALF_LIFE))
