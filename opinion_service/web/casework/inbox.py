"""The inbox in two panes: events that wait for a liaison, and everything needed to decide about one of them."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service import clock
from opinion_service.domain.casework.inbox_acts import LONGEST_SNOOZE, MOST_AT_ONCE, InboxAct, open_acts
from opinion_service.domain.errors import InvalidInput
from opinion_service.models import db
from opinion_service.queries import departments, desk
from opinion_service.queries.casework import inbox as queries
from opinion_service.queries.reading import events
from opinion_service.queries.routing import rulings
from opinion_service.services.casework import inbox as service
from opinion_service.web import form_values
from opinion_service.web.casework import saved_views
from opinion_service.web.casework.form_values import day
from opinion_service.web.formats import translated, with_args
from opinion_service.web.reading import event_forms

blueprint = Blueprint("inbox", __name__, url_prefix="/triage")
LARGEST = 999_999_999_999
# A row as the summary showed it: event, version of its case, department proposed.
_ROW = re.compile(r"([0-9]{1,12}):([0-9]{1,9}):([0-9]{0,12})")
SNOOZE_AT_FIRST = timedelta(hours=4)
# The key of each act; the others are reached with the Tab key as well.
KEYS = {
    InboxAct.DISPATCH: "c", InboxAct.OPEN: "n", InboxAct.MERGE: "m", InboxAct.DECLINE: "d", InboxAct.SNOOZE: "s",
    InboxAct.DISMISS: "r",
}  # fmt: skip


@blueprint.get("")
def shown() -> ResponseReturnValue:
    """Show the list and beside it the event that the address names, or the first one."""
    wanted = _wanted()
    page = queries.list_inbox(db.session(), wanted, now=g.now)
    chosen = min(request.args.get("event", 0, type=int), LARGEST)
    seen = chosen or next((row.id for row in page.rows), 0)
    view = queries.preview(db.session(), seen, now=g.now) if seen else None
    if chosen and view is None:
        abort(404)
    return render_template(
        "inbox/inbox.html", page=page, view=view, is_open=bool(chosen), views=saved_views.of_inbox(),
        shown=_frame_of(page, wanted), wanted=wanted,
        precedents=rulings.similar(db.session(), g.actor, 0, view.decision) if view else (),
        acts=open_acts(queries.facts_of(view.row)) if view else (), keys=KEYS,
        forms=_forms(_following(page, seen), view),
        bulk_acts=tuple((act.value, f"{translated(act.label)}…") for act in InboxAct),
    )  # fmt: skip


@blueprint.post("/<int(max=999999999999):event_id>/act")
def act(event_id: int) -> ResponseReturnValue:
    """Take one act on one event and go on to the next row of the list."""
    order = _order(event_id, form_values.whole("version") or 0, form_values.whole("department_id"))
    db.session.rollback()
    outcome = service.settle(order, actor=g.actor, now=g.now)
    words = gettext("已完成：%(act)s。", act=gettext(order.act.label))
    flash(f"{words} {outcome.title[:40]} {outcome.case_number}".strip(), "success")
    return redirect(_list_url())


@blueprint.post("/bulk")
def bulk() -> ResponseReturnValue:
    """Say plainly what an act will do to each of the checked rows, before anything is done."""
    chosen = _act()
    ids = [min(number, LARGEST) for number in request.form.getlist("row", type=int)]
    if not 0 < len(ids) <= MOST_AT_ONCE:
        raise InvalidInput("请勾选 1–50 条。", "row")
    rows = events.rows_of(db.session(), ids, now=g.now)
    problems = queries.refusals(rows, chosen)
    return render_template(
        "inbox/bulk.html", act=chosen, forms=_forms(), rows=[row for row in rows if not problems[row.id]],
        skipped=[(row, problems[row.id]) for row in rows if problems[row.id]],
    )  # fmt: skip


@blueprint.post("/bulk/run")
def run() -> ResponseReturnValue:
    """Do it in one go, and show what came of each row."""
    rows = (_ROW.fullmatch(text) for text in request.form.getlist("row"))
    orders = [_order(int(row[1]), int(row[2]), int(row[3]) if row[3] else None) for row in rows if row]
    db.session.rollback()
    outcomes = service.settle_many(orders, actor=g.actor, now=g.now)
    return render_template("inbox/done.html", outcomes=outcomes, act=_act(), back_url=_list_url())


def _wanted() -> events.EventFilter:
    """Return the filter of the address; cases that wait come by deadline until somebody sorts them otherwise."""
    wanted = event_forms.wanted_from(request.args)
    if wanted.state == "cases" and "sort" not in request.args:
        return replace(wanted, sort="due", is_ascending=True)
    return wanted


def _frame_of(page: events.EventPage, wanted: events.EventFilter) -> event_forms.EventList:
    """Return the filters and sort links; cases that wait can be sorted by their deadline too."""
    frame = event_forms.list_of(page, wanted, has_states=False, days=request.args.get("days", ""))
    kept = [("state", wanted.state), ("sort", page.sort), ("dir", "asc" if wanted.is_ascending else "")]
    sorts = frame.sorts
    if wanted.state == "cases":
        url = with_args(sort="due", dir="asc", after=None)
        sorts = ({"label": gettext("最早到期"), "url": url, "current": page.sort == "due"}, *sorts)
    return replace(frame, sorts=sorts, kept=tuple((name, value) for name, value in kept if value))


def _following(page: events.EventPage, event_id: int) -> int | None:
    """Return the row after the event, the one before it at the end of the page, or None."""
    ids = [row.id for row in page.rows]
    if event_id not in ids or len(ids) == 1:
        return None
    place = ids.index(event_id)
    return ids[place + 1] if place + 1 < len(ids) else ids[place - 1]


def _act() -> InboxAct:
    try:
        return InboxAct(request.form.get("action", ""))
    except ValueError:
        abort(400)


def _order(event_id: int, version: int, department_id: int | None) -> service.Order:
    return service.Order(
        event_id, version, _act(), request.form.get("note", ""), department_id,
        request.form.get("target_number", ""), day("review_on"), form_values.moment("until"),
        form_values.several("co_department_ids"),
    )  # fmt: skip


def _forms(following: int | None = None, view: queries.Preview | None = None) -> dict[str, Any]:
    """Return choices and bounds of the fields, in desk time; `back` is the list one came from, `next` the row after.

    `shared` are the departments that routing proposes to take part in the event shown.
    """
    shared = view.decision.get("co_departments", ()) if view else ()
    at = g.now.astimezone(clock.DESK_ZONE)
    back = request.form.get("back") if request.method == "POST" else request.query_string.decode("utf-8", "replace")
    return {
        "departments": desk.departments(db.session()),
        "shared": departments.choices(db.session(), shared) if shared else (),
        "until": f"{at + SNOOZE_AT_FIRST:%Y-%m-%dT%H:%M}",
        "latest": f"{at + LONGEST_SNOOZE:%Y-%m-%dT%H:%M}",
        "review_from": at.date() + timedelta(days=1),
        "back": back or "",
        "next": following or "",
    }


def _list_url() -> str:
    """Return the list one came from, at the next row; the form gives filters and a number, never an address."""
    pairs = [(key, value) for key, value in parse_qsl(request.form.get("back", "")) if key != "event"]
    following = form_values.whole("next")
    pairs += [("event", str(following))] if following else []
    return f"{url_for('inbox.shown')}?{urlencode(pairs)}" if pairs else url_for("inbox.shown")
