"""The ledger of concerns on the case page: what people ask, where they ask it, and the passage that answers."""

from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain import typed_values
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.casework.concerns import Passage, propose_passage
from opinion_service.domain.errors import InvalidInput
from opinion_service.models import Concern
from opinion_service.queries.casework.case_page import CaseView, ItemView
from opinion_service.services.casework import checks
from opinion_service.services.casework import concerns as service
from opinion_service.web.casework import form_values

blueprint = Blueprint("concerns", __name__, url_prefix="/cases")
ALL = "all"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One concern with the items it was heard in and the passage of the newest draft proposed for it."""

    concern: Concern
    items: tuple[ItemView, ...]
    heard_in: int
    proposal: Passage | None


def ledger(view: CaseView) -> tuple[LedgerRow, ...]:
    """Return the concerns of a case; a passage is proposed where the newest draft does not have the marked one."""
    reply = checks.text_of(view.draft).whole if view.draft else ""
    by_id = {item.id: item for item in view.items}
    return tuple(
        LedgerRow(
            one,
            tuple(by_id[item_id] for item_id in one.item_ids if item_id in by_id),
            len(one.item_ids),
            propose_passage(one.question, reply) if _wants_passage(one, reply) else None,
        )
        for one in view.concerns
    )


def _wants_passage(concern: Concern, reply: str) -> bool:
    is_lost = concern.outcome == "answered" and concern.passage not in reply
    return bool(reply) and (concern.outcome == "open" or is_lost)


@blueprint.post("/<number>/concerns")
def save(number: str) -> ResponseReturnValue:
    """Keep the list of what the public asks; `adopt` takes the proposed passage of one row, or of all."""
    form, adopted = request.form, request.form.get("adopt", "")
    proposals, rows = form.getlist("proposal"), []
    columns = [form.getlist(name) for name in ("question", "concern_id", "promised_on", "outcome", "passage")]
    if len({len(column) for column in columns}) != 1:
        raise InvalidInput("关切清单不完整，没有保存。请返回案件页面重新提交。", "question")
    for index, (question, concern_id, promised, outcome, passage) in enumerate(zip(*columns, strict=True)):
        proposal = proposals[index] if index < len(proposals) and adopted in (ALL, str(index)) else ""
        rows.append(
            service.ConcernText(
                question,
                typed_values.whole_number(concern_id),
                "answered" if proposal else outcome,
                proposal or passage.replace("\r\n", "\n"),
                form_values.as_day(promised, "promised_on"),
            )
        )
    case_id = form_values.case_id(number)
    service.save_concerns(case_id, form_values.version(), tuple(rows), actor=g.actor, now=g.now)
    return form_values.done(number, CaseAction.CONCERN)


@blueprint.post("/<number>/concerns/suggest")
def suggest(number: str) -> ResponseReturnValue:
    """Look through the event's items for questions that are not on the list yet."""
    case_id = form_values.case_id(number)
    added = service.suggest_again(case_id, form_values.version(), actor=g.actor, now=g.now)
    if added:
        flash(gettext("已从来源中提取 %(n)s 个关切问题，请核对措辞。", n=added), "success")
    else:
        flash(gettext("来源中没有清单以外的新问题。"), "info")
    return redirect(url_for("cases.shown", number=number, _anchor="concerns"))
