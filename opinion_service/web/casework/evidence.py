"""The evidence of a case: the page, the order to look again, and all of it to take away as JSON."""

from flask import Blueprint, Response, abort, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.casework.evidence import OUTCOME_LABELS, Outcome
from opinion_service.models import db
from opinion_service.queries.casework import evidence as queries
from opinion_service.services.casework import rechecks

blueprint = Blueprint("evidence", __name__, url_prefix="/cases")


@blueprint.get("/<number>/evidence")
def shown(number: str) -> ResponseReturnValue:
    """Show what was frozen for a case and what the last look at each piece found."""
    outcome = request.args.get("outcome", "")
    known = {one.value for one in Outcome} | {queries.NEVER}
    outcome = outcome if outcome in known else ""
    page = queries.evidence_page(db.session(), g.actor, number, outcome=outcome, after=request.args.get("after", ""))
    if page is None:
        abort(404)
    options = [(one.value, gettext(OUTCOME_LABELS[one])) for one in Outcome] + [(queries.NEVER, gettext("未复查"))]
    filters = (
        {"name": "outcome", "label": gettext("复查结果"), "kind": "select", "value": outcome, "options": options},
    )
    return render_template("evidence/shown.html", page=page, filters=filters)


@blueprint.post("/<number>/evidence/recheck")
def recheck(number: str) -> ResponseReturnValue:
    """Order a second look at the evidence of a case."""
    page = queries.evidence_page(db.session(), g.actor, number)
    db.session.rollback()
    if page is None:
        abort(404)
    rechecks.ask(page.case_id, actor=g.actor, now=g.now)
    flash(gettext("已安排复查；逐个网站访问，结果稍后显示在本页。"), "success")
    return redirect(url_for("evidence.shown", number=number))


@blueprint.get("/<number>/evidence.json")
def downloaded(number: str) -> ResponseReturnValue:
    """Hand the evidence of a case out as one JSON document."""
    found = queries.document(db.session(), g.actor, number)
    if found is None:
        abort(404)
    body = current_app.json.dumps(found, ensure_ascii=False, indent=1)
    name = f"attachment; filename=evidence-{found['case']}.json"
    return Response(body, mimetype="application/json", headers={"Content-Disposition": name})
