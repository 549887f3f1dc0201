"""The home page, the search, and the inbox of events."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.sentiment import Nature
from opinion_service.models import db
from opinion_service.queries import desk as queries
from opinion_service.queries import proof
from opinion_service.services import triage as service
from opinion_service.web import ladder

blueprint = Blueprint("desk", __name__)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """Show what is to be done today."""
    todos = queries.todos(db.session(), g.actor, now=g.now)
    recent = () if g.actor.role == "admin" else queries.activity(db.session(), g.actor)
    calls = proof.calls_on(db.session(), g.actor, now=g.now)
    return render_template("desk/home.html", todos=todos, activity=recent, calls=calls, **ladder.choices())


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """Search the cases the person may see."""
    return redirect(url_for("cases.listed", q=request.args.get("q", "")[:200]))


@blueprint.get("/triage")
def triage() -> ResponseReturnValue:
    """Show the events that are no case yet."""
    page, sort = max(request.args.get("page", 1, type=int), 1), request.args.get("sort", "heat")
    rows, has_more = queries.inbox(db.session(), now=g.now, sort=sort, page=page)
    natures = {kind.value: kind.label for kind in Nature}
    return render_template("desk/triage.html", rows=rows, page=page, has_more=has_more, sort=sort, natures=natures)


@blueprint.post("/triage/<int:event_id>/open")
def open_event(event_id: int) -> ResponseReturnValue:
    """Open a case for an event."""
    db.session.rollback()
    number = service.open_by_hand(event_id, actor=g.actor, now=g.now)
    flash(gettext("已立案，请研判并交办。"), "success")
    return redirect(url_for("cases.shown", number=number))


@blueprint.post("/triage/<int:event_id>/dismiss")
def dismiss_event(event_id: int) -> ResponseReturnValue:
    """Take an event out of the inbox."""
    db.session.rollback()
    service.dismiss(event_id, request.form.get("note", ""), actor=g.actor, now=g.now)
    flash(gettext("已移出研判列表。"), "success")
    return redirect(url_for("desk.triage"))


@blueprint.post("/triage/<int:event_id>/snooze")
def snooze_event(event_id: int) -> ResponseReturnValue:
    """Hide an event for some hours."""
    db.session.rollback()
    service.snooze(event_id, request.form.get("hours", 4, type=int), actor=g.actor, now=g.now)
    flash(gettext("到时会再次出现在列表中。"), "success")
    return redirect(url_for("desk.triage"))
