"""The list of cases, the case page, and the forms on it."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.casework.coverage import ReplyText
from opinion_service.domain.errors import InvalidInput
from opinion_service.models import db
from opinion_service.queries import desk
from opinion_service.queries.casework import answers, beside, case_page, history
from opinion_service.queries.casework import cases as queries
from opinion_service.queries.clocks import clock_page
from opinion_service.queries.reminders import proof
from opinion_service.queries.routing import load as load_queries
from opinion_service.services.casework import assessment, casework, drafting, publication
from opinion_service.web.casework import case_forms, saved_views
from opinion_service.web.clocks import clocks
from opinion_service.web.form_values import moment
from opinion_service.web.reminders import ladder
from opinion_service.web.routing import load, rulings

blueprint = Blueprint("cases", __name__, url_prefix="/cases")
RISK_ROWS = 5


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
    unsaved = answers.scratch(
        db.session(), f"case-{view.case.id}-draft", g.actor, since=view.draft.written_at if view.draft else None
    )
    typed = {name: texts[-1] for name, texts in unsaved.fields.items() if texts} if unsaved else {}
    return render_template(
        "cases/case.html", view=view, page=page, departments=desk.departments(db.session()),
        moves=clock_page.moves(db.session(), view.case, now=g.now), pause_grounds=clocks.grounds(),
        unsaved=unsaved, unsaved_reply=_reply(typed), unsaved_kind=typed.get("response_kind", ""),
        assignment=load_queries.assignment(db.session(), view.case, now=g.now),
        ownership=rulings.of_case(view, page.may, g.actor),
        beside=beside.beside(db.session(), g.actor, view.case, now=g.now),
        history=history.history(db.session(), view.case.id, case_forms.history_from(request.args)),
        ladder=proof.case_ladder(db.session(), view.case, now=g.now), **ladder.choices(),
    )  # fmt: skip


@blueprint.post("/<number>/act")
def act(number: str) -> ResponseReturnValue:
    """Take one act on a case."""
    action = _action()
    command = casework.CaseCommand(
        case_id=_case_id(number),
        version=_version(),
        action=action,
        note=request.form.get("note", ""),
        department_id=request.form.get("department_id", type=int),
        co_department_ids=tuple(request.form.getlist("co_department_ids", type=int)),
        grade=request.form.get("grade", ""),
        incident_level=request.form.get("incident_level", ""),
        occurred_at=moment("occurred_at"),
        must_answer_class=request.form.get("must_answer_class", type=int),
        target_number=request.form.get("target_number", ""),
        review_on=_day("review_on"),
        duty=request.form.get("duty", ""),
        reason_code=request.form.get("reason_code", ""),
        handler_id=request.form.get("handler_id", type=int),
    )
    casework.perform(command, actor=g.actor, now=g.now)
    return _done(number, action)


@blueprint.post("/<number>/assess")
def assess(number: str) -> ResponseReturnValue:
    """File the risk assessment."""
    form = request.form
    rows = zip(
        form.getlist("risk_description"), _whole("likelihood"), _whole("impact"), form.getlist("trigger"), strict=False
    )
    points = tuple(assessment.RiskPointText(*row) for row in rows if row[0].strip())
    text = assessment.AssessmentText(
        form.get("facts", ""), form.get("handling", ""), form.get("recommended_grade", ""), points,
        form.get("spread", ""), form.get("trend", ""), form.get("line", ""),
    )  # fmt: skip
    assessment.file_assessment(_case_id(number), _version(), text, actor=g.actor, now=g.now)
    return _done(number, CaseAction.ASSESS)


@blueprint.post("/<number>/concerns")
def concerns(number: str) -> ResponseReturnValue:
    """Keep the list of what the public asks."""
    form = request.form
    rows = []
    for index, question in enumerate(form.getlist("question")):
        concern_id = form.getlist("concern_id")[index]
        promised = form.getlist("promised_on")[index]
        rows.append(
            assessment.ConcernText(
                question,
                int(concern_id) if concern_id.isdigit() else None,
                form.getlist("outcome")[index],
                form.getlist("passage")[index],
                _as_day(promised, "promised_on"),
            )
        )
    assessment.save_concerns(_case_id(number), _version(), tuple(rows), actor=g.actor, now=g.now)
    return _done(number, CaseAction.CONCERN)


@blueprint.post("/<number>/draft")
def draft(number: str) -> ResponseReturnValue:
    """Keep the draft as a new version."""
    reply = _reply(request.form)
    kind = request.form.get("response_kind", "")
    drafting.save_draft(_case_id(number), _version(), reply, response_kind=kind, actor=g.actor, now=g.now)
    return _done(number, CaseAction.DRAFT)


@blueprint.post("/<number>/submit")
def submit(number: str) -> ResponseReturnValue:
    """Hand the draft on; what is missing is listed."""
    drafting.submit(_case_id(number), _version(), actor=g.actor, now=g.now)
    return _done(number, CaseAction.SUBMIT)


@blueprint.post("/<number>/decide")
def decide(number: str) -> ResponseReturnValue:
    """Countersign, object, sign, reject or send back."""
    action = _action()
    decision = drafting.Decision(_case_id(number), _version(), action, request.form.get("note", ""))
    drafting.decide(decision, actor=g.actor, now=g.now)
    return _done(number, action)


@blueprint.post("/<number>/publish")
def publish(number: str) -> ResponseReturnValue:
    """Publish the signed answer."""
    is_cleared, is_final = (request.form.get(name) == "1" for name in ("is_cleared", "is_final"))
    publication.publish(
        _case_id(number), _version(), is_cleared=is_cleared, is_final=is_final, actor=g.actor, now=g.now
    )
    return _done(number, CaseAction.PUBLISH)


@blueprint.post("/<number>/promise")
def promise(number: str) -> ResponseReturnValue:
    """Write down a promise, or that one was kept."""
    promise_id = request.form.get("promise_id", type=int)
    case_id, note = _case_id(number), request.form.get("note", "")
    if promise_id:
        publication.keep_promise(promise_id, _version(), note, actor=g.actor, now=g.now)
    else:
        publication.add_promise(case_id, _version(), note, _day("due_on"), actor=g.actor, now=g.now)
    return _done(number, CaseAction.PROMISE)


def _reply(form: Mapping[str, str]) -> ReplyText:
    return ReplyText(**{field.name: form.get(field.name, "") for field in fields(ReplyText)})


def _done(number: str, action: CaseAction) -> ResponseReturnValue:
    flash(gettext("已完成：%(act)s。", act=gettext(action.label)), "success")
    # A case that has left the person's hands is shown in the list only.
    if case_page.case_view(db.session(), g.actor, number, now=g.now) is None:
        return redirect(url_for("cases.listed"))
    return redirect(url_for("cases.shown", number=number))


def _case_id(number: str) -> int:
    view = case_page.case_view(db.session(), g.actor, number, now=g.now)
    db.session.rollback()
    if view is None:
        abort(404)
    return view.case.id


def _action() -> CaseAction:
    try:
        return CaseAction(request.form.get("action", ""))
    except ValueError:
        abort(400)


def _version() -> int:
    return request.form.get("version", 0, type=int)


def _whole(name: str) -> list[int]:
    return [int(text) if text.isdigit() else 0 for text in request.form.getlist(name)]


def _day(name: str) -> date | None:
    return _as_day(request.form.get(name, ""), name)


def _as_day(text: str, name: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput("日期格式应为 2026-11-24。", name) from error
