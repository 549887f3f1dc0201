"""Saved views as tabs over a list: what is kept is the query of the address."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from opinion_service.models import db
from opinion_service.queries.casework import cases, inbox
from opinion_service.queries.casework import saved_views as queries
from opinion_service.queries.reading.events import EventFilter
from opinion_service.services.casework import saved_views as service
from opinion_service.web.casework import case_forms
from opinion_service.web.reading import event_forms

blueprint = Blueprint("views", __name__)
LISTS = {"cases": "cases.listed", "triage": "inbox.shown"}
# The inbox has these views from the start: query and name.
INBOX_VIEWS = (
    ("", "全部"), ("dir=asc&sort=due&state=cases", "已立案，待交办"), ("state=events", "未立案"), ("rising=1", "上升"),
    ("state=snoozed", "稍后"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Views:
    """The tabs over a list; `mine` may be deleted; `query` is what would be kept now."""

    page: str
    tabs: tuple[dict[str, Any], ...]
    mine: tuple[queries.ViewRow, ...]
    query: str


def of_cases() -> Views:
    """Return the views over the list of cases, each with its count."""
    rows = queries.views(db.session(), g.actor, "cases")
    filters = tuple(case_forms.wanted_from(_args(row.query)) for row in rows)
    return _views("cases", (), rows, cases.counts(db.session(), g.actor, filters, now=g.now))


def of_inbox() -> Views:
    """Return the views over the inbox, those that are there from the start first, each with its count."""
    rows = queries.views(db.session(), g.actor, "triage")
    known = tuple((query, gettext(name)) for query, name in INBOX_VIEWS)
    filters: tuple[EventFilter, ...] = tuple(
        event_forms.wanted_from(_args(query))
        for query in [*(query for query, _ in known), *(row.query for row in rows)]
    )
    return _views("triage", known, rows, inbox.counts(db.session(), filters, now=g.now))


@blueprint.post("/views")
def save() -> ResponseReturnValue:
    """Keep the filters of a list under a name and go back to the list."""
    form = request.form
    page, query = form.get("page", ""), form.get("query", "")
    db.session.rollback()
    service.save(
        service.NewView(page, form.get("name", ""), query, form.get("shared") == "1"), actor=g.actor, now=g.now
    )
    flash(gettext("视图已保存。"), "success")
    return redirect(_url(page, service.kept_query(query)))


@blueprint.post("/views/<int(max=999999999999):view_id>/drop")
def drop(view_id: int) -> ResponseReturnValue:
    """Delete an own view."""
    db.session.rollback()
    page = service.drop(view_id, actor=g.actor, now=g.now)
    flash(gettext("视图已删除。"), "success")
    return redirect(_url(page, ""))


def _views(
    page: str, known: tuple[tuple[str, str], ...], rows: tuple[queries.ViewRow, ...], counts: tuple[int, ...]
) -> Views:
    here = service.kept_query(request.query_string.decode("utf-8", "replace"))
    named = [*known, *((row.query, row.name) for row in rows)]
    tabs = tuple(
        {"label": name, "url": _url(page, query), "current": query == here, "count": count if count < 1000 else "999+"}
        for (query, name), count in zip(named, counts, strict=True)
    )
    return Views(page, tabs, tuple(row for row in rows if row.is_own), here)


def _args(query: str) -> MultiDict[str, str]:
    return MultiDict(parse_qsl(query))


def _url(page: str, query: str) -> str:
    return f"{url_for(LISTS[page])}?{query}" if query else url_for(LISTS[page])
