"""The policy register: the list, one policy, its form, and every act on it."""

from datetime import date

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain import typed_values
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.policies.assessment import PolicyText
from opinion_service.domain.policies.states import PolicyAction
from opinion_service.models import db
from opinion_service.queries import desk
from opinion_service.queries.casework import answers
from opinion_service.queries.policies import policy_page
from opinion_service.queries.policies import register as queries
from opinion_service.services.policies import consulting, filing, reviewing, signing, watching
from opinion_service.services.policies.policy_book import Seen
from opinion_service.web.form_values import moment
from opinion_service.web.policies import policy_forms

blueprint = Blueprint("policies", __name__, url_prefix="/policies")


@blueprint.get("")
def listed() -> ResponseReturnValue:
    """Show the policies the person may see, the latest change first."""
    args = request.args
    sort = args.get("sort", "updated")
    wanted = queries.PolicyFilter(
        state=args.get("state", ""),
        department_id=args.get("department", type=int),
        text=args.get("q", "").strip()[:100],
        waiting=args.get("waiting", ""),
        sort=sort if sort in queries.SORTS else "updated",
        descending=args.get("dir", "desc") != "asc",
        after=args.get("after", ""),
    )
    page = queries.list_policies(db.session(), g.actor, wanted, now=g.now)
    filters = policy_forms.filters(wanted, desk.departments(db.session()))
    return render_template("policies/list.html", page=page, filters=filters)


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """Show the empty form of an assessment."""
    unsaved = answers.scratch(db.session(), "policy-new", g.actor, since=None)
    text = policy_forms.typed_text(unsaved.fields) if unsaved else PolicyText("")
    return _form(text, None, unsaved)


@blueprint.post("/new")
def add() -> ResponseReturnValue:
    """Enter a policy into the register."""
    text = policy_forms.text_from(request.form)
    policy_id = filing.file(text, actor=g.actor, now=g.now)
    return _done(policy_id, gettext("已登记。未就绪的项目列在下方。"))


@blueprint.get("/<int:policy_id>")
def shown(policy_id: int) -> ResponseReturnValue:
    """Show one policy: what is ready, what was asked, what was seen since its release."""
    view = _view(policy_id)
    page = policy_forms.page_of(view, g.actor)
    departments = desk.departments(db.session()) if "ask" in page.may else ()
    return render_template("policies/policy.html", view=view, page=page, departments=departments)


@blueprint.get("/<int:policy_id>/edit")
def edit(policy_id: int) -> ResponseReturnValue:
    """Show the form of an assessment with what is kept of it."""
    view = _view(policy_id)
    if PolicyAction.SAVE.value not in policy_forms.page_of(view, g.actor).may:
        abort(403)
    since = policy_page.last_saved_at(db.session(), policy_id)
    unsaved = answers.scratch(db.session(), f"policy-{policy_id}", g.actor, since=since)
    return _form(policy_forms.typed_text(unsaved.fields) if unsaved else view.text, view, unsaved)


@blueprint.post("/<int:policy_id>/edit")
def save(policy_id: int) -> ResponseReturnValue:
    """Save the assessment as its next version."""
    text = policy_forms.text_from(request.form)
    note = request.form.get("note", "")
    number = filing.save(_seen(policy_id), text, note, actor=g.actor, now=g.now)
    return _done(policy_id, gettext("已保存为第 %(n)s 版。", n=number))


@blueprint.get("/<int:policy_id>/versions")
def versions(policy_id: int) -> ResponseReturnValue:
    """List the kept versions and show what changed between two of them."""
    view = _view(policy_id)
    kept = policy_page.versions(db.session(), policy_id)
    new_number = request.args.get("new", view.policy.edition_count, type=int)
    old = request.args.get("old", max(new_number - 1, 0), type=int)
    found = policy_page.changes(kept, old, new_number)
    return render_template("policies/versions.html", view=view, kept=kept, old=old, new=new_number, changes=found)


@blueprint.post("/<int:policy_id>/opinions")
def ask(policy_id: int) -> ResponseReturnValue:
    """Ask for opinions."""
    form = request.form
    asking = consulting.Asking(
        tuple(form.getlist("department_ids", type=int)), form.get("with_desk") == "1", form.get("about", ""),
        _day("due_on"),
    )  # fmt: skip
    count = consulting.ask(_seen(policy_id), asking, actor=g.actor, now=g.now)
    return _done(policy_id, gettext("已征求 %(n)s 个单位的意见。", n=count))


