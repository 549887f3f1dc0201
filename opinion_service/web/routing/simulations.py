"""Simulations of the draft on the last ninety days: started, watched, read figure by figure."""

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.adapters import charts
from opinion_service.domain.routing.rule_edits import EDITORS
from opinion_service.models import db
from opinion_service.queries import departments
from opinion_service.queries.routing import simulations as queries
from opinion_service.services.routing import simulation
from opinion_service.web.routing.rules import the_desk

blueprint = Blueprint("simulations", __name__, url_prefix="/rules/simulations")
MOST_BARS = 20


@blueprint.get("")
def listed() -> ResponseReturnValue:
    """Show the latest simulations."""
    return render_template(
        "rules/simulations.html", desk=the_desk(), rows=queries.runs(db.session()), may_edit=g.actor.role in EDITORS
    )


@blueprint.post("")
def start() -> ResponseReturnValue:
    """Start a simulation of the draft; workers or the sweeper carry it out."""
    db.session.rollback()
    run_id = simulation.start(actor=g.actor, now=g.now)
    return redirect(url_for("simulations.shown", run_id=run_id, watch=1))


@blueprint.get("/<int:run_id>")
def shown(run_id: int) -> ResponseReturnValue:
    """Show how far a simulation has come and what it found; while watched, the page comes again by itself."""
    run = queries.run(db.session(), run_id)
    if run is None:
        abort(404)
    found, names = queries.findings(db.session(), run_id), departments.names(db.session())
    bars = tuple(
        charts.Bar(names.get(code, code), after, f"{before} → {after}")
        for code, before, after in found.load[:MOST_BARS]
    )
    chart = charts.bars(bars, gettext("草稿下各单位的件数")) if bars else ""
    is_watched = request.args.get("watch") == "1"
    page = make_response(
        render_template(
            "rules/simulation.html", desk=the_desk(), run=run, found=found, names=names, chart=chart,
            watch=is_watched, may_edit=g.actor.role in EDITORS, sees_cases=g.actor.sees_every_case,
        )
    )  # fmt: skip
    if run.state in ("waiting", "running") and is_watched:
        # Works without a script, and only where the person asked for it.
        page.headers["Refresh"] = "4"
    return page


@blueprint.get("/<int:run_id>/cases")
def cases(run_id: int) -> ResponseReturnValue:
    """List the cases behind one figure."""
    run = queries.run(db.session(), run_id)
    if run is None:
        abort(404)
    wanted = queries.Wanted(
        request.args.get("show", ""), request.args.get("from", ""), request.args.get("to", ""),
        request.args.get("before", ""),
    )  # fmt: skip
    rows, before = queries.cases(db.session(), g.actor, run_id, wanted)
    names = departments.names(db.session())
    choices = tuple(sorted(names.items(), key=lambda one: one[1]))
    filters = (
        {"name": "show", "label": gettext("范围"), "kind": "select", "options": tuple(_words().items()),
         "value": wanted.show},
        {"name": "from", "label": gettext("现行规则"), "kind": "select", "options": choices, "value": wanted.old},
        {"name": "to", "label": gettext("草稿"), "kind": "select", "options": choices, "value": wanted.new},
    )  # fmt: skip
    return render_template(
        "rules/simulated_cases.html", run=run, rows=rows, before=before, names=names, filters=filters
    )


def _words() -> dict[str, str]:
    return {
        "moved": gettext("会改交"), "won": gettext("改对"), "lost": gettext("改错"),
        "unrouted": gettext("草稿无匹配"), "was_unrouted": gettext("现行无匹配"),
        "newly_unrouted": gettext("新增无匹配"), "rescued": gettext("不再无匹配"),
        "corrected": gettext("人工更正过"), "corrected_old": gettext("人工更正过，现行一致"),
        "corrected_new": gettext("人工更正过，草稿一致"), "settled": gettext("已有人工结论"),
        "settled_old": gettext("已有人工结论，现行一致"), "settled_new": gettext("已有人工结论，草稿一致"),
    }  # fmt: skip
