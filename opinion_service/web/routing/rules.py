"""The routing rules: the set in force beside the draft, changes, publication by two, history."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.routing import OrderedRule, read_ordered
from opinion_service.domain.routing.ordered import Field, Then
from opinion_service.domain.routing.rule_diff import differences
from opinion_service.domain.routing.rule_edits import EDITORS, DropRule, Edit, MoveRule, PutRule, SwitchRule
from opinion_service.models import db
from opinion_service.queries.routing import rules as queries
from opinion_service.services.routing import rule_drafts, rule_releases
from opinion_service.web import form_values
from opinion_service.web.form_values import words
from opinion_service.web.formats import rules_version, translated
from opinion_service.web.routing import rule_views

blueprint = Blueprint("rules", __name__, url_prefix="/rules")
FIRST = OrderedRule(id="", name="", target="")


def the_desk() -> queries.RuleDesk:
    """Return the rules in force and the draft; 404 before any are loaded."""
    desk = queries.rule_desk(db.session())
    return desk if desk is not None else abort(404)


def revision() -> int:
    """Return the draft's revision that the form was made from."""
    db.session.rollback()
    return request.form.get("version", 0, type=int)


@blueprint.get("")
def shown() -> ResponseReturnValue:
    """Show the ordered rules in force, and the draft beside them."""
    desk = the_desk()
    ids = rule_views.rule_ids(desk)
    hits = queries.hits(db.session(), ids, now=g.now)
    last = queries.last_changes(db.session(), ids)
    draft = desk.draft.record if desk.draft else None
    return render_template(
        "rules/ordered.html",
        desk=desk,
        active=rule_views.rows(desk.record, draft or desk.record, hits, last, is_draft=False),
        draft_rows=rule_views.rows(draft, desk.record, hits, last, is_draft=True) if draft else (),
        may_edit=g.actor.role in EDITORS,
        sees_cases=g.actor.sees_every_case,
        marks=rule_views.marks(),
    )


@blueprint.post("/draft")
def start() -> ResponseReturnValue:
    """Make a draft of the rules in force."""
    db.session.rollback()
    rule_drafts.open_draft(actor=g.actor, now=g.now)
    return redirect(url_for("rules.shown"))


@blueprint.post("/draft/shipped/<int:version_id>")
def adopt(version_id: int) -> ResponseReturnValue:
    """Make a draft that takes over a version that came with the product."""
    db.session.rollback()
    rule_drafts.open_from_shipped(version_id, actor=g.actor, now=g.now)
    flash(gettext("已把新版本并入草稿，本级修改过的内容保持不变。请核对差异并回放后再发布。"), "success")
    return redirect(url_for("rules.diff"))


@blueprint.get("/rule")
def form() -> ResponseReturnValue:
    """Show the form of one ordered rule of the draft, or of a new one."""
    desk, wanted = the_desk(), request.args.get("id", "")
    if desk.draft is None:
        return redirect(url_for("rules.shown"))
    rule = next((one for one in read_ordered(desk.draft.record) if one.id == wanted), FIRST if not wanted else None)
    return _form(desk, rule) if rule is not None else abort(404)


@blueprint.post("/rule")
def put() -> ResponseReturnValue:
    """Add or change one ordered rule of the draft; what was typed stays when it is refused."""
    seen, values = revision(), request.form
    rule = OrderedRule(
        id=values.get("id", ""),
        name=values.get("name", ""),
        target=values.get("target", ""),
        then=Then.CONTINUE if values.get("then") == "continue" else Then.STOP,
        any=words("any"),
        all=words("all"),
        none=words("none"),
        areas=tuple(values.getlist("areas")),
        field=Field.TITLE if values.get("field") == "title" else Field.EITHER,
        is_on=values.get("is_on") == "1",
        ruling_id=values.get("ruling_id", 0, type=int),
    )
    try:
        rule_drafts.change(seen, PutRule(rule), values.get("note", ""), actor=g.actor, now=g.now)
    except InvalidInput as problem:
        db.session.rollback()
        return _form(the_desk(), rule, problem)
    flash(gettext("已保存到草稿。发布前不影响现行交办。"), "success")
    return redirect(url_for("rules.shown", _anchor="draft"))


