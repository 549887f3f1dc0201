"""Users and the journal."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.people import Role
from opinion_service.models import db
from opinion_service.queries import desk as queries
from opinion_service.services import accounts

blueprint = Blueprint("office", __name__)


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
