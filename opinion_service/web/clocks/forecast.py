"""The clocks that may not be met in time, the least likely first; and whether such forecasts hold."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.clocks.forecast import LEAST, WEIGHT
from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.models import db
from opinion_service.queries import desk
from opinion_service.queries.clocks import forecasts as queries

blueprint = Blueprint("forecast", __name__, url_prefix="/at-risk")


@blueprint.get("")
def listed() -> ResponseReturnValue:
    """Show the clocks that end within seven days, those least likely to be met first."""
    args = request.args
    wanted = queries.RiskFilter(
        department_id=args.get("department", type=int),
        kind=args.get("kind", "") if args.get("kind") in set(ClockKind) else "",
        sort=args.get("sort", "chance") if args.get("sort") in queries.SORTS else "chance",
        descending=args.get("dir") == "desc",
        after=args.get("after", 0, type=int),
    )
    session = db.session()
    return render_template(
        "forecast/list.html",
        page=queries.at_risk(session, g.actor, wanted, now=g.now),
        counted=queries.counted(session),
        filters=_filters(wanted),
        wanted=wanted,
        most=queries.MOST,
        least=LEAST,
    )


@blueprint.get("/calibration")
def calibration() -> ResponseReturnValue:
    """Show how forecasts fared on clocks that have ended since."""
    return render_template(
        "forecast/calibration.html", counted=queries.counted(db.session()), least=LEAST, weight=WEIGHT
    )


def _filters(wanted: queries.RiskFilter) -> tuple[dict[str, object], ...]:
    kinds = tuple((one.value, gettext(one.label)) for one in ClockKind if one.value != queries.NOT_OWED)
    found = ({"name": "kind", "label": gettext("时限"), "kind": "select", "options": kinds, "value": wanted.kind},)
    if not g.actor.sees_every_case:
        return found
    units = desk.departments(db.session())
    return (
        {"name": "department", "label": gettext("承办单位"), "kind": "select", "options": units,
         "value": wanted.department_id or ""},
        *found,
    )  # fmt: skip
