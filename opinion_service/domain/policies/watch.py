"""What is seen of a policy after its release: which text belongs to it and why, and foreseen against observed.

A keyword of the watch is one word, or several joined by `+` that must all occur. Texts are compared without
regard to width, case and punctuation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.policies.assessment import ForeseenConcern
from opinion_service.domain.text import bigrams, normalise

REVIEW_DAYS = (7, 30)
# A foreseen question without words of its own is recognised when this share of its character pairs occurs.
LEAST_SHARED = 0.5
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Sighting:
    """Why a text belongs to a policy, and which foreseen concern it raises (None: an unforeseen one)."""

    words: tuple[str, ...]
    reason: str
    concern_id: int | None


@dataclass(frozen=True, slots=True)
class Observed:
    """One linked event: which foreseen concern it raises, its items, how many are negative, and its case."""

    event_id: int
    title: str
    concern_id: int | None
    item_count: int
    negative_count: int
    case_number: str = ""


@dataclass(frozen=True, slots=True)
class ConcernFound:
    """One foreseen concern with what came of it."""

    question: str
    events: tuple[Observed, ...]

    @property
    def item_count(self) -> int:
        """Return how many items raised it."""
        return sum(one.item_count for one in self.events)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Foreseen against observed: what came, what did not, what came unforeseen."""

    came: tuple[ConcernFound, ...]
    stayed_away: tuple[str, ...]
    unforeseen: tuple[Observed, ...]

    @property
    def hit_share(self) -> float | None:
        """Return the share (0-1) of observed events that had been foreseen; None when nothing was observed."""
        foreseen = sum(len(one.events) for one in self.came)
        total = foreseen + len(self.unforeseen)
        return foreseen / total if total else None


def sight(keywords: Sequence[str], concerns: Sequence[ForeseenConcern], title: str, body: str) -> Sighting | None:
    """Return why the text belongs to the policy, or None when no keyword occurs in it."""
    in_title, in_all = normalise(title), normalise(f"{title} {body}")
    found = tuple(word for word in keywords if _occurs(word, in_all))
    if not found:
        return None
    is_title = any(_occurs(word, in_title) for word in found)
    concern = _concern_of(concerns, in_all)
    reason = f"{'标题' if is_title else '正文'}含关键词“{'”“'.join(found)}”"
    if concern:
        reason += f"；与预判关切“{concern.question}”相符"
    return Sighting(found, reason[:LONGEST_REASON], concern.id if concern else None)


def _occurs(word: str, text: str) -> bool:
    parts = [normalise(part) for part in word.split("+")]
    return any(parts) and all(part in text for part in parts)


def _concern_of(concerns: Sequence[ForeseenConcern], text: str) -> ForeseenConcern | None:
    """Return the concern whose words occur most, else the one whose question the text repeats most."""
    by_words = [(sum(_occurs(word, text) for word in one.words), one) for one in concerns]
    best = max(by_words, key=lambda pair: pair[0], default=(0, None))
    if best[0]:
        return best[1]
    shares = [(_shared(one.question, text), one) for one in concerns if not one.words]
    likely = max(shares, key=lambda pair: pair[0], default=(0.0, None))
    return likely[1] if likely[0] >= LEAST_SHARED else None


def _shared(question: str, text: str) -> float:
    asked = set(bigrams(question))
    return len(asked & set(bigrams(text))) / len(asked) if asked else 0.0


def compare(concerns: Iterable[tuple[int, str]], observed: Sequence[Observed]) -> Comparison:
    """Return the foreseen concerns `(id, question)` against the observed events, in the order given."""
    came: list[ConcernFound] = []
    away: list[str] = []
    known = set()
    for concern_id, question in concerns:
        known.add(concern_id)
        events = tuple(one for one in observed if one.concern_id == concern_id)
        if events:
            came.append(ConcernFound(question, events))
        else:
            away.append(question)
    return Comparison(tuple(came), tuple(away), tuple(one for one in observed if one.concern_id not in known))


def review_due(released_at: datetime, day: int) -> datetime:
    """Return the end (24:00 Beijing time) of the `day`-th day after the release; the day itself is not counted."""
    released_on = released_at.astimezone(ZONE).date()
    return datetime.combine(released_on + timedelta(days=day + 1), datetime.min.time(), ZONE)


def review_opens(due_at: datetime) -> datetime:
    """Return from when a look back may be filed: the beginning of the day at whose end it is due."""
    return due_at - timedelta(days=1)


def review_soon(now: datetime) -> datetime:
    """Return the latest end of a look back that is open at `now`."""
    return now + timedelta(days=1)
