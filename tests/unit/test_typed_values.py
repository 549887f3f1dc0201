"""What is read from addresses and forms, at the edges of what a database and a zone can hold."""

from datetime import date

import pytest

from opinion_service.domain import typed_values


@pytest.mark.parametrize(("text", "number"), [
    ("0", 0), ("007", 7), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("", None), ("²", None), ("1²", None), ("٣", None),
    ("３", None), ("-1", None), ("+1", None), (" 1", None), ("1.0", None), ("1_0", None),
])  # fmt: skip
def test_a_whole_number_has_ascii_digits_only(text: str, number: int | None) -> None:
    assert typed_values.whole_number(text) == number


@pytest.mark.parametrize(("text", "is_read"), [
    ("1970-01-01", True), ("1969-12-31", False), ("2200-12-31", True), ("2201-01-01", False), ("0001-01-01", False),
    ("9999-12-31", False), ("2026-02-30", False), ("", False), ("²", False),
])  # fmt: skip
def test_a_day_lies_where_every_zone_has_it(text: str, is_read: bool) -> None:
    for read in (typed_values.day, typed_values.moment):
        if is_read:
            assert read(text).isoformat()[:10] == text
        else:
            with pytest.raises(ValueError, match="format|range"):
                read(text)
    assert typed_values.day("2026-03-02") == date(2026, 3, 2)
