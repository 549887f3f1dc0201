"""Who is told by mail when a case moves, and in which words."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.casework.review import TAKERS, ReviewStep
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.reminders import notices
from opinion_service.domain.routing.disputes import SUPERVISOR_FROM
from opinion_service.models import Case, Promise, User
from opinion_service.services.casework import case_book
from opinion_service.services.reminders import post

UNIT = (Role.HANDLER.value, Role.APPROVER.value)
DESK = (Role.LIAISON.value,)

TOLD: dict[CaseAction, tuple[str, ...]] = {
    CaseAction.DISPATCH: UNIT,
    CaseAction.REROUTE: UNIT,
    CaseAction.RULE: UNIT,
    CaseAction.REOPEN: UNIT,
    CaseAction.RETURN: DESK,
    CaseAction.REJECT: (Role.HANDLER.value,),
    CaseAction.SEND_BACK: (Role.HANDLER.value,),
    CaseAction.SIGN: DESK,
    CaseAction.OBJECT: (Role.LIAISON.value, Role.SUPERVISOR.value),
    CaseAction.EXTEND: DESK,
    CaseAction.DECIDE_EXTENSION: UNIT,
    CaseAction.PAUSE: UNIT,
    CaseAction.RESUME: UNIT,
    CaseAction.PROPOSE_DECLINE: (Role.LIAISON.value, Role.SUPERVISOR.value),
}


def announce(session: Session, case: Case, action: CaseAction, *, actor: Actor, now: datetime) -> int:
    """Write the mail that the act calls for; return how many. The actor is not told of their own act."""
    roles = TOLD.get(action)
    if not roles:
        return 0
    if action is CaseAction.RETURN and case_book.disputes_of(session, case) >= SUPERVISOR_FROM:
        roles = (Role.SUPERVISOR.value,)
    people = [one for one in post.recipients(session, case, roles) if one.id != actor.user_id]
    return post.tell(session, case, people, _letter(case, action), now=now)


def ask_review(session: Session, case: Case, step: ReviewStep, *, actor: Actor, now: datetime) -> int:
    """Tell those who may take the step a reply waits for; return how many mails were written."""
    roles = tuple(role.value for role in TAKERS[step])
    people = [one for one in post.recipients(session, case, roles) if one.id != actor.user_id]
    return post.tell(session, case, people, _letter(case, CaseAction.SUBMIT), now=now)


def remind_of_promise(session: Session, case: Case, promise: Promise, *, today: date, now: datetime) -> int:
    """Tell the department that a promise falls due, and the desk too once its day is over; return how many mails."""
    is_over = promise.due_on < today
    notice = notices.promise_notice(case.number, case.title, promise.due_on, post.link_to(case), is_over=is_over)
    people = post.recipients(session, case, (*UNIT, *DESK, Role.SUPERVISOR.value) if is_over else UNIT)
    fact = f"p{promise.id}-{promise.due_on:%Y%m%d}-{promise.reminded}"
    return post.tell(session, case, people, post.Letter("promise", fact, notice.subject, notice.body), now=now)


def ask_countersign(session: Session, case: Case, units: Collection[int], *, now: datetime) -> int:
    """Ask the approvers of these co-departments to countersign; return how many mails were written."""
    people = session.scalars(
        select(User).where(
            User.is_active,
            User.email != "",
            User.role == Role.APPROVER.value,
            User.department_id.in_(units),
        )
    )
    return post.tell(session, case, people, _letter(case, CaseAction.COUNTERSIGN), now=now)


def announce_settlement(session: Session, case: Case, department_id: int, *, actor: Actor, now: datetime) -> int:
    """Tell the lead and the department that disagreed how the office ruled; return how many mails were written."""
    people = [
        one
        for unit in (case.lead_department_id, department_id)
        for one in post.recipients(session, case, UNIT, department_id=unit)
        if one.id != actor.user_id
    ]
    return post.tell(session, case, people, _letter(case, CaseAction.SETTLE), now=now)


def _letter(case: Case, action: CaseAction) -> post.Letter:
    notice = notices.act_notice(
        action=action.value,
        case_no=case.number,
        title=case.title,
        department=case.lead_department.name if case.lead_department else "",
        due_at=case.next_due_at,
        link=post.link_to(case),
    )
    return post.Letter(action.value, f"v{case.version}", notice.subject, notice.body)
