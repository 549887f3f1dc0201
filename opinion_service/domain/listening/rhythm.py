"""How a source usually speaks, measured from its own past, and from when on its silence is unusual."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

LOOK_BACK = timedelta(days=28)
WEEK = timedelta(days=7)
FEWEST_GAPS = 5
# A silence is unusual when it is half as long again as 99 of 100 of the source's own pauses.
STRETCH = 1.5
SHORTEST_QUIET = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The measure of one source; the times are None until there are enough pauses to measure.

    items_per_week: the usual number. gap: median pause between arrivals. quiet_after: a pause longer than this
    is unusual.
    """

    items_per_week: float = 0.0
    gap: timedelta | None = None
    quiet_after: timedelta | None = None


def rhythm_of(arrivals: Sequence[tuple[datetime, int]], *, now: datetime) -> Rhythm:
    """Return the rhythm of a source from the checks that brought something: (when, how many), oldest first.

    The first arrival is left out of the count, since it may be years of backlog.
    """
    recent = [(at, count) for at, count in arrivals if at > now - LOOK_BACK]
    if len(recent) < 2:
        return Rhythm()
    span = max(now - recent[0][0], timedelta(days=1))
    weekly = sum(count for _, count in recent[1:]) * (WEEK / span)
    gaps = sorted(later[0] - earlier[0] for earlier, later in pairwise(recent))
    if len(gaps) < FEWEST_GAPS:
        return Rhythm(weekly)
    return Rhythm(weekly, _rank(gaps, 0.5), max(_rank(gaps, 0.99) * STRETCH, SHORTEST_QUIET))


def _rank(ordered: Sequence[timedelta], share: float) -> timedelta:
    """Return the nearest-rank quantile of an ascending sequence."""
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def quantiles(values: Sequence[timedelta]) -> tuple[timedelta, timedelta] | None:
    """Return median and 90th percentile (nearest rank), or None when there is nothing to measure."""
    ordered = sorted(values)
    return (_rank(ordered, 0.5), _rank(ordered, 0.9)) if ordered else None
