"""The word counts of a snownlp sentiment model as log odds, and its judgement to the last bit."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from typing import Any

from opinion_service.adapters.snownlp_model import source

_NEGATIVE, _POSITIVE = "neg", "pos"


@dataclass(frozen=True, slots=True)
class WordOdds:
    """Log probabilities of words among discontented and contented texts, and of the classes themselves.

    `known` is what the model has counted, without the words it leaves out; `rare` stands for all others.
    """

    version: str
    prior: tuple[float, float]
    known: Mapping[str, tuple[float, float]]
    rare: tuple[float, float]
    left_out: frozenset[str]

    def judge(self, words: Iterable[str]) -> tuple[float, int]:
        """Return the probability (0-1) that the words sound content, and how many of them are known."""
        negative, positive = self.prior
        hits = 0
        for word in words:
            if word in self.left_out:
                continue
            odds = self.known.get(word)
            if odds is None:
                odds = self.rare
            else:
                hits += 1
            # One by one in the order of the text, as snownlp does: another order would change the last bits.
            negative += odds[0]
            positive += odds[1]
        return _probability(negative, positive), hits

    def weigh(self, words: Iterable[str]) -> dict[str, float]:
        """Return what each known word adds to the log odds in all its places; above 0 sounds content."""
        found: dict[str, float] = {}
        for word in words:
            odds = self.known.get(word)
            if odds is not None and word not in self.left_out:
                found[word] = found.get(word, 0.0) + odds[1] - odds[0]
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
    classes = (record["d"][_NEGATIVE], record["d"][_POSITIVE])
    left_out = source.stop_words()
    words = classes[0]["d"].keys() | classes[1]["d"].keys()
    return WordOdds(
        version=version,
        prior=_both(classes, lambda one: log(one["total"]) - log(record["total"])),
        known={word: _both(classes, lambda one, word=word: _log_share(one, word)) for word in words - left_out},
        rare=_both(classes, lambda one: log(float(one["none"]) / one["total"])),
        left_out=left_out,
    )


def _both(classes: tuple[Any, Any], value: Any) -> tuple[float, float]:
    return value(classes[0]), value(classes[1])


def _log_share(one: Mapping[str, Any], word: str) -> float:
    return log(float(one["d"].get(word, one["none"])) / one["total"])


def _probability(negative: float, positive: float) -> float:
    """Return snownlp's probability of *positive*, through the same steps for the same rounding."""
    if positive > negative:
        return _share(positive, negative)
    return 1 - _share(negative, positive)


def _share(larger: float, smaller: float) -> float:
    return 1 / (1.0 + exp(smaller - larger))
