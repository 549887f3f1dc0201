"""Puts the reading model, the rules of the kinds and the stored items together: what the line reads a text with.

Where no trained model is in force, the scores are those of the model that snownlp ships.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from opinion_service.adapters import snownlp_model
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reading.nature import NatureRules, nature, shipped
from opinion_service.domain.reading.sentiment import Band, Nature, reading
from opinion_service.services.reading import kinds_book, reading_models
from opinion_service.services.reading.analysis import Tone
from opinion_service.services.reading.reading_queue import Waiting

if TYPE_CHECKING:
    from opinion_service.adapters.reading_model import ReadingModel

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reader:
    """What reads now: the trained model, or None for the shipped one, and the rules of the kinds."""

    name: str
    model: "ReadingModel | None"
    rules: NatureRules
    rules_version: int


def reader() -> Reader:
    """Return what is in force; a model or rules met before are not loaded again."""
    chosen, rules = reading_models.in_force(), kinds_book.in_force()
    loaded = model(chosen.version) if chosen.version else None
    if loaded is not None:
        loaded = replace(loaded, uses_second=chosen.uses_second and loaded.second is not None)
    try:
        usable, version = _rules(json.dumps(rules.record, sort_keys=True)), rules.version
    except InvalidInput as problem:
        # A version kept before a pattern was refused: reading goes on, with the rules that ship.
        _log.warning("kind rules %s are not used: %s", rules.version, problem)
        usable, version = shipped(), kinds_book.SHIPPED_VERSION
    return Reader(chosen.name, loaded, usable, version)


def read(items: Sequence[Waiting]) -> dict[int, Tone]:
    """Return how each item sounds and what it wants, by its id."""
    by = reader()
    if by.model is None:
        scored = snownlp_model.score_many([item.text for item in items], with_words=True)
        return {item.item_id: _plain(item, one, by) for item, one in zip(items, scored, strict=True)}
    from opinion_service.adapters.reading_model import Text  # loads what a desk without a trained model never needs

    texts = [Text(item.title, item.body, item.text) for item in items]
    judged = by.model.judge_many(texts, by.rules, with_words=True)
    return {
        item.item_id: _tone(one.scored, by.name, one.band, one.kind, by)
        for item, one in zip(items, judged, strict=True)
    }


@lru_cache(maxsize=3)
def model(version: str) -> "ReadingModel":
    """Return a kept model, loaded once a process; raise NotFound for an unknown version."""
    from opinion_service.adapters.reading_model import ReadingModel, from_blob

    return ReadingModel.from_record(from_blob(reading_models.content(version)))


def _plain(item: Waiting, scored: snownlp_model.Scored, by: Reader) -> Tone:
    kind = nature(item.title, item.body, by.rules)
    band = reading(scored.score, scored.known_words, kind)
    return _tone(scored, scored.model_version, band, kind, by)


def _tone(scored: snownlp_model.Scored, name: str, band: Band, kind: Nature, by: Reader) -> Tone:
    return Tone(scored.score, scored.known_words, name, band, kind, by.rules_version, scored.words)


@lru_cache(maxsize=3)
def _rules(record: str) -> NatureRules:
    return NatureRules.from_record(json.loads(record))
