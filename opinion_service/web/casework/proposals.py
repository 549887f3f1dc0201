"""What the system proposes about cases: the list, and refusing one; following one is an ordinary act on the case."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.casework.grading import KIND_LABELS, STATE_LABELS, value_label
from opinion_service.models import db
from opinion_service.queries import desk
from opinion_service.queries.casework import proposals as queries
from opinion_service.services.casework import proposals as service
from opinion_service.web.casework import form_values

blueprint = Blueprint("proposals", __name__)


@blueprint.app_template_filter("proposed")
def proposed(row: queries.ProposalRow) -> str:
    """Return what a proposal comes to in the reader's language."""
    shown = value_label(row.kind, row.value)
    kind = str(gettext(row.kind.label))
    return str(gettext("%(kind)s：%(value)s", kind=kind, value=gettext(shown))) if shown else kind


@blueprint.get("/proposals")
def listed() -> ResponseReturnValue:
    """Show the proposals, the latest first; by default those that wait for a decision."""
    args = request.args
    wanted = queries.ProposalFilter(
        state=args.get("state", "open"),
        kind=args.get("kind", ""),
        department_id=args.get("department", type=int),
        text=args.get("q", "").strip()[:100],
        descending=args.get("dir", "desc") != "asc",
        after=args.get("after", ""),
    )
    page = queries.list_proposals(db.session(), g.actor, wanted)
    may_decide = g.actor.role in service.DECIDERS
    return render_template("aftermath/proposals.html", page=page, filters=_filters(wanted), may_decide=may_decide)


@blueprint.post("/cases/<number>/proposals/<int:proposal_id>/refuse")
def refuse(number: str, proposal_id: int) -> ResponseReturnValue:
    """Refuse a proposal, with a reason."""
    form_values.case_id(number)
    service.refuse(proposal_id, request.form.get("note", ""), actor=g.actor, now=g.now)
    flash(gettext("建议未采纳，理由已记入办理记录。"), "success")
    return redirect(url_for("cases.shown", number=number))


def _filters(wanted: queries.ProposalFilter) -> tuple[dict[str, Any], ...]:
    kinds = tuple((one.value, gettext(label)) for one, label in KIND_LABELS.items())
    states = tuple((code, gettext(label)) for code, label in STATE_LABELS.items())
    departments = desk.departments(db.session())
    return (
        {"name": "q", "label": gettext("案号或标题"), "kind": "search", "value": wanted.text},
        {"name": "state", "label": gettext("状态"), "kind": "select", "options": states, "value": wanted.state},
        {"name": "kind", "label": gettext("建议"), "kind": "select", "options": kinds, "value": wanted.kind},
        {"name": "department", "label": gettext("承办单位"), "kind": "select", "options": departments,
         "value": wanted.department_id or ""},
    )  # fmt: skip
