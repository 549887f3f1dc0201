"""Chat groups that the ladder tells beside its mail."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.reminders.groups import GroupKind
from opinion_service.models import db
from opinion_service.queries import desk
from opinion_service.queries.reminders import groups as queries
from opinion_service.services.reminders import groups as service

blueprint = Blueprint("groups", __name__, url_prefix="/work-groups")


@blueprint.get("")
def listed() -> ResponseReturnValue:
    """Show the groups with what became of their last message."""
    return render_template(
        "groups/list.html",
        rows=queries.groups(db.session(), now=g.now),
        kinds=tuple((one.value, gettext(one.label)) for one in GroupKind),
        departments=desk.departments(db.session()),
    )


@blueprint.post("")
def add() -> ResponseReturnValue:
    """Set a group up."""
    db.session.rollback()
    form = request.form
    new = service.NewGroup(
        form.get("name", ""), form.get("kind", ""), form.get("robot_url", ""), form.get("secret", ""),
        form.get("department_id", type=int),
    )  # fmt: skip
    service.add(new, actor=g.actor, now=g.now)
    flash(gettext("已设置工作群，可发送测试消息确认。"), "success")
    return redirect(url_for("groups.listed"))


@blueprint.post("/<int:group_id>/switch")
def switch(group_id: int) -> ResponseReturnValue:
    """Switch a group on or off."""
    db.session.rollback()
    service.switch(group_id, request.form.get("on") == "1", actor=g.actor, now=g.now)
    return redirect(url_for("groups.listed"))


@blueprint.post("/<int:group_id>/test")
def test(group_id: int) -> ResponseReturnValue:
    """Send the group a message that says it is reached."""
    db.session.rollback()
    service.test(group_id, actor=g.actor, now=g.now)
    flash(gettext("测试消息已排队发送，稍后在本页查看结果。"), "success")
    return redirect(url_for("groups.listed"))
