"""The way of a reply to its signature."""

from datetime import UTC, datetime, timedelta

import pytest

from opinion_service.domain.casework.review import DEFAULT_ROUTES, ReviewStep, next_step, routes_from_record, step_dues
from opinion_service.domain.clocks.sla import OpinionGrade
from opinion_service.domain.errors import InvalidInput

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ALL = tuple(step.value for step in ReviewStep)


def test_every_default_route_ends_with_the_leader() -> None:
    assert set(DEFAULT_ROUTES) == set(OpinionGrade)
    assert {route[-1] for route in DEFAULT_ROUTES.values()} == {ReviewStep.LEADER}


def test_a_record_changes_only_the_grades_it_names_and_keeps_the_order_of_steps() -> None:
    routes = routes_from_record({"serious": ["leader", "section"]})
    assert routes[OpinionGrade.SERIOUS] == (ReviewStep.SECTION, ReviewStep.LEADER)
    assert routes[OpinionGrade.ORDINARY] == DEFAULT_ROUTES[OpinionGrade.ORDINARY]


@pytest.mark.parametrize("steps", [[], ["section"], ["leader", "mayor"]])
def test_a_route_without_the_leader_or_with_a_strange_step_is_refused(steps: list[str]) -> None:
    with pytest.raises(InvalidInput):
        routes_from_record({"ordinary": steps})


@pytest.mark.parametrize(
    ("route", "passed", "expected"),
    [
        (ALL, (), "section"),
        (ALL, ("section",), "legal"),
        (ALL, ("section", "legal", "publicity"), "leader"),
        (("publicity", "leader"), (), "publicity"),
        ((), (), "leader"),
    ],
)
def test_next_step(route: tuple[str, ...], passed: tuple[str, ...], expected: str) -> None:
    assert next_step(route, passed) == expected


@pytest.mark.parametrize(
    ("left", "count", "expected"),
    [
        (timedelta(hours=4), 2, (2.0, 4.0)),
        (timedelta(hours=1), 2, (0.5, 1.0)),
        (timedelta(minutes=59), 2, (0.5, 1.0)),
        (timedelta(hours=-5), 1, (0.5,)),
    ],
)
def test_the_time_left_is_shared_and_no_step_gets_less_than_half_an_hour(left, count, expected) -> None:
    dues = step_dues(AT, AT + left, count)
    assert tuple((due - AT) / timedelta(hours=1) for due in dues) == expected
