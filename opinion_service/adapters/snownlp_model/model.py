"""One loaded model: scores texts in batches and says which words it went by."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from opinion_service.adapters.snownlp_model.bayes import WordOdds
from opinion_service.adapters.snownlp_model.segment import Segmenter

LONGEST = 2_000  # characters; the rest of a text is not read: the score has long settled at 0 or 1 by then
_HAN = re.compile("[\u4e00-\u9fa5]")


class NotScored(StrEnum):
    """Why a text has no score."""

    BLANK = "blank"
    NO_CHINESE = "no_chinese"
    NO_KNOWN_WORD = "no_known_word"


@dataclass(frozen=True, slots=True)
class Scored:
    """The probability (0-1) that a text sounds content, the known words behind it and the model it came from.

    `score` is None when there is nothing to go by, and `not_scored_reason` says why: never 0.5 for *unknown*.
    """

    score: float | None
    not_scored_reason: NotScored | None
    known_words: int
    model_version: str


class Model:
    """A segmenter and the odds of words. Holds no other state: may be shared by threads and forked."""

    def __init__(self, segmenter: Segmenter, odds: WordOdds) -> None:
        self._segmenter = segmenter
        self._odds = odds
        self.version = odds.version  # stored beside each score

    def score_many(self, texts: Sequence[str]) -> tuple[Scored, ...]:
        """Return one result per text, in order; equal texts are scored once.

        A score equals `SnowNLP(text).sentiments` of the first 2 000 characters bit for bit.
        """
        found: dict[str, Scored] = {}
        for text in texts:
            if text not in found:
                found[text] = self._score(text)
        return tuple(found[text] for text in texts)

    def words(self, text: str) -> list[str]:
        """Return the words of a text as snownlp cuts them, at most 2 000 characters of it."""
        return self._segmenter.words(text[:LONGEST])

    def explain(self, text: str, most: int = 8) -> tuple[tuple[str, float], ...]:
        """Return the words that moved the score most with their log odds, strongest first; above 0 sounds content."""
        weights = self._odds.weigh(self.words(text)).items()
        strongest = sorted(weights, key=lambda pair: (-abs(pair[1]), pair[0]))
        return tuple((word, round(weight, 2)) for word, weight in strongest[:most])

    def _score(self, text: str) -> Scored:
        read = text[:LONGEST]
        if not _HAN.search(read):
            reason = NotScored.NO_CHINESE if read.strip() else NotScored.BLANK
            return Scored(None, reason, 0, self.version)
        score, hits = self._odds.judge(self._segmenter.words(read))
        if not hits:
            return Scored(None, NotScored.NO_KNOWN_WORD, 0, self.version)
        return Scored(score, None, hits, self.version)
