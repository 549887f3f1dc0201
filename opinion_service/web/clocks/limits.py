"""The working calendar and the time limits: what is in force, what would change, and putting it into force."""

from datetime import date

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.adapters import calendar_file
from opinion_service.clock import DESK_ZONE
from opinion_service.domain.clocks.calendar_days import NoticeDay, parse_lines
from opinion_service.domain.errors import DomainError, InvalidInput
from opinion_service.models import db
from opinion_service.queries.clocks import limits as queries
from opinion_service.services.clocks import limit_changes
from opinion_service.web.clocks import limit_forms

blueprint = Blueprint("limits", __name__, url_prefix="/limits")
blueprint.add_app_template_filter(limit_forms.allowance)


@blueprint.get("/calendar")
def calendar() -> ResponseReturnValue:
    """Show the published years, their days and where they come from."""
    return _calendar_page()


@blueprint.post("/calendar")
def propose_calendar() -> ResponseReturnValue:
    """Read days from a file or from lines, and keep them as a proposal."""
    db.session.rollback()
    try:
        change_id = limit_changes.propose_days(_days(), actor=g.actor, now=g.now)
    except DomainError as problem:
        return _calendar_page(problem), 422
    return redirect(url_for("limits.change", change_id=change_id))


@blueprint.get("/profile")
def profile() -> ResponseReturnValue:
    """Show the time limits in force with their grounds, and their versions."""
    record = queries.profile_record(db.session())
    table = limit_forms.table_of(record)
    return render_template(
        "limits/profile.html", table=table, versions=queries.versions(db.session()), may_edit=_may_edit()
    )


@blueprint.get("/profile/edit")
def edit_profile() -> ResponseReturnValue:
    """Offer the time limits for editing."""
    return _profile_form(queries.profile_record(db.session()))


@blueprint.post("/profile/edit")
def propose_profile() -> ResponseReturnValue:
    """Keep edited time limits as a proposal; a looser one than the national limit is refused with its document."""
    record = limit_forms.record_from(request.form, queries.profile_record(db.session()))
    db.session.rollback()
    try:
        change_id = limit_changes.propose_profile(record, request.form.get("note", ""), actor=g.actor, now=g.now)
    except DomainError as problem:
        return _profile_form(record, problem), 422
    return redirect(url_for("limits.change", change_id=change_id))


@blueprint.get("/changes")
def changes() -> ResponseReturnValue:
    """List the changes of calendar and limits, the newest first."""
    kind = request.args.get("kind", "")
    rows, before = queries.changes(db.session(), kind=kind, before=request.args.get("before", ""))
    return render_template("limits/changes.html", rows=rows, before=before, kind=kind)


@blueprint.get("/changes/<int:change_id>")
def change(change_id: int) -> ResponseReturnValue:
    """Show a change: what it says, and the clocks of open cases it would move."""
    shown = queries.change(db.session(), change_id)
    if shown is None:
        abort(404)
    page = None
    if shown.state == "proposed":
        page = queries.moved(db.session(), g.actor, shown, after=request.args.get("after", ""), now=g.now)
    differences: tuple[tuple[str, str, str], ...] = ()
    if shown.kind == "profile":
        differences = limit_forms.differences(queries.profile_record(db.session()), shown.record)
    return render_template("limits/change.html", change=shown, page=page, differences=differences, may_edit=_may_edit())


@blueprint.post("/changes/<int:change_id>/apply")
def apply(change_id: int) -> ResponseReturnValue:
    """Put a change into force; the first cases follow at once, the others within seconds."""
    db.session.rollback()
    limit_changes.apply(change_id, actor=g.actor, now=g.now)
    limit_changes.carry_on(now=g.now)
    flash(gettext("已应用。在办案件的时限正在逐案重算，进度见本页。"), "success")
    return redirect(url_for("limits.change", change_id=change_id))


@blueprint.post("/changes/<int:change_id>/discard")
def discard(change_id: int) -> ResponseReturnValue:
    """Throw a proposal away."""
    db.session.rollback()
    limit_changes.discard(change_id, actor=g.actor, now=g.now)
    flash(gettext("已放弃该更新，现行规则不变。"), "success")
    return redirect(url_for("limits.changes"))


def _may_edit() -> bool:
    return g.actor.role in limit_changes.EDITORS


def _calendar_page(problem: DomainError | None = None) -> str:
    here = g.now.astimezone(DESK_ZONE).date()
    years = queries.years(db.session())
    year = request.args.get("year", type=int) or here.year
    return render_template(
        "limits/calendar.html",
        years=years,
        year=year,
        days=queries.days_of(db.session(), year) if 1 <= year <= date.max.year else (),
        missing=[one for one in (here.year, here.year + 1) if one not in {row.year for row in years}],
        next_year=here.year + 1,
        may_edit=_may_edit(),
        problem=problem,
        typed=request.form,
    )


def _profile_form(record: dict[str, object], problem: DomainError | None = None) -> str:
    table = limit_forms.table_of(record)
    return render_template("limits/edit.html", table=table, problem=problem, note=request.form.get("note", ""))


def _days() -> tuple[NoticeDay, ...]:
    notice = request.form.get("notice", "").strip()
    file = request.files.get("file")
    if file is not None and file.filename:
        return calendar_file.read(file.filename, file.stream.read(calendar_file.MOST_BYTES + 1), notice)
    text = request.form.get("days", "")
    if not text.strip():
        raise InvalidInput("请选择文件，或逐行填写日期。", "days")
    return parse_lines(text[: calendar_file.MOST_BYTES], notice)
