"""A loaded reading: the score of the words, the band, the kind with its reasons, and the second opinion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from opinion_service.adapters import snownlp_model
from opinion_service.adapters.reading_model.record import FORMAT, Record, version_of
from opinion_service.adapters.reading_model.second import UNSURE_BELOW, SecondOpinion
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reading.nature import NatureRules
from opinion_service.domain.reading.sentiment import Band, Nature, Thresholds, nature, reading

_BANDS = {-1: Band.NEGATIVE, 0: Band.NEUTRAL, 1: Band.POSITIVE}


class Text(NamedTuple):
    """A message; `whole` is what is scored, the two parts are what the rules of the kind look at."""

    title: str
    body: str
    whole: str

    @classmethod
    def of(cls, whole: str) -> "Text":
        """Return a text whose first line is its title."""
        title, _, body = whole.partition("\n")
        return cls(title, body, whole)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was read in a text: the score with its words, the kind, the band shown, and what lies behind it.

    `by_words` is the band by score and kind. `second` gives the chance (0-1) of each class (-1, 0, 1), or is None
    where the model has no second opinion; where the model uses it, `band` is its.
    """

    scored: snownlp_model.Scored
    kind: Nature
    by_words: Band
    band: Band
    second: dict[int, float] | None = None


@dataclass(frozen=True, slots=True)
class ReadingModel:
    """SnowNLP's words with thresholds, and maybe a second opinion; may be shared by threads and forked processes."""

    words: snownlp_model.Model
    thresholds: Thresholds
    second: SecondOpinion | None = None
    uses_second: bool = False

    @property
    def version(self) -> str:
        """Return the name that is stored beside each score."""
        return self.words.version

    @classmethod
    def shipped(cls, thresholds: Thresholds | None = None) -> "ReadingModel":
        """Return the model snownlp ships; raise ModelUnavailable."""
        return cls(snownlp_model.load(), thresholds or Thresholds())

    @classmethod
    def from_record(cls, record: Record) -> "ReadingModel":
        """Return the model of a record; raise ModelUnavailable or InvalidInput for another form.

        A record without the desk's part is read as snownlp reads it, with the thresholds of the shipped model.
        """
        words = snownlp_model.from_record(record, version_of(record))
        desk = record.get("desk")
        if desk is None:
            return cls(words, Thresholds())
        try:
            if desk["format"] != FORMAT:
                raise InvalidInput("模型由另一版本的系统生成，无法读取。")
            second = SecondOpinion.from_record(desk["second"]) if desk["second"] else None
            return cls(words, Thresholds.from_record(desk["thresholds"]), second, bool(desk["uses_second"]))
        except (KeyError, TypeError, ValueError) as problem:
            raise InvalidInput("模型无法读取。") from problem

    def judge_many(
        self, texts: Sequence[Text], rules: NatureRules | None = None, *, with_words: bool = False
    ) -> tuple[Judgement, ...]:
        """Return one judgement per text, in order; the words behind the scores only when asked for."""
        scored = snownlp_model.score_many([text.whole for text in texts], self.words, with_words=with_words)
        return tuple(self.judge(text, one, rules) for text, one in zip(texts, scored, strict=True))

    def judge(self, text: Text, scored: snownlp_model.Scored, rules: NatureRules | None = None) -> Judgement:
        """Return the judgement on a text that is scored already."""
        kind = nature(text.title, text.body, rules)
        band = reading(scored.score, scored.known_words, kind, self.thresholds)
        if self.second is None:
            return Judgement(scored, kind, band, band)
        chances = self.second.chances(text.title, text.body, rules)
        return Judgement(scored, kind, band, claimed(chances) if self.uses_second else band, chances)


def claimed(chances: Mapping[int, float]) -> Band:
    """Return the band of the likeliest class; unsure when even that one is not likely."""
    best = max(chances, key=lambda one: chances[one])
    return _BANDS[best] if chances[best] >= UNSURE_BELOW else Band.UNSURE
