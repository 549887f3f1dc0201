"""Bands of sentiment with a wide middle, and the one reading that is shown at the desk.

A score orders the work; it never decides the duty to answer. Source: domain rules 4.2 and 4.3.
"""

from dataclasses import dataclass
from enum import StrEnum

from opinion_service.domain.evaluation import Evaluation, evaluate
from opinion_service.domain.nature import GRIEVANCES, Nature, nature

__all__ = ["Band", "Evaluation", "Nature", "Thresholds", "band", "evaluate", "nature", "reading"]


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
    reviews, and ordinary official language sounds discontented to it.
    """

    negative_to: float = 0.30
    positive_from: float = 0.70
    least_words: int = 3
    plain_negative_to: float = 0.00001


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
    if kind in GRIEVANCES:
        return Band.NEGATIVE
    if kind is Nature.PRAISE:
        return Band.POSITIVE
    if kind in (Nature.INQUIRY, Nature.ADVICE):
        return Band.NEUTRAL
    sound = band(score, known_words, limits)
    if sound is Band.NEGATIVE and score is not None and score > limits.plain_negative_to:
        return Band.NEUTRAL
    return Band.NEUTRAL if sound is Band.POSITIVE else sound
