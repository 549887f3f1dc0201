"""A decision beside its replay: what counts as a difference."""

import dataclasses
from typing import Any

import pytest

from opinion_service.domain.routing import Candidate, Evidence, RoutingDecision, differences

FIRST = Candidate("school", 8.0, (Evidence("学校", "title", 8.0, "school-1"),))
SECOND = Candidate("water", 4.0, (Evidence("水管", "body", 4.0, "water-1"),))
THEN = RoutingDecision("school", 0.8, "教育改革", "南县", (FIRST, SECOND), "r1", model_version="m1")


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({}, []),
        ({"rule_set_version": "r2", "model_version": "m2"}, []),  # versions are shown apart
        ({"confidence": 0.8004}, []),
        ({"confidence": 0.802}, ["confidence"]),
        ({"winner": "water", "candidates": (SECOND, FIRST)}, ["winner", "ranking"]),
        ({"territory": "安化县", "hot_topic": "其他"}, ["hot_topic", "territory"]),
        ({"co_departments": ("water",)}, ["co_departments"]),
        ({"candidates": (dataclasses.replace(FIRST, score=9.0), SECOND)}, ["candidate:school"]),
        ({"candidates": (dataclasses.replace(FIRST, evidence=()), SECOND)}, ["candidate:school"]),
        ({"candidates": (FIRST,)}, ["ranking"]),
    ],
)
def test_differences(change: dict[str, Any], parts: list[str]) -> None:
    assert [one.part for one in differences(THEN, dataclasses.replace(THEN, **change))] == parts
