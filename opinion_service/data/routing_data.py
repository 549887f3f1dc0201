"""Readers of the shipped routing knowledge: departments with their duties, and the rule set as one record."""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from opinion_service.data import HERE
from opinion_service.domain.routing.dated import DatedName

_CITATION = re.compile(r"^(?P<text>.*)〔(?P<id>[a-z]+-\d+)〕$")
_PARTS = ("topics.json", "places.json")


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty of a department: its id (cited by rules: rule `zjj-2.1` rests on duty `zjj-2`), text and basis.

    `basis` is the item of the founding document whose bracket names the department, or the item the duty serves.
    """

    id: str
    text: str
    basis: str


@dataclass(frozen=True, slots=True)
class DepartmentData:
    """A department as shipped; `aliases` are its short and spoken names, `dated` those that a reform ended or began."""

    code: str
    name: str
    full_name: str
    aliases: tuple[str, ...]
    duties: tuple[Duty, ...]
    is_vertical: bool
    upper_contact: str
    dated: tuple[DatedName, ...] = ()


@cache
def departments() -> tuple[DepartmentData, ...]:
    """Return every shipped department in order."""
    return tuple(_department(row) for row in json.loads((HERE / "departments.json").read_text(encoding="utf-8")))


def codes_by_name() -> dict[str, str]:
    """Return the department code for every name, full name and alias; a canonical name wins over an alias."""
    found: dict[str, str] = {}
    for one in departments():
        for alias in (*one.aliases, *(name.name for name in one.dated)):
            found.setdefault(alias, one.code)
    for one in departments():
        found[one.full_name] = found[one.name] = one.code
    return found


def read_rules() -> dict[str, Any]:
    """Return the shipped rule set as one record, the form that `RuleSet.from_record` reads."""
    record: dict[str, Any] = dict(_part("rules.json"))
    for name in _PARTS:
        record |= _part(name)
    record["synonyms"] = _part("synonyms.json")
    record["split_duties"] = _part("split_duties.json")
    record["names"] = {one.code: one.name for one in departments()}
    record["aliases"] = {
        one.code: [one.name, one.full_name, *one.aliases, *(name.as_record() for name in one.dated)]
        for one in departments()
    }
    record["duties"] = {
        one.code: [{"id": duty.id, "text": duty.text, "basis": duty.basis} for duty in one.duties]
        for one in departments()
    }
    record["ordered"] = []
    return record


def themes() -> dict[str, tuple[str, ...]]:
    """Return the departments (codes) that answer each theme by which message boards sort letters."""
    return {name: tuple(codes) for name, codes in _part("themes.json").items()}


def _department(row: dict[str, Any]) -> DepartmentData:
    return DepartmentData(
        code=row["code"],
        name=row["name"],
        full_name=row["full_name"],
        aliases=tuple(row["aliases"]),
        duties=tuple(_duty(text, basis) for text, basis in zip(row["duties"], row["basis"], strict=True)),
        is_vertical=row["is_vertical"],
        upper_contact=row.get("upper_contact", ""),
        dated=tuple(map(DatedName.of, row.get("dated", ()))),
    )


def _duty(text: str, basis: str) -> Duty:
    found = _CITATION.match(text)
    return Duty(found["id"], found["text"], basis) if found else Duty("", text, basis)


def _part(name: str) -> Any:
    return json.loads((HERE / "routing" / name).read_text(encoding="utf-8"))
