"""The trained re-ranker: reading and writing its file, and its word on a decision."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from opinion_service.adapters.routing_model.order import FEATURES, PICTURE, Heard, Ranking, sure
from opinion_service.adapters.routing_model.space import Space, phrase_vectoriser, restored, terms_of, vectoriser
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.routing import BY_MODEL, Candidate, Evidence, PhraseIndex, RoutingDecision

FORMAT = "routing-model/3"
SPOKEN_OF = 3  # candidates whose strongest terms are named
STRONGEST = 4
LEAST_SHOWN = 0.02
SIMILAR = "相似来件"


@dataclass(frozen=True, slots=True)
class RoutingModel:
    """A trained re-ranker; it never changes and may be shared between threads."""

    version: str
    ranking: Ranking
    space: Space
    first: "FirstStep"
    sureness: tuple[float, ...]
    columns: tuple[str, ...]

    @classmethod
    def load(cls, path: Path) -> "RoutingModel":
        """Return the model kept in the file `path`; raise InvalidInput when the file is none."""
        try:
            content = path.read_bytes()
        except OSError as problem:
            raise InvalidInput(f"交办模型无法读取：{path.name}") from problem
        return cls.from_bytes(content)

    @classmethod
    def from_bytes(cls, content: bytes) -> "RoutingModel":
        """Return the model that `content` holds; raise InvalidInput when it holds none."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as kept:
                return _assembled(kept, version_of(content))
        except (OSError, ValueError, LookupError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as problem:
            raise InvalidInput("交办模型无法读取：内容不完整或不是本产品的模型。") from problem

    def rerank(self, decision: RoutingDecision, title: str, body: str = "") -> RoutingDecision:
        """Return the decision with the model's order and confidence; `title` and `body` are what was decided on.

        The rules' words stay as evidence; each candidate gains one line with its share, the first three also the terms
        that moved the model most. A decision for a department the model has not met keeps the rules' confidence.
        """
        row = self.space.matrix([title], [body], [decision])
        scores = self.ranking.scores(self.first.hear(row), [decision])[0]
        order, shares = self.ranking.order(scores, decision)
        by_rules = {one.department: one for one in decision.candidates}
        is_met = order[0] in self.ranking.departments
        return replace(
            decision,
            winner=order[0],
            confidence=sure(self.sureness, self.ranking.picture(scores, decision)) if is_met else decision.confidence,
            candidates=tuple(
                self._candidate(code, shares[code], by_rules, row if place < SPOKEN_OF else None)
                for place, code in enumerate(order)
            ),
            co_departments=tuple(code for code in decision.co_departments if code != order[0]),
            model_version=self.version,
            winner_reason=decision.winner_reason if order[0] == decision.winner else "",
            notes=decision.notes if order[0] == decision.winner else (),
            runner_up_reason=_why(decision, order[0], self.version),
        )

    def strongest(self, most: int = 12) -> dict[str, list[list[Any]]]:
        """Return for each department (code) the terms that speak loudest for it, each with its weight."""
        return {
            code: [[term, round(weight, 2)] for term, weight in self._loudest(self.first.weights[place], most)]
            for place, code in enumerate(self.ranking.departments)
        }

    def _candidate(self, code: str, share: float, by_rules: Mapping[str, Candidate], row: Any) -> Candidate:
        known = by_rules.get(code, Candidate(code, 0.0, ()))
        said = [Evidence(SIMILAR, BY_MODEL, round(share, 3), self.version)]
        if row is not None and code in self.ranking.departments:
            weights = self.first.weights[self.ranking.departments.index(code)]
            parts = np.zeros(len(self.columns))
            here = row.indices < len(self.columns)
            parts[row.indices[here]] = row.data[here] * weights[row.indices[here]]
            said += [
                Evidence(term, BY_MODEL, round(weight, 3), self.version)
                for term, weight in self._loudest(parts, STRONGEST)
                if weight >= LEAST_SHOWN
            ]
        return replace(known, evidence=(*known.evidence, *said))

    def _loudest(self, weights: np.ndarray, most: int) -> Iterator[tuple[str, float]]:
        """Yield the heaviest terms of two characters and more, none inside one that was named before."""
        named: list[str] = []
        for place in np.argsort(-weights[: len(self.columns)])[: 40 * most]:
            term = self.columns[place].strip()
            if len(term) > 1 and not any(term in one or one in term for one in named):
                named.append(term)
                yield term, float(weights[place])
            if len(named) == most:
                return


@dataclass(frozen=True, slots=True)
class FirstStep:
    """Two linear models over one space: machines, a department against the rest, and a logistic one over all."""

    weights: np.ndarray
    offsets: np.ndarray
    odds: np.ndarray
    odds_offsets: np.ndarray

    def hear(self, matrix: Any) -> Heard:
        """Return what both say of the rows of `matrix`."""
        return Heard.of(matrix @ self.weights.T + self.offsets, matrix @ self.odds.T + self.odds_offsets)


def packed(space: Space, ranking: Ranking, first: FirstStep, sureness: Sequence[float]) -> bytes:
    """Return the model as the bytes of its file."""
    meta = {
        "format": FORMAT,
        "departments": ranking.departments,
        "doubted": sorted(ranking.doubted),
        "curve": ranking.curve,
        "known": space.known,
        "sureness": list(sureness),
        "words": sorted(space.index.words),
    }
    vectorisers = {"title": space.title, "text": space.text, "phrases": space.phrases}
    out = io.BytesIO()
    arrays: dict[str, Any] = {
        "meta": _as_bytes(meta), "weights": first.weights, "offsets": first.offsets,
        "odds": first.odds, "odds_offsets": first.odds_offsets,
    }  # fmt: skip
    for name, one in vectorisers.items():
        arrays |= {f"{name}_terms": _as_bytes(terms_of(one)), f"{name}_idf": one.idf_}
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def version_of(content: bytes) -> str:
    """Return the name of a model: it changes with every byte of its file."""
    return f"model-{hashlib.sha256(content).hexdigest()[:10]}"


def _assembled(kept: Any, version: str) -> RoutingModel:
    meta = json.loads(bytes(kept["meta"]))
    if meta["format"] != FORMAT or len(meta["sureness"]) != PICTURE + 1 or len(meta["curve"]) != FEATURES:
        raise ValueError(meta["format"])
    terms = {name: json.loads(bytes(kept[f"{name}_terms"])) for name in ("title", "text", "phrases")}
    space = Space(
        restored(vectoriser(1), terms["title"], kept["title_idf"]),
        restored(vectoriser(1), terms["text"], kept["text_idf"]),
        restored(phrase_vectoriser(1), terms["phrases"], kept["phrases_idf"]),
        PhraseIndex.of(meta["words"]),
        tuple(meta["known"]),
    )
    ranking = Ranking(tuple(meta["departments"]), frozenset(meta["doubted"]), tuple(map(float, meta["curve"])))
    first, columns = FirstStep(*(kept[name] for name in ("weights", "offsets", "odds", "odds_offsets"))), space.terms
    shape = (len(ranking.departments), len(columns) + 2 * len(space.known))
    if first.weights.shape != shape or first.odds.shape != shape:
        raise ValueError(shape)
    return RoutingModel(version, ranking, space, first, tuple(map(float, meta["sureness"])), _shown(columns))


def _shown(columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(term.split(":", 1)[1] if term[1:2] == ":" else term for term in columns)


def _why(decision: RoutingDecision, winner: str, version: str) -> str:
    if winner == decision.winner:
        return decision.runner_up_reason
    return f"依据以往交办记录（{version}）调整了次序。只按职责词比较时：{decision.runner_up_reason}"


def _as_bytes(value: object) -> np.ndarray:
    return np.frombuffer(json.dumps(value, ensure_ascii=False).encode("utf-8"), dtype=np.uint8)
