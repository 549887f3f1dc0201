"""Choosing the thresholds of a model on labelled texts: the pair of scores with the best macro-F1.

Source: the bands of domain rules 4.2; each model version has thresholds of its own.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from opinion_service.domain.reading.sentiment import Nature, Thresholds, implied

CLASSES = (-1, 0, 1)
CUTS = 48  # scores tried for each end of the middle
NEVER_BELOW, NEVER_ABOVE = -1.0, 2.0


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text (-1, 0, 1) as a model sees it: its score, the known words behind it, its kind."""

    polarity: int
    score: float | None
    known_words: int
    kind: Nature


def choose(examples: Sequence[Example], start: Thresholds | None = None) -> Thresholds:
    """Return the thresholds with the best macro-F1 on the examples, and whether to heed the kind beside the score.

    Of equal pairs the widest middle is taken: it claims least. Raises ValueError without examples.
    """
    limits = start or Thresholds()
    if not examples:
        raise ValueError("thresholds need labelled texts")
    alone, by_score = _best_pair(examples, [None] * len(examples), limits)
    settled = [implied(one.kind) for one in examples]
    beside, by_both = _best_pair(examples, [None if one is None else one.sign for one in settled], limits)
    return replace(
        limits,
        negative_to=alone[0],
        positive_from=alone[1],
        plain_negative_to=beside[0],
        plain_positive_from=beside[1],
        heeds_kind=by_both >= by_score,
    )


def _best_pair(
    examples: Sequence[Example], settled: Sequence[int | None], limits: Thresholds
) -> tuple[tuple[float, float], float]:
    """Return the scores up to which a text is negative and from which it is positive, and their macro-F1."""
    fixed = {given: dict.fromkeys(CLASSES, 0) for given in CLASSES}
    free: dict[int, list[float]] = {given: [] for given in CLASSES}
    for one, sign in zip(examples, settled, strict=True):
        if sign is None and one.score is not None and one.known_words >= limits.least_words:
            free[one.polarity].append(one.score)
        else:
            fixed[one.polarity][sign or 0] += 1
    for scores in free.values():
        scores.sort()
    cuts = _cuts(sorted(score for scores in free.values() for score in scores))
    pairs = [(low, high) for low in (NEVER_BELOW, *cuts) for high in (*cuts, NEVER_ABOVE) if low < high]
    ranked = ((round(_macro_f1(fixed, free, pair), 6), pair[1] - pair[0], pair) for pair in pairs)
    figure, _, best = max(ranked)
    return best, figure


def _cuts(scores: Sequence[float]) -> list[float]:
    step = max(1, len(scores) // CUTS)
    return sorted(set(scores[step // 2 :: step]))


def _macro_f1(fixed: dict[int, dict[int, int]], free: dict[int, list[float]], pair: tuple[float, float]) -> float:
    counts = {given: dict(row) for given, row in fixed.items()}
    for given, scores in free.items():
        low, high = bisect_right(scores, pair[0]), bisect_left(scores, pair[1])
        counts[given][-1] += low
        counts[given][0] += high - low
        counts[given][1] += len(scores) - high
    present = [given for given in CLASSES if sum(counts[given].values())]
    return sum(_f1(counts, given) for given in present) / len(present)


def _f1(counts: dict[int, dict[int, int]], one: int) -> float:
    claimed_and_wanted = sum(row[one] for row in counts.values()) + sum(counts[one].values())
    return 2 * counts[one][one] / claimed_and_wanted if claimed_and_wanted else 0.0
