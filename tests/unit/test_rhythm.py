"""The rhythm of a source from its own past, and the addresses a source belongs to."""

from datetime import UTC, datetime, timedelta

import pytest

from opinion_service.domain.listening.addresses import authority_of, origin_of, public_link
from opinion_service.domain.listening.rhythm import quantiles, rhythm_of

NOW = datetime(2026, 3, 29, tzinfo=UTC)
H = timedelta(hours=1)


def arrivals(*hours_ago: float, count: int = 1) -> list[tuple[datetime, int]]:
    return [(NOW - H * ago, count) for ago in hours_ago]


@pytest.mark.parametrize(
    ("before", "gap", "quiet"),
    [
        ((), None, None),
        ((5,), None, None),
        ((5, 4, 3, 2, 1), None, None),  # four gaps are too few
        ((6, 5, 4, 3, 2, 1), H, 6 * H),  # 1.5 h of silence would be too jumpy
        ((60, 50, 40, 30, 20, 10), 10 * H, 15 * H),
        ((100, 60, 59, 58, 57, 56), H, 60 * H),  # one pause of forty hours is known to happen
        ((2000, 1900, 6, 5, 4, 3, 2, 1), H, 6 * H),  # what is older than four weeks does not count
    ],
)
def test_the_pauses_of_a_source(before: tuple[float, ...], gap: timedelta | None, quiet: timedelta | None) -> None:
    rhythm = rhythm_of(arrivals(*before), now=NOW)
    assert (rhythm.gap, rhythm.quiet_after) == (gap, quiet)


def test_the_backlog_of_the_first_day_is_not_the_usual_number() -> None:
    found = [(NOW - timedelta(days=7), 500), *arrivals(72, 48, 24, count=7)]
    assert rhythm_of(found, now=NOW).items_per_week == pytest.approx(21)


@pytest.mark.parametrize(
    ("values", "median", "tail"), [([1], 1, 1), ([1, 2], 1, 2), (list(range(1, 11)), 5, 9), ([9, 1, 5], 5, 9)]
)
def test_quantiles_are_values_that_occurred(values: list[int], median: int, tail: int) -> None:
    assert quantiles([H * value for value in values]) == (H * median, H * tail)
    assert quantiles([]) is None


@pytest.mark.parametrize(
    ("url", "authority", "origin"),
    [
        ("https://Paper.Example/feed", "paper.example:443", "https://paper.example:443"),
        ("http://paper.example:80/", "paper.example:80", "http://paper.example:80"),
        ("http://paper.example:8080/x?y", "paper.example:8080", "http://paper.example:8080"),
        ("https://paper.example./", "paper.example:443", "https://paper.example:443"),
        ("https://报纸.example/", "xn--4ruw83d.example:443", "https://xn--4ruw83d.example:443"),
        ("http://[::1]:81/", "[::1]:81", "http://[::1]:81"),
        ("ftp://paper.example/", "", ""),
        ("http://", "", ""),
        ("http://x:99999/", "", ""),
        ("", "", ""),
    ],
)
def test_host_and_origin(url: str, authority: str, origin: str) -> None:
    assert (authority_of(url), origin_of(url)) == (authority, origin)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://forum.example/1?a=b#c", "https://forum.example/1?a=b#c"), (" http://forum.example/1 ", "http://forum.example/1"),
        ("http://user:secret@forum.example/1", "http://forum.example/1"), ("http://a@b@forum.example:8080/", "http://forum.example:8080/"),
        ("HTTPS://政务.example/路灯 1", "HTTPS://政务.example/路灯 1"), ("javascript:alert(1)", ""), ("data:text/html,x", ""),
        ("file:///etc/passwd", ""), ("ftp://forum.example/", ""), ("请致电13912345678", ""), ("//forum.example/", ""), ("http://", ""),
        ("http://[::1", ""), ("", ""),
    ],
)  # fmt: skip
def test_what_an_entry_may_be_linked_with(url: str, kept: str) -> None:
    assert public_link(url) == kept
