"""The home page and the inbox of events."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.models import db
from opinion_service.queries import desk as queries
from opinion_service.queries.reading import events
from opinion_service.queries.reminders import proof
from opinion_service.services.casework import triage as service
from opinion_service.web.reading import event_forms
from opinion_service.web.reminders import ladder

blueprint = Blueprint("desk", __name__)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """Show what is to be done today."""
    todos = queries.todos(db.session(), g.actor, now=g.now)
    recent = () if g.actor.role == "admin" else queries.activity(db.session(), g.actor)
    calls = proof.calls_on(db.session(), g.actor, now=g.now)
    return render_template("desk/home.html", todos=todos, activity=recent, calls=calls, **ladder.choices())


@blueprint.get("/triage")
def triage() -> ResponseReturnValue:
    """Show the events that are no case yet."""
    wanted = event_forms.wanted_from(request.args, state="inbox")
    page = events.list_events(db.session(), wanted, now=g.now)
    shown = event_forms.list_of(page, wanted, has_states=False, days=request.args.get("days", ""))
    return render_template("desk/triage.html", page=page, shown=shown)


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
