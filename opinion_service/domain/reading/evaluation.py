"""How well predictions agree with labels: accuracy, macro-F1, area under the curve, confusion."""

from collections.abc import Sequence
from dataclasses import dataclass

BINS = 10


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of predicted classes against given ones (-1, 0, 1).

    `confusion[given][predicted]` counts. `auc` is the chance that a contented text scores above a
    discontented one (neutral ones left out); None without scores or without one of the two.
    """

    n: int
    accuracy: float
    macro_f1: float
    confusion: dict[str, dict[str, int]]
    auc: float | None = None


def evaluate(
    truth: Sequence[int], predicted: Sequence[int], scores: Sequence[float | None] | None = None
) -> Evaluation:
    """Return the figures; macro-F1 is taken over the classes that occur in `truth`.

    scores: the probability (0-1) of contentment for each row, or None where there is none. Raises
    ValueError for lists of different lengths.
    """
    classes = sorted(set(truth))
    confusion = {str(given): {str(other): 0 for other in sorted({-1, 0, 1, *predicted})} for given in classes}
    for given, found in zip(truth, predicted, strict=True):
        confusion[str(given)][str(found)] += 1
    hits = sum(confusion[str(one)].get(str(one), 0) for one in classes)
    by_class = [_f1(confusion, str(one)) for one in classes]
    return Evaluation(
        n=len(truth),
        accuracy=hits / (len(truth) or 1),
        macro_f1=sum(by_class) / (len(by_class) or 1),
        confusion=confusion,
        auc=None if scores is None else auc(truth, scores),
    )


def auc(truth: Sequence[int], scores: Sequence[float | None]) -> float | None:
    """Return the area under the curve of +1 against -1 by ranks, equal scores counting half.

    Rows without a score or with another label are left out; None when one side is empty.
    """
    rows = sorted((score, given > 0) for given, score in zip(truth, scores, strict=True) if given and score is not None)
    contented = sum(is_contented for _, is_contented in rows)
    pairs = contented * (len(rows) - contented)
    if not pairs:
        return None
    above = 0.0
    below = start = 0
    while start < len(rows):
        end = start
        while end < len(rows) and rows[end][0] == rows[start][0]:
            end += 1
        equal = sum(is_contented for _, is_contented in rows[start:end])
        above += equal * (below + (end - start - equal) / 2)
        below += end - start - equal
        start = end
    return above / pairs


def _f1(confusion: dict[str, dict[str, int]], one: str) -> float:
    claimed = sum(row.get(one, 0) for row in confusion.values())
    wanted = sum(confusion[one].values())
    return 2 * confusion[one].get(one, 0) / (claimed + wanted) if claimed + wanted else 0.0


def calibration_error(truth: Sequence[int], chances: Sequence[float | None]) -> float | None:
    """Return how far stated chances of *negative* lie from how often it was so (0-1), by ten bins of chance.

    Rows without a chance are left out; None when nothing is left.
    """
    rows = [(chance, given < 0) for given, chance in zip(truth, chances, strict=True) if chance is not None]
    if not rows:
        return None
    error = 0.0
    for number in range(BINS):
        within = [row for row in rows if min(BINS - 1, int(row[0] * BINS)) == number]
        if within:
            stated = sum(chance for chance, _ in within) / len(within)
            error += abs(stated - sum(is_so for _, is_so in within) / len(within)) * len(within)
    return error / len(rows)
