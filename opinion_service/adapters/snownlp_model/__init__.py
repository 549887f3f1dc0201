"""SnowNLP's sentiment by an own exact rewrite: its scores and its words, without its cost.

The tables are derived from the installed package at first use and kept in a folder. *Not scored* is a
value of its own, never 0.5.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from opinion_service.adapters.snownlp_model import bayes, cache
from opinion_service.adapters.snownlp_model.model import LONGEST, Model, NotScored, Scored
from opinion_service.adapters.snownlp_model.segment import Segmenter
from opinion_service.adapters.snownlp_model.source import ModelUnavailable

__all__ = [
    "CACHE_DIR", "LONGEST", "Model", "ModelUnavailable", "NotScored", "Scored",
    "explain", "load", "load_model", "score_many",
]  # fmt: skip

CACHE_DIR = Path(__file__).resolve().parents[3] / "instance" / "model-cache"
_loading = threading.Lock()


def load_model(path: Path | None = None, cache_dir: Path = CACHE_DIR) -> Model:
    """Return the model of a file in snownlp's format, or the one snownlp ships; raise ModelUnavailable.

    Takes a tenth of a second with tables in `cache_dir`, some ten seconds the first time.
    """
    return Model(Segmenter(cache.load_tables(cache_dir)), bayes.load(path))


def load(path: Path | None = None, cache_dir: Path = CACHE_DIR) -> Model:
    """Return the model as `load_model` does, loaded once per process and shared by processes forked afterwards."""
    with _loading:
        return _kept(path, cache_dir)


def score_many(texts: Sequence[str], model: Model | None = None) -> tuple[Scored, ...]:
    """Return one result per text, in order, by the shipped model unless another is given."""
    return (model or load()).score_many(texts)


def explain(text: str, most: int = 8, model: Model | None = None) -> tuple[tuple[str, float], ...]:
    """Return the words that moved the score most, with their log odds: above 0 sounds content."""
    return (model or load()).explain(text, most)


@lru_cache(maxsize=4)
def _kept(path: Path | None, cache_dir: Path) -> Model:
    return load_model(path, cache_dir)
