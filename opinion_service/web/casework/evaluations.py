"""Evaluations of closed cases: the form, and the list with each department's figures."""

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.casework.case_states import CaseState
from opinion_service.domain.casework.evaluation import CRITERIA, OUTCOME_LABELS
from opinion_service.domain.errors import IllegalMove
from opinion_service.models import db
from opinion_service.queries import desk
from opinion_service.queries.casework import evaluations as queries
from opinion_service.queries.casework.case_page import case_view
from opinion_service.services.casework import evaluations as service
from opinion_service.web.casework import form_values

blueprint = Blueprint("evaluations", __name__)


@blueprint.get("/evaluations")
def listed() -> ResponseReturnValue:
    """Show the evaluations, the latest first, and each department's figures under the same filters."""
    args = request.args
    sort = args.get("sort", "evaluated")
    wanted = queries.EvaluationFilter(
        department_id=args.get("department", type=int),
        outcome=args.get("outcome", ""),
        timely=args.get("timely", ""),
        text=args.get("q", "").strip()[:100],
        sort=sort if sort in queries.SORTS else "evaluated",
        descending=args.get("dir", "desc") != "asc",
        after=args.get("after", ""),
    )
    page = queries.list_evaluations(db.session(), g.actor, wanted)
    units = queries.by_department(db.session(), g.actor, wanted)
    return render_template(
        "aftermath/evaluations.html", page=page, units=units, filters=_filters(wanted), outcomes=OUTCOME_LABELS
    )


@blueprint.get("/cases/<number>/evaluation")
def form(number: str) -> ResponseReturnValue:
    """Show the evaluation form of a closed case."""
    view = case_view(db.session(), g.actor, number, now=g.now)
    if view is None:
        abort(404)
    if view.state is not CaseState.CLOSED:
        raise IllegalMove("案件办结后方可评估。")
    shown = queries.form_of(db.session(), view.case)
    outcomes = tuple((one.value, gettext(label)) for one, label in OUTCOME_LABELS.items())
    criteria = tuple((code, gettext(name), weight) for code, (name, weight) in CRITERIA.items())
    return render_template("aftermath/evaluation.html", view=view, form=shown, outcomes=outcomes, criteria=criteria)


@blueprint.post("/cases/<number>/evaluation")
def file(number: str) -> ResponseReturnValue:
    """File the evaluation."""
    scores = {code: request.form.get(code, 0, type=int) for code in CRITERIA}
    filled = service.EvaluationForm(scores, request.form.get("outcome", ""), request.form.get("note", ""))
    points = service.evaluate(form_values.case_id(number), form_values.version(), filled, actor=g.actor, now=g.now)
    flash(gettext("已评估：%(n)s 分。", n=points), "success")
    return redirect(url_for("cases.shown", number=number))


def _filters(wanted: queries.EvaluationFilter) -> tuple[dict[str, Any], ...]:
    outcomes = tuple((one.value, gettext(label)) for one, label in OUTCOME_LABELS.items())
    return (
        {"name": "q", "label": gettext("案号或标题"), "kind": "search", "value": wanted.text},
        {"name": "department", "label": gettext("承办单位"), "kind": "select",
         "options": desk.departments(db.session()), "value": wanted.department_id or ""},
        {"name": "timely", "label": gettext("是否及时"), "kind": "select",
         "options": (("yes", gettext("及时")), ("no", gettext("超期"))), "value": wanted.timely},
        {"name": "outcome", "label": gettext("处置结果"), "kind": "select", "options": outcomes,
         "value": wanted.outcome},
    )  # fmt: skip