@blueprint.post("/<int:policy_id>/opinions/<int:opinion_id>")
def answer(policy_id: int, opinion_id: int) -> ResponseReturnValue:
    """Answer an opinion asked for."""
    form = request.form
    consulting.answer(
        opinion_id, _seen(policy_id), form.get("stance", ""), form.get("text", ""), actor=g.actor, now=g.now
    )
    return _done(policy_id, gettext("意见已反馈。"))


@blueprint.post("/<int:policy_id>/opinions/<int:opinion_id>/reply")
def reply(policy_id: int, opinion_id: int) -> ResponseReturnValue:
    """Say what was made of an opinion."""
    consulting.reply(opinion_id, _seen(policy_id), request.form.get("note", ""), actor=g.actor, now=g.now)
    return _done(policy_id, gettext("采纳情况已保存。"))


@blueprint.post("/<int:policy_id>/decide")
def decide(policy_id: int) -> ResponseReturnValue:
    """Hand on, sign, reject, take back or drop."""
    form, seen = request.form, _seen(policy_id)
    try:
        action = PolicyAction(form.get("action", ""))
    except ValueError:
        abort(400)
    note = form.get("note", "")
    if action is PolicyAction.SUBMIT:
        signing.submit(seen, actor=g.actor, now=g.now)
    elif action is PolicyAction.SIGN:
        signing.sign(seen, is_cosigned=form.get("is_cosigned") == "1", note=note, actor=g.actor, now=g.now)
    else:
        signing.send_back(seen, action, note, actor=g.actor, now=g.now)
    return _done(policy_id, gettext("已完成：%(act)s。", act=gettext(action.label)))


@blueprint.post("/<int:policy_id>/release")
def release(policy_id: int) -> ResponseReturnValue:
    """Write down the release and open the watch."""
    form = request.form
    released = signing.Release(
        form.get("document_number", ""), form.get("url", "").strip(), moment("released_at"),
        form.get("is_rolled_out") == "1",
    )  # fmt: skip
    signing.release(_seen(policy_id), released, actor=g.actor, now=g.now)
    return _done(policy_id, gettext("已登记出台，开始观察；第 7 天和第 30 天复核。"))


@blueprint.post("/<int:policy_id>/links/<int:link_id>")
def sort(policy_id: int, link_id: int) -> ResponseReturnValue:
    """Take a link away, bring it back, or say which foreseen concern it raises."""
    seen, what = _seen(policy_id), request.form.get("action", "")
    if what == "take_away":
        watching.take_away(link_id, seen, request.form.get("note", ""), actor=g.actor, now=g.now)
    elif what == "bring_back":
        watching.bring_back(link_id, seen, actor=g.actor, now=g.now)
    else:
        concern_id = request.form.get("concern_id", type=int)
        watching.sort(link_id, seen, concern_id or None, actor=g.actor, now=g.now)
    return _done(policy_id, gettext("关联已更新。"), "observed")


@blueprint.post("/<int:policy_id>/reviews/<int:day>")
def review(policy_id: int, day: int) -> ResponseReturnValue:
    """File a look back."""
    form = request.form
    reviewing.review(
        _seen(policy_id), day, form.get("findings", ""), form.get("adjustments", ""), actor=g.actor, now=g.now
    )
    return _done(policy_id, gettext("复核已提交。"), "reviews")


def _form(text: PolicyText, view: policy_page.PolicyView | None, unsaved: object) -> ResponseReturnValue:
    return render_template(
        "policies/form.html", text=text, view=view, unsaved=unsaved, blank_rows=policy_forms.BLANK_ROWS,
        channels=policy_forms.channels(), conclusions=policy_forms.conclusions(),
    )  # fmt: skip


def _view(policy_id: int) -> policy_page.PolicyView:
    view = policy_page.policy_view(db.session(), g.actor, policy_id)
    if view is None:
        abort(404)
    return view


def _seen(policy_id: int) -> Seen:
    db.session.rollback()
    return Seen(policy_id, request.form.get("version", 0, type=int))


def _day(name: str) -> date | None:
    text = request.form.get(name, "")
    try:
        return typed_values.day(text) if text else None
    except ValueError as error:
        raise InvalidInput("日期格式应为 2026-11-24。", name) from error


def _done(policy_id: int, said: str, anchor: str = "") -> ResponseReturnValue:
    flash(said, "success")
    return redirect(url_for("policies.shown", policy_id=policy_id, _anchor=anchor or None))