@blueprint.post("/rule/<rule_id>/step")
def step(rule_id: str) -> ResponseReturnValue:
    """Move a rule up or down, switch it, or remove it."""
    seen = revision()
    edits: dict[str, Edit] = {
        "up": MoveRule(rule_id, -1), "down": MoveRule(rule_id, 1),
        "move": MoveRule(rule_id, form_values.whole("by") or 0), "on": SwitchRule(rule_id, True),
        "off": SwitchRule(rule_id, False), "drop": DropRule(rule_id),
    }  # fmt: skip
    edit = edits.get(request.form.get("action", ""))
    if edit is None:
        raise InvalidInput("没有这个操作。")
    rule_drafts.change(seen, edit, request.form.get("note", ""), actor=g.actor, now=g.now)
    return redirect(url_for("rules.shown", _anchor="draft"))


@blueprint.post("/draft/act/<act>")
def act(act: str) -> ResponseReturnValue:
    """Propose the draft, confirm it as the second person, give it up, or put it on the rules in force."""
    seen = revision()
    if act == "propose":
        rule_drafts.propose(seen, request.form.get("note", ""), actor=g.actor, now=g.now)
        flash(gettext("已提请发布，须由另一人确认。"), "success")
    elif act == "confirm":
        rule_releases.confirm(seen, actor=g.actor, now=g.now)
        flash(gettext("已发布，新的交办立即按此规则进行。"), "success")
    elif act == "discard":
        rule_drafts.discard(seen, actor=g.actor, now=g.now)
        flash(gettext("已放弃草稿，现行规则不变。"), "success")
    elif act == "rebase":
        rule_drafts.rebase(seen, actor=g.actor, now=g.now)
        flash(gettext("草稿已换到现行版本。"), "success")
    else:
        abort(404)
    return redirect(url_for("rules.shown"))


@blueprint.get("/diff")
def diff() -> ResponseReturnValue:
    """Show what the draft changes, and who changed it."""
    desk = the_desk()
    if desk.draft is None:
        return redirect(url_for("rules.shown"))
    return render_template(
        "rules/diff.html", desk=desk, lines=differences(desk.record, desk.draft.record),
        old=rules_version(desk.version),
        new=gettext("草稿"), changes=queries.changes(db.session(), desk.draft.id),
        may_edit=g.actor.role in EDITORS,
    )  # fmt: skip


@blueprint.get("/history")
def history() -> ResponseReturnValue:
    """Show every version that was put in force, the newest first."""
    rows, before = queries.releases(db.session(), request.args.get("before", ""))
    return render_template(
        "rules/history.html", desk=the_desk(), rows=rows, before=before, may_edit=g.actor.role in EDITORS
    )


@blueprint.get("/versions/<int:version_id>")
def version(version_id: int) -> ResponseReturnValue:
    """Show how a version differs from another (from the one in force unless said otherwise)."""
    desk, shown = the_desk(), queries.version(db.session(), version_id)
    other = queries.version(db.session(), request.args.get("against", desk.version_id, type=int))
    if shown is None or other is None:
        abort(404)
    return render_template(
        "rules/diff.html", desk=desk, lines=differences(other[1], shown[1]),
        old=rules_version(other[0]), new=rules_version(shown[0]), changes=(),
        may_edit=False,
    )  # fmt: skip


@blueprint.post("/versions/<int:version_id>/revert")
def revert(version_id: int) -> ResponseReturnValue:
    """Bring an earlier version back at once."""
    db.session.rollback()
    rule_releases.revert(version_id, request.form.get("note", ""), actor=g.actor, now=g.now)
    flash(gettext("已恢复该版本，新的交办立即按此规则进行。"), "success")
    return redirect(url_for("rules.history"))


@blueprint.get("/hits")
def hits() -> ResponseReturnValue:
    """Show the cases that a rule decided in thirty days."""
    rule_id = request.args.get("rule_id", "")
    rows, before = queries.hit_cases(db.session(), g.actor, rule_id, now=g.now, before=request.args.get("before", ""))
    return render_template("rules/hits.html", desk=the_desk(), rows=rows, before=before, rule_id=rule_id)


def _form(desk: queries.RuleDesk, rule: OrderedRule, problem: InvalidInput | None = None) -> ResponseReturnValue:
    if desk.draft is None:
        abort(404)
    errors = ((problem.field, translated(str(problem))),) if problem else ()
    areas = tuple((one, one) for one in desk.draft.record.get("places", {}))
    page = render_template(
        "rules/rule.html", desk=desk, rule=rule, errors=errors, areas=areas,
        departments=rule_views.department_choices(desk.draft.record), may_edit=g.actor.role in EDITORS,
    )  # fmt: skip
    return page, 422 if problem else 200
