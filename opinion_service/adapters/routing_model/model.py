"""The trained re-ranker: reading and writing its file, and its word on a decision."""

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from opinion_service.adapters.routing_model.space import Space, restored
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.routing import Candidate, Evidence, RoutingDecision

FORMAT = "routing-model/1"
SHARPNESS = 1.5  # margins to shares
RULES_SHARE = 0.1  # the rules' part in the order behind the winner
UNMET_CONFIDENCE = 0.6  # from which the rules' choice of a department the model has not met stands
UNSEEN_SHARE = 0.5  # how much of that a department gets that never answered in the rows learned from
MOST_CANDIDATES = 8


@dataclass(frozen=True, slots=True)
class Ranking:
    """Which departments a model knows (codes), and which it learned to doubt although the rules name them.

    A department in neither was hardly met in training: where the rules choose it
    with some confidence, it stays.
    """

    departments: tuple[str, ...]
    doubted: frozenset[str]

    def order(self, margins: np.ndarray, decision: RoutingDecision) -> tuple[list[str], dict[str, float]]:
        """Return the departments, best first, and the share (0-1) of each."""
        by_rules = {one.department: one.score for one in decision.candidates}
        total = sum(by_rules.values()) or 1.0
        raised = np.exp((margins - margins.max()) * SHARPNESS)
        learnt = dict(zip(self.departments, map(float, raised / raised.sum()), strict=True))
        shares = {code: (1.0 - RULES_SHARE) * share for code, share in learnt.items()}
        for code, score in by_rules.items():
            part = RULES_SHARE * score / total
            shares[code] = shares.get(code, 0.0) + part * (1.0 if code in learnt else UNSEEN_SHARE)
        winner = self.winner(margins, decision)
        rest = sorted((code for code in shares if code != winner), key=lambda code: (-shares[code], code))
        return [winner, *rest], shares

    def winner(self, margins: np.ndarray, decision: RoutingDecision) -> str:
        """Return the department with the widest margin, or the rules' when the model has not met that one."""
        is_unmet = decision.winner not in self.doubted.union(self.departments)
        if is_unmet and decision.confidence >= UNMET_CONFIDENCE:
            return decision.winner
        return self.departments[int(margins.argmax())]

    def picture(self, margins: np.ndarray, decision: RoutingDecision) -> list[float]:
        """Return what confidence rests on: the margins, and whether the rules agree and how firmly."""
        first, second = sorted(map(float, margins), reverse=True)[:2]
        agrees = self.departments[int(margins.argmax())] == decision.winner
        return [first, first - second, float(agrees), decision.confidence if agrees else -decision.confidence]


@dataclass(frozen=True, slots=True)
class RoutingModel:
    """A trained re-ranker; it never changes and may be shared between threads."""

    version: str
    ranking: Ranking
    space: Space
    weights: np.ndarray
    offsets: np.ndarray
    sureness: tuple[float, ...]

    @classmethod
    def load(cls, path: Path) -> "RoutingModel":
        """Return the model kept in `path`; raise InvalidInput when the file is none."""
        try:
            blob = path.read_bytes()
            with np.load(io.BytesIO(blob), allow_pickle=False) as kept:
                return _assembled(kept, version_of(blob))
        except (OSError, ValueError, LookupError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as problem:
            raise InvalidInput(f"交办模型无法读取：{path.name}") from problem

    def rerank(self, decision: RoutingDecision, title: str, body: str = "") -> RoutingDecision:
        """Return the decision with the model's order and confidence; `title` and `body` are what was decided on.

        The rules' words stay as evidence; each candidate gains one line with its share and the model's version.
        A decision for a department the model has not met keeps the rules' winner and confidence.
        """
        margins = np.asarray(self.space.matrix([title], [body], [decision]) @ self.weights.T + self.offsets)[0]
        order, shares = self.ranking.order(margins, decision)
        by_rules = {one.department: one for one in decision.candidates}
        is_met = order[0] in self.ranking.departments
        return replace(
            decision,
            winner=order[0],
            confidence=sure(self.sureness, self.ranking.picture(margins, decision)) if is_met else decision.confidence,
            candidates=tuple(self._candidate(code, shares[code], by_rules) for code in order[:MOST_CANDIDATES]),
            rule_set_version=f"{decision.rule_set_version}+{self.version}",
            runner_up_reason=_why(decision, order[0], self.version),
        )

    def _candidate(self, code: str, share: float, by_rules: dict[str, Candidate]) -> Candidate:
        known = by_rules.get(code, Candidate(code, 0.0, ()))
        return replace(known, evidence=(*known.evidence, Evidence("相似来件", "model", round(share, 3), self.version)))


def packed(
    space: Space, ranking: Ranking, weights: np.ndarray, offsets: np.ndarray, sureness: Sequence[float]
) -> bytes:
    """Return the model as the bytes of its file."""
    meta = {
        "format": FORMAT,
        "departments": ranking.departments,
        "doubted": sorted(ranking.doubted),
        "known": space.known,
        "sureness": list(sureness),
    }
    out = io.BytesIO()
    np.savez_compressed(
        out,
        meta=_as_bytes(meta),
        title_terms=_as_bytes(_terms(space.title)),
        text_terms=_as_bytes(_terms(space.text)),
        title_idf=space.title.idf_,
        text_idf=space.text.idf_,
        weights=weights,
        offsets=offsets,
    )
    return out.getvalue()


def version_of(blob: bytes) -> str:
    """Return the name of a model: it changes with every byte of its file."""
    return f"model-{hashlib.sha256(blob).hexdigest()[:10]}"


def sure(curve: Sequence[float], picture: Iterable[float]) -> float:
    """Return the chance (0-1) on the logistic curve whose first coefficient is the constant."""
    raised = curve[0] + sum(a * b for a, b in zip(curve[1:], picture, strict=True))
    return round(1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, raised)))), 4)


def _assembled(kept: Any, version: str) -> RoutingModel:
    meta = json.loads(bytes(kept["meta"]))
    if meta["format"] != FORMAT:
        raise ValueError(meta["format"])
    title = restored(json.loads(bytes(kept["title_terms"])), kept["title_idf"])
    text = restored(json.loads(bytes(kept["text_terms"])), kept["text_idf"])
    space = Space(title, text, tuple(meta["known"]))
    ranking = Ranking(tuple(meta["departments"]), frozenset(meta["doubted"]))
    weights, width = kept["weights"], len(kept["title_idf"]) + len(kept["text_idf"]) + 2 * len(space.known)
    if weights.shape != (len(ranking.departments), width):
        raise ValueError(weights.shape)
    return RoutingModel(version, ranking, space, weights, kept["offsets"], tuple(map(float, meta["sureness"])))


def _why(decision: RoutingDecision, winner: str, version: str) -> str:
    if winner == decision.winner:
        return decision.runner_up_reason
    return f"依据以往交办记录（{version}）调整了规则给出的顺序。{decision.runner_up_reason}"


def _terms(vectoriser: TfidfVectorizer) -> list[str]:
    return sorted(vectoriser.vocabulary_, key=lambda term: int(vectoriser.vocabulary_[term]))


def _as_bytes(value: object) -> np.ndarray:
    return np.frombuffer(json.dumps(value, ensure_ascii=False).encode("utf-8"), dtype=np.uint8)
