"""The duty roster and leaves: shown to everybody, planned by the office and each department for its own."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.people import DEPARTMENT_ROLES, Role
from opinion_service.domain.routing.roster import PLANNERS
from opinion_service.models import db
from opinion_service.queries import desk
from opinion_service.queries.routing import duty as queries
from opinion_service.services.routing import duty as service
from opinion_service.web.form_values import moment, whole
from opinion_service.web.formats import translated

blueprint = Blueprint("duty", __name__, url_prefix="/duty")


@blueprint.get("")
def shown() -> ResponseReturnValue:
    """Show who is on duty and who is away, now and from now on."""
    return _page(request.args.get("kind", "shifts"))


@blueprint.post("/shifts")
def add_shift() -> ResponseReturnValue:
    """Put somebody on the roster."""
    db.session.rollback()
    try:
        plan = service.ShiftPlan(whole("user_id"), whole("department_id"), moment("starts_at"), moment("ends_at"))
        service.add_shift(plan, actor=g.actor, now=g.now)
    except InvalidInput as problem:
        return _page("shifts", problem)
    flash(gettext("已安排值班。"), "success")
    return redirect(url_for("duty.shown"))


@blueprint.post("/absences")
def add_absence() -> ResponseReturnValue:
    """Write a leave down."""
    db.session.rollback()
    try:
        plan = service.LeavePlan(
            whole("user_id"), moment("starts_at"), moment("ends_at"), whole("stand_in_id"),
            request.form.get("reason", ""),
        )  # fmt: skip
        service.add_absence(plan, actor=g.actor, now=g.now)
    except InvalidInput as problem:
        return _page("absences", problem)
    flash(gettext("已登记请假，请假期间不再向其推荐新案件。"), "success")
    return redirect(url_for("duty.shown", kind="absences"))


@blueprint.post("/shifts/<int:shift_id>/end")
def end_shift(shift_id: int) -> ResponseReturnValue:
    """Take a shift off the roster."""
    db.session.rollback()
    service.end_shift(shift_id, actor=g.actor, now=g.now)
    flash(gettext("已取消该班次。"), "success")
    return redirect(url_for("duty.shown"))


@blueprint.post("/absences/<int:absence_id>/end")
def end_absence(absence_id: int) -> ResponseReturnValue:
    """Take a leave back, or end it now."""
    db.session.rollback()
    service.end_absence(absence_id, actor=g.actor, now=g.now)
    flash(gettext("已销假。"), "success")
    return redirect(url_for("duty.shown", kind="absences"))


def _page(kind: str, problem: InvalidInput | None = None) -> ResponseReturnValue:
    wanted = queries.RosterFilter(
        "absences" if kind == "absences" else "shifts",
        request.args.get("department", ""),
        request.args.get("past") == "1",
        request.args.get("after", ""),
    )
    departments = desk.departments(db.session())
    page = render_template(
        "duty/roster.html",
        wanted=wanted,
        page=queries.roster(db.session(), g.actor, wanted, now=g.now),
        people=_choices(),
        departments=_homes(departments),
        filters=_filters(wanted, departments),
        may=_may(wanted.kind),
        errors=((problem.field, translated(str(problem))),) if problem else (),
        typed=request.form,
    )
    return page, 422 if problem else 200


def _choices() -> tuple[tuple[int, str], ...]:
    return tuple(
        (one.id, f"{one.department or gettext('值班室')} · {one.name}（{gettext(Role(one.role).label)}）")
        for one in queries.people(db.session(), g.actor)
    )


def _homes(departments: tuple[tuple[int, str], ...]) -> tuple[tuple[Any, str], ...]:
    if g.actor.role in DEPARTMENT_ROLES:
        return tuple(one for one in departments if one[0] == g.actor.department_id)
    return (("", gettext("值班室")), *departments)


def _filters(wanted: queries.RosterFilter, departments: tuple[tuple[int, str], ...]) -> tuple[dict[str, Any], ...]:
    homes = (("office", gettext("值班室")), *departments)
    return (
        {"name": "department", "label": gettext("单位"), "kind": "select", "options": homes,
         "value": wanted.department},
        {"name": "past", "label": gettext("时间"), "kind": "select", "options": (("1", gettext("已结束")),),
         "value": "1" if wanted.is_past else ""},
    )  # fmt: skip


def _may(kind: str) -> bool:
    if g.actor.role in PLANNERS or g.actor.role is Role.APPROVER:
        return True
    return g.actor.role is Role.HANDLER and kind == "absences"
