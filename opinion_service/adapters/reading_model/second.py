"""The second opinion: character n-grams and the kind of the message, a linear model a class, told as chances.

Learned with scikit-learn (`training`), applied here without it: a worker needs no more memory for it than its words.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opinion_service.domain.reading.nature import KINDS, NatureRules, weigh
from opinion_service.domain.reading.sentiment import implied, nature

MOST_READ = 800  # characters of a body
NGRAMS = (1, 2)
KIND_WEIGHT = 0.4  # how loud the kind is beside the n-grams
UNSURE_BELOW = 0.40  # a class that is less likely than this is not claimed


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """Weights by n-gram, already times their idf; `extra` are those of the kind, in the order of `kind_features`."""

    classes: tuple[int, ...]
    grams: Mapping[str, tuple[float, tuple[float, ...]]]
    extra: tuple[tuple[float, ...], ...]
    offsets: tuple[float, ...]
    curve: tuple[tuple[float, ...], ...]

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "SecondOpinion":
        """Return the model of a record; raise KeyError, TypeError or ValueError for another form."""
        weights = zip(*record["weights"], strict=True)
        grams = {
            gram: (float(idf), tuple(map(float, row)))
            for gram, idf, row in zip(record["grams"], record["idf"], weights, strict=True)
        }
        return cls(
            tuple(map(int, record["classes"])),
            grams,
            tuple(tuple(map(float, row)) for row in record["extra"]),
            tuple(map(float, record["offsets"])),
            tuple(tuple(map(float, row)) for row in record["curve"]),
        )

    def chances(self, title: str, body: str, rules: NatureRules | None = None) -> dict[int, float]:
        """Return the chance (0-1) of each class the model knows; together they make 1."""
        found = _margins(self, even(title, body), kind_features(title, body, rules))
        raised = [row[0] + sum(a * b for a, b in zip(row[1:], found, strict=True)) for row in self.curve]
        top = max(raised)
        shares = [math.exp(one - top) for one in raised]
        return dict(zip(self.classes, (share / sum(shares) for share in shares), strict=True))


def even(title: str, body: str) -> str:
    """Return what is read of a text: one line, small letters, the beginning of the body."""
    return " ".join(f"{title} {body[:MOST_READ]}".lower().split())


def kind_features(title: str, body: str, rules: NatureRules | None = None) -> list[float]:
    """Return what the rules say about the kind, as numbers."""
    sums = weigh(title, body, rules)
    settled = implied(nature(title, body, rules))
    amounts = [KIND_WEIGHT * math.log1p(sums[kind]) / 4.0 for kind in KINDS]
    return amounts + [KIND_WEIGHT * float(settled is not None and settled.sign == sign) for sign in (-1, 0, 1)]


def _margins(model: SecondOpinion, text: str, extra: Sequence[float]) -> list[float]:
    counts: dict[str, int] = {}
    for length in range(NGRAMS[0], NGRAMS[1] + 1):
        for at in range(len(text) - length + 1):
            gram = text[at : at + length]
            if gram in model.grams:
                counts[gram] = counts.get(gram, 0) + 1
    sums = [0.0] * len(model.offsets)
    square = 0.0
    for gram, count in counts.items():
        idf, weights = model.grams[gram]
        value = (1.0 + math.log(count)) * idf
        square += value * value
        for at, weight in enumerate(weights):
            sums[at] += value * weight
    norm = math.sqrt(square) or 1.0
    return [
        total / norm + offset + sum(a * b for a, b in zip(row, extra, strict=True))
        for total, offset, row in zip(sums, model.offsets, model.extra, strict=True)
    ]
