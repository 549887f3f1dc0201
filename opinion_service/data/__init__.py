"""Data that ships with the product, and its readers: departments, rules, time limits, calendar, demo."""

import csv
import json
from datetime import date
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
    """Return every published holiday and make-up workday, in order; a later notice wins a day.

    Source: the State Council's yearly notices, one file a year under `calendar/`, each row with its number.
    """
    days: dict[date, DayRow] = {}
    for path in sorted((HERE / "calendar").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                day = date.fromisoformat(row["date"])
                days[day] = DayRow(day, row["kind"], row["name"], row["notice"])
    return tuple(days[day] for day in sorted(days))


def read_sla_profile() -> dict[str, Any]:
    """Return the default profile of time limits as a record."""
    record: dict[str, Any] = read_json("sla_profile.json")
    return record
