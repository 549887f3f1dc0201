"""How often the shipped rules, and rules with the learned re-ranker, find the department that answered."""

import gzip
import json
from datetime import date
from typing import Any

import pytest

from opinion_service.adapters import routing_model
from opinion_service.data import routing_data
from opinion_service.domain.routing import Router, RoutingDecision, RuleSet, Truth, evaluate
from tests.shared_data import shared

FILE = "routing/petitions_by_department.jsonl.gz"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    with gzip.open(shared(FILE), "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _truth(row: dict[str, Any]) -> Truth:
    codes = routing_data.codes_by_name()
    return Truth(codes[row["department"]], frozenset(codes[name] for name in row["also_accepted"]))


def _decided(router: Router, row: dict[str, Any]) -> RoutingDecision:
    return router.decide(row["title"], row["content"], date.fromisoformat(row["submitted"][:10]))


def test_shipped_rules_on_real_petitions(rows: list[dict[str, Any]]) -> None:
    router = Router(RuleSet.from_record(routing_data.read_rules()))
    found = evaluate([_truth(row) for row in rows], [_decided(router, row) for row in rows])
    assert found.n >= 4900
    assert found.coverage >= 0.97
    assert found.accuracy_at_1 >= 0.72
    assert found.accuracy_at_3 >= 0.90
    assert found.ece <= 0.05
    assert found.dispatch_precision >= 0.90
    assert found.dispatch_coverage >= 0.25


@pytest.mark.slow
def test_rules_with_what_was_learned(rows: list[dict[str, Any]]) -> None:
    """One fold of five: learn from four parts, judge on the fifth, taken in turn through the file."""
    rules = RuleSet.from_record(routing_data.read_rules())
    texts = routing_model.labelled(rows, routing_data.codes_by_name())
    made = routing_model.train([row for number, row in enumerate(texts) if number % 5], rules)
    found = routing_model.judge(texts[::5], rules, routing_model.RoutingModel.from_bytes(made.content))
    assert found.accuracy_at_1 >= 0.78
    assert found.accuracy_at_3 >= 0.95
    assert found.ece <= 0.05
    assert found.dispatch_precision >= 0.90
    assert found.dispatch_coverage >= 0.45
