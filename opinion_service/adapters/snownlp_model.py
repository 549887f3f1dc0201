"""SnowNLP's sentiment, scored in batches; *not scored* is a value of its own, never 0.5."""

import importlib.metadata
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 500
VERSION = f"snownlp-{importlib.metadata.version('snownlp')}"
_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class Scored:
    """The probability (0-1) that a text sounds content, or None with the number of known words at 0."""

    score: float | None
    known_words: int
    model_version: str = VERSION


def score_many(texts: Sequence[str]) -> tuple[Scored, ...]:
    """Return one result per text, in order; repeats are scored once. The first call loads the model."""
    return tuple(_score(text.strip()[:LONGEST]) for text in texts)


def load() -> None:
    """Load the model now: some seconds and 400 MB, shared by processes forked afterwards."""
    with _loading:
        import snownlp  # noqa: F401 - the import is the loading


@lru_cache(maxsize=20_000)
def _score(text: str) -> Scored:
    if not any("\u4e00" <= char <= "\u9fff" for char in text):
        return Scored(None, 0)
    load()
    from snownlp import sentiment

    words = sentiment.classifier.handle(text)
    known = sentiment.classifier.classifier.d
    hits = sum(1 for word in words if any(known[side].exists(word) for side in known))
    if not hits:
        return Scored(None, 0)
    return Scored(float(sentiment.classify(text)), hits)


def explain(text: str, most: int = 8) -> tuple[tuple[str, float], ...]:
    """Return the words that moved the score most, with their log odds: positive sounds content."""
    import math

    load()
    from snownlp import sentiment

    model = sentiment.classifier.classifier
    weights: dict[str, float] = {}
    for word in sentiment.classifier.handle(text.strip()[:LONGEST]):
        if any(model.d[side].exists(word) for side in model.d):
            content = math.log(model.d["pos"].get(word)[1] / model.d["pos"].getsum() + 1e-12)
            angry = math.log(model.d["neg"].get(word)[1] / model.d["neg"].getsum() + 1e-12)
            weights[word] = round(content - angry, 2)
    return tuple(sorted(weights.items(), key=lambda pair: -abs(pair[1]))[:most])
