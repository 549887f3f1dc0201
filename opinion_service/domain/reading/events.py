"""Which items tell of the same happening: index keys, the judgement of a pair, and its reason.

Equal texts join at once. Otherwise two titles join when the characters they share are telling enough for
the time between them; different places or different numbers keep look-alikes apart. Messages of people join over
weeks when they name the same thing (`matters`). The weights were fitted
to headlines with known events (tests/integration/test_events_on_real_titles.py measures them).
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from opinion_service.domain.reading.event_features import Features, index_keys
from opinion_service.domain.reading.matters import MATTER_WINDOW, are_messages, closeness, cosine
from opinion_service.domain.reading.nature import Nature, nature
from opinion_service.domain.reading.term_weights import TermWeights
from opinion_service.domain.text import bigrams

__all__ = [
    "JOINS_FROM", "MATTER_WINDOW", "WINDOW", "Features", "Grouping", "Judgement", "OnlineGrouper",
    "choose", "evaluate", "group", "index_keys", "judge",
]  # fmt: skip

WINDOW = timedelta(days=7)
JOINS_FROM = 0.65
# Hours between which time counts: nothing is gained by the same minute, nor lost by a third day.
_SOONEST, _LATEST = 2.0, 48.0
# From here two titles are the same text retold, whatever the time between them.
_NEAR_DUPLICATE = 0.72
# Share of the rarer pairs that two bodies have in common: copies, about one thing, about different things.
_SAME_BODY, _KINDRED_BODY, _STRANGE_BODY = 0.6, 0.15, 0.05
_KINDRED_BONUS, _STRANGE_MALUS = 1.5, 2.5
# A title that says less than this ("咨询", "物业问题") is not the same event because it is the same title.
_TELLS_FROM, _TELLS_ALONE = 1.5, 4.0
_SWEEP_EVERY = 5_000


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether two items tell of one thing, how sure (0-1), and why in words."""

    joins: bool
    score: float
    reason: str


def judge(new: Features, old: Features) -> Judgement:
    """Return whether `new` joins `old`, with the score (0-1) and the reason as a Chinese sentence."""
    gap, both_ask = abs(new.at - old.at), are_messages(new, old)
    if gap > (MATTER_WINDOW if both_ask else WINDOW):
        return Judgement(False, 0.0, f"相隔超过 {(MATTER_WINDOW if both_ask else WINDOW).days} 天")
    kinship = _kinship(new.body, old.body)
    if kinship is not None and kinship >= _SAME_BODY:
        return Judgement(True, 1.0, "正文近似重复")
    judged = _judge_titles(new, old, kinship) if gap <= WINDOW else Judgement(False, 0.0, f"相隔超过 {WINDOW.days} 天")
    if judged.joins or kinship is None or not both_ask or _kept_apart(new, old):
        return judged
    score, name = closeness(new, old, kinship)
    if score >= JOINS_FROM:
        return Judgement(True, score, f"同一事项：都提到“{name[:30]}”，标题和正文相近")
    return replace(judged, score=max(score, judged.score))


def _judge_titles(new: Features, old: Features, kinship: float | None) -> Judgement:
    if new.fingerprint == old.fingerprint:
        return _judge_same_title(new, kinship)
    apart = _kept_apart(new, old)
    if apart:
        return Judgement(False, 0.0, apart)
    return _judge_words(new, old, kinship)


def _judge_same_title(new: Features, kinship: float | None) -> Judgement:
    if new.tells < _TELLS_FROM:
        return Judgement(False, 0.5, "标题相同，但过于笼统")
    if kinship is not None and kinship < _STRANGE_BODY and new.tells < _TELLS_ALONE:
        return Judgement(False, 0.5, "标题相同，但正文所述不同")
    return Judgement(True, 1.0, "标题相同")


