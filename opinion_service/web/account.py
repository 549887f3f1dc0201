"""Signing in and out, the language, one's own password."""

from urllib.parse import urlsplit

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.errors import InvalidInput
from opinion_service.models import db
from opinion_service.services import accounts
from opinion_service.web.formats import translated

blueprint = Blueprint("account", __name__)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Show the form, or sign in and go where the person wanted to go."""
    login, target = request.form.get("login", ""), request.values.get("next", "")
    problem, status = "", 200
    if request.method == "POST":
        db.session.rollback()
        try:
            token = accounts.sign_in(
                login, request.form.get("password", ""), address=request.remote_addr or "", now=g.now
            )
        except accounts.WrongCredentials as error:
            problem, status = translated(str(error)), 422
        except accounts.TooManyAttempts as error:
            problem, status = translated(str(error)), 429
        else:
            session.clear()
            session["token"] = token
            return redirect(_safe(target))
    errors = (("login", problem),) if problem else ()
    return render_template("sign_in.html", errors=errors, login=login, next_url=_safe(target)), status


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session here and in the database."""
    db.session.rollback()
    accounts.sign_out(session.get("token", ""), now=g.now)
    session.clear()
    return redirect(url_for("account.sign_in"))


@blueprint.get("/language/<any(zh,en):code>")
def language(code: str) -> ResponseReturnValue:
    """Change the language of the pages for this browser."""
    session["language"] = code
    return redirect(_safe(urlsplit(request.referrer or "/").path))


@blueprint.route("/account", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """Change one's own password; every session ends then."""
    errors: dict[str, str] = {}
    if request.method == "POST":
        db.session.rollback()
        try:
            accounts.change_password(request.form.get("old", ""), request.form.get("new", ""), actor=g.actor, now=g.now)
        except accounts.WrongCredentials as error:
            errors["old"] = translated(str(error))
        except InvalidInput as error:
            errors["new"] = translated(str(error))
        else:
            session.clear()
            flash(gettext("密码已修改，请重新登录。"), "success")
            return redirect(url_for("account.sign_in"))
    return render_template("desk/password.html", errors=errors), 422 if errors else 200


def _safe(target: str) -> str:
    """Return `target` when it is a path of this site, else the home page."""
    parts = urlsplit(target.replace("\\", "/"))
    is_path = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith("//")
    return target if is_path else "/"
