"""When a source is asked again: its own rhythm within two bounds, what the server asks for, and a growing wait.

Whatever happens, there is a next time, at most a day away. The jitter that keeps a thousand sources from
coming due at once is computed from the source, so that the same state always gives the same plan.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

# The kinds of source that are asked; the others bring what somebody hands in.
POLLED = ("feed", "hotlist")
LONGEST_BACK_OFF = timedelta(hours=6)
# A file that calls itself fresh for a year must not silence its source.
LONGEST_FRESH = timedelta(hours=6)
LONGEST_ASKED = timedelta(hours=24)
STEPS = 8
JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a source may be asked; `gap` is the median time between two arrivals, None when not known yet."""

    floor: timedelta
    usual: timedelta
    ceiling: timedelta
    gap: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the server said about the next time; None where it said nothing.

    retry_after: of an answer that refused (RFC 9110 §10.2.3). fresh: how long this copy is good (Cache-Control,
    Expires, `ttl` of the feed). is_gone: it answered 410, so that asking again soon is of no use.
    """

    retry_after: timedelta | None = None
    fresh: timedelta | None = None
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to wait and why: rhythm, usual, cache, backoff, retry_after or gone."""

    wait: timedelta
    reason: str


def plan(pace: Pace, asked: Asked, *, failures: int, seed: str) -> Plan:
    """Return when to ask again after a check; `failures` counts those in a row, 0 after a success.

    seed: what the jitter is drawn from. Jitter shortens our own waits by at most a tenth and lengthens a wait
    that the server asked for by at most a tenth: a lower bound stays one.
    """
    own = _backed_off(pace, asked, failures) if failures else _regular(pace)
    part = jitter(seed)
    waited = Plan(own.wait * (1 - JITTER * part), own.reason)
    bound, reason = _bound(asked, failures)
    if bound > waited.wait:
        return Plan(bound * (1 + JITTER * part), reason)
    return waited


def jitter(seed: str) -> float:
    """Return a number from 0 up to 1 that is always the same for the same seed."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big") / 2**32


def _regular(pace: Pace) -> Plan:
    if pace.gap is None:
        return Plan(pace.usual, "usual")
    # Half the usual gap: a new entry then waits a quarter of it on average.
    return Plan(min(max(pace.gap / 2, pace.floor), pace.ceiling), "rhythm")


def _backed_off(pace: Pace, asked: Asked, failures: int) -> Plan:
    if asked.is_gone:
        return Plan(LONGEST_ASKED, "gone")
    return Plan(min(pace.usual * 2 ** min(failures - 1, STEPS), max(LONGEST_BACK_OFF, pace.usual)), "backoff")


def _bound(asked: Asked, failures: int) -> tuple[timedelta, str]:
    if failures:
        return min(asked.retry_after or timedelta(0), LONGEST_ASKED), "retry_after"
    return min(asked.fresh or timedelta(0), LONGEST_FRESH), "cache"
