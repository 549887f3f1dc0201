"""What is proposed about a case, what follows an answer, and the points of an evaluation."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from opinion_service.domain.casework.aftermath import (
    Aftermath,
    heat_line,
    is_complaint_about_answer,
    reminders_owed,
    suggest_round,
)
from opinion_service.domain.casework.evaluation import CRITERIA, Figures, suggested, total
from opinion_service.domain.casework.grading import (
    _DEATHS,
    GradingFacts,
    ProposalKind,
    count_of,
    is_fulfilled,
    suggest,
    value_label,
)
from opinion_service.domain.clocks.sla import IncidentLevel, OpinionGrade
from opinion_service.domain.errors import InvalidInput

QUIET = GradingFacts(OpinionGrade.ORDINARY, IncidentLevel.NONE)
WORDS = {2: ("停水",), 4: ("塌方",)}


def grade_of(facts: GradingFacts) -> tuple[str, ...] | None:
    found = [one for one in suggest(facts) if one.kind is ProposalKind.GRADE]
    return (found[0].value, *found[0].basis) if found else None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, None),
        ({"heat": 59.9}, None),
        ({"heat": 60.0}, ("serious", "hot")),
        ({"heat": 84.9}, ("serious", "hot")),
        ({"heat": 85.0}, ("major", "very-hot")),
        ({"source_count": 4}, None),
        ({"source_count": 5}, ("serious", "sources")),
        ({"heaviest_source": 1.2, "source_count": 1}, None),
        ({"heaviest_source": 1.2, "source_count": 2}, ("serious", "provincial")),
        ({"heaviest_source": 1.5}, ("major", "national")),
        ({"best_rank": 11}, None),
        ({"best_rank": 10}, ("serious", "rank")),
        ({"must_answer_class": 2}, None),
        ({"must_answer_class": 4}, ("serious", "class")),
        ({"incident_level": IncidentLevel.SERIOUS}, None),
        ({"incident_level": IncidentLevel.MAJOR}, ("major", "incident")),
        ({"late": ("公开回应",)}, ("serious", "late")),
        ({"round": 2}, ("serious", "round-2")),
        ({"complaints": 1}, ("serious", "complaint")),
        ({"heat": 90.0, "late": ("公开回应",)}, ("major", "very-hot", "late")),
        ({"grade": OpinionGrade.MAJOR, "heat": 90.0}, None),
        ({"grade": OpinionGrade.MAJOR, "late": ("公开回应",)}, ("critical", "late")),
        ({"grade": OpinionGrade.CRITICAL, "late": ("公开回应",), "heat": 99.0}, None),
    ],
)
def test_a_higher_grade_is_proposed_with_its_reasons(change: dict, expected: tuple[str, ...] | None) -> None:
    assert grade_of(replace(QUIET, **change)) == expected


@pytest.mark.parametrize(
    ("present", "text", "expected"),
    [(0, "小区停水三天", "2"), (0, "公路塌方，全村停水", "2"), (0, "邻居养猫", None), (1, "公路塌方", None)],
)
def test_a_class_is_proposed_where_none_was_set(present: int, text: str, expected: str | None) -> None:
    facts = replace(QUIET, must_answer_class=present, text=text, class_words=WORDS)
    found = [one.value for one in suggest(facts) if one.kind is ProposalKind.MUST_ANSWER]
    assert found == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("事故造成3人死亡", 3), ("致 12 名工人不幸遇难", 12), ("死亡三人", 3), ("十二人遇难", 12), ("三十名乘客身亡", 30), ("两人丧生", 2),
        ("三人受伤，无人死亡", 0), ("3人到场，死亡威胁", 0), ("养殖场死亡300只鸡", 0),
    ],
)  # fmt: skip
def test_the_dead_are_counted_as_reported(text: str, count: int) -> None:
    assert count_of(_DEATHS, text) == count


@pytest.mark.parametrize(
    ("text", "present", "level"),
    [
        ("1人死亡", "none", "ordinary"), ("2人死亡", "none", "ordinary"), ("3人死亡", "none", "serious"),
        ("9人死亡", "none", "serious"), ("10人死亡", "none", "major"), ("29人死亡", "none", "major"),
        ("30人死亡", "none", "critical"), ("9人重伤", "none", "ordinary"), ("10人重伤", "none", "serious"),
        ("50人重伤", "none", "major"), ("100人重伤", "none", "critical"), ("3人死亡", "serious", None),
        ("3人死亡", "major", None), ("三人轻伤", "none", None),
    ],
)  # fmt: skip
def test_the_incident_level_follows_from_what_happened(text: str, present: str, level: str | None) -> None:
    facts = replace(QUIET, text=text, incident_level=IncidentLevel(present), heat=0.0)
    assert [one.value for one in suggest(facts) if one.kind is ProposalKind.INCIDENT] == ([level] if level else [])


@pytest.mark.parametrize(
    ("kind", "proposed", "present", "done"),
    [
        ("grade", "serious", "ordinary", False), ("grade", "serious", "serious", True), ("grade", "serious", "major", True),
        ("incident", "major", "serious", False), ("incident", "ordinary", "critical", True),
        ("must_answer", "2", "2", True), ("must_answer", "2", "4", False), ("round", "", "", False),
    ],
)  # fmt: skip
def test_what_fulfils_a_proposal(kind: str, proposed: str, present: str, done: bool) -> None:
    assert is_fulfilled(ProposalKind(kind), proposed, present) is done


def test_every_kind_has_the_name_of_its_value() -> None:
    named = {"grade": "major", "incident": "none", "must_answer": "3", "round": ""}
    assert [value_label(ProposalKind(kind), value) for kind, value in named.items()] == [
        "重大", "非突发事件", "民生道德底线", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("教育局的回应太敷衍", True), ("通报避重就轻", True), ("看了答复，问题没解决", True), ("感谢回应", False),
        ("态度敷衍", False), ("官方说法很清楚", False),
    ],
)  # fmt: skip
def test_a_complaint_about_the_answer(text: str, expected: bool) -> None:
    assert is_complaint_about_answer(text) is expected


@pytest.mark.parametrize(
    ("before", "heat", "items", "complaints", "basis"),
    [
        (20.0, 20.0, 9, 0, None), (20.0, 40.0, 2, 0, None), (20.0, 40.0, 3, 0, ("surge",)), (20.0, 30.0, 9, 2, None),
        (20.0, 20.0, 3, 3, ("complaints-1",)), (20.0, 60.0, 7, 7, ("surge", "complaints-2")),
    ],
)  # fmt: skip
def test_a_resurge_or_complaints_propose_a_new_round(
    before: float, heat: float, items: int, complaints: int, basis: tuple | None
) -> None:
    found = suggest_round(Aftermath(before, heat, items, complaints))
    assert (found.basis if found else None) == basis


DUE = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("days", "told", "owed"),
    [(-4, 0, 0), (-3, 0, 1), (-1, 1, 1), (0, 1, 2), (1, 2, 3), (9, 0, 3), (-4, 2, 2)],
)
def test_a_promise_is_reminded_of_three_times(days: int, told: int, owed: int) -> None:
    assert reminders_owed(DUE, DUE + timedelta(days=days), told=told) == owed


def test_the_heat_line_decays_by_half_in_a_day_and_knows_what_came_before() -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)

    line = heat_line([(start - timedelta(hours=24), 2.0), (start + timedelta(hours=2), 3.0)], start, 4)

    assert [at.hour for at, _ in line] == [0, 1, 2, 3]
    heights = [height for _, height in line]
    assert heights[0] == pytest.approx(15.4, abs=0.1)  # one of the two is left: 1 − e^(−1/6)
    assert heights[0] > heights[1] < heights[2] > heights[3]
    assert heat_line([], start, 2) == ((start, 0.0), (start + timedelta(hours=1), 0.0))


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (Figures(), {"timely": 5, "coverage": 5, "reaction": 5}),
        (Figures(legal_late=("公开回应",)), {"timely": 1, "coverage": 5, "reaction": 5}),
        (Figures(other_late=("签收",), concerns=4, answered=2), {"timely": 3, "coverage": 2, "reaction": 5}),
        (Figures(concerns=3, answered=0, complaints_after=9, round=2), {"timely": 5, "coverage": 1, "reaction": 1}),
    ],
)
def test_the_points_that_the_figures_suggest(figures: Figures, expected: dict[str, int]) -> None:
    assert suggested(figures) == expected


def test_the_total_is_weighted_and_needs_every_criterion() -> None:
    assert sum(weight for _, weight in CRITERIA.values()) == 100
    assert total(dict.fromkeys(CRITERIA, 5)) == 100
    assert total(dict.fromkeys(CRITERIA, 1)) == 20
    assert total({**dict.fromkeys(CRITERIA, 5), "timely": 1}) == 80
    for points in (0, 6):
        with pytest.raises(InvalidInput):
            total({**dict.fromkeys(CRITERIA, 3), "reaction": points})
