"""Hot lists: one snapshot after another, and the way of one entry through them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import Blueprint, abort, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service import clock
from opinion_service.adapters import charts
from opinion_service.domain import typed_values
from opinion_service.models import db
from opinion_service.queries.listening import hotlists as queries
from opinion_service.web.formats import number, short_stamp

blueprint = Blueprint("hotlists", __name__, url_prefix="/hotlists")
# One more than the lowest place that is drawn, so that the top of the list is the top of the chart.
LOWEST = 51
TABLE_ROWS = 200


@blueprint.get("")
def shown() -> ResponseReturnValue:
    """Show a hot list as it stood at one moment, the latest unless asked otherwise."""
    lists = queries.lists(db.session())
    known = {source_id for source_id, _ in lists}
    wanted = request.args.get("source", type=int)
    source_id = wanted if wanted in known else next(iter(known), None)
    text, sort = request.args.get("q", "").strip()[:100], request.args.get("sort", "rank")
    found = queries.snapshot(db.session(), source_id, _moment(), text=text, sort=sort) if source_id else None
    sparks = {row.item_id: _spark(row.ranks) for row in found.rows if len(row.ranks) > 1} if found else {}
    filters = (
        {"name": "source", "label": gettext("榜单"), "kind": "select", "options": lists, "value": source_id},
        {"name": "q", "label": gettext("标题"), "kind": "search", "value": text},
    )
    return render_template("hotlists/list.html", lists=lists, filters=filters, snapshot=found, sparks=sparks)


@blueprint.get("/entries/<int:item_id>")
def entry(item_id: int) -> ResponseReturnValue:
    """Show where an entry stood at each snapshot."""
    found = queries.timeline(db.session(), g.actor, item_id)
    if found is None:
        abort(404)
    ranks = [(at, float(max(LOWEST - rank, 0))) for at, rank, _ in found.points if rank is not None]
    values = [(at, value) for at, _, value in found.points if value is not None]
    shown_ranks = [(short_stamp(at), rank) for at, rank, _ in found.points if rank is not None]
    return render_template(
        "hotlists/entry.html",
        entry=found,
        ranks=charts.hourly_series(ranks, gettext("名次走势"), shown=_place) if ranks else None,
        values=charts.hourly_series(values, gettext("热度值走势"), shown=_whole) if values else None,
        rank_table=_table(gettext("名次"), shown_ranks),
        value_table=_table(gettext("热度值"), [(short_stamp(at), number(int(value))) for at, value in values]),
    )


def _spark(ranks: Sequence[int]) -> object:
    label = gettext("24 小时名次：%(ranks)s", ranks="、".join(map(str, ranks[-8:])))
    return charts.sparkline([float(max(LOWEST - rank, 0)) for rank in ranks], label)


def _place(height: float) -> str:
    return f"{max(LOWEST - height, 1):g}"


def _whole(height: float) -> str:
    return number(int(height))


def _table(name: str, rows: Sequence[tuple[str, object]]) -> dict[str, object]:
    return {"columns": (gettext("时间"), name), "rows": tuple(rows[::-1][:TABLE_ROWS])}


def _moment() -> datetime | None:
    try:
        at = typed_values.moment(request.args.get("at", ""))
    except ValueError:
        return None
    # Addresses carry whole seconds; the snapshot may lie within that second.
    return (at if at.tzinfo else at.replace(tzinfo=clock.DESK_ZONE)) + timedelta(microseconds=999_999)
