"""Heat of an event: published formula, its parts shown. It orders the work and decides nothing.

heat = 100·(1−exp(−x/k)). Every item adds its source's weight times (1 + what its public counters say),
halved every 24 hours. Counters count by their logarithm; one that an item does not have is left out and
the others take its share. Source: domain rules 4.1.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

HALF_LIFE = timedelta(hours=24)
# One fresh item of a city source makes 15, six make 63.
SCALE = 6.0
# What counts fully: the index that a hot list publishes, and people who put their names to a message.
LARGEST_INDEX, MOST_SUPPORTERS = 10_000_000.0, 10_000.0
LOWEST_RANK = 50
# The top of a hot list with the largest value counts for as much as this many plain items.
MOST_ATTENTION = 4.0
_VALUE_SHARE, _RANK_SHARE = 0.6, 0.4
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Trace:
    """One item's contribution: when, the weight of its source, its public counter and rank if it has them.

    full_value: the counter that counts fully (`full_value` of the kind of source).
    """

    at: datetime
    source_weight: float = 1.0
    value: float | None = None
    rank: int | None = None
    full_value: float = LARGEST_INDEX


@dataclass(frozen=True, slots=True)
class Heat:
    """0-100, and the parts of x it came from as (label, amount) pairs."""

    value: float
    parts: tuple[tuple[str, float], ...]
    is_rising: bool


def full_value(source_kind: str) -> float:
    """Return the public counter that counts fully at a kind of source.

    A hot list publishes an index of the platform's own making in the millions. Elsewhere a counter counts people -
    likes, votes, replies -, and a thousand of them are a great many.
    """
    return LARGEST_INDEX if source_kind == "hotlist" else MOST_SUPPORTERS


def heat(traces: Sequence[Trace], now: datetime) -> Heat:
    """Return the heat at `now`; items of the future count as of now.

    Parts that nothing contributed to are left out, except the volume.
    """
    volume = by_value = by_rank = 0.0
    for trace in traces:
        strength = max(trace.source_weight, 0.0) * decay(now - trace.at)
        of_value, of_rank = _attention(trace)
        volume += strength
        by_value += strength * of_value
        by_rank += strength * of_rank
    value = 100 * -math.expm1(-(volume + by_value + by_rank) / SCALE)
    parts = [("报道与留言量", round(volume, 2))]
    parts += [
        (label, round(amount, 2)) for label, amount in (("公开热度值", by_value), ("榜单排名", by_rank)) if amount
    ]
    return Heat(round(value, 1), tuple(parts), is_rising(traces, now))


def load(trace: Trace) -> float:
    """Return what an item adds when it is fresh: its source's weight times (1 + what its counters say)."""
    return max(trace.source_weight, 0.0) * (1 + sum(_attention(trace)))


def peak(hours: Iterable[tuple[datetime, float]]) -> float:
    """Return the highest heat (0-100) that a series of hourly loads ever reached; hours ascend in time.

    Items of one hour count as if they had come at its beginning, which differs by 3 % at the most.
    """
    stock = highest = 0.0
    before: datetime | None = None
    for hour, amount in hours:
        stock = stock * (decay(hour - before) if before else 0.0) + amount
        highest, before = max(highest, stock), hour
    return round(100 * -math.expm1(-highest / SCALE), 1)


def surged(before: float, now: float, factor: float) -> bool:
    """Return whether the heat rose from `before` to `now` (0-100) by `factor`, measured before it is flattened.

    100 is never reached, so a doubled 60 is 84 and not 120. Less than one plain item counts as one.
    """
    return _stock(now) >= factor * max(_stock(before), 1.0)


def _stock(value: float) -> float:
    return -SCALE * math.log1p(-min(value, 99.95) / 100)


def decay(age: timedelta) -> float:
    """Return what is left (0-1) of an item's weight after `age`; all of it for an age below zero."""
    return float(0.5 ** (max(age, timedelta(0)) / HALF_LIFE))


def is_rising(traces: Sequence[Trace], now: datetime) -> bool:
    """Return whether the items of the last hours are clearly more than those of the hours before."""
    return rising(hourly_bins((trace.at for trace in traces), now, 12))


def rising(series: Sequence[float]) -> bool:
    """Return whether hourly counts (oldest first) rise: at least three in six hours and twice the six before.

    What is missing at the front counts as nothing.
    """
    recent, before = sum(series[-6:]), sum(series[-12:-6])
    return recent >= 3 and recent >= 2 * before


def hourly_bins(instants: Iterable[datetime], now: datetime, hours: int) -> tuple[int, ...]:
    """Return how many of `instants` fall into each of the last `hours` hours before `now`, oldest first.

    An instant exactly an hour old belongs to the hour before; one of the future to the last hour.
    """
    bins = [0] * hours
    for at in instants:
        back = max((now - at) // _HOUR, 0)
        if back < hours:
            bins[hours - 1 - back] += 1
    return tuple(bins)


def hour_of(at: datetime) -> datetime:
    """Return the hour an instant falls in."""
    return at.replace(minute=0, second=0, microsecond=0)


def _attention(trace: Trace) -> tuple[float, float]:
    """Return what the counter and the rank add, each from 0 to MOST_ATTENTION, together at most that."""
    has_value = trace.value is not None and trace.value > 0
    has_rank = trace.rank is not None and 1 <= trace.rank <= LOWEST_RANK
    total = _VALUE_SHARE * has_value + _RANK_SHARE * has_rank
    of_value = of_rank = 0.0
    if trace.value is not None and has_value:
        full = trace.full_value
        of_value = math.log1p(min(trace.value, full)) / math.log1p(full) * _VALUE_SHARE / total
    if trace.rank is not None and has_rank:
        of_rank = (1 - math.log(trace.rank) / math.log(LOWEST_RANK + 1)) * _RANK_SHARE / total
    return MOST_ATTENTION * of_value, MOST_ATTENTION * of_rank
