"""The duty lists (权责清单) of the departments: duties, their grounds, and the words that rest on them."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.routing.name_edits import DropName, PutName
from opinion_service.domain.routing.rule_edits import EDITORS, WEIGHTS, DropDuty, DropPhrases, Edit, PutDuty, PutPhrases
from opinion_service.models import db
from opinion_service.queries import departments
from opinion_service.queries.routing import rules as queries
from opinion_service.services.routing import rule_drafts
from opinion_service.web.casework.form_values import day
from opinion_service.web.form_values import words
from opinion_service.web.formats import translated
from opinion_service.web.names import upper_contact
from opinion_service.web.routing import rule_views
from opinion_service.web.routing.rules import revision, the_desk

blueprint = Blueprint("duties", __name__, url_prefix="/rules/duties")


@blueprint.get("")
def listed() -> ResponseReturnValue:
    """Show the departments with how many duties and words each has."""
    desk, text = the_desk(), request.args.get("q", "").strip()[:40]
    record = desk.draft.record if desk.draft else desk.record
    rows = tuple(
        (code, name, len(record["duties"].get(code, ())), sum(len(one["words"]) for one in _groups(record, code)))
        for code, name in record["names"].items()
        if not text or _speaks_of(record, code, text)
    )
    return render_template("rules/duties.html", desk=desk, rows=rows, text=text, may_edit=g.actor.role in EDITORS)


@blueprint.get("/department")
def shown() -> ResponseReturnValue:
    """Show the duties of one department and, with a draft, the forms to change them."""
    return _page(request.args.get("code", ""))


@blueprint.post("/<code>/duty")
def put_duty(code: str) -> ResponseReturnValue:
    """Add or change a duty."""
    form = request.form
    return _change(code, lambda: PutDuty(code, form.get("duty", ""), form.get("text", ""), form.get("basis", "")))


@blueprint.post("/<code>/duty/drop")
def drop_duty(code: str) -> ResponseReturnValue:
    """Remove a duty on which no words rest."""
    return _change(code, lambda: DropDuty(code, request.form.get("duty", "")))


@blueprint.post("/<code>/words")
def put_words(code: str) -> ResponseReturnValue:
    """Add or change words under a duty."""
    form = request.form
    weight, duty, group = form.get("weight", 0.0, type=float), form.get("duty", ""), form.get("group", "")
    return _change(
        code,
        lambda: PutPhrases(code, duty, group, words("words"), weight, words("company"), day("since"), day("until")),
    )


@blueprint.post("/<code>/words/drop")
def drop_words(code: str) -> ResponseReturnValue:
    """Remove a group of words."""
    return _change(code, lambda: DropPhrases(code, request.form.get("group", "")))


@blueprint.post("/<code>/name")
def put_name(code: str) -> ResponseReturnValue:
    """Add or change a name of the department, with the days that bound it."""
    form = request.form
    old, name = form.get("old", ""), form.get("name", "")
    return _change(code, lambda: PutName(code, old, name, day("since"), day("until")))


@blueprint.post("/<code>/name/drop")
def drop_name(code: str) -> ResponseReturnValue:
    """Remove a name of the department."""
    return _change(code, lambda: DropName(code, request.form.get("name", "")))


def _change(code: str, edit: Callable[[], Edit]) -> ResponseReturnValue:
    seen = revision()
    try:
        rule_drafts.change(seen, edit(), request.form.get("note", ""), actor=g.actor, now=g.now)
    except InvalidInput as problem:
        db.session.rollback()
        return _page(code, problem)
    flash(gettext("已保存到草稿。发布前不影响现行交办。"), "success")
    return redirect(url_for("duties.shown", code=code))


def _page(code: str, problem: InvalidInput | None = None) -> ResponseReturnValue:
    desk = the_desk()
    record = desk.draft.record if desk.draft else desk.record
    if code not in record["names"]:
        abort(404)
    ids = [row["id"] for part in ("duties", "departments") for row in record[part].get(code, ())]
    rows = rule_views.duty_rows(
        desk, code, queries.hits(db.session(), ids, now=g.now), queries.last_changes(db.session(), ids)
    )
    page = render_template(
        "rules/duty_list.html", desk=desk, code=code, name=record["names"][code], rows=rows,
        names=rule_views.name_rows(desk, code), contact=_contact(code), today=g.now.astimezone(ZONE).date(),
        loose=rule_views.loose_groups(record, code), typed=request.form if problem else {},
        weights=tuple((weight, gettext(word)) for weight, word in WEIGHTS), marks=rule_views.marks(),
        errors=((problem.field, translated(str(problem))),) if problem else (),
        may_edit=g.actor.role in EDITORS, sees_cases=g.actor.sees_every_case,
    )  # fmt: skip
    return page, 422 if problem else 200


def _contact(code: str) -> str:
    """Return the superior's contact of a department under vertical management, else empty."""
    ids = departments.ids(db.session())
    return upper_contact(ids.get(code))


def _groups(record: dict[str, Any], code: str) -> list[dict[str, Any]]:
    return list(record["departments"].get(code, ()))


def _speaks_of(record: dict[str, Any], code: str, text: str) -> bool:
    duties = (duty["text"] for duty in record["duties"].get(code, ()))
    return any(text in one for one in (record["names"][code], *duties)) or any(
        text in word for group in _groups(record, code) for word in group["words"]
    )
