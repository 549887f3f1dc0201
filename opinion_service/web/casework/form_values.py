"""What every form on a case carries, read from the request; and where its answer leads."""

from datetime import date

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain import typed_values
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.errors import InvalidInput
from opinion_service.models import db
from opinion_service.queries.casework import case_page


def done(number: str, action: CaseAction) -> ResponseReturnValue:
    """Say that the act is done and lead back to the case, or to the list when it has left the person's hands."""
    flash(gettext("已完成：%(act)s。", act=gettext(action.label)), "success")
    if case_page.case_view(db.session(), g.actor, number, now=g.now) is None:
        return redirect(url_for("cases.listed"))
    return redirect(url_for("cases.shown", number=number))


def case_id(number: str) -> int:
    """Return the id of the case when the person may see it; 404 otherwise. Ends the reading transaction."""
    view = case_page.case_view(db.session(), g.actor, number, now=g.now)
    db.session.rollback()
    if view is None:
        abort(404)
    return view.case.id


def action() -> CaseAction:
    """Return the act the form asks for; 400 when there is none of that name."""
    try:
        return CaseAction(request.form.get("action", ""))
    except ValueError:
        abort(400)


def version() -> int:
    """Return the version of the case that the form was made from; 0 when the form has none."""
    return request.form.get("version", 0, type=int)


def whole_numbers(name: str) -> list[int]:
    """Return every value of a repeated field as a whole number; 0 for what is none."""
    return [typed_values.whole_number(text) or 0 for text in request.form.getlist(name)]


def day(name: str) -> date | None:
    """Return the day in a field, None when it is empty; InvalidInput for anything else."""
    return as_day(request.form.get(name, ""), name)


def as_day(text: str, name: str) -> date | None:
    """Return `text` as a day, None when it is empty; InvalidInput, at the field `name`, for anything else."""
    if not text:
        return None
    try:
        return typed_values.day(text)
    except ValueError as error:
        raise InvalidInput("日期格式应为 2026-11-24。", name) from error
