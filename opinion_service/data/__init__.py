"""Data that ships with the product, and its readers: departments, rules, time limits, calendar, demo."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent


class DayRow(NamedTuple):
    """One day that is not what its weekday says."""

    day: date
    kind: str
    name: str
    notice: str


def read_json(name: str) -> Any:
    """Return the content of one shipped JSON file."""
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def read_calendar() -> tuple[DayRow, ...]:
    """Return every published holiday and make-up workday, in order; a later notice wins a day."""
    days: dict[date, DayRow] = {}
    for year in read_json("calendar.json")["years"].values():
        for name, first, last in year["holidays"]:
            day = date.fromisoformat(first)
            while day <= date.fromisoformat(last):
                days[day] = DayRow(day, "holiday", name, year["notice"])
                day += timedelta(days=1)
        for text in year["workdays"]:
            day = date.fromisoformat(text)
            days[day] = DayRow(day, "workday", "调休上班", year["notice"])
    return tuple(days[day] for day in sorted(days))


def read_sla_profile() -> dict[str, Any]:
    """Return the default profile of time limits as a record."""
    record: dict[str, Any] = read_json("sla_profile.json")
    return record
