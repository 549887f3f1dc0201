"""Drafts of a reply: saved as versions, submitted, countersigned, signed or sent back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseAction, CaseState
from opinion_service.domain.casework.coverage import ReplyText
from opinion_service.domain.casework.draft_checks import PARTS, Finding
from opinion_service.domain.casework.review import ReviewStep, next_step
from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.errors import DomainError, InvalidInput
from opinion_service.domain.people import Actor
from opinion_service.models import Case, CaseDepartment, Draft, Review
from opinion_service.services.casework import case_book, checks, review_route, scratch
from opinion_service.services.casework.case_book import Step
from opinion_service.services.clocks import clock_book
from opinion_service.services.reminders import post_case
from opinion_service.services.transaction import transaction


class NotReady(DomainError):
    """The reply cannot be submitted yet; `findings` says what is missing, where, why and what to do."""

    def __init__(self, found: tuple[Finding, ...]) -> None:
        """found: at least one finding that blocks."""
        super().__init__("回应稿还不能送审：" + "；".join(one.sentence.rstrip("。") for one in found) + "。")
        self.findings = found


@dataclass(frozen=True, slots=True)
class _Hand:
    """Who decides, and when."""

    actor: Actor
    now: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """An approver's or co-department's word on the latest version of a draft."""

    case_id: int
    version: int
    action: CaseAction
    note: str = ""


def save_draft(case_id: int, version: int, reply: ReplyText, *, response_kind: str, actor: Actor, now: datetime) -> int:
    """Store `reply` as the next version of the case's draft and return its version number."""
    with transaction() as session:
        case = case_book.load_unchanged(session, case_id, version, actor=actor)
        case_book.authorise(session, case, Step(CaseAction.DRAFT), actor=actor)
        last = session.scalar(select(func.max(Draft.version)).where(Draft.case_id == case.id)) or 0
        parts = {name: reply.part(name).strip() for name in (*PARTS, "unit", "contact")}
        draft = Draft(case_id=case.id, version=last + 1, author_id=actor.user_id, written_at=now, **parts)
        session.add(draft)
        scratch.forget(session, f"case-{case.id}-draft", actor)
        case.response_kind = response_kind or case.response_kind
        step = Step(CaseAction.DRAFT, summary=f"保存回应稿第 {draft.version} 版")
        case_book.take(session, case, step, actor=actor, now=now)
        return draft.version


def submit(case_id: int, version: int, *, actor: Actor, now: datetime) -> None:
    """Hand the latest draft on: to the co-departments when there are any, else to the approver.

    Raise NotReady when one of the checks (`domain.casework.draft_checks`) blocks.
    """
    with transaction() as session:
        case = case_book.load_unchanged(session, case_id, version, actor=actor)
        case_book.authorise(session, case, Step(CaseAction.SUBMIT), actor=actor)
        draft = latest_draft(session, case)
        if draft.approved_by_id is not None:
            raise InvalidInput("上一稿已经发布，请先保存新的回应稿。")
        found = tuple(one for one in checks.findings_of(session, case, draft) if one.is_blocking)
        if found:
            raise NotReady(found)
        draft.submitted_at, draft.review_route = now, review_route.of_grade(session, case.grade)
        to = CaseState.COUNTERSIGNING if case.co_departments else CaseState.IN_REVIEW
        step = Step(CaseAction.SUBMIT, to=to, summary=f"第 {draft.version} 版送{to.label.removesuffix('中')}")
        case_book.take(session, case, step, actor=actor, now=now)
        if case.co_departments:
            post_case.ask_countersign(session, case, now=now)
        else:
            _ask_next(session, case, draft, actor, now)


def decide(decision: Decision, *, actor: Actor, now: datetime) -> None:
    """Countersign, object, sign, reject or send back the latest draft.

    The author of a draft cannot sign it: refused here and by the constraint `four_eyes`.
    """
    with transaction() as session:
        case = case_book.load_unchanged(session, decision.case_id, decision.version, actor=actor)
        step = Step(decision.action, decision.note)
        case_book.authorise(session, case, step, actor=actor)
        draft = latest_draft(session, case)
        to, taken = None, _step_of(session, draft, decision.action)
        if decision.action is CaseAction.COUNTERSIGN:
            to = _countersign(session, case, draft, actor, now)
        elif decision.action is CaseAction.SIGN:
            _sign(session, case, draft, actor, now)
        elif decision.action is CaseAction.SEND_BACK:
            _unsign(session, case, draft)
        _keep_review(session, draft, decision, taken, _Hand(actor, now))
        summary = f"{taken.label}通过" if taken and decision.action is CaseAction.CLEAR else ""
        step = Step(decision.action, decision.note, to=to, detail={"draft_version": draft.version}, summary=summary)
        case_book.take(session, case, step, actor=actor, now=now)
        if to is CaseState.IN_REVIEW or decision.action is CaseAction.CLEAR:
            _ask_next(session, case, draft, actor, now)
        else:
            post_case.announce(session, case, decision.action, actor=actor, now=now)


def _step_of(session: Session, draft: Draft, action: CaseAction) -> ReviewStep | None:
    if action not in (CaseAction.CLEAR, CaseAction.SIGN, CaseAction.REJECT):
        return None
    return next_step(draft.review_route, case_book.cleared(session, draft))


def _ask_next(session: Session, case: Case, draft: Draft, actor: Actor, now: datetime) -> None:
    waits_for = next_step(draft.review_route, case_book.cleared(session, draft))
    post_case.ask_review(session, case, waits_for, actor=actor, now=now)


def latest_draft(session: Session, case: Case) -> Draft:
    """Return the newest version of the case's draft; raise InvalidInput when there is none."""
    statement = select(Draft).where(Draft.case_id == case.id).order_by(Draft.version.desc()).limit(1)
    draft = session.scalar(statement)
    if draft is None:
        raise InvalidInput("还没有回应稿，请先拟稿。")
    return draft


def _countersign(session: Session, case: Case, draft: Draft, actor: Actor, now: datetime) -> CaseState | None:
    link = session.scalar(
        select(CaseDepartment).where(
            CaseDepartment.case_id == case.id, CaseDepartment.department_id == actor.department_id
        )
    )
    if link is None or link.countersigned_version == draft.version:
        raise InvalidInput("您所在单位已会签本版本。")
    link.countersigned_version, link.countersigned_by_id, link.countersigned_at = (
        draft.version,
        actor.user_id,
        now,
    )
    session.flush()
    clock_book.meet(session, case, {ClockKind.CO_OPINION}, now=now, party=actor.department_id)
    waiting = [one for one in case.co_departments if one.countersigned_version != draft.version]
    return None if waiting else CaseState.IN_REVIEW


def _sign(session: Session, case: Case, draft: Draft, actor: Actor, now: datetime) -> None:
    draft.approved_by_id, draft.approved_at = actor.user_id, now
    case.signed_at = now
    clock_book.start(session, case, clock_book.FROM_SIGNATURE, at=now)


def _unsign(session: Session, case: Case, draft: Draft) -> None:
    # First: stopping a clock writes, and a signed case still needs what is cleared after.
    clock_book.stop_all(session, case, kinds=clock_book.FROM_SIGNATURE)
    draft.approved_by_id = draft.approved_at = None
    case.signed_at = None


def _keep_review(session: Session, draft: Draft, decision: Decision, step: ReviewStep | None, hand: "_Hand") -> None:
    session.add(
        Review(
            draft_id=draft.id,
            decision=decision.action.value,
            step=step.value if step else "",
            note=decision.note.strip()[:1000],
            actor_id=hand.actor.user_id,
            decided_at=hand.now,
        )
    )
