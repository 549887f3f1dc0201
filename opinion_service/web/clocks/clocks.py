"""The clocks of a case: how each due time came about, what a regrade would do, pauses and extensions."""

from datetime import date, datetime

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service import clock as desk_clock
from opinion_service.domain import typed_values
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.clocks.adjustments import PauseGround
from opinion_service.domain.errors import InvalidInput
from opinion_service.models import db
from opinion_service.queries.casework import case_page
from opinion_service.queries.clocks import clock_page, forecasts
from opinion_service.services.clocks import clock_effect, clock_moves
from opinion_service.web.casework import case_forms

blueprint = Blueprint("clocks", __name__, url_prefix="/cases/<number>/clocks")


def grounds() -> tuple[tuple[str, str], ...]:
    """Return the grounds of a pause as choices of a form."""
    return tuple((one.value, gettext(one.label)) for one in PauseGround)


@blueprint.get("")
def listed(number: str) -> ResponseReturnValue:
    """Show how every clock of the case came about, the superseded ones too."""
    view = clock_page.clocks_of(db.session(), g.actor, number, now=g.now)
    if view is None:
        abort(404)
    chances = forecasts.of_case(db.session(), number, now=g.now)
    return render_template("clocks/listed.html", view=view, chances=chances)


@blueprint.get("/<int:clock_id>")
def shown(number: str, clock_id: int) -> ResponseReturnValue:
    """Show how one due time came about, for the screen and for paper."""
    view = clock_page.clocks_of(db.session(), g.actor, number, now=g.now)
    one = next((row for row in view.clocks if row.id == clock_id), None) if view else None
    if view is None or one is None:
        abort(404)
    return render_template("clocks/shown.html", view=view, clock=one)


@blueprint.get("/effect")
def effect(number: str) -> ResponseReturnValue:
    """Ask for another grade, and show what it would do to the clocks before anything is saved."""
    view = case_page.case_view(db.session(), g.actor, number, now=g.now)
    if view is None:
        abort(404)
    page = case_forms.page_of(view, g.actor, g.now)
    if CaseAction.REGRADE.value not in page.may:
        abort(403)
    found = None
    if request.args.get("grade"):
        db.session.rollback()
        found = clock_effect.of_regrade(
            number, request.args["grade"], request.args.get("incident_level", ""), _moment("occurred_at"),
            actor=g.actor, now=g.now,
        )  # fmt: skip
    return render_template("clocks/effect.html", view=view, page=page, effect=found, args=request.args)


@blueprint.post("/pause")
def pause(number: str) -> ResponseReturnValue:
    """Let the handling clocks stand still."""
    form = clock_moves.PauseForm(request.form.get("ground", ""), request.form.get("note", ""), _day("resume_on"))
    clock_moves.pause(_case_id(number), _version(), form, actor=g.actor, now=g.now)
    return _done(number, CaseAction.PAUSE)


@blueprint.post("/resume")
def resume(number: str) -> ResponseReturnValue:
    """Let the handling clocks run again."""
    note = request.form.get("note", "")
    clock_moves.resume(_case_id(number), _version(), note=note, actor=g.actor, now=g.now)
    return _done(number, CaseAction.RESUME)


@blueprint.post("/extensions")
def ask(number: str) -> ResponseReturnValue:
    """Ask for more time."""
    days = request.form.get("days", 0, type=int)
    form = clock_moves.ExtensionForm(request.form.get("kind", ""), days, request.form.get("note", ""))
    clock_moves.ask(_case_id(number), _version(), form, actor=g.actor, now=g.now)
    return _done(number, CaseAction.EXTEND)


@blueprint.post("/extensions/<int:extension_id>")
def decide(number: str, extension_id: int) -> ResponseReturnValue:
    """Grant or refuse more time."""
    _case_id(number)
    clock_moves.decide(
        extension_id,
        _version(),
        is_granted=request.form.get("action") == "grant",
        note=request.form.get("note", ""),
        actor=g.actor,
        now=g.now,
    )
    return _done(number, CaseAction.DECIDE_EXTENSION)


def _done(number: str, action: CaseAction) -> ResponseReturnValue:
    flash(gettext("已完成：%(act)s。", act=gettext(action.label)), "success")
    return redirect(url_for("cases.shown", number=number) + "#clocks-title")


def _case_id(number: str) -> int:
    found = clock_page.case_id(db.session(), g.actor, number)
    db.session.rollback()
    if found is None:
        abort(404)
    return found


def _version() -> int:
    return request.form.get("version", 0, type=int)


def _day(name: str) -> date | None:
    text = request.form.get(name, "")
    try:
        return typed_values.day(text) if text else None
    except ValueError as error:
        raise InvalidInput("日期格式应为 2026-11-24。", name) from error


def _moment(name: str) -> datetime | None:
    text = request.args.get(name, "")
    try:
        at = typed_values.moment(text) if text else None
    except ValueError as error:
        raise InvalidInput("时间格式应为 2026-11-24 09:30。", name) from error
    return at.replace(tzinfo=desk_clock.DESK_ZONE) if at is not None and at.tzinfo is None else at
