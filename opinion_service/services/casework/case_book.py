"""What every act on a case shares: load it unchanged, check the actor, move it, write it down."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseAction, CaseState, move_for
from opinion_service.domain.casework.review import ReviewStep, next_step
from opinion_service.domain.errors import InvalidInput, NotFound, StaleCase
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.permissions import CaseFacts, check
from opinion_service.models import Case, CaseDepartment, Dispute, Draft, Publication, Review
from opinion_service.services import journal
from opinion_service.services.clocks import clock_book


@dataclass(frozen=True, slots=True)
class Step:
    """One act on a case: `to` overrides the table's state, `detail` goes to the journal."""

    action: CaseAction
    note: str = ""
    to: CaseState | None = None
    detail: dict[str, Any] | None = None
    summary: str = ""


def load_unchanged(session: Session, case_id: int, version: int, *, actor: Actor) -> Case:
    """Return the case, locked, when it is still as the form showed it.

    Raise NotFound when it does not exist or is outside the actor's scope, StaleCase when it changed.
    """
    case = session.scalar(select(Case).where(Case.id == case_id).with_for_update())
    if case is None or not is_visible(session, case, actor):
        raise NotFound("案件不存在，或不在您的办理范围内。")
    if case.version != version:
        raise StaleCase("该案件刚被他人更新。您填写的内容已保留在下方，请核对最新情况后重新提交。")
    return case


def is_visible(session: Session, case: Case, actor: Actor) -> bool:
    """Return whether the actor may know the case: the desk all, a department its own."""
    if actor.sees_every_case:
        return True
    if actor.role is Role.ADMIN:
        return False
    if case.lead_department_id == actor.department_id and case.state != CaseState.NEW:
        return True
    statement = select(CaseDepartment.id).where(
        CaseDepartment.case_id == case.id, CaseDepartment.department_id == actor.department_id
    )
    return session.scalar(statement) is not None


def facts_of(session: Session, case: Case) -> CaseFacts:
    """Return what the permissions on the case depend on."""
    draft = session.scalar(select(Draft).where(Draft.case_id == case.id).order_by(Draft.version.desc()).limit(1))
    taken = cleared(session, draft) if draft else {}
    return CaseFacts(
        lead_department_id=case.lead_department_id,
        co_department_ids=frozenset(link.department_id for link in case.co_departments),
        draft_author_ids=_authors(session, case),
        decline_proposer_id=case.decline_proposer_id,
        dispute_ordinal=disputes_of(session, case),
        review_step=next_step(draft.review_route, taken) if draft else ReviewStep.LEADER,
        reviewer_ids=frozenset(taken.values()),
    )


def _authors(session: Session, case: Case) -> frozenset[int]:
    """Return who wrote a version of the reply since the last publication: a colleague's later save frees nobody."""
    published = select(func.max(Draft.version)).join(Publication, Publication.draft_id == Draft.id)
    last = func.coalesce(published.where(Draft.case_id == case.id).scalar_subquery(), 0)
    return frozenset(session.scalars(select(Draft.author_id).where(Draft.case_id == case.id, Draft.version > last)))


def disputes_of(session: Session, case: Case) -> int:
    """Return how many times the case was sent back in its present round."""
    counted = select(func.count(Dispute.id)).where(Dispute.case_id == case.id, Dispute.round == case.round)
    return session.scalar(counted) or 0


def cleared(session: Session, draft: Draft) -> dict[str, int]:
    """Return the steps the draft has cleared, each with the id of the person who took it.

    A step counts from the latest submission on: what was cleared before a rejection has to be cleared again.
    """
    since = draft.submitted_at
    if since is None:
        return {}
    statement = select(Review.step, Review.actor_id).where(
        Review.draft_id == draft.id, Review.decision == "clear", Review.decided_at >= since
    )
    return {row.step: row.actor_id for row in session.execute(statement)}


def authorise(session: Session, case: Case, step: Step, *, actor: Actor) -> None:
    """Raise Forbidden, IllegalMove or InvalidInput unless the actor may take the step now."""
    check(actor, step.action, facts_of(session, case))
    move = move_for(CaseState(case.state), step.action)
    if move.needs_note and not step.note.strip():
        raise InvalidInput(f"请填写{step.action.label}的理由。", "note")


def take(session: Session, case: Case, step: Step, *, actor: Actor, now: datetime) -> None:
    """Move an authorised case: state, version, clocks met, and one row in its history."""
    before = CaseState(case.state)
    move = move_for(before, step.action)
    after = step.to or move.to or before
    case.state, case.version = after.value, case.version + 1
    session.flush()
    clock_book.meet(session, case, clock_book.MEETS.get(step.action, ()), now=now)
    entry = journal.Entry(
        kind=f"case_{step.action.value}",
        summary=step.summary or step.action.label,
        case_id=case.id,
        from_state=before.value,
        to_state=after.value,
        reason=step.note.strip(),
        detail=step.detail,
    )
    journal.record(session, entry, actor=actor, now=now)
