"""When a source is asked again: lower bounds hold, the waits grow, and there is always a next time."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opinion_service.domain.listening.polling import LONGEST_ASKED, Asked, Pace, jitter, plan

M = timedelta(minutes=1)
H = timedelta(hours=1)
PACE = Pace(5 * M, 30 * M, 120 * M)


def paced(gap: timedelta) -> Pace:
    return Pace(5 * M, 30 * M, 120 * M, gap)


@pytest.mark.parametrize(
    ("pace", "asked", "failures", "wait", "reason"),
    [
        (PACE, Asked(), 0, 30 * M, "usual"),
        (paced(60 * M), Asked(), 0, 30 * M, "rhythm"),
        (paced(10 * M), Asked(), 0, 5 * M, "rhythm"),
        (paced(9 * M), Asked(), 0, 5 * M, "rhythm"),
        (paced(240 * M), Asked(), 0, 120 * M, "rhythm"),
        (paced(9 * H), Asked(), 0, 120 * M, "rhythm"),
        (PACE, Asked(fresh=27 * M), 0, 30 * M, "usual"),
        (PACE, Asked(fresh=31 * M), 0, 31 * M, "cache"),
        (PACE, Asked(fresh=6 * H), 0, 6 * H, "cache"),
        (PACE, Asked(fresh=timedelta(days=365)), 0, 6 * H, "cache"),
        (PACE, Asked(), 1, 30 * M, "backoff"),
        (PACE, Asked(), 2, 60 * M, "backoff"),
        (PACE, Asked(), 4, 4 * H, "backoff"),
        (PACE, Asked(), 5, 6 * H, "backoff"),
        (PACE, Asked(), 100_000, 6 * H, "backoff"),
        (PACE, Asked(retry_after=20 * M), 1, 30 * M, "backoff"),
        (PACE, Asked(retry_after=90 * M), 1, 90 * M, "retry_after"),
        (PACE, Asked(retry_after=timedelta(days=9)), 1, 24 * H, "retry_after"),
        (PACE, Asked(is_gone=True), 1, 24 * H, "gone"),
        (Pace(5 * M, 10080 * M, 10080 * M), Asked(), 3, 10080 * M, "backoff"),
    ],
)
def test_the_next_time(pace: Pace, asked: Asked, failures: int, wait: timedelta, reason: str) -> None:
    planned = plan(pace, asked, failures=failures, seed="1")
    is_bound = reason in ("cache", "retry_after")
    low, high = (wait, wait * 1.1) if is_bound else (wait * 0.9, wait)
    assert planned.reason == reason
    assert low <= planned.wait <= high


@given(st.floats(1, 1e6), st.integers(0, 10**6), st.integers(0, 10**7), st.integers(0, 10**8), st.booleans(), st.text())
def test_there_is_always_a_next_time_and_no_bound_is_broken(
    gap: float, failures: int, retry: int, fresh: int, is_gone: bool, seed: str
) -> None:
    asked = Asked(timedelta(seconds=retry), timedelta(seconds=fresh), is_gone)
    planned = plan(paced(gap * M), asked, failures=failures, seed=seed)
    assert 5 * M * 0.9 <= planned.wait <= LONGEST_ASKED * 1.1
    if failures:
        assert planned.wait >= min(timedelta(seconds=retry), LONGEST_ASKED)


def test_jitter_is_the_same_for_the_same_source_and_spread_over_a_thousand() -> None:
    assert jitter("7/0") == jitter("7/0")
    parts = [jitter(f"{number}/0") for number in range(1000)]
    tenths = [sum(low / 10 <= part < (low + 1) / 10 for part in parts) for low in range(10)]
    assert all(60 <= count <= 140 for count in tenths), tenths
