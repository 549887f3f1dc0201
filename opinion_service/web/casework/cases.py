"""The list of cases, the case page, and the forms on it."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.models import db
from opinion_service.queries import desk
from opinion_service.queries.casework import answers, beside, case_page, co_work, evidence, history, papers
from opinion_service.queries.casework import cases as queries
from opinion_service.queries.clocks import clock_page
from opinion_service.queries.policies import policy_page
from opinion_service.queries.reminders import proof
from opinion_service.queries.routing import load as load_queries
from opinion_service.services.casework import assessment, casework, checks, drafting, publication
from opinion_service.web.casework import aftermath, case_forms, concerns, editor, form_values, risk, saved_views
from opinion_service.web.clocks import clocks
from opinion_service.web.form_values import moment
from opinion_service.web.reminders import ladder
from opinion_service.web.routing import load, rulings

blueprint = Blueprint("cases", __name__, url_prefix="/cases")


@blueprint.get("")
def listed() -> ResponseReturnValue:
    """Show the cases the person may see, the earliest deadline first."""
    wanted = case_forms.wanted_from(request.args)
    page = queries.list_cases(db.session(), g.actor, wanted, now=g.now)
    filters = case_forms.filters(wanted, desk.departments(db.session())) + load.handler_filter(wanted.handler_id)
    views = saved_views.of_cases()
    return render_template("cases/list.html", page=page, filters=filters, search_text=wanted.text, views=views)


@blueprint.get("/<number>")
def shown(number: str) -> ResponseReturnValue:
    """Show one case."""
    view = case_page.case_view(db.session(), g.actor, number, now=g.now)
    if view is None:
        abort(404)
    page = case_forms.page_of(view, g.actor, g.now)
    return render_template(
        "cases/case.html", view=view, page=page, departments=desk.departments(db.session()),
        moves=clock_page.moves(db.session(), view.case, now=g.now), pause_grounds=clocks.grounds(),
        editor=editor.opened(view, page.may), risk=risk.of_case(db.session(), view), papers=papers.available(view),
        assignment=load_queries.assignment(db.session(), view.case, now=g.now),
        after=aftermath.of_case(view, g.actor),
        linked_policies=policy_page.of_event(db.session(), g.actor, view.case.event_id),
        ownership=rulings.of_case(view, page.may, g.actor),
        evidence=evidence.summary(db.session(), view.case.id),
        beside=beside.beside(db.session(), g.actor, view.case, now=g.now),
        history=history.history(db.session(), view.case.id, case_forms.history_from(request.args)),
        ledger=concerns.ledger(view), co=co_work.co_work(db.session(), view),
        unsaved_part=answers.scratch(db.session(), f"case-{view.case.id}-part", g.actor, since=None),
        findings=checks.findings_of(db.session(), view.case, view.draft) if view.draft else (),
        ladder=proof.case_ladder(db.session(), view.case, now=g.now), **ladder.choices(),
    )  # fmt: skip


@blueprint.post("/<number>/act")
def act(number: str) -> ResponseReturnValue:
    """Take one act on a case."""
    action = form_values.action()
    command = casework.CaseCommand(
        case_id=form_values.case_id(number),
        version=form_values.version(),
        action=action,
        note=request.form.get("note", ""),
        department_id=request.form.get("department_id", type=int),
        co_department_ids=tuple(request.form.getlist("co_department_ids", type=int)),
        grade=request.form.get("grade", ""),
        incident_level=request.form.get("incident_level", ""),
        occurred_at=moment("occurred_at"),
        must_answer_class=request.form.get("must_answer_class", type=int),
        target_number=request.form.get("target_number", ""),
        review_on=form_values.day("review_on"),
        duty=request.form.get("duty", ""),
        reason_code=request.form.get("reason_code", ""),
        handler_id=request.form.get("handler_id", type=int),
    )
    casework.perform(command, actor=g.actor, now=g.now)
    return form_values.done(number, action)


@blueprint.post("/<number>/assess")
def assess(number: str) -> ResponseReturnValue:
    """File the risk assessment."""
    form = request.form
    rows = zip(
        form.getlist("risk_description"),
        form_values.whole_numbers("likelihood"),
        form_values.whole_numbers("impact"),
        form.getlist("trigger"),
        strict=False,
    )
    points = tuple(assessment.RiskPointText(*row) for row in rows if row[0].strip())
    text = assessment.AssessmentText(
        form.get("facts", ""), form.get("handling", ""), form.get("recommended_grade", ""), points,
        form.get("spread", ""), form.get("trend", ""), form.get("line", ""), form.get("affected", ""),
        risk.in_force().version,
    )  # fmt: skip
    assessment.file_assessment(form_values.case_id(number), form_values.version(), text, actor=g.actor, now=g.now)
    return form_values.done(number, CaseAction.ASSESS)


@blueprint.post("/<number>/draft")
def draft(number: str) -> ResponseReturnValue:
    """Keep the draft as a new version."""
    drafting.save_draft(
        form_values.case_id(number),
        form_values.version(),
        editor.reply_of(request.form),
        response_kind=request.form.get("response_kind", ""),
        sources=editor.sources_of(request.form),
        actor=g.actor,
        now=g.now,
    )
    return form_values.done(number, CaseAction.DRAFT)


@blueprint.post("/<number>/submit")
def submit(number: str) -> ResponseReturnValue:
    """Hand the draft on; what is missing is listed on the case page, each with its place."""
    try:
        drafting.submit(form_values.case_id(number), form_values.version(), actor=g.actor, now=g.now)
    except drafting.NotReady as error:
        flash(gettext("还不能送审：请先处理下列 %(n)s 处，回应稿没有改动。", n=len(error.findings)), "error")
        return redirect(url_for("cases.shown", number=number, _anchor="checks"))
    return form_values.done(number, CaseAction.SUBMIT)


@blueprint.post("/<number>/decide")
def decide(number: str) -> ResponseReturnValue:
    """Countersign, object, sign, reject or send back."""
    action = form_values.action()
    decision = drafting.Decision(
        form_values.case_id(number), form_values.version(), action, request.form.get("note", "")
    )
    drafting.decide(decision, actor=g.actor, now=g.now)
    return form_values.done(number, action)


@blueprint.post("/<number>/publish")
def publish(number: str) -> ResponseReturnValue:
    """Publish the signed answer."""
    ticked = {name: request.form.get(name) == "1" for name in ("is_cleared", "is_final", "shows_coverage")}
    publication.publish(form_values.case_id(number), form_values.version(), **ticked, actor=g.actor, now=g.now)
    return form_values.done(number, CaseAction.PUBLISH)


@blueprint.post("/<number>/promise")
def promise(number: str) -> ResponseReturnValue:
    """Write down a promise, or that one was kept."""
    promise_id = request.form.get("promise_id", type=int)
    case_id, note = form_values.case_id(number), request.form.get("note", "")
    if promise_id:
        publication.keep_promise(promise_id, form_values.version(), note, actor=g.actor, now=g.now)
    else:
        publication.add_promise(
            case_id, form_values.version(), note, form_values.day("due_on"), actor=g.actor, now=g.now
        )
    return form_values.done(number, CaseAction.PROMISE)
