"""The plain way of grouping, to measure against: a title joins the event of the earlier title most like it.

Likeness is that of the sets of characters (Jaccard). It looks at every earlier title of the window.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from opinion_service.domain.reading.events import WINDOW, Grouping, evaluate

THRESHOLDS = tuple(step / 20 for step in range(5, 19))


def jaccard(one: str, other: str) -> float:
    """Return the share (0-1) of the characters of both titles that they have in common."""
    here, there = set(one), set(other)
    return len(here & there) / (len(here | there) or 1)


def best_plain_grouping(
    titles: Sequence[tuple[str, datetime]], truth: Sequence[object], window: timedelta = WINDOW
) -> tuple[float, Grouping]:
    """Return the threshold with the best F1 and its figures: the plain way at its best. Titles ascend in time."""
    nearest = _nearest(titles, window)
    scored = [(evaluate(_joined(nearest, threshold), truth), threshold) for threshold in THRESHOLDS]
    best, threshold = max(scored, key=lambda pair: pair[0].f1)
    return threshold, best


def _nearest(titles: Sequence[tuple[str, datetime]], window: timedelta) -> list[tuple[int, float]]:
    """Return for each title the earlier one most like it and the likeness; (-1, 0) where there is none."""
    found: list[tuple[int, float]] = []
    sets = [frozenset(title) for title, _ in titles]
    start = 0
    for number, (_, at) in enumerate(titles):
        while at - titles[start][1] > window:
            start += 1
        best = (-1, 0.0)
        here = sets[number]
        for earlier in range(start, number):
            common = len(here & sets[earlier])
            share = common / (len(here) + len(sets[earlier]) - common or 1)
            if share > best[1]:
                best = (earlier, share)
        found.append(best)
    return found


def _joined(nearest: Sequence[tuple[int, float]], threshold: float) -> list[int]:
    groups: list[int] = []
    for number, (earlier, share) in enumerate(nearest):
        groups.append(groups[earlier] if earlier >= 0 and share >= threshold else number)
    return groups
