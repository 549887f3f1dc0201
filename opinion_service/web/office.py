"""Users, the journal, and whether the desk works."""

from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service import clock
from opinion_service.domain import typed_values
from opinion_service.domain.errors import DomainError
from opinion_service.domain.people import Role
from opinion_service.models import db
from opinion_service.queries import desk, people
from opinion_service.queries import journal as journal_queries
from opinion_service.queries import operations as operation_queries
from opinion_service.services import accounts
from opinion_service.web import office_texts

blueprint = Blueprint("office", __name__)


@blueprint.get("/users")
def users() -> ResponseReturnValue:
    """List the people at the desk."""
    args = request.args
    wanted = people.PeopleFilter(
        args.get("q", "").strip()[:100], args.get("role", ""), args.get("department", type=int), args.get("state", ""),
        args.get("sort", "name"), args.get("dir") == "desc", args.get("after", "")[:100],
    )  # fmt: skip
    return _people_page(wanted)


def _people_page(wanted: people.PeopleFilter, typed: Any = None, problem: DomainError | None = None) -> str:
    departments = desk.departments(db.session())
    return render_template(
        "office/people.html", page=people.list_people(db.session(), wanted), departments=departments, roles=_roles(),
        filters=_people_filters(wanted, departments), typed=typed or {}, problem=problem,
    )  # fmt: skip


@blueprint.post("/users")
def add_user() -> ResponseReturnValue:
    """Make a user."""
    db.session.rollback()
    form = request.form
    new = accounts.NewUser(
        form.get("login", ""), form.get("name", ""), _role(), form.get("password", ""), form.get("email", ""),
        form.get("department_id", type=int),
    )  # fmt: skip
    try:
        user_id = accounts.create_user(new, actor=g.actor, now=g.now)
    except DomainError as problem:
        return _people_page(people.PeopleFilter(), form, problem), 422
    flash(gettext("已新建用户。"), "success")
    return redirect(url_for("office.user", user_id=user_id))


@blueprint.get("/users/<int:user_id>")
def user(user_id: int) -> ResponseReturnValue:
    """Show one person."""
    return _person_page(user_id)


def _person_page(user_id: int, typed: Any = None, problem: DomainError | None = None) -> str:
    one = people.one_person(db.session(), user_id)
    if one is None:
        abort(404)
    values = typed or {"name": one.name, "role": one.role, "email": one.email, "department_id": one.department_id}
    mark = accounts.mark_of(one.name, one.role, one.email, one.department_id)
    return render_template(
        "office/person.html", one=one, values=values, mark=mark, departments=desk.departments(db.session()),
        roles=_roles(), problem=problem,
    )  # fmt: skip


@blueprint.post("/users/<int:user_id>")
def edit_user(user_id: int) -> ResponseReturnValue:
    """Change a user."""
    db.session.rollback()
    form = request.form
    change = accounts.UserChange(
        form.get("name", ""), _role(), form.get("email", ""), form.get("department_id", type=int), form.get("seen", "")
    )
    try:
        accounts.edit_user(user_id, change, actor=g.actor, now=g.now)
    except DomainError as problem:
        return _person_page(user_id, form, problem), 422
    flash(gettext("已保存。"), "success")
    return redirect(url_for("office.user", user_id=user_id))


@blueprint.post("/users/<int:user_id>/password")
def reset_password(user_id: int) -> ResponseReturnValue:
    """Give a user a new password, to be changed at the next sign-in."""
    db.session.rollback()
    try:
        accounts.reset_password(user_id, request.form.get("password", ""), actor=g.actor, now=g.now)
    except DomainError as problem:
        return _person_page(user_id, problem=problem), 422
    flash(gettext("密码已重置，该用户须在下次登录时更换。"), "success")
    return redirect(url_for("office.user", user_id=user_id))


@blueprint.post("/users/<int:user_id>/switch")
def switch_user(user_id: int) -> ResponseReturnValue:
    """Enable or disable a user."""
    db.session.rollback()
    accounts.set_active(user_id, request.form.get("on") == "1", actor=g.actor, now=g.now)
    return redirect(url_for("office.user", user_id=user_id))


@blueprint.get("/journal")
def journal() -> ResponseReturnValue:
    """Show the journal, the newest first."""
    args = request.args
    wanted = journal_queries.JournalFilter(
        args.get("q", "").strip()[:100], args.get("role", ""), args.get("number", "").strip()[:20],
        _midnight("since"), _midnight("until", 1), args.get("after", ""),
    )  # fmt: skip
    rows, after = journal_queries.list_acts(db.session(), wanted)
    roles = (*_roles(), ("system", gettext("系统")))
    filters = (
        {"name": "q", "label": gettext("动作、经办或理由"), "kind": "search", "value": wanted.text},
        {"name": "role", "label": gettext("角色"), "kind": "select", "options": roles, "value": wanted.role},
        {"name": "number", "label": gettext("案号"), "kind": "text", "value": wanted.number},
        {"name": "since", "label": gettext("自"), "kind": "date", "value": args.get("since", "")},
        {"name": "until", "label": gettext("至"), "kind": "date", "value": args.get("until", "")},
    )
    return render_template("office/journal.html", rows=rows, after=after, filters=filters)


@blueprint.get("/operations")
def operations() -> ResponseReturnValue:
    """Show whether the desk works: what is wrong, what waits, which processes live."""
    session, settings = db.session(), current_app.config["DESK"]
    return render_template(
        "office/operations.html", checks=operation_queries.checks(session, now=g.now),
        processes=operation_queries.processes(session, now=g.now),
        backlogs=operation_queries.backlogs(session, now=g.now), texts=office_texts,
        facts=office_texts.settings(settings, db.engine.dialect.name),
    )  # fmt: skip


def _role() -> Role:
    wanted = request.form.get("role", "")
    return Role(wanted) if wanted in set(Role) else Role.AUDITOR


def _roles() -> tuple[tuple[str, str], ...]:
    return tuple((role.value, gettext(role.label)) for role in Role)


def _midnight(name: str, later_days: int = 0) -> datetime | None:
    """Return the beginning of the day that the address names, some days later, or None."""
    try:
        at = datetime.combine(typed_values.day(request.args.get(name, "")), time(), clock.DESK_ZONE)
        return at + timedelta(days=later_days)
    except ValueError:
        return None


def _people_filters(wanted: people.PeopleFilter, departments: Any) -> tuple[dict[str, Any], ...]:
    states = (("active", gettext("启用")), ("disabled", gettext("停用")))
    return (
        {"name": "q", "label": gettext("姓名、登录名或邮箱"), "kind": "search", "value": wanted.text},
        {"name": "role", "label": gettext("角色"), "kind": "select", "options": _roles(), "value": wanted.role},
        {"name": "department", "label": gettext("单位"), "kind": "select", "options": departments,
         "value": wanted.department_id or ""},
        {"name": "state", "label": gettext("状态"), "kind": "select", "options": states, "value": wanted.state},
    )  # fmt: skip
