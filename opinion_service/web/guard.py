"""Before and after every request: who asks, whether they may, and the headers that go with each answer."""

from datetime import timedelta

from flask import Flask, Response, abort, current_app, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service import clock
from opinion_service.models import db
from opinion_service.services import accounts
from opinion_service.web.access import ACCESS

# Bootstrap keeps the icons of its controls in its style sheet as data: images.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

# All that somebody may do whose password another person knows.
WITH_OLD_PASSWORD = frozenset({"account.password", "account.sign_out"})


def init_app(app: Flask) -> None:
    """Put the guard on an application."""
    app.before_request(_identify)
    app.before_request(_admit)
    app.after_request(_harden)


def _identify() -> None:
    g.now, g.actor = clock.now(), None
    token = session.get("token")
    if not token or request.endpoint in ("static", "bootstrap.static"):
        return
    idle = timedelta(minutes=current_app.config["DESK"].idle_minutes)
    g.actor = accounts.recognise(db.session(), token, now=g.now, idle=idle)
    # A page left open gives its sign of life by itself; that is no use of the desk.
    if request.endpoint == "beside.look":
        return
    if g.actor is not None and g.now.timestamp() - float(session.get("touched", 0)) > 60:
        db.session.rollback()
        accounts.touch(token, now=g.now)
        session["touched"] = g.now.timestamp()


def _admit() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None
    allowed = ACCESS[request.endpoint]
    if allowed is None:
        return None
    if g.actor is None:
        if request.method != "GET":
            abort(401)  # what was typed is shown on the page of the error
        return redirect(url_for("account.sign_in", next=request.full_path.rstrip("?")))
    if g.actor.role not in allowed:
        abort(403)
    if g.actor.must_change_password and request.endpoint not in WITH_OLD_PASSWORD:
        flash(gettext("请先修改初始密码。"), "warning")
        return redirect(url_for("account.password"))
    return None


def _harden(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers[name] = value
    if current_app.config["DESK"].is_production:
        response.headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    if g.get("actor") is not None and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
