"""The papers of a case: a page to print and a file for the word processor; and the joint meetings in them."""

from typing import Any

from flask import Blueprint, Response, abort, g, render_template, request
from flask.typing import ResponseReturnValue

from opinion_service.adapters import documents
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.casework.papers import CasePaper
from opinion_service.models import db
from opinion_service.queries.casework import papers as queries
from opinion_service.queries.casework.case_page import CaseView, case_view
from opinion_service.services.casework import consultations
from opinion_service.web import form_values as fields
from opinion_service.web.casework import form_values

blueprint = Blueprint("case_papers", __name__, url_prefix="/cases")


@blueprint.get("/<number>/papers/<any(slip, risk, feedback):kind>")
def shown(number: str, kind: str) -> ResponseReturnValue:
    """Show one paper of a case as it is printed."""
    view, content = _paper(number, kind)
    return render_template(
        "drafting/paper.html", view=view, content=content, kind=kind, blocks=documents.blocks_of(content)
    )


@blueprint.get("/<number>/papers/<any(slip, risk, feedback):kind>.docx")
def downloaded(number: str, kind: str) -> ResponseReturnValue:
    """Give one paper of a case as a file for the word processor."""
    view, content = _paper(number, kind)
    answer = Response(documents.paper_docx(content), mimetype=documents.DOCX)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{kind}-{view.case.number}.docx")
    return answer


@blueprint.post("/<number>/consultations")
def consult(number: str) -> ResponseReturnValue:
    """Write down a joint meeting on the case."""
    form = request.form
    meeting = consultations.Meeting(fields.moment("held_at"), form.get("attendees", ""), form.get("conclusion", ""))
    consultations.record(form_values.case_id(number), form_values.version(), meeting, actor=g.actor, now=g.now)
    return form_values.done(number, CaseAction.CONSULT)


def _paper(number: str, kind: str) -> tuple[CaseView, dict[str, Any]]:
    view = case_view(db.session(), g.actor, number, now=g.now)
    content = queries.paper(db.session(), view, CasePaper(kind), now=g.now) if view else None
    if view is None or content is None:
        abort(404)
    return view, content
