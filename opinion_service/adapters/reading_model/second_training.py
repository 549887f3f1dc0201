"""Learning the second opinion with scikit-learn; what is kept of it are numbers and n-grams."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from opinion_service.adapters.reading_model.model import Text
from opinion_service.adapters.reading_model.second import NGRAMS, even, kind_features
from opinion_service.domain.reading.nature import NatureRules

SEEN_IN = 3  # texts: a rarer n-gram is noise, and might be somebody's name
REGULARITY = 0.3  # LinearSVC's C
CURVE_C = 10.0
DIGITS = 6

Folds = Sequence[tuple[list[int], list[int]]]


@dataclass(frozen=True, slots=True)
class Features:
    """The texts as they are read, and what the rules say about the kind of each."""

    texts: list[str]
    extra: np.ndarray


@dataclass(frozen=True, slots=True)
class _Fitted:
    vectoriser: TfidfVectorizer
    classes: tuple[int, ...]
    weights: np.ndarray
    offsets: np.ndarray


def features(texts: Sequence[Text], rules: NatureRules | None = None) -> Features:
    """Return what is learnt from."""
    parts = [_parts(text) for text in texts]
    extra = [kind_features(text.title, text.body, rules) for text in texts]
    return Features([even(*one) for one in parts], np.array(extra, dtype=np.float64))


def out_of_fold(found: Features, truth: Sequence[int], folds: Folds) -> list[dict[int, float]]:
    """Return the chance of each class for every text, by a model that has not met it."""
    margins, classes = _margins_out_of_fold(found, truth, folds)
    labels = np.array(truth)
    chances: list[dict[int, float]] = [{} for _ in truth]
    for kept, left in folds:
        curve = _curve(margins[kept], labels[kept])
        for at, row in zip(left, curve.predict_proba(margins[left]), strict=True):
            chances[at] = dict.fromkeys(classes, 0.0) | dict(
                zip(map(int, curve.classes_), map(float, row), strict=True)
            )
    return chances


def fit(found: Features, truth: Sequence[int], folds: Folds) -> dict[str, Any]:
    """Return the record of a second opinion learnt from all texts (the form `SecondOpinion.from_record` reads)."""
    margins, classes = _margins_out_of_fold(found, truth, folds)
    curve = _curve(margins, np.array(truth))
    fitted = _fit(found, truth, classes)
    grams = sorted(fitted.vectoriser.vocabulary_, key=lambda gram: int(fitted.vectoriser.vocabulary_[gram]))
    return {
        "classes": list(classes),
        "grams": grams,
        "idf": _rounded(fitted.vectoriser.idf_),
        "weights": [_rounded(row[: len(grams)]) for row in fitted.weights],
        "extra": [_rounded(row[len(grams) :]) for row in fitted.weights],
        "offsets": _rounded(fitted.offsets),
        "curve": _curve_rows(curve),
    }


def _parts(text: Text) -> tuple[str, str]:
    return text.title, text.body


def _fit(found: Features, truth: Sequence[int], classes: tuple[int, ...]) -> _Fitted:
    """Return one linear model a class, each told from all the rest."""
    vectoriser = TfidfVectorizer(
        analyzer="char", ngram_range=NGRAMS, sublinear_tf=True, min_df=SEEN_IN, lowercase=False, dtype=np.float64
    ).fit(found.texts)
    matrix = sp.hstack([vectoriser.transform(found.texts), sp.csr_matrix(found.extra)], format="csr")
    labels = np.array(truth)
    weights, offsets = [], []
    for one in classes:
        model = LinearSVC(C=REGULARITY, class_weight="balanced", random_state=0).fit(matrix, labels == one)
        weights.append(model.coef_[0])
        offsets.append(float(model.intercept_[0]))
    return _Fitted(vectoriser, classes, np.array(weights), np.array(offsets))


def _margins_out_of_fold(found: Features, truth: Sequence[int], folds: Folds) -> tuple[np.ndarray, tuple[int, ...]]:
    classes = tuple(sorted(set(truth)))
    margins = np.zeros((len(truth), len(classes)))
    for kept, left in folds:
        fitted = _fit(_some(found, kept), [truth[i] for i in kept], classes)
        rest = _some(found, left)
        matrix = sp.hstack([fitted.vectoriser.transform(rest.texts), sp.csr_matrix(rest.extra)], format="csr")
        margins[left] = matrix @ fitted.weights.T + fitted.offsets
    return margins, classes


def _some(found: Features, places: Sequence[int]) -> Features:
    return Features([found.texts[i] for i in places], found.extra[list(places)])


def _curve(margins: np.ndarray, labels: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=CURVE_C, max_iter=1000).fit(margins, labels)


def _curve_rows(curve: LogisticRegression) -> list[list[float]]:
    """Return a constant and a coefficient a margin for each class; of two classes the first is the measure."""
    rows = [[float(constant), *map(float, row)] for constant, row in zip(curve.intercept_, curve.coef_, strict=True)]
    return [[0.0] * len(rows[0]), *rows] if len(curve.classes_) == 2 else rows


def _rounded(numbers: np.ndarray) -> list[float]:
    return [float(f"{number:.{DIGITS}g}") for number in numbers]
