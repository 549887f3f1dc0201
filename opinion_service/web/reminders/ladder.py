"""The ladder on the pages: the proof of a case, acknowledging, silences, and the rules in force."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from opinion_service.domain.clocks.sla import CLOCK_LABELS
from opinion_service.domain.people import Role
from opinion_service.models import Case, LadderVersion, db
from opinion_service.queries import desk
from opinion_service.queries.reminders import groups, mailroom, proof
from opinion_service.queries.scope import visible_to
from opinion_service.services.reminders import holds, ladder_book
from opinion_service.web.formats import language, stamp

blueprint = Blueprint("ladder", __name__)


@blueprint.get("/cases/<number>/ladder")
def shown(number: str) -> ResponseReturnValue:
    """Show every rung of a case with plan, delivery, acknowledgement and what comes next."""
    case = db.session().scalar(select(Case).where(Case.number == number, visible_to(g.actor)))
    if case is None:
        abort(404)
    ladder = proof.case_ladder(db.session(), case, now=g.now)
    return render_template("ladder/proof.html", case=case, ladder=ladder, **choices())


@blueprint.post("/rungs/<int:rung_id>/acknowledge")
def acknowledge(rung_id: int) -> ResponseReturnValue:
    """Take a fired rung in hand for some hours."""
    db.session.rollback()
    hours, note = request.form.get("hours", 0, type=int), request.form.get("note", "")
    until = holds.acknowledge(rung_id, hours, note, actor=g.actor, now=g.now)
    flash(
        gettext("已确认，%(at)s 前下一步催办暂缓；法定时限到期的一步不受影响。", at=stamp(until, language())), "success"
    )
    number = request.form.get("number", "")
    return redirect(url_for("cases.shown", number=number) if number else url_for("desk.home"))


@blueprint.get("/silences")
def silences() -> ResponseReturnValue:
    """Show where reminders are kept back, by whom, why and until when."""
    in_force = request.args.get("state") == "on"
    rows, after = mailroom.silences(db.session(), now=g.now, in_force=in_force, after=request.args.get("after", ""))
    return render_template(
        "ladder/silences.html",
        rows=rows,
        page={"before": "", "after": after},
        in_force=in_force,
        departments=desk.departments(db.session()),
        number=request.args.get("number", "")[:20],
        longest=ladder_book.in_force(db.session()).longest_silence_hours,
    )


@blueprint.post("/silences")
def add_silence() -> ResponseReturnValue:
    """Keep the reminders of a case or a department back for some hours."""
    db.session.rollback()
    form = request.form
    new = holds.NewSilence(
        form.get("reason", ""), form.get("hours", 0, type=int), form.get("case_number", ""),
        form.get("department_id", type=int),
    )  # fmt: skip
    holds.silence(new, actor=g.actor, now=g.now)
    flash(gettext("已暂停提醒；时限照常计算，到时自动恢复。"), "success")
    return redirect(url_for("ladder.silences"))


@blueprint.post("/silences/<int:silence_id>/end")
def end_silence(silence_id: int) -> ResponseReturnValue:
    """Let the reminders go again before the time."""
    db.session.rollback()
    holds.end_silence(silence_id, actor=g.actor, now=g.now)
    flash(gettext("已恢复提醒，暂缓的催办将立即发出。"), "success")
    return redirect(url_for("ladder.silences"))


@blueprint.get("/ladder")
def rules() -> ResponseReturnValue:
    """Show the ladder in force and the versions before it."""
    ladder = ladder_book.in_force(db.session())
    versions = db.session().scalars(select(LadderVersion).order_by(LadderVersion.id.desc()).limit(30)).all()
    clocks = {kind.value: label for kind, label in CLOCK_LABELS.items()}
    roles = {role.value: role.label for role in Role}
    return render_template(
        "ladder/rules.html",
        ladder=ladder,
        versions=versions,
        names=clocks,
        roles=roles,
        has_group=groups.has_group(db.session()),
    )


def choices() -> dict[str, object]:
    """Return what the acknowledging forms offer the person who asks."""
    hours = ladder_book.in_force(db.session()).acknowledgement_hours if g.actor.role in holds.MAY_ACKNOWLEDGE else ()
    return {"hours": tuple((one, gettext("%(n)s 小时", n=one)) for one in hours)}
