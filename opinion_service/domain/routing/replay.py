"""A stored decision beside one made anew: what is the same, and what is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from opinion_service.domain.routing.decision import RoutingDecision

CLOSE = 1e-3  # scores and shares are stored with three or four places
_FIELDS = ("winner", "confidence", "hot_topic", "territory", "is_split_duty", "split_reason", "co_departments")


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of a decision that came out otherwise: its name (a field, or candidate:CODE), then, now."""

    part: str
    then: Any
    now: Any


def differences(then: RoutingDecision, now: RoutingDecision) -> tuple[Difference, ...]:
    """Return where two decisions differ: winner, confidence, topic, territory, split, candidates and their words.

    Versions are not compared. Empty when the second is the first again.
    """
    fields = (Difference(name, getattr(then, name), getattr(now, name)) for name in _FIELDS)
    found = [one for one in fields if not _alike(one.then, one.now)]
    return (*found, *_of_candidates(then, now))


def _of_candidates(then: RoutingDecision, now: RoutingDecision) -> Iterator[Difference]:
    if then.ranked != now.ranked:
        yield Difference("ranking", list(then.ranked), list(now.ranked))
    before = {one.department: one for one in then.candidates}
    for one in now.candidates:
        known = before.get(one.department)
        if known is None:
            continue
        old, new = ({e.word: e.weight for e in each.evidence} for each in (known, one))
        words = old.keys() ^ new.keys() or {word for word in old if not _alike(old[word], new[word])}
        if words or not _alike(known.score, one.score):
            yield Difference(f"candidate:{one.department}", {"score": known.score, **old}, {"score": one.score, **new})


def _alike(then: Any, now: Any) -> bool:
    if isinstance(then, float) and isinstance(now, float):
        return abs(then - now) < CLOSE
    return bool(then == now)
