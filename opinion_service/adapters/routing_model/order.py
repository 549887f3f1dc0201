"""The second step: from a margin a department, and what the rules say of it, to one order and one confidence."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from opinion_service.domain.routing import RoutingDecision

STEEP = 2.5  # margins to shares
REGULARITY = 1e-3
UNMET_CONFIDENCE = 0.6  # from which the rules' choice of a department the model has not met stands
UNMET_SHARE = 0.02  # of the rules' word, what counts for a department that never answered in the rows learned from
DOUBTED_SHARE = 0.001  # and for one that the rules named there several times without ever being right
LEAST_CHANCE = 6e-6
PICTURE, FEATURES = 5, 8


@dataclass(frozen=True, slots=True)
class Ranking:
    """Which departments a model knows (codes), which it learned to doubt although the rules name them, and the curve.

    A department in neither was hardly met in training: where the rules choose it with some confidence, it stays.
    The curve has one coefficient a feature, the same for every department, so that rare ones profit from all.
    """

    departments: tuple[str, ...]
    doubted: frozenset[str]
    curve: tuple[float, ...]

    def scores(self, heard: "Heard", decisions: Sequence[RoutingDecision]) -> np.ndarray:
        """Return one score a text and department: the margin, and what the curve adds."""
        return np.asarray(heard.margins + features(heard, decisions, self.departments) @ np.array(self.curve))

    def order(self, scores: np.ndarray, decision: RoutingDecision) -> tuple[list[str], dict[str, float]]:
        """Return the departments, best first, and the share (0-1) of each, for one text's scores."""
        shares = dict(zip(self.departments, map(float, _softmax(scores[None, :])[0]), strict=True))
        total = sum(one.score for one in decision.candidates) or 1.0
        for one in decision.candidates:
            weight = DOUBTED_SHARE if one.department in self.doubted else UNMET_SHARE
            shares.setdefault(one.department, weight * one.score / total)
        winner = self.winner(scores, decision)
        rest = sorted((code for code in shares if code != winner), key=lambda code: (-shares[code], code))
        return [winner, *rest], shares

    def winner(self, scores: np.ndarray, decision: RoutingDecision) -> str:
        """Return the department with the best score, or the rules' when the model has not met that one."""
        is_unmet = decision.winner not in self.doubted.union(self.departments)
        if is_unmet and decision.confidence >= UNMET_CONFIDENCE:
            return decision.winner
        return self.departments[int(scores.argmax())]

    def picture(self, scores: np.ndarray, decision: RoutingDecision) -> list[float]:
        """Return what confidence rests on: the best share and its lead, and whether the rules agree, how firmly."""
        shares = _softmax(scores[None, :])[0]
        first, second = sorted(map(float, shares), reverse=True)[:2]
        ordered = sorted(map(float, scores), reverse=True)
        agrees = self.departments[int(scores.argmax())] == decision.winner
        return [
            first, first - second, ordered[0] - ordered[1], float(agrees),
            decision.confidence if agrees else -decision.confidence,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heard:
    """What the first step says, texts x departments: margins of the machines, logarithms of the logistic chances."""

    margins: np.ndarray
    chances: np.ndarray

    @classmethod
    def of(cls, margins: np.ndarray, odds: np.ndarray) -> "Heard":
        """Return it from the margins and the logistic model's odds; chances next to nothing are evened out."""
        chances = np.log(np.maximum(_softmax(odds), LEAST_CHANCE))
        return cls(np.asarray(margins), np.asarray(chances))


def features(heard: Heard, decisions: Sequence[RoutingDecision], departments: Sequence[str]) -> np.ndarray:
    """Return the numbers of every text and department: from the margins and chances, and from the rules."""
    margins = heard.margins
    amounts, parts = _of_rules(decisions, departments)
    behind = margins - margins.max(axis=1, keepdims=True)
    is_first = (parts > 0) & (parts == parts.max(axis=1, keepdims=True))
    less = amounts - amounts.max(axis=1, keepdims=True)
    learnt = (margins, behind, _softmax(STEEP * margins), heard.chances)
    return np.stack((*learnt, amounts, parts, less, is_first * 1.0), axis=-1)


def fit_curve(numbers: np.ndarray, right: np.ndarray) -> tuple[float, ...]:
    """Return the coefficients under which the right departments' shares are likeliest (conditional logit).

    numbers: texts x departments x features; right: texts x departments, true where sending it there was right.
    Texts without any right department are left out.
    """
    met = right.any(axis=1)
    numbers, right = numbers[met], right[met]
    spread = numbers.reshape(-1, numbers.shape[-1]).std(axis=0) + 1e-9
    even = numbers / spread

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        shares = _softmax(even @ weights)
        hit = shares * right
        whole = hit.sum(axis=1, keepdims=True) + 1e-12
        slope = -np.einsum("nk,nkd->d", hit / whole - shares, even) / len(even)
        penalty = REGULARITY * float(weights @ weights)
        return -float(np.log(whole).mean()) + penalty, slope + 2 * REGULARITY * weights

    found = minimize(loss, np.zeros(even.shape[-1]), jac=True, method="L-BFGS-B")
    return tuple(map(float, found.x / spread))


def sure(curve: Sequence[float], picture: Iterable[float]) -> float:
    """Return the chance (0-1) on the logistic curve whose first coefficient is the constant."""
    raised = curve[0] + sum(a * b for a, b in zip(curve[1:], picture, strict=True))
    return round(1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, raised)))), 4)


def _of_rules(decisions: Sequence[RoutingDecision], departments: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the logarithms of the rules' scores, and each score's part of the sum of all candidates'."""
    amounts, parts = (np.zeros((len(decisions), len(departments))) for _ in range(2))
    for row, decision in enumerate(decisions):
        scores = {one.department: one.score for one in decision.candidates}
        total = sum(scores.values()) or 1.0
        for column, code in enumerate(departments):
            amounts[row, column] = math.log1p(scores.get(code, 0.0))
            parts[row, column] = scores.get(code, 0.0) / total
    return amounts, parts


def _softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
