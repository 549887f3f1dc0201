"""Rulings on disputes as precedents, and what the case page shows of them."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.people import Actor
from opinion_service.domain.routing.rule_edits import EDITORS
from opinion_service.models import db
from opinion_service.queries import desk
from opinion_service.queries.casework.case_page import CaseView
from opinion_service.queries.routing import rulings as queries
from opinion_service.services.routing import rule_drafts

blueprint = Blueprint("rulings", __name__, url_prefix="/rulings")


@dataclass(frozen=True, slots=True)
class CaseDisputes:
    """The returns of a case, similar rulings, and the duties that its forms may cite."""

    disputes: tuple[queries.DisputeRow, ...]
    similar: tuple[queries.RulingRow, ...]
    reasons: tuple[tuple[str, str], ...]
    own_duties: tuple[tuple[str, str], ...]
    all_duties: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    may_make_rules: bool


@blueprint.get("")
def listed() -> ResponseReturnValue:
    """Show the precedents that fit, the newest first."""
    wanted = queries.RulingFilter(
        text=request.args.get("q", "").strip()[:60],
        department_id=request.args.get("department", type=int),
        returned_by_id=request.args.get("from", type=int),
        reason=request.args.get("reason", ""),
        only=request.args.get("id", 0, type=int),
        before=request.args.get("before", ""),
    )
    rows, before = queries.rulings(db.session(), g.actor, wanted)
    return render_template(
        "rulings/list.html", rows=rows, before=before, filters=_filters(wanted), may_edit=g.actor.role in EDITORS
    )


@blueprint.post("/<int:ruling_id>/rule")
def make_rule(ruling_id: int) -> ResponseReturnValue:
    """Put a rule made from the ruling on top of the draft, and open its form."""
    db.session.rollback()
    rule_id = rule_drafts.rule_from_ruling(ruling_id, actor=g.actor, now=g.now)
    flash(gettext("已据裁定在草稿中生成规则，请核对用词后保存。发布前不影响现行交办。"), "success")
    return redirect(url_for("rules.form", id=rule_id))


def of_case(view: CaseView, may: frozenset[str], actor: Actor) -> CaseDisputes:
    """Return what the case page shows: duties are read only where a form needs them."""
    session = db.session()
    decision = view.routing.decision if view.routing else {}
    own, everybody = queries.duty_choices(session, actor) if may & {"return", "rule"} else ((), ())
    return CaseDisputes(
        disputes=queries.disputes(session, view.case.id),
        similar=queries.similar(session, actor, view.case.id, decision),
        reasons=tuple((code, gettext(label)) for code, label in queries.reasons()),
        own_duties=own,
        all_duties=everybody,
        may_make_rules=actor.role in EDITORS,
    )


def _filters(wanted: queries.RulingFilter) -> tuple[dict[str, Any], ...]:
    departments = desk.departments(db.session())
    reasons = tuple((code, gettext(label)) for code, label in queries.reasons())
    return (
        {"name": "q", "label": gettext("标题、职责或理由"), "kind": "search", "value": wanted.text},
        {"name": "department", "label": gettext("裁定承办"), "kind": "select", "options": departments,
         "value": wanted.department_id or ""},
        {"name": "from", "label": gettext("退办单位"), "kind": "select", "options": departments,
         "value": wanted.returned_by_id or ""},
        {"name": "reason", "label": gettext("退办理由"), "kind": "select", "options": reasons, "value": wanted.reason},
    )  # fmt: skip
