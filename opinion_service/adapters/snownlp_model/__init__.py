"""SnowNLP's sentiment by an own exact rewrite: its scores and its words, without its cost.

The tables are derived from the installed package at first use and kept in a folder. *Not scored* is a
value of its own, never 0.5.
"""

import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from opinion_service.adapters.snownlp_model import bayes, cache
from opinion_service.adapters.snownlp_model.model import LONGEST, Model, NotScored, Scored
from opinion_service.adapters.snownlp_model.segment import Segmenter
from opinion_service.adapters.snownlp_model.source import (
    ModelUnavailable,
    package_version,
    read_marshal,
    stop_words,
)

__all__ = [
    "CACHE_DIR", "LONGEST", "Model", "ModelUnavailable", "NotScored", "Scored",
    "from_record", "load", "load_model", "package_version", "read_marshal", "score_many", "stop_words",
]  # fmt: skip

CACHE_DIR = Path(__file__).resolve().parents[3] / "instance" / "model-cache"
_loading = threading.Lock()


def load_model(cache_dir: Path = CACHE_DIR) -> Model:
    """Return the model snownlp ships, with its segmenter; raise ModelUnavailable.

    Takes a second with tables in `cache_dir`, some ten the first time.
    """
    return Model(Segmenter(cache.load_tables(cache_dir)), bayes.load())


def load(cache_dir: Path = CACHE_DIR) -> Model:
    """Return the model as `load_model` does, loaded once per process and shared by processes forked afterwards."""
    with _loading:
        return _kept(cache_dir)


def from_record(record: Mapping[str, Any], version: str) -> Model:
    """Return the model of a record in snownlp's form, with the shipped segmenter; raise ModelUnavailable."""
    return Model(load().segmenter, bayes.from_record(record, version))


def score_many(texts: Sequence[str], model: Model | None = None, *, with_words: bool = False) -> tuple[Scored, ...]:
    """Return one result per text, in order, by the shipped model unless another is given."""
    return (model or load()).score_many(texts, with_words=with_words)


@lru_cache(maxsize=2)
def _kept(cache_dir: Path) -> Model:
    return load_model(cache_dir)
