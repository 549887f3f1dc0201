"""Signing in and out, the language, one's own password."""

import re
from urllib.parse import urlsplit

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.errors import DomainError, InvalidInput
from opinion_service.models import db
from opinion_service.services import accounts
from opinion_service.web.formats import translated

blueprint = Blueprint("account", __name__)
_NOT_IN_PATHS = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")


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
            _begin_anew()
            session["token"] = token
            return redirect(_safe(target))
    errors = (("login", problem),) if problem else ()
    return render_template("sign_in.html", errors=errors, login=login, next_url=_safe(target)), status


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session here and in the database."""
    db.session.rollback()
    accounts.sign_out(session.get("token", ""), now=g.now)
    _begin_anew()
    return redirect(url_for("account.sign_in"))


@blueprint.get("/language/<any(zh,en):code>")
def language(code: str) -> ResponseReturnValue:
    """Change the language of the pages for this browser."""
    session["language"] = code
    try:
        here = urlsplit(request.referrer or "/")
    except ValueError:  # an address in brackets that is none
        return redirect("/")
    return redirect(_safe(f"{here.path}?{here.query}" if here.query else here.path))


@blueprint.route("/account", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """Change one's own password; every session ends then."""
    errors: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        db.session.rollback()
        old, new, address = request.form.get("old", ""), request.form.get("new", ""), request.remote_addr or ""
        try:
            accounts.change_password(old, new, address=address, actor=g.actor, now=g.now)
        except DomainError as error:
            errors = {"new" if isinstance(error, InvalidInput) else "old": translated(str(error))}
            status = 429 if isinstance(error, accounts.TooManyAttempts) else 422
        else:
            _begin_anew()
            flash(gettext("密码已修改，请重新登录。"), "success")
            return redirect(url_for("account.sign_in"))
    return render_template("desk/password.html", errors=errors), status


def _begin_anew() -> None:
    """Forget everything about the browser but the language of the pages."""
    code = session.get("language")
    session.clear()
    if code:
        session["language"] = code


def _safe(target: str) -> str:
    """Return `target` when it is a path of this site, else the home page.

    Browsers read a backslash as a slash and leave control characters out; no path of this site has either.
    """
    is_path = target.startswith("/") and not target.startswith("//") and not _NOT_IN_PATHS.search(target)
    return target if is_path else "/"
