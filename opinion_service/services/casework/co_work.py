"""What co-handling departments do on a case: their own parts, their countersignatures, their disagreement."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.errors import InvalidInput, NotFound
from opinion_service.domain.people import Actor
from opinion_service.models import Case, CaseDepartment, CoPart, CountersignDispute, Department, Draft
from opinion_service.services.casework import scratch
from opinion_service.services.clocks import clock_book

LONGEST_PART = 5000
REVISE, STAND, SUPERSEDED = "revise", "stand", "superseded"


@dataclass(frozen=True, slots=True)
class Settlement:
    """The office's word on a disagreement: revise the draft, or let it stand; with the reason."""

    case_id: int
    version: int
    dispute_id: int
    decision: str
    note: str


def set_departments(session: Session, case: Case, wanted: Collection[int]) -> None:
    """Make `wanted` the co-departments of the case; the lead is never one of them."""
    others = set(wanted) - {case.lead_department_id}
    for link in list(case.co_departments):
        if link.department_id not in others:
            session.delete(link)
    have = {link.department_id for link in case.co_departments}
    for department_id in sorted(others - have):
        if session.get(Department, department_id) is None:
            raise NotFound("所选协办单位不存在。")
        session.add(CaseDepartment(case_id=case.id, department_id=department_id))
    session.flush()
    session.expire(case, ["co_departments"])


def keep_part(session: Session, case: Case, text: str, *, actor: Actor, now: datetime) -> None:
    """Store the next version of the actor's department's part and meet its clock."""
    if len(text) > LONGEST_PART:
        raise InvalidInput(f"协办意见最多 {LONGEST_PART} 字。", "note")
    of_unit = (CoPart.case_id == case.id, CoPart.department_id == actor.department_id)
    last = session.scalar(select(func.max(CoPart.version)).where(*of_unit)) or 0
    session.add(
        CoPart(
            case_id=case.id, department_id=actor.department_id, version=last + 1,
            text=text.replace("\r\n", "\n").strip(), author_id=actor.user_id, written_at=now,
        )
    )  # fmt: skip
    scratch.forget(session, f"case-{case.id}-part", actor)
    clock_book.meet(session, case, {ClockKind.CO_OPINION}, now=now, party=actor.department_id)


def countersign(session: Session, case: Case, draft: Draft, *, actor: Actor, now: datetime) -> None:
    """Note that the actor's department agrees with this version; an objection it still has open falls away."""
    link = _link(session, case, draft, actor)
    link.countersigned_version, link.countersigned_by_id, link.countersigned_at = draft.version, actor.user_id, now
    dispute = _dispute(session, draft, link.department_id)
    if dispute is not None and not dispute.decision:
        dispute.decision, dispute.ruled_at = SUPERSEDED, now
    session.flush()
    clock_book.meet(session, case, {ClockKind.CO_OPINION}, now=now, party=actor.department_id)


def disagree(session: Session, case: Case, draft: Draft, reason: str, *, actor: Actor, now: datetime) -> None:
    """Put the actor's department's disagreement with this version before the office, once a version."""
    link = _link(session, case, draft, actor)
    if _dispute(session, draft, link.department_id) is not None:
        raise InvalidInput("您所在单位对本版本的分歧已提交或已裁定。")
    session.add(
        CountersignDispute(
            draft_id=draft.id, department_id=link.department_id, reason=reason.strip()[:1000],
            raised_by_id=actor.user_id, raised_at=now,
        )
    )  # fmt: skip
    session.flush()
    clock_book.meet(session, case, {ClockKind.CO_OPINION}, now=now, party=actor.department_id)


def rule(session: Session, case: Case, word: Settlement, *, actor: Actor, now: datetime) -> CountersignDispute:
    """Close an open dispute on the newest draft of the case and return it; a revision closes the others with it."""
    if word.decision not in (REVISE, STAND):
        raise InvalidInput("请选择裁定结果。", "decision")
    dispute = session.get(CountersignDispute, word.dispute_id)
    draft = session.get(Draft, dispute.draft_id) if dispute else None
    if dispute is None or dispute.decision or draft is None or draft.case_id != case.id:
        raise NotFound("该分歧不存在或已裁定。")
    dispute.ruling, dispute.ruled_by_id = word.note.strip()[:1000], actor.user_id
    dispute.decision, dispute.ruled_at = word.decision, now
    if word.decision == REVISE:
        others = (CountersignDispute.draft_id == draft.id, CountersignDispute.decision == "")
        for one in session.scalars(select(CountersignDispute).where(*others, CountersignDispute.id != dispute.id)):
            one.decision, one.ruled_at = SUPERSEDED, now
    return dispute


def waits_for(session: Session, case: Case, draft: Draft) -> set[int]:
    """Return the departments that have neither countersigned this version nor been ruled against on it."""
    overruled = session.scalars(
        select(CountersignDispute.department_id).where(
            CountersignDispute.draft_id == draft.id, CountersignDispute.decision == STAND
        )
    )
    units = {one.department_id for one in case.co_departments if one.countersigned_version != draft.version}
    return units - set(overruled)


def must_change(session: Session, draft: Draft) -> bool:
    """Return whether the office ruled that this version has to be revised, so that it cannot be submitted again."""
    statement = select(CountersignDispute.id).where(
        CountersignDispute.draft_id == draft.id, CountersignDispute.decision == REVISE
    )
    return session.scalar(statement.limit(1)) is not None


def _link(session: Session, case: Case, draft: Draft, actor: Actor) -> CaseDepartment:
    link = session.scalar(
        select(CaseDepartment).where(
            CaseDepartment.case_id == case.id, CaseDepartment.department_id == actor.department_id
        )
    )
    if link is None or link.countersigned_version == draft.version:
        raise InvalidInput("您所在单位已会签本版本。")
    return link


def _dispute(session: Session, draft: Draft, department_id: int) -> CountersignDispute | None:
    return session.scalar(
        select(CountersignDispute).where(
            CountersignDispute.draft_id == draft.id, CountersignDispute.department_id == department_id
        )
    )
