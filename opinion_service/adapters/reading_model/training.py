"""Learning a reading from labelled texts: word counts, thresholds and a second opinion, all judged out of fold."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from opinion_service.adapters import snownlp_model
from opinion_service.adapters.reading_model import second_training
from opinion_service.adapters.reading_model.comparison import figures, is_offered, second_figures
from opinion_service.adapters.reading_model.labels import Labelled, Trained
from opinion_service.adapters.reading_model.model import Judgement, ReadingModel
from opinion_service.adapters.reading_model.record import FORMAT, version_of
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reading.nature import NatureRules, nature
from opinion_service.domain.reading.sentiment import Thresholds
from opinion_service.domain.reading.thresholds import Example, choose

LEAST_ROWS, LEAST_OF_A_CLASS = 40, 5
FOLDS = 5
Progress = Callable[[int, int], None]


def train(
    rows: Sequence[Labelled], rules: NatureRules | None = None, progress: Progress = lambda _done, _total: None
) -> Trained:
    """Learn from `rows` and return the model with its out-of-fold figures; the same rows give the same model.

    The second opinion is used for the bands where it is clearly better calibrated. `progress` is told steps done and
    steps in all. Raises InvalidInput for fewer than 40 rows, or fewer than 5 of -1 or of 1.
    """
    _check(rows)
    steps = FOLDS + 2
    progress(0, steps)
    words = _words_of(rows)
    progress(1, steps)
    truth = [row.polarity for row in rows]
    features = second_training.features([row.text for row in rows], rules)
    judged: list[Any] = [None] * len(rows)
    for number, (kept, left) in enumerate(_folds(rows)):
        part = snownlp_model.from_record(_counts([rows[i] for i in kept], [words[i] for i in kept]), "fold")
        for at, scored in zip(left, part.score_many([rows[i].text.whole for i in left]), strict=True):
            judged[at] = scored
        progress(2 + number, steps)
    chances = second_training.out_of_fold(features, truth, _folds(rows))
    thresholds = choose(_examples(rows, judged, rules))
    read = _read(rows, judged, thresholds, rules)
    words_figures = figures(truth, read)
    second = second_figures(truth, chances)
    offered = is_offered(words_figures, second)
    counts = _counts(rows, words)
    desk = {
        "format": FORMAT,
        "thresholds": thresholds.as_record(),
        "second": second_training.fit(features, truth, _folds(rows)),
        "uses_second": offered,
        "trained_on": len(rows),
    }
    record = {**counts, "desk": desk}
    progress(steps, steps)
    return Trained(record, version_of(record), len(rows), words_figures, second, offered, tuple(truth), read)


def _check(rows: Sequence[Labelled]) -> None:
    counts = Counter(row.polarity for row in rows)
    if len(rows) < LEAST_ROWS or min(counts[-1], counts[1]) < LEAST_OF_A_CLASS:
        raise InvalidInput(
            f"训练至少需要 {LEAST_ROWS} 条标注，其中负面、正面各不少于 {LEAST_OF_A_CLASS} 条；"
            f"现有 {len(rows)} 条，负面 {counts[-1]} 条，正面 {counts[1]} 条。"
        )


def _folds(rows: Sequence[Labelled]) -> list[tuple[list[int], list[int]]]:
    """Return (learnt from, judged) places; equal texts are never on both sides, each class is in every part."""
    seen: dict[str, int] = {}
    place: dict[int, int] = dict.fromkeys((-1, 0, 1), 0)
    fold_of = []
    for row in rows:
        if row.text.whole not in seen:
            seen[row.text.whole] = place[row.polarity] % FOLDS
            place[row.polarity] += 1
        fold_of.append(seen[row.text.whole])
    return [
        (
            [i for i, fold in enumerate(fold_of) if fold != number],
            [i for i, fold in enumerate(fold_of) if fold == number],
        )
        for number in range(FOLDS)
    ]


def _words_of(rows: Sequence[Labelled]) -> list[list[str]]:
    model, stop = snownlp_model.load(), snownlp_model.stop_words()
    return [[word for word in model.words(row.text.whole) if word not in stop] for row in rows]


def _counts(rows: Sequence[Labelled], words: Sequence[list[str]]) -> dict[str, Any]:
    """Return word counts in snownlp's form, as its own training makes them, each class brought to the same weight.

    Without that, add-one smoothing makes every word of the rarer class a sign for it.
    """
    counted: dict[int, Counter[str]] = {-1: Counter(), 1: Counter()}
    for row, found in zip(rows, words, strict=True):
        if row.polarity:
            counted[row.polarity].update(found)
    heaviest = max(count.total() for count in counted.values()) or 1
    classes = {}
    for sign, name in ((-1, "neg"), (1, "pos")):
        factor = heaviest / (counted[sign].total() or 1)
        d = {word: 1 + count * factor for word, count in sorted(counted[sign].items())}
        classes[name] = {"d": d, "total": float(sum(d.values())), "none": 1}
    return {"total": sum(one["total"] for one in classes.values()), "d": classes}


def _examples(
    rows: Sequence[Labelled], scored: Sequence[snownlp_model.Scored], rules: NatureRules | None
) -> list[Example]:
    return [
        Example(row.polarity, one.score, one.known_words, nature(row.text.title, row.text.body, rules))
        for row, one in zip(rows, scored, strict=True)
    ]


def _read(
    rows: Sequence[Labelled],
    scored: Sequence[snownlp_model.Scored],
    thresholds: Thresholds,
    rules: NatureRules | None,
) -> tuple[Judgement, ...]:
    model = ReadingModel.shipped(thresholds)
    return tuple(model.judge(row.text, one, rules) for row, one in zip(rows, scored, strict=True))
