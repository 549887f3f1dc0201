"""The form of the opening rules: from a stored record to fields and back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reading.opening import CLASSES, SCOPES
from opinion_service.domain.reading.sentiment import Nature
from opinion_service.web.formats import translated
from opinion_service.web.reading.event_forms import TOPICS

MOST_FIELDS = 31
_PARTING = re.compile(r"[\s、，,；;]+")


@dataclass(frozen=True, slots=True)
class RuleForms:
    """The rules as the page shows them, with one empty form at the end, and the choices of its fields."""

    rules: tuple[Mapping[str, Any], ...]
    class_words: tuple[tuple[int, str, str], ...]
    factor: float
    items: int
    kinds: tuple[tuple[str, str], ...]
    scopes: tuple[tuple[str, str], ...]
    classes: tuple[tuple[int, str], ...]
    topics: tuple[tuple[str, str], ...]


def forms_of(record: Mapping[str, Any]) -> RuleForms:
    """Return the forms of a stored or a typed record."""
    rules = [*record.get("rules", ()), {"code": "", "is_on": True}]
    words, surge = record.get("class_words", {}), record.get("surge", {})
    return RuleForms(
        rules=tuple({**row, "place": place, "shown": _shown(row)} for place, row in enumerate(rules)),
        class_words=tuple((one, translated(text), "、".join(words.get(str(one), ()))) for one, text in CLASSES.items()),
        factor=surge.get("factor", 2.0),
        items=surge.get("least_new_items", 3),
        kinds=tuple((kind.value, translated(kind.label)) for kind in Nature),
        scopes=tuple((code, translated(text)) for code, text in SCOPES.items()),
        classes=tuple((one, f"{one} {translated(text)}") for one, text in CLASSES.items()),
        topics=tuple((topic, translated(topic)) for topic in TOPICS),
    )


def _shown(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the conditions of a rule as short sentences."""
    natures = {kind.value: translated(kind.label) for kind in Nature}
    comma = gettext("、")
    parts = (
        (row.get("scope", "all") != "all", translated(SCOPES.get(row.get("scope", "all"), ""))),
        (row.get("kinds"), comma.join(natures.get(one, one) for one in row.get("kinds", ()))),
        (row.get("topics"), gettext("热点：%(words)s", words=comma.join(map(translated, row.get("topics", ()))))),
        (row.get("places"), gettext("地点：%(words)s", words=comma.join(row.get("places", ())))),
        (row.get("words"), gettext("命中词：%(words)s", words=comma.join(row.get("words", ())))),
        (row.get("must_answer"), gettext("61号第 %(n)s 类", n=comma.join(map(str, row.get("must_answer", ()))))),
        (row.get("least_heat"), gettext("热度 ≥ %(n)s", n=row.get("least_heat"))),
        (row.get("least_items", 1) > 1, gettext("条数 ≥ %(n)s", n=row.get("least_items"))),
        (row.get("least_complaints"), gettext("投诉举报占比 ≥ %(n)s%%", n=row.get("least_complaints"))),
        (row.get("least_negative"), gettext("负面占比 ≥ %(n)s%%", n=row.get("least_negative"))),
    )
    return tuple(str(text) for is_asked, text in parts if is_asked)


def record_from(form: MultiDict[str, str]) -> dict[str, Any]:
    """Return the record that was typed; raise InvalidInput for a number that is none."""
    count = min(form.get("count", 0, type=int), MOST_FIELDS)
    rows = [_row(form, number) for number in range(count) if form.get(f"name-{number}", "").strip()]
    kept = [row for row in rows if not row.pop("is_dropped")]
    kept.sort(key=lambda row: row.pop("place"))
    return {
        "surge": {"factor": _number(form, "factor", 2.0), "least_new_items": int(_number(form, "surge_items", 3))},
        "class_words": {str(one): _listed(form.get(f"class-{one}", "")) for one in CLASSES},
        "rules": kept,
    }


def _row(form: MultiDict[str, str], number: int) -> dict[str, Any]:
    return {
        "is_dropped": form.get(f"drop-{number}") == "1",
        "place": _number(form, f"place-{number}", number + 1),
        "code": form.get(f"code-{number}", "")[:40] or f"rule-{form.get('based_on', '0')}-{number}",
        "name": form.get(f"name-{number}", "").strip(),
        "is_on": form.get(f"is_on-{number}") == "1",
        "scope": form.get(f"scope-{number}", "all"),
        "kinds": form.getlist(f"kinds-{number}"),
        "topics": form.getlist(f"topics-{number}"),
        "places": _listed(form.get(f"places-{number}", "")),
        "words": _listed(form.get(f"words-{number}", "")),
        "must_answer": form.getlist(f"must_answer-{number}", type=int),
        "least_heat": _number(form, f"least_heat-{number}", 0),
        "least_items": int(_number(form, f"least_items-{number}", 1)),
        "least_complaints": int(_number(form, f"least_complaints-{number}", 0)),
        "least_negative": int(_number(form, f"least_negative-{number}", 0)),
    }


def _listed(text: str) -> list[str]:
    return list(dict.fromkeys(filter(None, _PARTING.split(text))))


def _number(form: MultiDict[str, str], name: str, default: float) -> float:
    typed = form.get(name, "").strip()
    if not typed:
        return default
    try:
        value = float(typed)
    except ValueError:
        value = float("nan")
    if not -1e6 < value < 1e6:
        raise InvalidInput(f"“{typed[:20]}”不是数字。", name)
    return value
