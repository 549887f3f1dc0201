"""Rows of the rules pages, made from plain records: the ordered rules side by side, duties with their words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext

from opinion_service.domain.routing import OrderedRule, read_ordered
from opinion_service.domain.routing.dated import DatedName, day_of
from opinion_service.domain.routing.rule_edits import phrases_of
from opinion_service.queries.routing.rules import LastChange, RuleDesk


@dataclass(frozen=True, slots=True)
class RuleRow:
    """An ordered rule in its place; `mark` says how the draft differs (new, changed, moved, gone, or nothing)."""

    rule: OrderedRule
    place: int
    target: str
    hits: int
    change: LastChange | None
    mark: str


@dataclass(frozen=True, slots=True)
class WordGroup:
    """Words of one weight under a duty, and the days from which and until which they count."""

    id: str
    weight: float
    words: tuple[str, ...]
    company: tuple[str, ...]
    hits: int
    mark: str
    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class NameRow:
    """A name of a department with its days; `mark` says how the draft differs."""

    name: str
    since: date | None
    until: date | None
    mark: str


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A duty with its words; `hits` counts cases that its words decided."""

    id: str
    text: str
    basis: str
    groups: tuple[WordGroup, ...]
    change: LastChange | None
    mark: str


def rows(
    record: Mapping[str, Any], other: Mapping[str, Any], hits: Mapping[str, int], last: Mapping[str, LastChange],
    *, is_draft: bool,
) -> tuple[RuleRow, ...]:  # fmt: skip
    """Return the ordered rules of `record`, marked against the other set."""
    rules, others = read_ordered(record), {rule.id: rule for rule in read_ordered(other)}
    here = [rule.id for rule in rules if rule.id in others]
    there = [key for key in others if key in set(here)]
    moved = {key for key, counterpart in zip(here, there, strict=True) if key != counterpart}
    names = record.get("names", {})
    return tuple(
        RuleRow(
            rule, place, names.get(rule.target, rule.target), hits.get(rule.id, 0), last.get(rule.id),
            _mark(rule, others, rule.id in moved, is_draft),
        )
        for place, rule in enumerate(rules, 1)
    )  # fmt: skip


def _mark(rule: OrderedRule, others: Mapping[str, OrderedRule], is_moved: bool, is_draft: bool) -> str:
    if rule.id not in others:
        return "new" if is_draft else "gone"
    if not is_draft:
        return ""
    return "changed" if others[rule.id] != rule else "moved" if is_moved else ""


def duty_rows(
    desk: RuleDesk, code: str, hits: Mapping[str, int], last: Mapping[str, LastChange]
) -> tuple[DutyRow, ...]:
    """Return a department's duties in the draft (in force when there is none), marked against those in force."""
    record = desk.draft.record if desk.draft else desk.record
    before = {row["id"]: row for row in desk.record["duties"].get(code, ())}
    old_groups = {row["id"]: row for row in desk.record["departments"].get(code, ())}
    return tuple(
        DutyRow(
            duty["id"], duty["text"], duty.get("basis", ""),
            tuple(_group(one, old_groups, hits) for one in phrases_of(record, code, duty["id"])),
            last.get(duty["id"]), _changed(duty, before),
        )
        for duty in record["duties"].get(code, ())
    )  # fmt: skip


def name_rows(desk: RuleDesk, code: str) -> tuple[NameRow, ...]:
    """Return a department's names in the draft (in force when there is none), those that have ended last."""
    record = desk.draft.record if desk.draft else desk.record
    before = {one.name: one for one in _names(desk.record, code)}
    rows = [
        NameRow(one.name, one.since, one.until, _name_mark(one, before)) for one in dict.fromkeys(_names(record, code))
    ]
    return tuple(sorted(rows, key=lambda one: (one.until is not None, -(one.until or date.min).toordinal())))


def _names(record: Mapping[str, Any], code: str) -> list[DatedName]:
    return [DatedName.of(one) for one in record.get("aliases", {}).get(code, ())]


def _name_mark(one: DatedName, before: Mapping[str, DatedName]) -> str:
    known = before.get(one.name)
    return "new" if known is None else "changed" if known != one else ""


def rule_ids(desk: RuleDesk) -> tuple[str, ...]:
    """Return the ids of the ordered rules in force and in the draft."""
    records = [desk.record, *([desk.draft.record] if desk.draft else [])]
    return tuple(dict.fromkeys(rule.id for record in records for rule in read_ordered(record)))


def department_choices(record: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return (code, name) of the departments that rules may name."""
    return tuple(record.get("names", {}).items())


def marks() -> dict[str, str]:
    """Return the words of the marks."""
    return {
        "new": gettext("新增"),
        "changed": gettext("已改"),
        "moved": gettext("已移"),
        "gone": gettext("草稿中已删除"),
    }


def _group(row: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]], hits: Mapping[str, int]) -> WordGroup:
    return WordGroup(
        row["id"], float(row["weight"]), tuple(row["words"]), tuple(row.get("with", ())), hits.get(row["id"], 0),
        _changed(row, before), day_of(row.get("since")), day_of(row.get("until")),
    )  # fmt: skip


def _changed(row: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]]) -> str:
    old = before.get(row["id"])
    return "new" if old is None else "" if old == row else "changed"


def loose_groups(record: Mapping[str, Any], code: str) -> tuple[WordGroup, ...]:
    """Return the words of a department that rest on no duty of its list (written by hand, or the duty is gone)."""
    known = {duty["id"] for duty in record["duties"].get(code, ())}
    groups = record["departments"].get(code, ())
    return tuple(_group(one, {}, {}) for one in groups if one["id"].rpartition(".")[0] not in known)
