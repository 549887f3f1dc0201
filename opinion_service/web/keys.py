"""The map of the keys as a page, for who works without a script, and the switch that turns single keys off."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

blueprint = Blueprint("keys", __name__)


@blueprint.get("/keys")
def shown() -> ResponseReturnValue:
    """Show what each key does."""
    return render_template("desk/keys.html", is_off=bool(session.get("keys_off")))


@blueprint.post("/keys")
def switch() -> ResponseReturnValue:
    """Turn the keys of this browser on or off (WCAG 2.1.4: single keys can be turned off)."""
    session["keys_off"] = request.form.get("off") == "1"
    flash(gettext("按键已关闭。") if session["keys_off"] else gettext("按键已开启。"), "success")
    return redirect(url_for("keys.shown"))
