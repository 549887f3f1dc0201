"""Trying the rules on a text or a case: the way through them, the words that counted, the draft beside."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.people import Role
from opinion_service.domain.routing import PathStep, RoutingDecision, RuleSet, route
from opinion_service.domain.routing.dated import day_of
from opinion_service.domain.routing.highlight import segments
from opinion_service.domain.routing.rule_edits import EDITORS
from opinion_service.models import db
from opinion_service.queries.routing import rules as queries
from opinion_service.web.formats import rules_version
from opinion_service.web.routing.rules import the_desk

blueprint = Blueprint("trial", __name__, url_prefix="/rules/trial")
LONGEST_TEXT = 10_000


@dataclass(frozen=True, slots=True)
class Trial:
    """What one rule set makes of a text."""

    label: str
    winner: str
    decision: RoutingDecision
    path: tuple[PathStep, ...]
    names: dict[str, str]
    title: tuple[tuple[str, bool], ...]
    body: tuple[tuple[str, bool], ...]


@blueprint.route("", methods=["GET", "POST"])
def shown() -> ResponseReturnValue:
    """Show the form; with a text (posted) or a case number (in the address) also what the rules make of it."""
    desk, day, problem = the_desk(), _day(), ""
    title = request.form.get("title", "").strip()[:300]
    body, number = request.form.get("body", "").strip()[:LONGEST_TEXT], request.values.get("case", "").strip()
    if number and g.actor.role is not Role.ADMIN:
        found = queries.case_text(db.session(), g.actor, number)
        if found is None:
            problem = gettext("没有这件案件，或不在您的查看范围内。")
        else:
            title, body = found
    elif request.method == "POST" and not title and not body:
        problem = gettext("请粘贴一段文字，或填写案号。")
    trials: tuple[Trial, ...] = ()
    if (title or body) and not problem:
        text = (title, body, day)
        trials = (_try(gettext("现行 %(version)s", version=rules_version(desk.version)), desk.record, text),)
        if desk.draft:
            trials += (_try(gettext("草稿"), desk.draft.record, text),)
    page = render_template(
        "rules/trial.html", desk=desk, trials=trials, title=title, body=body, number=number, day=day.isoformat(),
        errors=(("title", problem),) if problem else (), may_edit=g.actor.role in EDITORS,
        sees_cases=g.actor.role is not Role.ADMIN,
    )  # fmt: skip
    return page, 422 if problem else 200


def _day() -> date:
    """Return the day whose division of duties is tried; today for none and for what is no day."""
    today: date = g.now.astimezone(ZONE).date()
    try:
        return day_of(request.values.get("on", "").strip()) or today
    except ValueError:
        return today


def _try(label: str, record: dict[str, Any], text: tuple[str, str, date]) -> Trial:
    rules, (title, body, day) = RuleSet.from_record(record), text
    settled = route(rules, title, body, as_of=day)
    decision = settled.decision
    words = [word for step in settled.path if step.is_match for word in step.words]
    words += [one.word for candidate in decision.candidates[:3] for one in candidate.evidence]
    return Trial(
        label, rules.name(decision.winner), decision, settled.path, dict(rules.names), segments(title, words),
        segments(body, words),
    )  # fmt: skip
