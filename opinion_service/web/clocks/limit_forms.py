"""The time limits between their record and the pages: the table shown, the form read back, what differs."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from opinion_service.domain import typed_values
from opinion_service.domain.clocks.adjustments import DEFAULT_LIMITS
from opinion_service.domain.clocks.sla import NATIONAL, ClockKind, IncidentLevel, OpinionGrade

LEVELS = tuple(level for level in IncidentLevel if level is not IncidentLevel.NONE)
ADJUST = (
    ("pause_most", "单次暂停上限（工作日）"), ("pauses", "每轮暂停次数"),
    ("extension_most", "单次延期上限（工作日）"), ("extensions", "每轮延期次数"),
)  # fmt: skip

# The longer endings first: 4wh also ends in h.
_UNITS = (
    ("min", _("%(n)s 分钟")), ("wd", _("%(n)s 个工作日")), ("wh", _("%(n)s 工作小时")), ("h", _("%(n)s 小时")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One kind of clock: its cells by grade and by incident level (name of the field, text), and its ground."""

    kind: str
    label: str
    is_legal: bool
    grades: tuple[tuple[str, str, str], ...]
    levels: tuple[tuple[str, str, str], ...]
    document: str
    clause: str
    text: str
    national: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LimitTable:
    """The time limits as a page shows them; `adjust`: name, label and value of the bounds of pauses."""

    version: str
    rows: tuple[LimitRow, ...]
    adjust: tuple[tuple[str, str, int], ...]


def table_of(record: Mapping[str, Any]) -> LimitTable:
    """Return the table of a profile's record; a kind without a limit has empty cells."""
    adjust = {**DEFAULT_LIMITS.as_record(), **record.get("adjust", {})}
    return LimitTable(
        str(record.get("version", "")),
        tuple(_row(kind, record) for kind in ClockKind),
        tuple((name, gettext(label), adjust[name]) for name, label in ADJUST),
    )


def _row(kind: ClockKind, record: Mapping[str, Any]) -> LimitRow:
    limits, incident = record.get("limits", {}).get(kind, {}), record.get("incident", {}).get(kind, {})
    ground = record.get("grounds", {}).get(kind, {})
    levels = LEVELS if kind.is_legal else ()
    return LimitRow(
        kind.value,
        kind.label,
        kind.is_legal,
        tuple((f"limit.{kind}.{grade}", grade.label, limits.get(grade, "")) for grade in OpinionGrade),
        tuple((f"incident.{kind}.{level}", level.label, incident.get(level, "")) for level in levels),
        ground.get("document", ""),
        ground.get("clause", ""),
        ground.get("text", ""),
        tuple(dict.fromkeys(f"{one.document}：{one.clause}" for one in NATIONAL if one.kind is kind)),
    )


def allowance(text: str) -> str:
    """Return an allowance (`48h`, `5wd`) in words; empty when there is none."""
    for unit, words in _UNITS:
        if text.endswith(unit):
            return str(words) % {"n": text.removesuffix(unit)}
    return text


def record_from(form: Mapping[str, str], base: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record that the form describes; an empty cell takes the limit away."""
    record = copy.deepcopy(dict(base))
    record["limits"] = _cells(form, "limit", tuple(OpinionGrade))
    record["incident"] = _cells(form, "incident", LEVELS)
    record["grounds"] = {
        kind.value: {
            part: form.get(f"ground.{kind}.{part}", "").strip()[:160] for part in ("document", "clause", "text")
        }
        for kind in ClockKind
        if form.get(f"ground.{kind}.document", "").strip()
    }
    record["adjust"] = {name: _whole(form.get(f"adjust.{name}", "")) for name, _label in ADJUST}
    return record


def _cells(form: Mapping[str, str], prefix: str, columns: tuple[Any, ...]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for kind in ClockKind:
        row = {column.value: form.get(f"{prefix}.{kind}.{column}", "").strip()[:16] for column in columns}
        row = {column: text for column, text in row.items() if text}
        if row:
            found[kind.value] = row
    return found


def _whole(text: str) -> int:
    number = typed_values.whole_number(text.strip())
    return -1 if number is None else number


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """Return (what, before, after) for every cell, ground or bound that differs."""
    before, after = table_of(old), table_of(new)
    found: list[tuple[str, str, str]] = []
    for one, two in zip(before.rows, after.rows, strict=True):
        name = gettext(one.label)
        for (_field, column, a), (_same, _too, b) in zip(one.grades, two.grades, strict=True):
            found.append((f"{name} · {gettext(column)}", allowance(a), allowance(b)))
        for (_field, column, a), (_same, _too, b) in zip(one.levels, two.levels, strict=True):
            level = gettext("突发事件%(level)s", level=gettext(column))
            found.append((f"{name} · {level}", allowance(a), allowance(b)))
        grounds = [" ".join(part for part in (x.document, x.clause, x.text) if part) for x in (one, two)]
        found.append((gettext("%(clock)s的依据", clock=name), *grounds))
    for (_name, label, most), (_same, _too, new_most) in zip(before.adjust, after.adjust, strict=True):
        found.append((label, str(most), str(new_most)))
    return tuple(row for row in found if row[1] != row[2])
