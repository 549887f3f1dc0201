"""How a case was routed: the decision as stored, made again from the record, and what today's rules would decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, abort, g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.errors import DomainError
from opinion_service.domain.routing import (
    Difference,
    RoutingDecision,
    RuleSet,
    decision_from_record,
    differences,
    duty_words,
    route,
)
from opinion_service.domain.routing.dated import day_of
from opinion_service.domain.routing.highlight import segments
from opinion_service.models import db
from opinion_service.queries.routing import records as queries
from opinion_service.web.names import department
from opinion_service.web.routing.rules import the_desk

blueprint = Blueprint("routing_records", __name__, url_prefix="/cases")


@dataclass(frozen=True, slots=True)
class Retold:
    """A stored decision with its replay: `obstacle` says why it was not made again, if it was not."""

    stored: queries.StoredDecision
    decision: RoutingDecision
    as_of: date | None
    title: tuple[tuple[str, bool], ...]
    body: tuple[tuple[str, bool], ...]
    obstacle: str
    changes: tuple[Difference, ...]
    today: RoutingDecision | None
    changes_today: tuple[Difference, ...]


@blueprint.get("/<number>/routing")
def shown(number: str) -> ResponseReturnValue:
    """Show the stored decisions about a case, each made again; nothing is changed."""
    found = queries.of_case(db.session(), g.actor, number)
    if found is None:
        abort(404)
    present = RuleSet.from_record(the_desk().record)
    rows = tuple(_retold(one, present) for one in found.decisions if one.record.decision)
    return render_template("rules/record.html", found=found, rows=rows, parts=_parts(), said=_said)


def _retold(stored: queries.StoredDecision, present: RuleSet) -> Retold:
    record = stored.record.decision
    decision, inputs = decision_from_record(record), record.get("inputs", {})
    title, body = str(inputs.get("title", "")), str(inputs.get("body", ""))
    as_of = day_of(inputs.get("as_of"))
    obstacle, again = _again(stored, decision, (title, body, as_of))
    today = route(present, title, body, as_of=g.now.astimezone(ZONE).date()).decision if title or body else None
    words = duty_words(record)
    return Retold(
        stored, decision, as_of, segments(title, words), segments(body, words), obstacle,
        differences(decision, again) if again else (), today, differences(decision, today) if today else (),
    )  # fmt: skip


def _again(
    stored: queries.StoredDecision, decision: RoutingDecision, text: tuple[str, str, date | None]
) -> tuple[str, RoutingDecision | None]:
    """Return why the decision is not made again here, or the decision made again from its record."""
    title, body, as_of = text
    if not title and not body:
        return "no_inputs", None
    if decision.model_version:
        return "with_model", None
    try:
        rules = RuleSet.from_record(stored.rules) if stored.rules else None
    except DomainError:
        rules = None
    return ("", route(rules, title, body, as_of=as_of).decision) if rules else ("no_rules", None)


def _parts() -> Mapping[str, str]:
    return {
        "winner": gettext("建议承办"), "confidence": gettext("置信度"), "hot_topic": gettext("热点"),
        "territory": gettext("属地"), "is_split_duty": gettext("职责交叉"), "split_reason": gettext("分工依据"),
        "co_departments": gettext("建议协办"), "ranking": gettext("候选次序"),
    }  # fmt: skip


def _said(part: str, value: Any) -> str:
    """Return one side of a difference in words."""
    if part == "winner":
        return department(str(value))
    if part in ("co_departments", "ranking"):
        return "、".join(map(department, value)) or "—"
    if part == "confidence":
        return f"{value:.0%}"
    if isinstance(value, bool):
        return str(gettext("是") if value else gettext("否"))
    if isinstance(value, dict):
        return "、".join(f"{word} {weight:g}" for word, weight in value.items() if word != "score")
    return str(value) or "—"
