"""Official papers: punctuation in full width, numbers of headings and papers, blocks in their order; the rubric of risk."""

from datetime import UTC, datetime

import pytest

from opinion_service import data
from opinion_service.domain.casework.official import (
    Blocks,
    chinese_number,
    due_minute,
    full_width,
    long_date,
    minute,
    number_of,
)
from opinion_service.domain.casework.risk import rubrics
from opinion_service.domain.clocks.sla import OpinionGrade
from opinion_service.domain.errors import InvalidInput

WIDTHS = [
    ("校车停运,家长着急.", "校车停运，家长着急。"),
    ("谁来接送?", "谁来接送？"),
    ("依据:条例(国令第617号)", "依据：条例（国令第617号）"),
    ('网传"停运"不实', "网传“停运”不实"),
    ("见 https://jyj.example/a?b=1,2 第3.5条", "见 https://jyj.example/a?b=1,2 第3.5条"),
    ("共1,200人", "共1,200人"),
    ("10:30到达", "10:30到达"),
    ("Say \"yes\", please.", "Say \"yes\", please."),
    ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wide"), WIDTHS)
def test_chinese_punctuation_is_full_width_and_nothing_else_changes(text: str, wide: str) -> None:
    assert full_width(text) == wide
    assert full_width(wide) == wide


@pytest.mark.parametrize(
    ("number", "words"), [(1, "一"), (9, "九"), (10, "十"), (11, "十一"), (20, "二十"), (99, "九十九")]
)
def test_headings_are_numbered_in_chinese(number: int, words: str) -> None:
    assert chinese_number(number) == words


def test_levels_are_numbered_and_begin_again_under_a_new_heading() -> None:
    body = Blocks()
    body.one("甲")
    body.two("子")
    body.three("一句")
    body.three("两句")
    body.two("丑")
    body.three("又一句")
    body.one("乙")
    body.two("寅")
    body.text("一段,\n\n又一段")
    body.table(("列",), [])
    assert [row["text"] for row in body.rows] == [
        "一、甲", "（一）子", "1.一句", "2.两句", "（二）丑", "1.又一句", "二、乙", "（一）寅", "一段，", "又一段",
    ]  # fmt: skip


def test_dates_and_numbers_are_those_of_beijing() -> None:
    late = datetime(2026, 3, 2, 16, 5, tzinfo=UTC)
    assert long_date(late) == "2026年3月3日"
    assert minute(late) == "2026年3月3日00:05"
    assert minute(None) == "——"
    assert due_minute(datetime(2026, 3, 2, 16, 0, tzinfo=UTC)) == "2026年3月2日24:00"
    assert due_minute(late) == "2026年3月3日00:05"
    assert number_of("交办", "2026-0302-01") == "交办〔2026〕0302-01号"


RUBRIC = data.read_json("risk_rubric.json")


@pytest.mark.parametrize(
    ("score", "level", "grade"),
    [(1, "低", "ordinary"), (7, "低", "ordinary"), (8, "中", "serious"), (14, "中", "serious"), (15, "高", "major"),
     (19, "高", "major"), (20, "高", "critical"), (25, "高", "critical")],
)  # fmt: skip
def test_the_shipped_rubric_gives_a_level_and_a_grade(score: int, level: str, grade: str) -> None:
    one = list(rubrics(RUBRIC).values())[-1]
    assert one.level(score) == level
    assert one.recommended([1, score]) is OpinionGrade(grade)
    assert one.recommended([]) is OpinionGrade.ORDINARY


WRONG = [
    ({"likelihood": ["一"] * 4}, "5 级"),
    ({"levels": [{"from": 1, "label": "低"}, {"from": 8, "label": "高"}]}, "由高到低"),
    ({"levels": [{"from": 8, "label": "高"}]}, "由高到低"),
    ({"grades": [{"from": 1, "grade": "huge"}]}, "可选范围"),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_a_rubric_that_is_not_sound_is_refused(change: dict, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        rubrics([{**RUBRIC[0], **change}])


@pytest.mark.parametrize("record", [[], [RUBRIC[0], RUBRIC[0]]])
def test_every_rubric_has_a_version_of_its_own(record: list) -> None:
    with pytest.raises(InvalidInput, match="版本"):
        rubrics(record)
