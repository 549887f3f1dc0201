"""How well a reading agrees with labels, and two readings beside each other on the same rows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from opinion_service.adapters.reading_model.model import Judgement, ReadingModel, Text, claimed
from opinion_service.domain.reading.evaluation import calibration_error, evaluate
from opinion_service.domain.reading.nature import NatureRules

CLEARLY = 0.75  # a calibration error this much smaller is better beyond doubt


@dataclass(frozen=True, slots=True)
class Figures:
    """Agreement with labels; `calibration` is how far the stated chance of *negative* lies from the truth (0-1)."""

    n: int
    accuracy: float
    macro_f1: float
    auc: float | None
    calibration: float | None
    confusion: dict[str, dict[str, int]]

    def as_record(self) -> dict[str, Any]:
        """Return plain values, rounded to four places."""
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


def figures(truth: Sequence[int], judged: Sequence[Judgement]) -> Figures:
    """Return the figures of the bands shown, with SnowNLP's score behind AUC and calibration."""
    return _of_words(truth, judged, [one.band.sign for one in judged])


def second_figures(truth: Sequence[int], chances: Sequence[Mapping[int, float]]) -> Figures:
    """Return the figures of a second opinion, with its own chances behind AUC and calibration."""
    contented = [(1.0 + one.get(1, 0.0) - one.get(-1, 0.0)) / 2.0 for one in chances]
    signs = [claimed(one).sign for one in chances]
    return _figures(truth, signs, contented, [one.get(-1, 0.0) for one in chances])


def is_offered(words: Figures, second: Figures) -> bool:
    """Return whether the second opinion is clearly better calibrated and reads no worse."""
    if words.calibration is None or second.calibration is None:
        return False
    return second.calibration <= CLEARLY * words.calibration and second.macro_f1 >= words.macro_f1


def compare(
    rows: Sequence[tuple[Text, int]], model: ReadingModel, rules: NatureRules | None = None
) -> tuple[Figures, Figures | None]:
    """Return the figures of a model's words on labelled rows, and those of its second opinion if it has one."""
    truth = [label for _, label in rows]
    judged = model.judge_many([text for text, _ in rows], rules)
    words = _of_words(truth, judged, [one.by_words.sign for one in judged])
    chances = [one.second for one in judged if one.second is not None]
    return words, second_figures(truth, chances) if chances else None


def _of_words(truth: Sequence[int], judged: Sequence[Judgement], signs: Sequence[int]) -> Figures:
    scores = [one.scored.score for one in judged]
    return _figures(truth, signs, scores, [None if score is None else 1.0 - score for score in scores])


def _figures(
    truth: Sequence[int], signs: Sequence[int], scores: Sequence[float | None], negative: Sequence[float | None]
) -> Figures:
    found = evaluate(truth, signs, scores)
    error = calibration_error(truth, negative)
    return Figures(found.n, found.accuracy, found.macro_f1, found.auc, error, found.confusion)
