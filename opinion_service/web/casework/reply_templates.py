"""Templates and snippets of replies: list, history, editing by the office; and putting one into a draft."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service import clock
from opinion_service.domain.casework.coverage import ReplyText, ResponseKind
from opinion_service.domain.casework.draft_checks import PARTS
from opinion_service.domain.casework.templates import VARIABLES, Stage, TemplateKind, fill, put_in
from opinion_service.models import db
from opinion_service.queries.casework import reply_templates as queries
from opinion_service.queries.casework.case_page import CaseView
from opinion_service.services.casework import reply_templates as service
from opinion_service.web.casework import form_values
from opinion_service.web.reading.event_forms import TOPICS

blueprint = Blueprint("reply_templates", __name__, url_prefix="/reply-templates")


@blueprint.get("")
def listed() -> ResponseReturnValue:
    """Show the templates and snippets in force."""
    args = request.args
    wanted = queries.TemplateFilter(
        kind=args.get("kind", ""),
        topic=args.get("topic", ""),
        stage=args.get("stage", ""),
        text=args.get("q", "").strip()[:100],
        is_retired=args.get("retired") == "1",
        after=args.get("after", ""),
    )
    page = queries.list_templates(db.session(), wanted)
    return render_template("drafting/templates.html", page=page, filters=_filters(wanted), **_choices())


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """Show an empty form."""
    return render_template("drafting/template.html", versions=(), one=None, **_choices())


@blueprint.get("/<code>")
def shown(code: str) -> ResponseReturnValue:
    """Show one template with its versions and, to the office, its form."""
    versions = queries.versions(db.session(), code)
    if not versions:
        abort(404)
    return render_template("drafting/template.html", versions=versions, one=versions[0].template, **_choices())


@blueprint.post("")
def create() -> ResponseReturnValue:
    """Store a new template."""
    db.session.rollback()
    code = service.create(_text(), actor=g.actor, now=g.now)
    flash(gettext("模板已保存。"), "success")
    return redirect(url_for("reply_templates.shown", code=code))


@blueprint.post("/<code>")
def change(code: str) -> ResponseReturnValue:
    """Store the next version, or retire the template."""
    db.session.rollback()
    if request.form.get("action") == "retire":
        service.retire(code, form_values.version(), request.form.get("note", ""), actor=g.actor, now=g.now)
    else:
        service.change(code, form_values.version(), _text(), actor=g.actor, now=g.now)
    flash(gettext("模板已保存。"), "success")
    return redirect(url_for("reply_templates.shown", code=code))


def beside(view: CaseView) -> dict[str, Any]:
    """Return what stands beside the editor: templates and snippets for the case, and similar answers."""
    rows = queries.for_case(db.session(), view.case, is_first=not view.publications)
    return {
        "templates": tuple(row for row in rows if row.kind == TemplateKind.TEMPLATE),
        "snippets": tuple(row for row in rows if row.kind == TemplateKind.SNIPPET),
        "similar": queries.similar_answers(db.session(), view.case, tuple(one.question for one in view.concerns)),
    }


def with_template(view: CaseView, reply: Mapping[str, str], code: str, now: datetime) -> ReplyText | None:
    """Return the draft with a template or snippet put in, for the editor; None when there is no such text."""
    row = queries.in_force(db.session(), code) if code else None
    if row is None:
        return None
    texts = fill(row.parts, _values(view, now))
    parts = put_in({name: reply.get(name, "") for name in PARTS}, texts, TemplateKind(row.kind))
    return ReplyText(**parts, unit=reply.get("unit", "") or view.department, contact=reply.get("contact", ""))


def _values(view: CaseView, now: datetime) -> dict[str, str]:
    legal = [one.due_at for one in view.clocks if one.is_legal and one.finished_at is None]
    return {
        "案件标题": view.case.title,
        "回应单位": view.department,
        "首次发现日期": _date(view.case.detected_at),
        "回应期限": _date(min(legal)) if legal else "",
        "协办单位": "、".join(link.department.name for link in view.case.co_departments),
        "热点": view.case.hot_topic,
        "今天日期": _date(now),
    }


def _date(at: datetime) -> str:
    local = at.astimezone(clock.DESK_ZONE)
    return f"{local.year}年{local.month}月{local.day}日"


def _text() -> service.TemplateText:
    form = request.form
    return service.TemplateText(
        kind=form.get("kind", ""),
        title=form.get("name", ""),
        parts={name: form.get(name, "") for name in PARTS},
        hot_topic=form.get("topic", ""),
        stage=form.get("stage", ""),
        response_kind=form.get("response_kind", ""),
        note=form.get("note", ""),
    )


def _choices() -> dict[str, Any]:
    return {
        "kinds": tuple((one.value, gettext(one.label)) for one in TemplateKind),
        "stages": tuple((one.value, gettext(one.label)) for one in Stage),
        "topics": tuple((name, gettext(name)) for name in TOPICS),
        "response_kinds": tuple((one.value, gettext(one.label)) for one in ResponseKind),
        "parts": tuple((name, gettext(label)) for name, label in PARTS.items()),
        "variables": VARIABLES,
        "may_edit": g.actor.role in service.EDITORS,
    }


def _filters(wanted: queries.TemplateFilter) -> tuple[dict[str, Any], ...]:
    choices = _choices()
    return (
        {"name": "q", "label": gettext("名称"), "kind": "text", "value": wanted.text},
        {"name": "kind", "label": gettext("类别"), "kind": "select", "options": choices["kinds"], "value": wanted.kind},
        {"name": "topic", "label": gettext("热点"), "kind": "select", "options": choices["topics"],
         "value": wanted.topic},
        {"name": "stage", "label": gettext("阶段"), "kind": "select", "options": choices["stages"],
         "value": wanted.stage},
        {"name": "retired", "label": gettext("状态"), "kind": "select", "options": (("1", gettext("已停用")),),
         "value": "1" if wanted.is_retired else ""},
    )  # fmt: skip
