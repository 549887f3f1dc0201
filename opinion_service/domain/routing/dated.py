"""What changes on a day in a reform of offices (机构改革): the names of departments, and the duties they have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class DatedName:
    """A name by which a department goes, from the day `since` to the day before `until`; None leaves it open."""

    name: str
    since: date | None = None
    until: date | None = None

    @classmethod
    def of(cls, record: str | Mapping[str, Any]) -> "DatedName":
        """Return the name in a rule record, where one without dates is a plain text; ValueError for a wrong day."""
        if isinstance(record, str):
            return cls(record)
        return cls(str(record["name"]), day_of(record.get("since")), day_of(record.get("until")))

    def as_record(self) -> str | dict[str, str]:
        """Return the name as it stands in a rule record."""
        return dated({"name": self.name}, self.since, self.until) if self.since or self.until else self.name


def day_of(text: str | None) -> date | None:
    """Return the day written in ISO form, None for nothing; raise ValueError for anything else."""
    return date.fromisoformat(text) if text else None


def dated(row: dict[str, Any], since: date | None, until: date | None) -> dict[str, Any]:
    """Return the row with the days that bound it."""
    days = {"since": since, "until": until}
    return {**row, **{name: day.isoformat() for name, day in days.items() if day}}


def has_turned(record: Mapping[str, Any], then: date, today: date) -> bool:
    """Return whether a duty of the rule record began or ended after `then` and not later than `today`."""
    return any(then < day <= today for day in _turns(record))


def _turns(record: Mapping[str, Any]) -> Iterator[date]:
    for groups in record.get("departments", {}).values():
        for group in groups:
            for text in (group.get("since"), group.get("until")):
                if text:
                    yield date.fromisoformat(text)
