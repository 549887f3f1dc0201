"""Learning the re-ranker from texts whose department is known."""

import math
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.svm import LinearSVC

from opinion_service.adapters.routing_model.labels import Labelled, Trained
from opinion_service.adapters.routing_model.model import FirstStep, RoutingModel, packed
from opinion_service.adapters.routing_model.order import Heard, Ranking, features, fit_curve
from opinion_service.adapters.routing_model.space import Space
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.routing import Evaluation, RoutingDecision, RuleSet, Truth, evaluate, route

LEAST_ROWS = 60
REGULARITY = 0.4  # LinearSVC's C
INNER_FOLDS = 3
CHANCES_BEFORE_DOUBT = 3  # so often the rules chose a department that never answered
NEVER = -1.0  # margin of a department that no row of a fold speaks for
NO_CHANCE = -12.0
LOGISTIC_C, ROUNDS = 8.0, 40


@dataclass(frozen=True, slots=True)
class _Fitted:
    space: Space
    first: FirstStep

    def hear(self, lesson: "_Lesson") -> Heard:
        return self.first.hear(self.space.matrix(lesson.titles, lesson.bodies, lesson.decisions))


@dataclass(frozen=True, slots=True)
class _Lesson:
    rows: Sequence[Labelled]
    decisions: Sequence[RoutingDecision]
    rules: RuleSet
    departments: tuple[str, ...]

    def part(self, places: Sequence[int]) -> "_Lesson":
        decisions = [self.decisions[i] for i in places]
        return _Lesson([self.rows[i] for i in places], decisions, self.rules, self.departments)

    @property
    def titles(self) -> list[str]:
        return [row.title for row in self.rows]

    @property
    def bodies(self) -> list[str]:
        return [row.body for row in self.rows]

    @property
    def right(self) -> np.ndarray:
        return np.array([[code in row.accepted for code in self.departments] for row in self.rows])


def train(rows: Sequence[Labelled], rules: RuleSet) -> Trained:
    """Learn from `rows` and return the model.

    Raises InvalidInput for fewer than 60 rows or fewer than two departments. The same rows and rules give the
    same model.
    """
    departments = tuple(sorted({row.department for row in rows}))
    if len(rows) < LEAST_ROWS or len(departments) < 2:
        raise InvalidInput(f"训练至少需要 {LEAST_ROWS} 条记录和两个部门。")
    decisions = [route(rules, row.title, row.body, as_of=row.written_on).decision for row in rows]
    lesson = _Lesson(rows, decisions, rules, departments)
    heard = _out_of_fold(lesson)
    curve = fit_curve(features(heard, lesson.decisions, departments), lesson.right)
    ranking = Ranking(departments, _doubted(lesson), curve)
    sureness, accuracy = _calibrated(lesson, ranking, heard)
    last = _fit(lesson)
    content = packed(last.space, ranking, last.first, sureness)
    return Trained(content, len(rows), departments, accuracy, RoutingModel.from_bytes(content).version)


def judge(
    rows: Sequence[Labelled], rules: RuleSet, model: RoutingModel | None = None, threshold: float | None = None
) -> Evaluation:
    """Return how well the rules, or the model behind them, find the departments of `rows`."""
    rerank = model.rerank if model else None
    decisions = [route(rules, row.title, row.body, as_of=row.written_on, rerank=rerank).decision for row in rows]
    truths = [Truth(row.department, row.also_accepted) for row in rows]
    return evaluate(truths, decisions) if threshold is None else evaluate(truths, decisions, threshold)


def _fit(lesson: _Lesson) -> _Fitted:
    known = tuple(sorted({phrase.department for those in lesson.rules.phrases.values() for phrase in those}))
    space = Space.fit(lesson.titles, lesson.bodies, known, lesson.rules.index)
    matrix, right = space.matrix(lesson.titles, lesson.bodies, lesson.decisions), lesson.right
    weights = np.zeros((len(lesson.departments), space.width), dtype=np.float32)
    offsets = np.full(len(lesson.departments), NEVER, dtype=np.float32)
    for place in range(len(lesson.departments)):
        if right[:, place].any() and not right[:, place].all():
            model = LinearSVC(C=REGULARITY, random_state=0).fit(matrix, right[:, place])
            weights[place], offsets[place] = model.coef_[0], model.intercept_[0]
    return _Fitted(space, FirstStep(weights, offsets, *_logistic(lesson, matrix)))


def _logistic(lesson: _Lesson, matrix: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and offsets of one logistic model over all departments; one without rows gets no chance."""
    odds = np.zeros((len(lesson.departments), matrix.shape[1]), dtype=np.float32)
    offsets = np.full(len(lesson.departments), NO_CHANCE, dtype=np.float32)
    answers = [row.department for row in lesson.rows]
    if len(set(answers)) < 2:
        raise InvalidInput("训练记录过于集中在一个部门。")
    with warnings.catch_warnings():
        # A bounded number of rounds is the point: more of them learn the rows by heart.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=LOGISTIC_C, solver="saga", max_iter=ROUNDS, tol=1e-2, random_state=0)
        model.fit(matrix, answers)
    places = [lesson.departments.index(code) for code in model.classes_]
    # Of two departments the second has the weights, and the first none.
    places = places if len(places) > 2 else places[1:]
    offsets[[lesson.departments.index(code) for code in model.classes_]] = 0.0
    odds[places], offsets[places] = model.coef_, model.intercept_
    return odds, offsets


def _out_of_fold(lesson: _Lesson) -> Heard:
    """Return what models say of every row that they have not seen."""
    margins, chances = (np.zeros((len(lesson.rows), len(lesson.departments))) for _ in range(2))
    for kept, left in KFold(INNER_FOLDS, shuffle=True, random_state=0).split(lesson.rows):
        heard = _fit(lesson.part(kept)).hear(lesson.part(left))
        margins[left], chances[left] = heard.margins, heard.chances
    return Heard(margins, chances)


def _doubted(lesson: _Lesson) -> frozenset[str]:
    """Return the departments that the rules chose several times and that never were the right one."""
    chosen = Counter(decision.winner for decision in lesson.decisions)
    right = {department for row in lesson.rows for department in row.accepted}
    return frozenset(code for code, times in chosen.items() if times >= CHANCES_BEFORE_DOUBT and code not in right)


def _calibrated(lesson: _Lesson, ranking: Ranking, heard: Heard) -> tuple[tuple[float, ...], float]:
    """Return coefficients that turn scores into the chance of being right, and the accuracy; both out of fold."""
    scores = ranking.scores(heard, lesson.decisions)
    pairs = list(zip(scores, lesson.decisions, lesson.rows, strict=True))
    pictures = [ranking.picture(line, decision) for line, decision, _ in pairs]
    right = [ranking.winner(line, decision) in row.accepted for line, decision, row in pairs]
    accuracy = sum(right) / len(right)
    if len(set(right)) < 2:
        bounded = min(0.99, max(0.01, accuracy))
        return (math.log(bounded / (1.0 - bounded)), *([0.0] * len(pictures[0]))), accuracy
    curve = LogisticRegression(C=10.0, max_iter=1000).fit(pictures, right)
    return (float(curve.intercept_[0]), *map(float, curve.coef_[0])), accuracy
