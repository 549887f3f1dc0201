"""The learned re-ranker: what it keeps, what it refuses, and how it treats departments it never met."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from opinion_service.adapters.routing_model import Labelled, RoutingModel, across_folds, judge, labelled, train
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.routing import Router, RoutingDecision, RuleSet, decision_from_record

RULES = RuleSet.from_record(
    {
        "version": "t",
        "default": "office",
        "departments": {
            "school": [{"weight": 4, "words": ["学校"]}],
            "water": [{"weight": 4, "words": ["水管"]}],
            "power": [{"weight": 9, "words": ["停电"]}],
            "ghost": [{"weight": 9, "words": ["操场"]}],
        },
    }
)
PLACES = ("东街", "西街", "南门", "北门", "桥头", "河边", "新村", "老城")


def _rows() -> list[Labelled]:
    """Return eighty texts; noise at school is water's business here, against the rules."""
    rows = []
    for number in range(80):
        place = f"{PLACES[number % 8]}{number}号"
        if number % 2:
            rows.append(Labelled(f"{place}水管漏水无人修", "请尽快维修水管", "water"))
        else:
            title = f"{place}学校操场灯光" if number % 8 == 0 else f"{place}学校招生咨询"
            rows.append(Labelled(title, "孩子上学问题", "school"))
    return rows


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "routing.npz"
    path.write_bytes(train(_rows(), RULES).content)
    return path


@pytest.fixture(scope="module")
def model(path: Path) -> RoutingModel:
    return RoutingModel.load(path)


def _reranked(model: RoutingModel, title: str, body: str = "") -> RoutingDecision:
    return model.rerank(Router(RULES).decide(title, body), title, body)


@pytest.mark.parametrize(
    ("title", "winner"),
    [
        ("东街的水管", "water"),
        ("招生咨询", "school"),
        ("孩子上学", "school"),  # no rule speaks of it
        ("学校操场", "school"),  # the rules' ghost was never right
        ("学校停电停电", "power"),  # never met in training, and the rules are sure
        ("漏水无人修", "water"),
    ],
)
def test_winner(model: RoutingModel, title: str, winner: str) -> None:
    assert _reranked(model, title).winner == winner


def test_decision_keeps_the_words_and_names_the_model(model: RoutingModel) -> None:
    decision = _reranked(model, "东街的水管")
    first = decision.candidates[0]
    assert [e.word for e in first.evidence][:2] == ["水管", "相似来件"]
    assert len(first.evidence) > 2
    assert {e.rule for e in first.evidence[1:]} == {model.version}
    assert (decision.rule_set_version, decision.model_version) == ("t", model.version)
    assert 0.5 < decision.confidence < 1
    assert decision_from_record(decision.as_record()) == decision


def test_a_changed_order_is_explained(model: RoutingModel) -> None:
    decision = _reranked(model, "学校操场招生")
    assert decision.winner == "school"
    assert decision.runner_up_reason.startswith("依据以往交办记录（model-")


def test_same_rows_same_model(path: Path) -> None:
    again = train(_rows(), RULES)
    assert again.version == RoutingModel.load(path).version
    assert (again.rows, again.departments) == (80, ("school", "water"))
    assert 0.9 <= again.accuracy <= 1.0


def test_too_little_to_learn_from() -> None:
    one_sided = [dataclasses.replace(row, department="water") for row in _rows()]
    for rows in (_rows()[:59], one_sided, []):
        with pytest.raises(InvalidInput):
            train(rows, RULES)


def test_nothing_in_common_is_refused() -> None:
    strangers = [Labelled(chr(0x4E00 + n), "", ("school", "water")[n % 2]) for n in range(60)]
    with pytest.raises(InvalidInput):
        train(strangers, RULES)


def test_the_strongest_terms_are_said(model: RoutingModel) -> None:
    terms = model.strongest()
    assert set(terms) == {"school", "water"}
    assert "水管" in [term for term, _ in terms["water"]]
    for pairs in terms.values():
        weights = [weight for _, weight in pairs]
        assert weights == sorted(weights, reverse=True)
        assert all(len(term) > 1 for term, _ in pairs)


def test_folds_judge_every_row_by_a_model_that_has_not_seen_it() -> None:
    found = across_folds(_rows(), RULES, 5, 0.85)
    assert found.n == 80
    assert found.accuracy_at_1 > judge(_rows(), RULES).accuracy_at_1
    with pytest.raises(InvalidInput):
        across_folds(_rows(), RULES, 1, 0.85)


def _cut(blob: bytes) -> bytes:
    return blob[: len(blob) // 2]


@pytest.mark.parametrize("damage", [lambda _: b"", lambda _: b"no model", _cut, lambda blob: blob[:40]])
def test_damaged_file_is_refused(path: Path, tmp_path: Path, damage: object) -> None:
    broken = tmp_path / "broken.npz"
    broken.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(InvalidInput):
        RoutingModel.load(broken)


def test_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.npz"
    np.savez(foreign, weights=np.zeros(3))
    for path in (foreign, tmp_path / "missing.npz"):
        with pytest.raises(InvalidInput):
            RoutingModel.load(path)


def test_pickled_content_is_refused(tmp_path: Path) -> None:
    evil = tmp_path / "evil.npz"
    np.savez(evil, meta=np.array([{"format": "routing-model/1"}], dtype=object))
    with pytest.raises(InvalidInput):
        RoutingModel.load(evil)


def test_rows_become_labelled_texts() -> None:
    rows = [
        {"title": "a", "content": "b", "department": "学校", "also_accepted": ["水务", "不明"]},
        {"title": "c", "body": "d", "department": "不明"},
        {"title": None, "department": "水务"},
    ]
    assert labelled(rows, {"学校": "school", "水务": "water"}) == [
        Labelled("a", "b", "school", frozenset({"water"})),
        Labelled("", "", "water"),
    ]
