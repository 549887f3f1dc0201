"""The work of co-departments on the case page: their own parts, and the office's ruling on a disagreement."""

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.services.casework import casework, drafting
from opinion_service.services.casework.co_work import Settlement
from opinion_service.web.casework import form_values

blueprint = Blueprint("co_work", __name__, url_prefix="/cases")


@blueprint.post("/<number>/part")
def reply(number: str) -> ResponseReturnValue:
    """Keep the next version of a co-department's part."""
    command = casework.CaseCommand(
        form_values.case_id(number), form_values.version(), CaseAction.CO_REPLY, note=request.form.get("note", "")
    )
    casework.perform(command, actor=g.actor, now=g.now)
    return form_values.done(number, CaseAction.CO_REPLY)


@blueprint.post("/<number>/disputes/<int:dispute_id>")
def settle(number: str, dispute_id: int) -> ResponseReturnValue:
    """Rule on a disagreement over a draft."""
    word = Settlement(
        form_values.case_id(number),
        form_values.version(),
        dispute_id,
        request.form.get("decision", ""),
        request.form.get("note", ""),
    )
    drafting.settle(word, actor=g.actor, now=g.now)
    return form_values.done(number, CaseAction.SETTLE)
