"""From a text and the rules' decision about it to numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.routing import PhraseIndex, RoutingDecision, even

MOST_BODY = 800  # characters read
NGRAMS = (1, 3)
TITLE_LEAST, TEXT_LEAST, PHRASE_LEAST = 2, 3, 2  # what is seen in fewer rows is noise, and might be somebody's name
RULES_WEIGHT = 0.4  # how loud the rules' features are beside the n-grams
PHRASE_WEIGHT = 0.6
IN_TITLE, ANYWHERE = "题:", "文:"


@dataclass(frozen=True, slots=True)
class Space:
    """The n-grams of titles and of whole texts, the phrases of duty, and the departments (codes) of the rules."""

    title: TfidfVectorizer
    text: TfidfVectorizer
    phrases: TfidfVectorizer
    index: PhraseIndex
    known: tuple[str, ...]

    @classmethod
    def fit(cls, titles: Sequence[str], bodies: Sequence[str], known: tuple[str, ...], index: PhraseIndex) -> "Space":
        """Return the space spanned by the texts; `index` finds the phrases of the rules.

        Raise InvalidInput when the texts have too little in common.
        """
        pairs = [_even(title, body) for title, body in zip(titles, bodies, strict=True)]
        try:
            return cls(
                vectoriser(TITLE_LEAST).fit([title for title, _ in pairs]),
                vectoriser(TEXT_LEAST).fit([f"{title} {body}" for title, body in pairs]),
                phrase_vectoriser(PHRASE_LEAST).fit([said(index, *pair) for pair in pairs]),
                index,
                known,
            )
        except ValueError as problem:
            raise InvalidInput("训练记录的文字过于零散，学不到东西。") from problem

    def matrix(self, titles: Sequence[str], bodies: Sequence[str], decisions: Sequence[RoutingDecision]) -> Any:
        """Return one sparse row a text."""
        pairs = [_even(title, body) for title, body in zip(titles, bodies, strict=True)]
        rules = sp.csr_matrix(np.array([_rules_row(one, self.known) for one in decisions], dtype=np.float32))
        parts = (
            self.title.transform([title for title, _ in pairs]),
            self.text.transform([f"{title} {body}" for title, body in pairs]),
            self.phrases.transform([said(self.index, *pair) for pair in pairs]) * PHRASE_WEIGHT,
            rules,
        )
        return sp.hstack(parts, format="csr")

    @property
    def width(self) -> int:
        """Return how many numbers a row has."""
        return len(self.terms) + 2 * len(self.known)

    @property
    def terms(self) -> list[str]:
        """Return what each column stands for, those of the rules left out."""
        return [term for one in (self.title, self.text, self.phrases) for term in terms_of(one)]


def vectoriser(least: int) -> TfidfVectorizer:
    """Return an empty vectoriser that keeps n-grams seen in at least `least` texts."""
    return TfidfVectorizer(
        analyzer="char", ngram_range=NGRAMS, sublinear_tf=True, min_df=least, lowercase=False, dtype=np.float32
    )


def phrase_vectoriser(least: int) -> TfidfVectorizer:
    """Return an empty vectoriser over lists of phrases."""
    return TfidfVectorizer(analyzer=_as_they_are, sublinear_tf=True, min_df=least, dtype=np.float32)


def restored(empty: TfidfVectorizer, terms: Sequence[str], idf: np.ndarray) -> TfidfVectorizer:
    """Return the vectoriser with these terms, in order, and their weights."""
    made = empty.set_params(vocabulary={term: at for at, term in enumerate(terms)})
    made.idf_ = idf
    return made


def terms_of(one: TfidfVectorizer) -> list[str]:
    """Return the terms of a vectoriser in the order of its columns."""
    return sorted(one.vocabulary_, key=lambda term: int(one.vocabulary_[term]))


def said(index: PhraseIndex, title: str, body: str) -> list[str]:
    """Return the phrases of duty in an evened title and body, marked by where they stand."""
    above = [hit.word for hit in index.find(title)]
    anywhere = {*above, *(hit.word for hit in index.find(body))}
    return [*(IN_TITLE + word for word in above), *(ANYWHERE + word for word in sorted(anywhere))]


def _as_they_are(phrases: list[str]) -> list[str]:
    return phrases


def _even(title: str, body: str) -> tuple[str, str]:
    return even(title), even(body[:MOST_BODY])


def _rules_row(decision: RoutingDecision, known: Sequence[str]) -> list[float]:
    scores = {one.department: one.score for one in decision.candidates}
    total = sum(scores.values()) or 1.0
    amounts = [RULES_WEIGHT * math.log1p(scores.get(code, 0.0)) / 4.0 for code in known]
    return amounts + [RULES_WEIGHT * scores.get(code, 0.0) / total for code in known]
