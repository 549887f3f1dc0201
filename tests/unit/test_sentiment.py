"""Bands with a wide middle, thresholds chosen on labelled texts, and the figures of agreement."""

import pytest

from opinion_service.domain.reading.evaluation import auc, calibration_error, evaluate
from opinion_service.domain.reading.sentiment import Band, Nature, Thresholds, band, reading
from opinion_service.domain.reading.thresholds import Example, choose


@pytest.mark.parametrize(
    ("score", "words", "expected"),
    [
        (None, 9, Band.UNSURE), (0.0, 2, Band.UNSURE), (0.30, 3, Band.NEGATIVE), (0.31, 3, Band.NEUTRAL),
        (0.69, 3, Band.NEUTRAL), (0.70, 3, Band.POSITIVE),
    ],
)  # fmt: skip
def test_the_band_of_a_score(score: float | None, words: int, expected: Band) -> None:
    assert band(score, words) is expected


@pytest.mark.parametrize(
    ("kind", "score", "words", "expected"),
    [
        (Nature.COMPLAINT, 1.0, 9, Band.NEGATIVE), (Nature.REPORT, None, 0, Band.NEGATIVE),
        (Nature.INQUIRY, 0.0, 9, Band.NEUTRAL), (Nature.ADVICE, 0.0, 9, Band.NEUTRAL),
        (Nature.PRAISE, 0.0, 9, Band.POSITIVE), (Nature.NEWS, 0.00001, 3, Band.NEGATIVE),
        (Nature.NEWS, 0.0001, 3, Band.NEUTRAL), (Nature.NEWS, 1.0, 9, Band.NEUTRAL), (Nature.HELP, None, 0, Band.UNSURE),
    ],
)  # fmt: skip
def test_what_is_asked_for_weighs_more_than_the_tone(kind: Nature, score: float, words: int, expected: Band) -> None:
    assert reading(score, words, kind) is expected


def test_without_heed_for_the_kind_the_score_decides() -> None:
    assert reading(0.9, 9, Nature.COMPLAINT, Thresholds(heeds_kind=False)) is Band.POSITIVE


def test_thresholds_survive_their_record() -> None:
    limits = Thresholds(negative_to=0.125, least_words=2, heeds_kind=False)

    assert Thresholds.from_record(limits.as_record()) == limits
    assert Thresholds.from_record({}) == Thresholds()


def _examples(kind: Nature = Nature.NEWS) -> list[Example]:
    scores = {-1: (0.01, 0.02, 0.1, 0.2), 0: (0.3, 0.4, 0.5, 0.6), 1: (0.8, 0.9, 0.95, 0.99)}
    return [Example(sign, score, 9, kind) for sign, listed in scores.items() for score in listed]


def test_chosen_thresholds_part_what_can_be_parted() -> None:
    limits = choose(_examples())

    assert [reading(one.score, 9, one.kind, limits).sign for one in _examples()] == [
        one.polarity for one in _examples()
    ]


def test_a_kind_that_misleads_is_not_heeded() -> None:
    assert choose(_examples(Nature.PRAISE)).heeds_kind is False
    assert choose(_examples(Nature.NEWS)).heeds_kind is True


def test_nothing_is_chosen_on_nothing() -> None:
    with pytest.raises(ValueError, match="labelled"):
        choose([])


def test_the_figures_of_a_small_table() -> None:
    found = evaluate([-1, -1, 0, 1], [-1, 0, 0, 1], [0.1, 0.2, 0.5, 0.9])

    assert (found.n, found.accuracy, found.auc) == (4, 0.75, 1.0)
    assert found.macro_f1 == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert found.confusion["-1"] == {"-1": 1, "0": 1, "1": 0}


@pytest.mark.parametrize(
    ("scores", "expected"), [([0.1, 0.9], 1.0), ([0.9, 0.1], 0.0), ([0.5, 0.5], 0.5), ([None, 0.5], None)]
)
def test_equal_scores_count_half(scores: list[float | None], expected: float | None) -> None:
    assert auc([-1, 1], scores) == expected


@pytest.mark.parametrize(
    ("truth", "chances", "expected"),
    [
        ([-1, -1], [1.0, 1.0], 0.0), ([1, 1], [1.0, 1.0], 1.0), ([-1, 1], [0.5, 0.5], 0.0), ([-1, 1], [None, None], None),
        ([-1, 1, 0, 0], [0.25, 0.25, 0.25, 0.25], 0.0),
    ],
)  # fmt: skip
def test_a_stated_chance_is_held_to_what_came(
    truth: list[int], chances: list[float | None], expected: float | None
) -> None:
    assert calibration_error(truth, chances) == expected
