"""The search page: everything the person may see, by kind, with the words marked."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from opinion_service import clock
from opinion_service.domain import typed_values
from opinion_service.domain.reading.highlight import Piece, excerpt, pieces
from opinion_service.models import db
from opinion_service.queries.reading import search as queries

blueprint = Blueprint("search", __name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """One hit as the page shows it; `url` is empty where the person has no page for it."""

    title: tuple[Piece, ...]
    text: tuple[Piece, ...]
    url: str
    at: datetime
    note: str


@blueprint.get("/search")
def found() -> ResponseReturnValue:
    """Show what was found, the first few of each kind or one kind page by page."""
    query, kind = request.args.get("q", "").strip()[: queries.LONGEST_QUERY], request.args.get("kind", "")
    since, until = _day("since"), _day("until")
    wanted = queries.Wanted(
        query,
        kind if kind in queries.KINDS else "",
        _start(since),
        _start(until, 1),
        request.args.get("after", ""),
    )
    groups = queries.search(db.session(), g.actor, wanted)
    shown = {group.kind: tuple(_shown(hit, query) for hit in group.hits) for group in groups}
    return render_template(
        "search/found.html", groups=groups, shown=shown, kinds=queries.KINDS, wanted=wanted, search_text=query,
        since=since, until=until, most=queries.MOST_COUNTED,
    )  # fmt: skip


def _shown(hit: queries.Hit, query: str) -> Shown:
    return Shown(pieces(hit.title, query), excerpt(hit.body, query), _url(hit), hit.at, hit.note)


def _url(hit: queries.Hit) -> str:
    if hit.kind == "response":
        return url_for("public.response", publication_id=hit.ref_id)
    if hit.kind == "case" or (hit.kind == "item" and not g.actor.sees_every_case):
        return url_for("cases.shown", number=hit.case_number)
    return url_for("events.shown", event_id=hit.ref_id) if hit.ref_id else ""


def _day(name: str) -> date | None:
    try:
        return typed_values.day(request.args.get(name, ""))
    except ValueError:
        return None


def _start(on: date | None, days: int = 0) -> datetime | None:
    if on is None:
        return None
    return datetime.combine(on + timedelta(days=days), time(), clock.DESK_ZONE)
