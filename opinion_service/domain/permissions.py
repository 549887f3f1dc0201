"""Who may do what to a case: a table of roles, and what the facts add to it."""

from dataclasses import dataclass

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.casework.review import TAKERS, ReviewStep
from opinion_service.domain.errors import Forbidden
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.routing.disputes import refusal_to_rule

_DESK = frozenset({Role.LIAISON})
_DESK_OR_SUPERVISOR = frozenset({Role.LIAISON, Role.SUPERVISOR})
_UNIT = frozenset({Role.HANDLER, Role.APPROVER})
_HANDLER = frozenset({Role.HANDLER})
_APPROVER = frozenset({Role.APPROVER})

ALLOWED: dict[CaseAction, frozenset[Role]] = {
    CaseAction.DISPATCH: _DESK,
    CaseAction.PROPOSE_DECLINE: _DESK,
    CaseAction.CONFIRM_DECLINE: _DESK_OR_SUPERVISOR,
    CaseAction.MERGE: _DESK,
    CaseAction.REROUTE: _DESK,
    CaseAction.REGRADE: _DESK_OR_SUPERVISOR,
    CaseAction.ACCEPT: _UNIT,
    CaseAction.RETURN: _UNIT,
    CaseAction.RULE: _DESK_OR_SUPERVISOR,
    CaseAction.ASSESS: _HANDLER,
    CaseAction.DRAFT: _HANDLER,
    CaseAction.SUBMIT: _HANDLER,
    CaseAction.COUNTERSIGN: _APPROVER,
    CaseAction.OBJECT: _APPROVER,
    CaseAction.SETTLE: _DESK_OR_SUPERVISOR,
    CaseAction.CLEAR: _UNIT | _DESK,
    CaseAction.SIGN: _APPROVER,
    CaseAction.REJECT: _UNIT | _DESK,
    CaseAction.SEND_BACK: _DESK,
    CaseAction.PUBLISH: _DESK,
    CaseAction.FOLLOW: _DESK,
    CaseAction.FOLLOW_UP: _DESK | _HANDLER,
    CaseAction.CLOSE: _DESK,
    CaseAction.REOPEN: _DESK_OR_SUPERVISOR,
    CaseAction.REVISIT: _DESK_OR_SUPERVISOR,
    CaseAction.ARCHIVE: _DESK,
    CaseAction.PRESS: _DESK,
    CaseAction.NOTE: _DESK_OR_SUPERVISOR | _UNIT,
    CaseAction.CONSULT: _DESK_OR_SUPERVISOR | _HANDLER,
    CaseAction.CONCERN: _DESK | _HANDLER,
    CaseAction.PROMISE: _DESK | _HANDLER,
    CaseAction.CO_REPLY: _UNIT,
    CaseAction.CONTINUE: _DESK,
    CaseAction.PAUSE: _DESK_OR_SUPERVISOR,
    CaseAction.RESUME: _DESK_OR_SUPERVISOR,
    CaseAction.EXTEND: _UNIT,
    CaseAction.DECIDE_EXTENSION: _DESK_OR_SUPERVISOR,
}
REVIEWS = frozenset({CaseAction.CLEAR, CaseAction.SIGN, CaseAction.REJECT})
BY_CO_DEPARTMENT = frozenset({CaseAction.COUNTERSIGN, CaseAction.OBJECT, CaseAction.CO_REPLY, CaseAction.NOTE})
ONLY_CO_DEPARTMENT = BY_CO_DEPARTMENT - {CaseAction.NOTE}


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What a permission may depend on; `draft_author_ids`: of every version of the reply since the last publication."""

    lead_department_id: int | None
    co_department_ids: frozenset[int] = frozenset()
    draft_author_ids: frozenset[int] = frozenset()
    decline_proposer_id: int | None = None
    review_step: ReviewStep = ReviewStep.LEADER
    reviewer_ids: frozenset[int] = frozenset()
    dispute_ordinal: int = 0


def refusal(actor: Actor, action: CaseAction, facts: CaseFacts) -> str | None:
    """Return why the actor may not act, as a sentence, or None when the actor may."""
    if actor.role not in ALLOWED[action]:
        return f"{actor.role.label}无权进行“{action.label}”操作。"
    if actor.role in _UNIT:
        reason = _refusal_of_unit(actor, action, facts)
        if reason:
            return reason
    if action in REVIEWS:
        return _refusal_of_reviewer(actor, action, facts)
    if action is CaseAction.CONFIRM_DECLINE and actor.user_id == facts.decline_proposer_id:
        return "不予立案须由提出人以外的另一人确认。"
    return refusal_to_rule(actor.role, facts.dispute_ordinal) if action is CaseAction.RULE else None


def _refusal_of_unit(actor: Actor, action: CaseAction, facts: CaseFacts) -> str | None:
    is_lead = actor.department_id is not None and actor.department_id == facts.lead_department_id
    is_co = actor.department_id in facts.co_department_ids
    if action in ONLY_CO_DEPARTMENT and not is_co:
        return f"{action.label}由协办单位办理。"
    if action not in ONLY_CO_DEPARTMENT and not is_lead and not (is_co and action in BY_CO_DEPARTMENT):
        return "该案件不由您所在单位承办。"
    return None


def _refusal_of_reviewer(actor: Actor, action: CaseAction, facts: CaseFacts) -> str | None:
    """Say why this person may not take the step the reply waits for: one person, one step, never the author."""
    step = facts.review_step
    if (action is CaseAction.SIGN) != (step is ReviewStep.LEADER) and action is not CaseAction.REJECT:
        return f"回应稿正在等待{step.label}。"
    if actor.role not in TAKERS[step]:
        return f"{actor.role.label}无权办理“{step.label}”。"
    if actor.user_id in facts.draft_author_ids:
        return "起草人不能审签自己的回应稿，修改过其中任何一版的人也是起草人。"
    if actor.user_id in facts.reviewer_ids:
        return "您已办理过前一审核步骤，本步骤须由另一人办理。"
    return None


def check(actor: Actor, action: CaseAction, facts: CaseFacts) -> None:
    """Raise Forbidden, with the reason, when the actor may not take the action."""
    reason = refusal(actor, action, facts)
    if reason:
        raise Forbidden(reason)
