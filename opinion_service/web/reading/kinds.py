"""The rules of the kinds: read, tried on a text and on the last thirty days, published as a new version, reverted."""

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reading.kind_trial import attempt
from opinion_service.domain.reading.nature import NatureRules
from opinion_service.models import db
from opinion_service.queries.reading import kind_rules as queries
from opinion_service.services.reading import kinds as service
from opinion_service.services.reading import kinds_book
from opinion_service.web.reading import kind_forms

blueprint = Blueprint("kinds", __name__, url_prefix="/kind-rules")


@blueprint.get("")
def shown() -> ResponseReturnValue:
    """Show the rules in force, or an earlier version, and every version there was."""
    version = request.args.get("version", 0, type=int) or kinds_book.version_in_force(db.session())
    record = service.record_of(db.session(), version)
    if record is None:
        abort(404)
    return _page(kind_forms.forms_of(record), shown_version=version)


@blueprint.post("")
def change() -> ResponseReturnValue:
    """Try the rules as they were typed, or publish them; what is wrong is said beside what was typed."""
    db.session.rollback()
    try:
        record = kind_forms.record_from(request.form)
        rules = NatureRules.from_record(record)
        action = request.form.get("action")
        if action == "text":
            return _page(kind_forms.forms_of(record), attempt=attempt(*_sample(), rules))
        if action != "publish":
            return _page(kind_forms.forms_of(record), tried=service.dry_run(db.session(), record, now=g.now))
        note, based_on = request.form.get("note", ""), request.form.get("based_on", 0, type=int)
        version = service.publish(record, note, based_on, actor=g.actor, now=g.now)
    except InvalidInput as problem:
        db.session.rollback()
        return _page(kind_forms.typed_of(request.form), problem=problem), 422
    flash(
        gettext("类型规则已更新为第 %(n)s 版，新条目即按此判读；已有条目可在“判读模型”页面重新判读。", n=version),
        "success",
    )
    return redirect(url_for("kinds.shown"))


@blueprint.post("/revert")
def revert() -> ResponseReturnValue:
    """Put an earlier version into force again."""
    db.session.rollback()
    version = service.revert(request.form.get("number", 0, type=int), actor=g.actor, now=g.now)
    flash(
        gettext("类型规则已更新为第 %(n)s 版，新条目即按此判读；已有条目可在“判读模型”页面重新判读。", n=version),
        "success",
    )
    return redirect(url_for("kinds.shown"))


def _sample() -> tuple[str, str]:
    longest = kind_forms.LONGEST_TRIED
    return request.form.get("sample_title", "")[:300], request.form.get("sample_body", "")[:longest]


def _page(forms: kind_forms.KindForms, **more: Any) -> str:
    newest = kinds_book.version_in_force(db.session())
    tried = more.pop("tried", None)
    return render_template(
        "kinds/rules.html",
        forms=forms,
        newest=newest,
        shown_version=more.pop("shown_version", newest),
        versions=queries.versions(db.session(), before=request.args.get("before", "")),
        may_edit=g.actor.role in service.EDITORS,
        tried=tried,
        matrix=kind_forms.matrix_of(tried) if tried else None,
        attempt=more.pop("attempt", None),
        problem=more.pop("problem", None),
        typed=request.form,
    )
