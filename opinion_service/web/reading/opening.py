"""The rules that open cases: read, tried on the last thirty days, changed as a new version, restored."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reading import opening
from opinion_service.models import db
from opinion_service.queries.reading import opening_rules as queries
from opinion_service.services.reading import opening as service
from opinion_service.web.reading import opening_forms

blueprint = Blueprint("opening", __name__, url_prefix="/opening-rules")


@blueprint.get("")
def shown() -> ResponseReturnValue:
    """Show the rules in force, or an earlier version, and every version there was."""
    versions = queries.versions(db.session(), before=request.args.get("before", ""))
    record = queries.record_of(db.session(), request.args.get("version", 0, type=int))
    return _page(record, versions=versions)


@blueprint.post("")
def change() -> ResponseReturnValue:
    """Try the rules as they were typed, or put them into force; what is wrong is said beside what was typed."""
    db.session.rollback()
    typed: dict[str, Any] = {}
    try:
        typed = opening_forms.record_from(request.form)
        if request.form.get("action") != "save":
            opening.from_record(typed, 0)
            return _page(typed, tried=service.dry_run(db.session(), typed, now=g.now))
        note, based_on = request.form.get("note", ""), request.form.get("based_on", 0, type=int)
        version = service.save(typed, note, based_on, actor=g.actor, now=g.now)
    except InvalidInput as problem:
        db.session.rollback()
        return _page(typed or queries.record_of(db.session(), 0), problem=problem), 422
    flash(gettext("立案规则已更新为第 %(n)s 版，立即生效。", n=version), "success")
    return redirect(url_for("opening.shown"))


@blueprint.post("/restore")
def restore() -> ResponseReturnValue:
    """Put an earlier version into force again."""
    db.session.rollback()
    version = service.restore(request.form.get("number", 0, type=int), actor=g.actor, now=g.now)
    flash(gettext("立案规则已更新为第 %(n)s 版，立即生效。", n=version), "success")
    return redirect(url_for("opening.shown"))


def _page(record: dict[str, Any], **more: Any) -> str:
    newest = queries.newest_version(db.session())
    more.setdefault("versions", queries.versions(db.session()))
    return render_template(
        "opening/rules.html",
        forms=opening_forms.forms_of(record),
        newest=newest,
        may_edit=g.actor.role in service.EDITORS,
        tried=more.pop("tried", None),
        problem=more.pop("problem", None),
        note=request.form.get("note", ""),
        **more,
    )
