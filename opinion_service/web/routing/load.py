"""The load page: open cases by department and by handler, each figure leading to its cases."""

from typing import Any

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.models import db
from opinion_service.queries import desk
from opinion_service.queries.routing import load as queries

blueprint = Blueprint("load", __name__, url_prefix="/load")


@blueprint.get("")
def shown() -> ResponseReturnValue:
    """Show the departments, or the handlers, by what they have in hand."""
    sort = request.args.get("sort", "open")
    sort = sort if sort in queries.SORTS else "open"
    department = request.args.get("department", type=int)
    is_people = request.args.get("view") == "people" or department is not None
    rows: tuple[queries.PersonLoad, ...] = ()
    after = ""
    if is_people:
        rows, after = queries.people(
            db.session(), g.actor, department, request.args.get("after", ""), now=g.now, sort=sort
        )
    units = () if is_people else queries.units(db.session(), g.actor, now=g.now, sort=sort)
    return render_template(
        "duty/load.html", is_people=is_people, units=units, people=rows, after=after, department=department,
        page={"sort": sort, "descending": True}, departments=desk.departments(db.session()),
    )  # fmt: skip


def handler_filter(handler_id: int | None) -> tuple[dict[str, Any], ...]:
    """Return the filter of the case list for one handler, when the list is narrowed to one."""
    if handler_id is None:
        return ()
    name = queries.handler_name(db.session(), g.actor, handler_id)
    options = ((handler_id, name),) if name else ()
    return ({"name": "handler", "label": gettext("承办人"), "kind": "select", "options": options, "value": handler_id},)