def _judge_words(new: Features, old: Features, kinship: float | None) -> Judgement:
    shared = new.pairs.keys() & old.pairs.keys()
    likeness = cosine(new.characters, old.characters)
    words = "、".join(_phrases(new.title, shared)[:3])[:60]
    alike = min(likeness, cosine(new.pairs, old.pairs)) >= _NEAR_DUPLICATE
    if alike and (new.tells >= _TELLS_ALONE or (new.tells >= _TELLS_FROM and not _is_strange(kinship))):
        return Judgement(True, round(likeness, 3), f"标题近似重复，共有“{words}”")
    score = _probability(new, old, likeness, kinship)
    if score >= JOINS_FROM:
        return Judgement(True, score, f"同一事件的不同说法，共有“{words}”")
    return Judgement(False, score, f"共有的关键词不足（{words}）" if words else "没有共有的关键词")


def _probability(new: Features, old: Features, likeness: float, kinship: float | None) -> float:
    """Return the chance that two titles tell of one event: fitted logistic on likeness, rarity and time."""
    shared = new.pairs.keys() & old.pairs.keys()
    weights = [new.pairs[pair] * old.pairs[pair] for pair in shared]
    if not weights:
        return 0.0
    hours = min(max(abs(new.at - old.at) / timedelta(hours=1), _SOONEST), _LATEST)
    z = 3.84 * likeness + 0.29 * sum(weights) + 4.98 * math.sqrt(max(weights)) - 1.83 * math.log1p(hours) - 2.75
    if kinship is not None and kinship >= _KINDRED_BODY:
        z += _KINDRED_BONUS
    if _is_strange(kinship):
        z -= _STRANGE_MALUS
    return round(1 / (1 + math.exp(-z)), 3)


def choose(
    new: Features, candidates: Iterable[tuple[int, Features]], by_hand: Collection[int] = ()
) -> tuple[int, Judgement] | None:
    """Return the event of the best candidate that `new` joins, with the judgement; None when none does.

    Among events the one wins whose items agree best on the whole; a chain of weak links is not enough.
    by_hand: places in `candidates` of the items a person put into their event; what repeats one of those
    follows it, whatever the others say.
    """
    by_event: dict[int, list[Judgement]] = {}
    for place, (event_id, old) in enumerate(candidates):
        judgement = judge(new, old)
        if place in by_hand and judgement.joins and judgement.score == 1.0:
            return event_id, replace(judgement, reason=f"{judgement.reason}，随人工归并")
        by_event.setdefault(event_id, []).append(judgement)
    best: tuple[float, int, Judgement] | None = None
    for event_id, judged in by_event.items():
        top = max(judged, key=lambda one: (one.joins, one.score))
        agreed = 0.6 * top.score + 0.4 * sum(one.score for one in judged) / len(judged)
        if (
            top.joins
            and (top.score == 1.0 or agreed >= JOINS_FROM)
            and (best is None or (agreed, -event_id) > best[:2])
        ):
            best = (agreed, -event_id, top)
    return (-best[1], best[2]) if best else None


