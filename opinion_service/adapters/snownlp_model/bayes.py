"""The word counts of a snownlp sentiment model as log odds, and its judgement to the last bit."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from typing import Any

from opinion_service.adapters.snownlp_model import source

_NEGATIVE, _POSITIVE = "neg", "pos"

Odds = tuple[float, float, int]


@dataclass(frozen=True, slots=True)
class WordOdds:
    """Log probabilities of words among discontented and contented texts, and of the classes themselves.

    `words` gives both for each word counted, with a 1 behind; a word left out has (0, 0, 0). `rare`
    stands for all others.
    """

    version: str
    prior: tuple[float, float]
    words: Mapping[str, Odds]
    rare: Odds

    def judge(self, words: Iterable[str]) -> tuple[float, int]:
        """Return the probability (0-1) that the words sound content, and how many of them are known."""
        negative, positive = self.prior
        hits = 0
        odds, rare = self.words.get, self.rare
        # One by one in the order of the text, as snownlp does: another order would change the last bits.
        for word in words:
            one, other, known = odds(word, rare)
            negative += one
            positive += other
            hits += known
        return _probability(negative, positive), hits

    def weigh(self, words: Iterable[str]) -> dict[str, float]:
        """Return what each known word adds to the log odds in all its places; above 0 sounds content."""
        found: dict[str, float] = {}
        for word in words:
            one, other, known = self.words.get(word, self.rare)
            if known:
                found[word] = found.get(word, 0.0) + other - one
        return found


def load(path: Path | None) -> WordOdds:
    """Return the model of a file in snownlp's format, or the one snownlp ships; raise ModelUnavailable.

    The version of an own model carries the beginning of its checksum, so that scores of two never mix.
    """
    chosen = path or source.shipped_sentiment()
    version = f"snownlp-{source.package_version()}"
    record = source.read_marshal(chosen)
    if path is not None:
        version = f"{version}+{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
    try:
        return _odds(record, version)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as problem:
        raise source.ModelUnavailable(f"{chosen.name}: not a model of the classes neg and pos") from problem


def _odds(record: Mapping[str, Any], version: str) -> WordOdds:
    negative, positive = record["d"][_NEGATIVE], record["d"][_POSITIVE]
    words: dict[str, Odds] = {
        word: (_log_share(negative, word), _log_share(positive, word), 1)
        for word in negative["d"].keys() | positive["d"].keys()
    }
    words.update(dict.fromkeys(source.stop_words(), (0.0, 0.0, 0)))
    total = log(record["total"])
    return WordOdds(
        version=version,
        prior=(log(negative["total"]) - total, log(positive["total"]) - total),
        words=words,
        rare=(_log_share(negative, None), _log_share(positive, None), 0),
    )


def _log_share(one: Mapping[str, Any], word: str | None) -> float:
    return log(float(one["d"].get(word, one["none"])) / one["total"])


def _probability(negative: float, positive: float) -> float:
    """Return snownlp's probability of *positive*, through the same steps for the same rounding."""
    if positive > negative:
        return _share(positive, negative)
    return 1 - _share(negative, positive)


def _share(larger: float, smaller: float) -> float:
    return 1 / (1.0 + exp(smaller - larger))
