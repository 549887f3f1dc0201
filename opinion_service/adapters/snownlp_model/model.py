"""One loaded model: scores texts in batches and says which words it went by."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from opinion_service.adapters.snownlp_model.bayes import WordOdds
from opinion_service.adapters.snownlp_model.segment import Segmenter

LONGEST = 2_000  # characters; the rest of a text is not read: the score has long settled at 0 or 1 by then
MOST_WORDS = 8
_HAN = re.compile("[\u4e00-\u9fa5]")


class NotScored(StrEnum):
    """Why a text has no score."""

    BLANK = "blank"
    NO_CHINESE = "no_chinese"
    NO_KNOWN_WORD = "no_known_word"


class Scored(NamedTuple):
    """The probability (0-1) that a text sounds content, the known words behind it and the model it came from.

    `score` is None when there is nothing to go by, and `not_scored_reason` says why: never 0.5 for *unknown*.
    `words` are those that moved it most with their log odds, strongest first; above 0 sounds content;
    empty unless they were asked for.
    """

    score: float | None
    not_scored_reason: NotScored | None
    known_words: int
    model_version: str
    words: tuple[tuple[str, float], ...] = ()


class Model:
    """A segmenter and the odds of words. Holds no other state: may be shared by threads and forked."""

    def __init__(self, segmenter: Segmenter, odds: WordOdds) -> None:
        self._segmenter = segmenter
        self._odds = odds
        self.version = odds.version  # stored beside each score

    def score_many(self, texts: Sequence[str], *, with_words: bool = False) -> tuple[Scored, ...]:
        """Return one result per text, in order; equal texts are scored once. The words only when asked for.

        A score equals `SnowNLP(text).sentiments` of the first 2 000 characters bit for bit.
        """
        scored = {text: self._score(text, with_words) for text in dict.fromkeys(texts)}
        return tuple(map(scored.__getitem__, texts))

    @property
    def segmenter(self) -> Segmenter:
        """Return the segmenter, for another model to use with its own odds."""
        return self._segmenter

    def words(self, text: str) -> list[str]:
        """Return the words of a text as snownlp cuts them, at most 2 000 characters of it."""
        return self._segmenter.words(text[:LONGEST])

    def _score(self, text: str, with_words: bool) -> Scored:
        read = text[:LONGEST]
        if not _HAN.search(read):
            reason = NotScored.NO_CHINESE if read.strip() else NotScored.BLANK
            return Scored(None, reason, 0, self.version)
        words = self._segmenter.words(read)
        score, hits = self._odds.judge(words)
        if not hits:
            return Scored(None, NotScored.NO_KNOWN_WORD, 0, self.version)
        return Scored(score, None, hits, self.version, self._odds.strongest(words, MOST_WORDS) if with_words else ())
