"""The word counts of a snownlp sentiment model as log odds, and its judgement to the last bit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from math import exp, log
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

    def strongest(self, words: Iterable[str], most: int) -> tuple[tuple[str, float], ...]:
        """Return the words that move the log odds most in all their places, strongest first; above 0 sounds content."""
        found: dict[str, float] = {}
        for word in words:
            one, other, known = self.words.get(word, self.rare)
            if known:
                found[word] = found.get(word, 0.0) + other - one
        listed = nsmallest(most, found.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
        return tuple((word, round(weight, 2)) for word, weight in listed)


def load() -> WordOdds:
    """Return the model snownlp ships; raise ModelUnavailable."""
    return from_record(source.read_marshal(source.shipped_sentiment()), f"snownlp-{source.package_version()}")


def from_record(record: Mapping[str, Any], version: str) -> WordOdds:
    """Return the odds of a record in snownlp's form; raise ModelUnavailable for another form."""
    try:
        return _odds(record, version)
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as problem:
        raise source.ModelUnavailable(f"{version}: not a model of the classes neg and pos") from problem


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
