"""The reply on its way: review page, versions, unsaved text, and what happens after publication."""

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service import clock
from opinion_service.domain import typed_values
from opinion_service.domain.casework.review import STEP_LABELS, ReviewStep
from opinion_service.domain.clocks.sla import OpinionGrade
from opinion_service.domain.errors import InvalidInput
from opinion_service.models import db
from opinion_service.queries.casework import answers as queries
from opinion_service.queries.casework import co_work
from opinion_service.queries.casework.case_page import CaseView, case_view
from opinion_service.services.casework import checks, corrections, drafting, publication, review_route, scratch
from opinion_service.web.casework import case_forms
from opinion_service.web.formats import short_stamp

blueprint = Blueprint("answers", __name__)


@blueprint.get("/cases/<number>/review")
def review(number: str) -> ResponseReturnValue:
    """Show a reply to the one who has to clear or sign it: what changed, what it covers, how it will read."""
    view = _view(number)
    if view.draft is None:
        abort(404)
    session, page = db.session(), case_forms.page_of(view, g.actor, g.now)
    taken, seen = queries.reviews(session, view.case.id), queries.sights(session, view, g.actor)
    old = queries.last_seen(view, taken, seen, g.actor)
    shown = render_template(
        "answers/review.html",
        view=view,
        findings=checks.findings_of(session, view.case, view.draft),
        co=co_work.co_work(session, view),
        page=page,
        steps=_steps(queries.steps(view, taken)),
        taken=taken,
        old=old,
        changes=queries.changes(view, old, view.draft.version) if old else (),
    )
    if view.draft.version not in seen and any(act.is_decision for act in page.acts):
        draft_id = view.draft.id
        db.session.rollback()
        drafting.note_sight(draft_id, actor=g.actor, now=g.now)
    return shown


@blueprint.get("/cases/<number>/drafts")
def drafts(number: str) -> ResponseReturnValue:
    """List the versions of a reply and show what changed between two of them."""
    view = _view(number)
    if view.draft is None:
        abort(404)
    new = request.args.get("new", view.draft.version, type=int)
    old = request.args.get("old", max(new - 1, 0), type=int)
    taken = queries.reviews(db.session(), view.case.id)
    changes = queries.changes(view, old, new)
    return render_template("answers/drafts.html", view=view, old=old, new=new, changes=changes, taken=taken)


@blueprint.get("/cases/<number>/answers")
def published(number: str) -> ResponseReturnValue:
    """Show the published answers of a case, their channels and corrections."""
    view = _view(number)
    rows = queries.published(db.session(), view)
    channels = tuple((one.value, gettext(one.label)) for one in corrections.Channel)
    return render_template("answers/published.html", view=view, rows=rows, channels=channels)


@blueprint.post("/scratch")
def keep_scratch() -> ResponseReturnValue:
    """Keep what is being typed, for the person alone."""
    own = ("csrf_token", "version", "form")
    fields = {name: request.form.getlist(name) for name in request.form if name not in own}
    db.session.rollback()
    scratch.keep(request.form.get("form", ""), fields, actor=g.actor, now=g.now)
    return {"saved_at": f"{g.now.astimezone(clock.DESK_ZONE):%H:%M:%S}"}


@blueprint.post("/scratch/drop")
def drop_scratch() -> ResponseReturnValue:
    """Throw away unsaved text and go back to the page it belongs to."""
    db.session.rollback()
    scratch.drop(request.form.get("form", ""), actor=g.actor)
    back = request.form.get("back", "")
    return redirect(url_for("cases.shown", number=back) if back else url_for("desk.home"))


@blueprint.post("/cases/<number>/answers/<int:publication_id>/withdraw")
def withdraw(number: str, publication_id: int) -> ResponseReturnValue:
    """Take an answer back, with a reason the public reads."""
    _own(number, publication_id)
    publication.withdraw(publication_id, request.form.get("note", ""), actor=g.actor, now=g.now)
    return _done(number, gettext("回应已撤回，原页保留并注明理由。"))


@blueprint.post("/cases/<number>/answers/<int:publication_id>/correct")
def correct(number: str, publication_id: int) -> ResponseReturnValue:
    """Propose a correction of a published answer."""
    _own(number, publication_id)
    form = request.form
    text = corrections.CorrectedText(form.get("title", ""), _plain(form.get("body", "")), form.get("notice", ""))
    corrections.propose(publication_id, text, actor=g.actor, now=g.now)
    return _done(number, gettext("更正稿已提交，另一人确认后生效。"))


@blueprint.post("/cases/<number>/answers/<int:publication_id>/corrections/<int:correction_id>")
def decide_correction(number: str, publication_id: int, correction_id: int) -> ResponseReturnValue:
    """Confirm or drop a proposed correction."""
    view = _own(number, publication_id)
    if correction_id not in {row.id for one in queries.published(db.session(), view) for row in one.corrections}:
        abort(404)
    db.session.rollback()
    if request.form.get("action") == "confirm":
        corrections.confirm(correction_id, actor=g.actor, now=g.now)
        return _done(number, gettext("更正已生效，公开页已注明。"))
    corrections.drop(correction_id, request.form.get("note", ""), actor=g.actor, now=g.now)
    return _done(number, gettext("更正未采用。"))


@blueprint.post("/cases/<number>/answers/<int:publication_id>/channels")
def add_channel(number: str, publication_id: int) -> ResponseReturnValue:
    """Note another channel an answer went out by."""
    _own(number, publication_id)
    form = request.form
    at = _moment(form.get("at", "")) or g.now
    corrections.add_channel(
        publication_id, form.get("channel", ""), form.get("url", "").strip(), at, actor=g.actor, now=g.now
    )
    return _done(number, gettext("发布渠道已登记。"))


@blueprint.get("/settings/review")
def routes() -> ResponseReturnValue:
    """Show which steps a reply takes, by grade."""
    steps = tuple((step.value, gettext(STEP_LABELS[step])) for step in ReviewStep)
    db.session.rollback()
    return render_template(
        "answers/routes.html", routes=review_route.routes(), steps=steps, short=review_route.short_of_people()
    )


@blueprint.post("/settings/review")
def save_routes() -> ResponseReturnValue:
    """Put new routes into force."""
    db.session.rollback()
    record = {grade.value: request.form.getlist(f"route-{grade.value}") for grade in OpinionGrade}
    review_route.save(record, actor=g.actor, now=g.now)
    flash(gettext("审签流程已保存，对此后送审的回应稿生效。"), "success")
    return redirect(url_for("answers.routes"))


def _steps(steps: tuple[queries.StepView, ...]) -> list[dict[str, Any]]:
    return [
        {
            "label": gettext(step.label),
            "state": step.state,
            "person": step.person,
            "at": step.at,
            "note": gettext("%(at)s 前", at=short_stamp(step.due_at)) if step.due_at else "",
        }
        for step in steps
    ]


def _view(number: str) -> CaseView:
    view = case_view(db.session(), g.actor, number, now=g.now)
    if view is None:
        abort(404)
    return view


def _own(number: str, publication_id: int) -> CaseView:
    """Return the case when the publication is one of its own, so that no number in the address is trusted."""
    view = _view(number)
    if publication_id not in {one.id for one in view.publications}:
        abort(404)
    db.session.rollback()
    return view


def _done(number: str, text: Any) -> ResponseReturnValue:
    flash(text, "success")
    return redirect(url_for("answers.published", number=number))


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = typed_values.moment(text)
    except ValueError as error:
        raise InvalidInput("时间格式应为 2026-11-24 09:30。", "at") from error
    return at if at.tzinfo else at.replace(tzinfo=clock.DESK_ZONE)
