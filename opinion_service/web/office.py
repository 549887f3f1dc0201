"""Sources, users and the journal."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.people import Role
from opinion_service.models import db
from opinion_service.queries import desk as queries
from opinion_service.services import accounts, ingest

blueprint = Blueprint("office", __name__)


@blueprint.get("/sources")
def sources() -> ResponseReturnValue:
    """Show where the desk listens, the failing first."""
    return render_template("desk/sources.html", rows=queries.sources(db.session()))


@blueprint.post("/sources")
def add_source() -> ResponseReturnValue:
    """Listen to a new source."""
    db.session.rollback()
    form = request.form
    words = tuple(form.get("match_words", "").split())
    new = ingest.NewSource(
        form.get("name", ""), form.get("url", ""), form.get("kind", "feed"), "match" if words else "all", words
    )
    ingest.add_source(new, actor=g.actor, now=g.now)
    flash(gettext("已新增信源，几秒内开始首次抓取。"), "success")
    return redirect(url_for("office.sources"))


@blueprint.post("/sources/<int:source_id>/switch")
def switch_source(source_id: int) -> ResponseReturnValue:
    """Pause a source or listen again."""
    db.session.rollback()
    ingest.set_listening(source_id, request.form.get("on") == "1", actor=g.actor, now=g.now)
    return redirect(url_for("office.sources"))


@blueprint.get("/users")
def users() -> ResponseReturnValue:
    """Show the people at the desk."""
    return render_template(
        "desk/users.html",
        rows=queries.users(db.session()),
        departments=queries.departments(db.session()),
        roles=tuple((role.value, gettext(role.label)) for role in Role),
    )


@blueprint.post("/users")
def add_user() -> ResponseReturnValue:
    """Make a user."""
    db.session.rollback()
    form = request.form
    role = Role(form["role"]) if form.get("role") in set(Role) else Role.AUDITOR
    new = accounts.NewUser(
        form.get("login", ""), form.get("name", ""), role, form.get("password", ""), form.get("email", ""),
        form.get("department_id", type=int),
    )  # fmt: skip
    accounts.create_user(new, actor=g.actor, now=g.now)
    flash(gettext("已新建用户。"), "success")
    return redirect(url_for("office.users"))


@blueprint.post("/users/<int:user_id>/switch")
def switch_user(user_id: int) -> ResponseReturnValue:
    """Enable or disable a user."""
    db.session.rollback()
    accounts.set_active(user_id, request.form.get("on") == "1", actor=g.actor, now=g.now)
    return redirect(url_for("office.users"))


@blueprint.get("/journal")
def journal() -> ResponseReturnValue:
    """Show the journal, the newest first."""
    rows = queries.journal(db.session(), before=request.args.get("before", 0, type=int))
    return render_template("desk/journal.html", rows=rows)
