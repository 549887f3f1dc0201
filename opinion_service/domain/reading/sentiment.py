"""Bands of sentiment with a wide middle, and the one reading that is shown at the desk.

A score orders the work; it never decides the duty to answer. Source: domain rules 4.2 and 4.3.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from opinion_service.domain.reading.evaluation import Evaluation, evaluate
from opinion_service.domain.reading.nature import Nature, nature

__all__ = ["Band", "Evaluation", "Nature", "Thresholds", "band", "evaluate", "implied", "nature", "reading"]


class Band(StrEnum):
    """How a text sounds; unsure when there is too little evidence."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"
    UNSURE = "unsure"

    @property
    def label(self) -> str:
        """Return the band's name in Chinese."""
        return {"negative": "偏负面", "neutral": "中性", "positive": "偏正面", "unsure": "证据不足"}[self.value]

    @property
    def sign(self) -> int:
        """Return -1, 0 or 1, as labels are written; unsure counts as 0."""
        return {"negative": -1, "positive": 1}.get(self.value, 0)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores up to `negative_to` are negative, from `positive_from` positive; fewer known words are unsure.

    `plain_negative_to` is for texts that neither blame nor ask: the model learnt its tone from shop
    reviews, and ordinary official language sounds discontented to it. From `plain_positive_from` such a text is
    positive; above 1 it never is. Without `heeds_kind` the score alone decides. Each model version has its own
    thresholds, chosen on labelled texts.
    """

    negative_to: float = 0.30
    positive_from: float = 0.70
    least_words: int = 3
    plain_negative_to: float = 0.00001
    plain_positive_from: float = 2.0
    heeds_kind: bool = True

    def as_record(self) -> dict[str, Any]:
        """Return the thresholds as plain values."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Thresholds":
        """Return the thresholds of a record; what is missing keeps its default, what is unknown is left out."""
        usual = asdict(cls())
        return cls(**{name: type(value)(record.get(name, value)) for name, value in usual.items()})


def band(score: float | None, known_words: int, thresholds: Thresholds | None = None) -> Band:
    """Return the band of a score; unsure when it is missing or too few known words stand behind it."""
    limits = thresholds or Thresholds()
    if score is None or known_words < limits.least_words:
        return Band.UNSURE
    if score <= limits.negative_to:
        return Band.NEGATIVE
    return Band.POSITIVE if score >= limits.positive_from else Band.NEUTRAL


def reading(score: float | None, known_words: int, kind: Nature, thresholds: Thresholds | None = None) -> Band:
    """Return the band shown at the desk: what is asked for weighs more than the model's tone.

    An ordinary enquiry or a piece of advice is not shown as anger, a complaint not as contentment. Of
    the rest only an extreme score is believed, and never a rosy one.
    """
    limits = thresholds or Thresholds()
    if not limits.heeds_kind:
        return band(score, known_words, limits)
    settled = implied(kind)
    if settled is not None:
        return settled
    sound = band(score, known_words, limits)
    if sound is Band.UNSURE or score is None:
        return Band.UNSURE
    if score <= limits.plain_negative_to:
        return Band.NEGATIVE
    return Band.POSITIVE if score >= limits.plain_positive_from else Band.NEUTRAL


def implied(kind: Nature) -> Band | None:
    """Return the band that a kind settles by itself, or None where the tone decides."""
    return {
        Nature.COMPLAINT: Band.NEGATIVE, Nature.REPORT: Band.NEGATIVE, Nature.PRAISE: Band.POSITIVE,
        Nature.INQUIRY: Band.NEUTRAL, Nature.ADVICE: Band.NEUTRAL,
    }.get(kind)  # fmt: skip
