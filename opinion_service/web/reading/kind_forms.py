"""The form of the rules of the kinds: one rule a line, its weight first and then its phrases parted by "|"."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reading.nature import KINDS, Nature
from opinion_service.services.reading.kinds import DryRun
from opinion_service.web.formats import translated

LONGEST_TRIED = 4_000
_NUMBERS = ("least", "firm", "question_lead")
_PATTERNS = ("thanks_in_title", "praise_is_over")


@dataclass(frozen=True, slots=True)
class KindForms:
    """The rules as the page shows them: (code, name, lines, number of lines) of each kind, and the common fields."""

    kinds: tuple[tuple[str, str, str, int], ...]
    common: Mapping[str, str]


def forms_of(record: Mapping[str, Any]) -> KindForms:
    """Return the form of a stored or a typed record."""
    kinds = []
    for kind in KINDS:
        rows = record["kinds"].get(kind.value, ())
        lines = "\n".join(f"{row['weight']:g} {row['phrases']}" for row in rows)
        kinds.append((kind.value, translated(kind.label), lines, len(rows)))
    numbers = {name: f"{record[name]:g}" for name in _NUMBERS}
    return KindForms(tuple(kinds), numbers | {name: str(record[name]) for name in _PATTERNS})


def typed_of(form: MultiDict[str, str]) -> KindForms:
    """Return the form as it was typed, whatever is wrong with it."""
    kinds = []
    for kind in KINDS:
        lines = form.get(f"kind-{kind.value}", "")
        kinds.append((kind.value, translated(kind.label), lines, len(lines.splitlines())))
    return KindForms(tuple(kinds), {name: form.get(name, "") for name in (*_NUMBERS, *_PATTERNS)})


def record_from(form: MultiDict[str, str]) -> dict[str, Any]:
    """Return the record that was typed; raise InvalidInput for a line without weight or phrases."""
    record: dict[str, Any] = {name: _number(form.get(name, ""), name) for name in _NUMBERS}
    record |= {name: form.get(name, "").strip() for name in _PATTERNS}
    record["kinds"] = {kind.value: _lines(kind, form.get(f"kind-{kind.value}", "")) for kind in KINDS}
    return {"version": "draft", **record}


def matrix_of(found: DryRun) -> dict[str, Any]:
    """Return the table of the dry run: rows are the present kinds, columns those of the tried rules."""
    columns = tuple(Nature)
    rows = []
    for before in Nature:
        counts = [found.matrix.get((before.value, after.value), 0) for after in columns]
        if any(counts):
            rows.append((translated(before.label), *counts))
    return {"columns": (gettext("现为 ＼ 改为"), *(translated(one.label) for one in columns)), "rows": rows}


def _lines(kind: Nature, text: str) -> list[dict[str, Any]]:
    found = []
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), 1):
        weight, _, phrases = line.partition(" ")
        if not phrases.strip():
            raise InvalidInput(f"“{kind.label}”第 {number} 条：须先写分值，空一格，再写说法。", kind.value)
        found.append({"weight": _number(weight, kind.value), "phrases": phrases.strip()})
    return found


def _number(typed: str, field: str) -> float:
    try:
        value = float(typed.strip())
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 100:
        raise InvalidInput(f"“{typed.strip()[:20]}”不是 0–100 的数字。", field)
    return value
