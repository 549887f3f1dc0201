"""The list of events, the event page, and merging, splitting and moving by hand."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.errors import InvalidInput
from opinion_service.models import db
from opinion_service.queries.policies import policy_page
from opinion_service.queries.reading import event_page
from opinion_service.queries.reading import events as queries
from opinion_service.services.casework import triage
from opinion_service.services.reading import regroup
from opinion_service.web.reading import event_forms

blueprint = Blueprint("events", __name__, url_prefix="/events")


@blueprint.get("")
def listed() -> ResponseReturnValue:
    """Show every event, filtered and sorted as the address says."""
    wanted = event_forms.wanted_from(request.args)
    page = queries.list_events(db.session(), wanted, now=g.now)
    shown = event_forms.list_of(page, wanted, has_states=True, days=request.args.get("days", ""))
    return render_template("events/list.html", page=page, shown=shown)


@blueprint.get("/<int:event_id>")
def shown(event_id: int) -> ResponseReturnValue:
    """Show one event."""
    view = event_page.event_view(db.session(), event_id, request.args.get("after", ""), now=g.now)
    if view is None:
        abort(404)
    linked = policy_page.of_event(db.session(), g.actor, event_id)
    return render_template("events/event.html", view=view, page=event_forms.page_of(view), linked_policies=linked)


@blueprint.post("/<int:event_id>/merge")
def merge(event_id: int) -> ResponseReturnValue:
    """Put the event into another one."""
    db.session.rollback()
    target_id = _target()
    if target_id is None:
        raise InvalidInput("请选择或填写目标事件。", "target_id")
    regroup.merge(event_id, target_id, request.form.get("note", ""), actor=g.actor, now=g.now)
    flash(gettext("已合并。可在归并记录中撤销。"), "success")
    return redirect(url_for("events.shown", event_id=target_id))


@blueprint.post("/<int:event_id>/move")
def move(event_id: int) -> ResponseReturnValue:
    """Move the chosen items into another event, or into a new one."""
    db.session.rollback()
    chosen = request.form.getlist("item", type=int)
    regroup.move(event_id, chosen, _target(), request.form.get("note", ""), actor=g.actor, now=g.now)
    flash(gettext("已移出勾选的条目。可在归并记录中撤销。"), "success")
    return redirect(url_for("events.shown", event_id=event_id))


@blueprint.post("/changes/<int:change_id>/undo")
def undo(change_id: int) -> ResponseReturnValue:
    """Take a merge, split or move back."""
    db.session.rollback()
    event_id = regroup.undo(change_id, actor=g.actor, now=g.now)
    flash(gettext("已撤销，条目回到原来的事件。"), "success")
    return redirect(url_for("events.shown", event_id=event_id))


@blueprint.post("/<int:event_id>/restore")
def restore(event_id: int) -> ResponseReturnValue:
    """Put a dismissed event back into the inbox."""
    db.session.rollback()
    triage.restore(event_id, actor=g.actor, now=g.now)
    flash(gettext("已恢复到研判列表。"), "success")
    return redirect(url_for("events.shown", event_id=event_id))


def _target() -> int | None:
    number = request.form.get("target_number", type=int) or request.form.get("target_id", type=int)
    return number if number and 0 < number < 2**62 else None
