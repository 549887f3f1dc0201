"""The clocks of a case, and the national limits that no profile may loosen."""

import copy
from typing import Any

import pytest

from opinion_service.data import read_sla_profile
from opinion_service.domain.clocks.sla import (
    ClockKind,
    ClockRule,
    IncidentLevel,
    OpinionGrade,
    clocks_for,
    profile_from_record,
)
from opinion_service.domain.errors import InvalidInput, LimitLoosened

PROFILE = profile_from_record(read_sla_profile())


def changed(kind: str, grade: str, text: str | None) -> dict[str, Any]:
    record = copy.deepcopy(read_sla_profile())
    if text is None:
        del record["limits"][kind][grade]
    else:
        record["limits"].setdefault(kind, {})[grade] = text
    return record


def clocks(grade: str, level: str) -> dict[ClockKind, ClockRule]:
    return {rule.kind: rule for rule in clocks_for(PROFILE, OpinionGrade(grade), IncidentLevel(level))}


# Domain rules 2.8, the columns in the order 特别重大 重大 较大 一般.
TABLE = [
    (ClockKind.TRIAGE, "30min 30min 2h 1wd"),
    (ClockKind.SIGN_RECEIPT, "30min 1h 2h 1wd"),
    (ClockKind.RETURN_WINDOW, "1h 2h 12h 24h"),
    (ClockKind.ASSESSMENT, "3h 4h 24h 2wd"),
    (ClockKind.FIRST_RELEASE, "5h 5h 24h 48h"),
    (ClockKind.RESPONSE, "24h 24h 48h 48h"),
    (ClockKind.VERIFICATION, "2wd 2wd 2wd 5wd"),
    (ClockKind.CLOSURE, "5wd 5wd 7wd 15wd"),
]


@pytest.mark.parametrize(("kind", "row"), TABLE)
def test_default_profile(kind: ClockKind, row: str) -> None:
    assert [clocks(grade.value, "none")[kind].allowance for grade in OpinionGrade] == row.split()


@pytest.mark.parametrize(
    ("kind", "grade", "text", "named"),
    [
        ("first_release", "critical", "6h", "国办发〔2016〕80号"),
        ("first_release", "major", "301min", "国办发〔2016〕80号"),
        ("first_release", "major", "1wh", "国办发〔2016〕80号"),
        ("first_release", "major", None, "国办发〔2016〕80号"),
        ("first_release", "ordinary", "49h", "国办发〔2016〕61号"),
        ("press_conference", "critical", "25h", "国办发〔2016〕61号"),
        ("press_conference", "major", None, "国办发〔2016〕61号"),
        ("press_conference", "ordinary", "25h", "国办发〔2016〕61号"),
        ("response", "ordinary", "49h", "国办发〔2016〕61号"),
        ("response", "ordinary", "2881min", "国办发〔2016〕61号"),
        ("response", "serious", "2wd", "国办发〔2016〕61号"),
        ("response", "critical", "72h", "国办发〔2016〕61号"),
        ("response", "ordinary", None, "国办发〔2016〕61号"),
    ],
)
def test_a_looser_limit_is_refused_with_its_document(kind: str, grade: str, text: str | None, named: str) -> None:
    with pytest.raises(LimitLoosened, match=named):
        profile_from_record(changed(kind, grade, text))


@pytest.mark.parametrize(
    ("kind", "grade", "text"),
    [
        ("first_release", "major", "300min"),
        ("first_release", "critical", "4h"),
        ("first_release", "ordinary", None),
        ("press_conference", "major", "24h"),
        ("response", "ordinary", "2880min"),
        ("response", "ordinary", "1h"),
        ("closure", "ordinary", "60wd"),
        ("sign_receipt", "critical", "8wh"),
    ],
)
def test_an_equal_or_tighter_limit_stands(kind: str, grade: str, text: str | None) -> None:
    profile_from_record(changed(kind, grade, text))


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"version": "x"},
        {"version": "x", "limits": []},
        changed("response", "ordinary", "soon"),
        changed("closure", "ordinary", "²h"),
        changed("lunch", "ordinary", "1h"),
        changed("closure", "huge", "1h"),
    ],
)
def test_an_unreadable_profile_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        profile_from_record(record)


@pytest.mark.parametrize(
    ("grade", "level", "first", "press", "answer"),
    [
        ("ordinary", "none", "48h", None, "48h"),
        ("ordinary", "ordinary", "48h", None, "48h"),
        ("ordinary", "serious", "48h", None, "48h"),
        ("ordinary", "major", "5h", "24h", "24h"),
        ("serious", "critical", "5h", "24h", "24h"),
        ("critical", "critical", "5h", "24h", "24h"),
        ("critical", "none", "5h", None, "24h"),
        ("major", "serious", "5h", None, "24h"),
    ],
)
def test_public_clocks_follow_the_incident(grade: str, level: str, first: str, press: str | None, answer: str) -> None:
    owed = clocks(grade, level)
    assert owed[ClockKind.FIRST_RELEASE].allowance == first
    assert (owed[ClockKind.PRESS_CONFERENCE].allowance if press else None) == press
    assert (ClockKind.PRESS_CONFERENCE in owed) is (press is not None)
    assert owed[ClockKind.RESPONSE].allowance == answer


@pytest.mark.parametrize("level", list(IncidentLevel))
def test_handling_clocks_follow_the_grade_alone(level: IncidentLevel) -> None:
    assert clocks("ordinary", level.value)[ClockKind.CLOSURE].allowance == "15wd"
    assert clocks("critical", level.value)[ClockKind.SIGN_RECEIPT].allowance == "30min"


@pytest.mark.parametrize(("level", "legal"), [("none", False), ("serious", False), ("major", True), ("critical", True)])
def test_first_release_is_legal_for_major_incidents_only(level: str, legal: bool) -> None:
    owed = clocks("critical", level)
    assert owed[ClockKind.FIRST_RELEASE].is_legal is legal
    assert ("80号" in owed[ClockKind.FIRST_RELEASE].basis) is legal
    assert owed[ClockKind.RESPONSE].is_legal
    assert not owed[ClockKind.CLOSURE].is_legal


def test_the_basis_tells_document_clause_and_what_is_stricter_here() -> None:
    assert (
        clocks("ordinary", "none")[ClockKind.RESPONSE].basis
        == "国办发〔2016〕61号：三、对其他政务舆情应在48小时内予以回应"
    )
    stricter = clocks("critical", "none")[ClockKind.RESPONSE]
    assert stricter.basis.endswith("（本级收紧为 24 小时（自然时））")
    assert "新闻发布会" in clocks("major", "major")[ClockKind.PRESS_CONFERENCE].basis


def test_labels_and_colours() -> None:
    assert [(grade.label, grade.colour) for grade in OpinionGrade] == [
        ("特别重大", "红"),
        ("重大", "橙"),
        ("较大", "黄"),
        ("一般", "蓝"),
    ]
    assert [level.label for level in IncidentLevel] == ["非突发事件", "一般", "较大", "重大", "特别重大"]
    assert all(kind.label for kind in ClockKind)
    assert {kind.value for kind in ClockKind if kind.is_legal} == {"first_release", "press_conference", "response"}


@pytest.mark.parametrize("grade", list(OpinionGrade))
@pytest.mark.parametrize("level", list(IncidentLevel))
def test_a_basis_fits_its_column(grade: OpinionGrade, level: IncidentLevel) -> None:
    assert all(0 < len(rule.basis) <= 200 for rule in clocks_for(PROFILE, grade, level))
