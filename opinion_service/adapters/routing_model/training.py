"""Learning the re-ranker from texts whose department is known."""

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.svm import LinearSVC

from opinion_service.adapters.routing_model.model import RoutingModel, packed
from opinion_service.adapters.routing_model.order import Ranking, features, fit_curve
from opinion_service.adapters.routing_model.space import Space
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.routing import Evaluation, RoutingDecision, RuleSet, Truth, evaluate, route

LEAST_ROWS = 60
REGULARITY = 0.4  # LinearSVC's C
INNER_FOLDS = 3
CHANCES_BEFORE_DOUBT = 3  # so often the rules chose a department that never answered
NEVER = -1.0  # margin of a department that no row of a fold speaks for


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text whose department is known (code), with others that might have answered, and the day it was written."""

    title: str
    body: str
    department: str
    also_accepted: frozenset[str] = frozenset()
    written_on: date | None = None

    @property
    def accepted(self) -> frozenset[str]:
        """Return every department that would have been right."""
        return self.also_accepted | {self.department}

    @property
    def fingerprint(self) -> str:
        """Return what tells whether a model has seen this text: twelve hex digits of its hash."""
        return hashlib.sha256(f"{self.title}\n{self.body}".encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Trained:
    """What training made: the file's bytes, rows used, departments known, out-of-fold accuracy (0-1), the version."""

    content: bytes
    rows: int
    departments: tuple[str, ...]
    accuracy: float
    version: str


@dataclass(frozen=True, slots=True)
class _Margins:
    """One linear model a department, each told from all the rest."""

    space: Space
    weights: np.ndarray
    offsets: np.ndarray

    def of(self, lesson: "_Lesson") -> np.ndarray:
        matrix = self.space.matrix(lesson.titles, lesson.bodies, lesson.decisions)
        return np.asarray(matrix @ self.weights.T + self.offsets)


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


def labelled(rows: Sequence[Mapping[str, Any]], codes: Mapping[str, str]) -> list[Labelled]:
    """Return rows (title, content or body, department, also_accepted) as labelled texts.

    `codes` gives the code of a department's name; rows of unknown departments are left out.
    """
    found = []
    for row in rows:
        code = codes.get(str(row.get("department") or ""))
        if code:
            also = frozenset(codes[name] for name in row.get("also_accepted") or () if name in codes)
            body = str(row.get("content") or row.get("body") or "")
            found.append(Labelled(str(row.get("title") or ""), body, code, also, written_on(row)))
    return found


def written_on(row: Mapping[str, Any]) -> date | None:
    """Return the day a letter was written, by whose division of duties it is judged; None when it is not said."""
    for name in ("submitted", "published_at", "time", "date"):
        try:
            return date.fromisoformat(str(row.get(name) or "")[:10])
        except ValueError:
            continue
    return None


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
    margins = _out_of_fold(lesson)
    curve = fit_curve(features(margins, lesson.decisions, departments), lesson.right)
    ranking = Ranking(departments, _doubted(lesson), curve)
    sureness, accuracy = _calibrated(lesson, ranking, margins)
    last = _fit(lesson)
    content = packed(last.space, ranking, last.weights, last.offsets, sureness)
    return Trained(content, len(rows), departments, accuracy, RoutingModel.from_bytes(content).version)


def judge(
    rows: Sequence[Labelled], rules: RuleSet, model: RoutingModel | None = None, threshold: float | None = None
) -> Evaluation:
    """Return how well the rules, or the model behind them, find the departments of `rows`."""
    rerank = model.rerank if model else None
    decisions = [route(rules, row.title, row.body, as_of=row.written_on, rerank=rerank).decision for row in rows]
    truths = [Truth(row.department, row.also_accepted) for row in rows]
    return evaluate(truths, decisions) if threshold is None else evaluate(truths, decisions, threshold)


def _fit(lesson: _Lesson) -> _Margins:
    known = tuple(sorted({phrase.department for those in lesson.rules.phrases.values() for phrase in those}))
    space = Space.fit(lesson.titles, lesson.bodies, known, lesson.rules.index)
    matrix, right = space.matrix(lesson.titles, lesson.bodies, lesson.decisions), lesson.right
    weights = np.zeros((len(lesson.departments), space.width), dtype=np.float32)
    offsets = np.full(len(lesson.departments), NEVER, dtype=np.float32)
    for place in range(len(lesson.departments)):
        if right[:, place].any() and not right[:, place].all():
            model = LinearSVC(C=REGULARITY, random_state=0).fit(matrix, right[:, place])
            weights[place], offsets[place] = model.coef_[0], model.intercept_[0]
    return _Margins(space, weights, offsets)


def _out_of_fold(lesson: _Lesson) -> np.ndarray:
    """Return the margins of every row by models that have not seen it."""
    margins = np.zeros((len(lesson.rows), len(lesson.departments)))
    for kept, left in KFold(INNER_FOLDS, shuffle=True, random_state=0).split(lesson.rows):
        margins[left] = _fit(lesson.part(kept)).of(lesson.part(left))
    return margins


def _doubted(lesson: _Lesson) -> frozenset[str]:
    """Return the departments that the rules chose several times and that never were the right one."""
    chosen = Counter(decision.winner for decision in lesson.decisions)
    right = {department for row in lesson.rows for department in row.accepted}
    return frozenset(code for code, times in chosen.items() if times >= CHANCES_BEFORE_DOUBT and code not in right)


def _calibrated(lesson: _Lesson, ranking: Ranking, margins: np.ndarray) -> tuple[tuple[float, ...], float]:
    """Return coefficients that turn scores into the chance of being right, and the accuracy; both out of fold."""
    scores = ranking.scores(margins, lesson.decisions)
    pairs = list(zip(scores, lesson.decisions, lesson.rows, strict=True))
    pictures = [ranking.picture(line, decision) for line, decision, _ in pairs]
    right = [ranking.winner(line, decision) in row.accepted for line, decision, row in pairs]
    accuracy = sum(right) / len(right)
    if len(set(right)) < 2:
        bounded = min(0.99, max(0.01, accuracy))
        return (math.log(bounded / (1.0 - bounded)), *([0.0] * len(pictures[0]))), accuracy
    curve = LogisticRegression(C=10.0, max_iter=1000).fit(pictures, right)
    return (float(curve.intercept_[0]), *map(float, curve.coef_[0])), accuracy