class OnlineGrouper:
    """Groups a stream in memory as the desk does in the database; cost does not grow with history."""

    def __init__(self, window: timedelta = WINDOW, most_candidates: int = 60) -> None:
        self.weights = TermWeights()
        self._window = window
        self._most = most_candidates
        self._index: dict[int, list[tuple[int, Features]]] = {}
        self._next = 0
        self._added = 0

    def add(self, title: str, at: datetime, body: str = "") -> tuple[int, Judgement | None]:
        """Put an item into an event and return its number, with the judgement when it joined one."""
        asks = bool(body) and nature(title, body) is not Nature.NEWS
        features = Features.of(title, at, body, self.weights, asks=asks)
        keys = index_keys(features)
        chosen = choose(features, self._near(keys, at, self._reach(asks)))
        event_id = chosen[0] if chosen else self._next
        self._next += not chosen
        for key in keys:
            self._index.setdefault(key, []).append((event_id, features))
        self.weights.learn(features.pairs.keys() | features.characters.keys())
        self._added += 1
        if self._added % _SWEEP_EVERY == 0:
            self._forget(at - self._reach(asks=True))
        return event_id, chosen[1] if chosen else None

    def _reach(self, asks: bool) -> timedelta:
        return max(self._window, MATTER_WINDOW) if asks else self._window

    def _near(self, keys: Sequence[int], at: datetime, reach: timedelta) -> list[tuple[int, Features]]:
        found: dict[int, tuple[int, Features]] = {}
        for key in keys:
            kept = [entry for entry in self._index.get(key, ()) if at - entry[1].at <= self._reach(entry[1].asks)]
            if kept:
                self._index[key] = kept[-self._most :]
            found.update((id(entry[1]), entry) for entry in kept[-self._most :] if at - entry[1].at <= reach)
        return list(found.values())

    def _forget(self, before: datetime) -> None:
        kept = ((key, [entry for entry in entries if entry[1].at >= before]) for key, entries in self._index.items())
        self._index = {key: entries for key, entries in kept if entries}


@dataclass(frozen=True, slots=True)
class Grouping:
    """B-cubed figures of a grouping against the truth."""

    n: int
    precision: float
    recall: float
    f1: float


def group(titles: Iterable[tuple[str, datetime]]) -> list[int]:
    """Return an event number for each title, grouped online in the given order."""
    grouper = OnlineGrouper()
    return [grouper.add(title, at)[0] for title, at in titles]


def evaluate(found: Sequence[int], truth: Sequence[object]) -> Grouping:
    """Return B-cubed precision, recall and F1 of `found` groups against `truth` (Bagga and Baldwin 1998)."""
    together = Counter(zip(found, truth, strict=True))
    groups, classes = Counter(found), Counter(truth)
    n = len(found) or 1
    precision = sum(count * count / groups[label] for (label, _), count in together.items()) / n
    recall = sum(count * count / classes[wanted] for (_, wanted), count in together.items()) / n
    total = precision + recall
    return Grouping(len(found), precision, recall, 2 * precision * recall / total if total else 0.0)


def _kept_apart(new: Features, old: Features) -> str:
    """Return why two titles that look alike cannot be one event, or an empty string."""
    for kind in {place[0] for place in new.places} & {place[0] for place in old.places}:
        here = {name for one, name in new.places if one == kind}
        there = {name for one, name in old.places if one == kind}
        if not here & there:
            return f"地点不同：{min(here)}、{min(there)}"
    if not (new.numbers - old.numbers and old.numbers - new.numbers):
        return ""
    likeness = cosine(_without(new.pairs, new.numbers), _without(old.pairs, old.numbers))
    return "文字相近而数字不同" if likeness >= _NEAR_DUPLICATE else ""


def _kinship(one: frozenset[str], other: frozenset[str]) -> float | None:
    """Return the share (0-1) of what two bodies have in common; None when a body is missing."""
    return len(one & other) / min(len(one), len(other)) if one and other else None


def _is_strange(kinship: float | None) -> bool:
    return kinship is not None and kinship < _STRANGE_BODY


def _without(pairs: Mapping[str, float], numbers: frozenset[str]) -> dict[str, float]:
    return {pair: weight for pair, weight in pairs.items() if pair not in numbers and not pair.isdigit()}


def _phrases(title: str, shared: Iterable[str]) -> list[str]:
    """Return the longest stretches of `title` made of shared pairs, longest first."""
    wanted = set(shared)
    found: list[str] = []
    previous = ""
    for token in bigrams(title):
        if token not in wanted:
            previous = ""
        elif previous and len(token) == 2 and not token.isascii() and previous[-1] == token[0]:
            found[-1] += token[1]
            previous = token
        else:
            found.append(token)
            previous = "" if token.isascii() else token
    return sorted(dict.fromkeys(found), key=lambda phrase: (-len(phrase), phrase))
