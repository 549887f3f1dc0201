"""From a text and the rules' decision about it to numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer

from opinion_service.domain.routing import RoutingDecision, even

MOST_BODY = 800  # characters read
NGRAMS = (1, 3)
TITLE_LEAST, TEXT_LEAST = 2, 3  # an n-gram seen in fewer rows is noise, and might be somebody's name
RULES_WEIGHT = 0.4  # how loud the rules' features are beside the n-grams


@dataclass(frozen=True, slots=True)
class Space:
    """The n-grams of titles and of whole texts, and the departments (codes) the rules can speak for."""

    title: TfidfVectorizer
    text: TfidfVectorizer
    known: tuple[str, ...]

    @classmethod
    def fit(cls, titles: Sequence[str], bodies: Sequence[str], known: tuple[str, ...]) -> "Space":
        """Return the space spanned by the texts."""
        whole = [_whole(title, body) for title, body in zip(titles, bodies, strict=True)]
        return cls(vectoriser(TITLE_LEAST).fit(map(even, titles)), vectoriser(TEXT_LEAST).fit(whole), known)

    def matrix(self, titles: Sequence[str], bodies: Sequence[str], decisions: Sequence[RoutingDecision]) -> Any:
        """Return one sparse row a text."""
        whole = [_whole(title, body) for title, body in zip(titles, bodies, strict=True)]
        said = sp.csr_matrix(np.array([_rules_row(one, self.known) for one in decisions], dtype=np.float32))
        grams = (self.title.transform(map(even, titles)), self.text.transform(whole))
        return sp.hstack([*grams, said], format="csr")

    @property
    def width(self) -> int:
        """Return how many numbers a row has."""
        return len(self.title.vocabulary_) + len(self.text.vocabulary_) + 2 * len(self.known)


def vectoriser(least: int) -> TfidfVectorizer:
    """Return an empty vectoriser that keeps n-grams seen in at least `least` texts."""
    return TfidfVectorizer(
        analyzer="char", ngram_range=NGRAMS, sublinear_tf=True, min_df=least, lowercase=False, dtype=np.float32
    )


def restored(terms: Sequence[str], idf: np.ndarray) -> TfidfVectorizer:
    """Return the vectoriser with these n-grams, in order, and their weights."""
    made = vectoriser(1).set_params(vocabulary={term: at for at, term in enumerate(terms)})
    made.idf_ = idf
    return made


def _whole(title: str, body: str) -> str:
    return f"{even(title)} {even(body[:MOST_BODY])}"


def _rules_row(decision: RoutingDecision, known: Sequence[str]) -> list[float]:
    scores = {one.department: one.score for one in decision.candidates}
    total = sum(scores.values()) or 1.0
    amounts = [RULES_WEIGHT * math.log1p(scores.get(code, 0.0)) / 4.0 for code in known]
    return amounts + [RULES_WEIGHT * scores.get(code, 0.0) / total for code in known]
