"""The home page."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from opinion_service.models import db
from opinion_service.queries import desk as queries
from opinion_service.queries.reminders.calls import calls_on
from opinion_service.web.reminders import ladder

blueprint = Blueprint("desk", __name__)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """Show what is to be done today."""
    todos = queries.todos(db.session(), g.actor, now=g.now)
    recent = () if g.actor.role == "admin" else queries.activity(db.session(), g.actor)
    calls = calls_on(db.session(), g.actor, now=g.now)
    return render_template("desk/home.html", todos=todos, activity=recent, calls=calls, **ladder.choices())
