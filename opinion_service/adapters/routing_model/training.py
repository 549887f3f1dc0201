"""Learning the re-ranker from texts whose department is known."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.svm import LinearSVC

from opinion_service.adapters.routing_model.model import Ranking, packed, version_of
from opinion_service.adapters.routing_model.space import Space
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.routing import Router, RoutingDecision, RuleSet

LEAST_ROWS = 60
REGULARITY = 0.5  # LinearSVC's C
CALIBRATION_FOLDS = 3
CHANCES_BEFORE_DOUBT = 3  # so often the rules chose a department that never answered


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text whose department is known (code), with others that might have answered."""

    title: str
    body: str
    department: str
    also_accepted: frozenset[str] = frozenset()

    @property
    def accepted(self) -> frozenset[str]:
        """Return every department that would have been right."""
        return self.also_accepted | {self.department}


@dataclass(frozen=True, slots=True)
class Trained:
    """What training made: rows used, departments known, out-of-fold accuracy (0-1), the model's version."""

    rows: int
    departments: tuple[str, ...]
    accuracy: float
    version: str


@dataclass(frozen=True, slots=True)
class _Fitted:
    space: Space
    ranking: Ranking
    weights: np.ndarray
    offsets: np.ndarray


@dataclass(frozen=True, slots=True)
class _Lesson:
    rows: Sequence[Labelled]
    decisions: Sequence[RoutingDecision]
    known: tuple[str, ...]

    def part(self, places: Sequence[int]) -> "_Lesson":
        return _Lesson([self.rows[i] for i in places], [self.decisions[i] for i in places], self.known)

    @property
    def titles(self) -> list[str]:
        return [row.title for row in self.rows]

    @property
    def bodies(self) -> list[str]:
        return [row.body for row in self.rows]


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
            found.append(Labelled(str(row.get("title") or ""), body, code, also))
    return found


def train(rows: Sequence[Labelled], rules: RuleSet, out_path: Path) -> Trained:
    """Learn from `rows`, keep the model in `out_path` (replaced whole), and return what was made.

    Raises InvalidInput for fewer than 60 rows or fewer than two departments. The same rows and rules give the
    same model.
    """
    departments = tuple(sorted({row.department for row in rows}))
    if len(rows) < LEAST_ROWS or len(departments) < 2:
        raise InvalidInput(f"训练至少需要 {LEAST_ROWS} 条记录和两个部门。")
    router = Router(rules)
    known = tuple(sorted({phrase.department for those in rules.phrases.values() for phrase in those}))
    lesson = _Lesson(rows, [router.decide(row.title, row.body) for row in rows], known)
    sureness, accuracy = _calibrated(lesson)
    fitted = _fit(lesson)
    blob = packed(fitted.space, fitted.ranking, fitted.weights, fitted.offsets, sureness)
    partial = out_path.with_suffix(".partial")
    partial.write_bytes(blob)
    partial.replace(out_path)
    return Trained(len(rows), departments, accuracy, version_of(blob))


def _fit(lesson: _Lesson) -> _Fitted:
    """Return one linear model a department, each told from all the rest."""
    ranking = Ranking(tuple(sorted({row.department for row in lesson.rows})), _doubted(lesson))
    space = Space.fit(lesson.titles, lesson.bodies, lesson.known)
    matrix = space.matrix(lesson.titles, lesson.bodies, lesson.decisions)
    weights, offsets = [], []
    for department in ranking.departments:
        right = np.array([department in row.accepted for row in lesson.rows])
        model = LinearSVC(C=REGULARITY, random_state=0).fit(matrix, right)
        weights.append(model.coef_[0])
        offsets.append(model.intercept_[0])
    return _Fitted(space, ranking, np.array(weights, dtype=np.float32), np.array(offsets, dtype=np.float32))


def _doubted(lesson: _Lesson) -> frozenset[str]:
    """Return the departments that the rules chose several times and that never were the right one."""
    chosen = Counter(decision.winner for decision in lesson.decisions)
    right = {department for row in lesson.rows for department in row.accepted}
    return frozenset(code for code, times in chosen.items() if times >= CHANCES_BEFORE_DOUBT and code not in right)


def _calibrated(lesson: _Lesson) -> tuple[tuple[float, ...], float]:
    """Return coefficients that turn margins into the chance of being right, and the accuracy; both out of fold."""
    pictures: list[list[float]] = []
    right: list[bool] = []
    for kept, left in KFold(CALIBRATION_FOLDS, shuffle=True, random_state=0).split(lesson.rows):
        some, rest = lesson.part(kept), lesson.part(left)
        if len({row.department for row in some.rows}) < 2:
            raise InvalidInput("训练记录过于集中在一个部门。")
        fitted = _fit(some)
        margins = fitted.space.matrix(rest.titles, rest.bodies, rest.decisions) @ fitted.weights.T + fitted.offsets
        for line, decision, row in zip(margins, rest.decisions, rest.rows, strict=True):
            pictures.append(fitted.ranking.picture(line, decision))
            right.append(fitted.ranking.winner(line, decision) in row.accepted)
    accuracy = sum(right) / len(right)
    if len(set(right)) < 2:
        bounded = min(0.99, max(0.01, accuracy))
        return (math.log(bounded / (1.0 - bounded)), *([0.0] * len(pictures[0]))), accuracy
    curve = LogisticRegression(C=10.0, max_iter=1000).fit(pictures, right)
    return (float(curve.intercept_[0]), *map(float, curve.coef_[0])), accuracy
