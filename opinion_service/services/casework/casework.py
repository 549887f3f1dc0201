"""The moves of a case that a person makes with one form: triage, receipt, return, ruling, closing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseAction, CaseState
from opinion_service.domain.clocks.sla import ClockKind, IncidentLevel, OpinionGrade
from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.errors import IllegalMove, InvalidInput
from opinion_service.domain.people import Actor
from opinion_service.domain.routing.disputes import ReturnReason
from opinion_service.models import Case, Department, Promise, RoutingRecord
from opinion_service.services.casework import case_book, co_work, evaluations, proposals
from opinion_service.services.casework.case_book import Step
from opinion_service.services.clocks import clock_book, clock_moves, clock_plan
from opinion_service.services.reminders import post_case
from opinion_service.services.routing import assignment, disputes
from opinion_service.services.transaction import transaction


@dataclass(frozen=True, slots=True)
class CaseCommand:
    """One form: which case as it was shown, what to do, and the fields that act needs."""

    case_id: int
    version: int
    action: CaseAction
    note: str = ""
    department_id: int | None = None
    co_department_ids: tuple[int, ...] = ()
    grade: str = ""
    incident_level: str = ""
    occurred_at: datetime | None = None
    must_answer_class: int | None = None
    target_number: str = ""
    review_on: date | None = None
    duty: str = ""
    reason_code: str = ""
    handler_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Act:
    """An authorised command at work."""

    session: Session
    case: Case
    command: CaseCommand
    actor: Actor
    now: datetime


def perform(command: CaseCommand, *, actor: Actor, now: datetime) -> None:
    """Take one act on a case: permission, move, clocks, history and mail in one transaction.

    Raise Forbidden, IllegalMove, StaleCase, InvalidInput or NotFound; nothing is kept then.
    """
    if command.action not in EFFECTS:
        raise IllegalMove(f"“{command.action.label}”须在专门页面办理。")
    with transaction() as session:
        carry_out(session, command, actor=actor, now=now)


def carry_out(session: Session, command: CaseCommand, *, actor: Actor, now: datetime) -> None:
    """Take one act of EFFECTS on a case inside the caller's transaction; raises what `perform` does."""
    case = case_book.load_unchanged(session, command.case_id, command.version, actor=actor)
    case_book.authorise(session, case, Step(command.action, command.note), actor=actor)
    step = EFFECTS[command.action](_Act(session, case, command, actor, now))
    case_book.take(session, case, step, actor=actor, now=now)
    proposals.settle(session, case, actor=actor, now=now)
    post_case.announce(session, case, command.action, actor=actor, now=now)


def _dispatch(act: _Act) -> Step:
    department = _department(act)
    case = act.case
    _correct_routing(act, department.id)
    case.lead_department_id, case.dispatched_at = department.id, act.now
    co_work.set_departments(act.session, case, act.command.co_department_ids)
    # A new unit gets its own time to accept or return; every other clock runs on from its first start.
    clock_book.stop_all(act.session, case, kinds=clock_book.FOR_EACH_UNIT)
    clock_book.start(act.session, case, clock_book.FROM_DISPATCH, at=act.now)
    clock_book.hand_over(act.session, case)
    clock_book.start_co(act.session, case, at=act.now)
    return Step(
        act.command.action,
        act.command.note,
        summary=f"{act.command.action.label}至{department.name}",
        detail={"department_id": department.id},
    )


def _reroute(act: _Act) -> Step:
    step = _dispatch(act)
    act.case.accepted_at = act.case.handler_id = None
    act.case.return_reason = ""
    return step


def _propose_decline(act: _Act) -> Step:
    if act.command.review_on is None or act.command.review_on <= act.now.astimezone(ZONE).date():
        raise InvalidInput("请填写今天以后的复核日期。", "review_on")
    act.case.declined_reason = act.command.note.strip()[:500]
    act.case.decline_proposer_id = act.actor.user_id
    act.case.review_on, act.case.revisited_at = act.command.review_on, None
    return Step(act.command.action, act.command.note)


def _confirm_decline(act: _Act) -> Step:
    if act.case.decline_proposer_id is None:
        raise InvalidInput("尚无人提出不予立案。")
    act.case.decline_confirmer_id = act.actor.user_id
    clock_book.stop_all(act.session, act.case)
    return Step(act.command.action, act.command.note or act.case.declined_reason)


def _merge(act: _Act) -> Step:
    target = act.session.scalar(select(Case).where(Case.number == act.command.target_number.strip()))
    if target is None or target.id == act.case.id or target.state in (CaseState.MERGED, CaseState.DECLINED):
        raise InvalidInput("请填写一件在办案件的案号。", "target_number")
    act.case.merged_into_id = target.id
    clock_book.stop_all(act.session, act.case)
    clock_moves.settle_asked(act.session, act.case, actor=act.actor, now=act.now)
    return Step(act.command.action, act.command.note, summary=f"并入 {target.number}")


def _regrade(act: _Act) -> Step:
    case, command = act.case, act.command
    try:
        grade = OpinionGrade(command.grade or case.grade)
        level = IncidentLevel(command.incident_level or case.incident_level)
    except ValueError as error:
        raise InvalidInput("等级不在可选范围内。", "grade") from error
    if command.occurred_at is not None and command.occurred_at > act.now:
        raise InvalidInput("事发时间不能晚于现在。", "occurred_at")
    before = _stand(case)
    case.grade, case.incident_level = grade.value, level.value
    case.occurred_at = command.occurred_at or case.occurred_at
    if command.must_answer_class is not None:
        case.must_answer_class = command.must_answer_class
    shifts = clock_plan.plan(act.session, case, now=act.now)
    minutes = clock_plan.minutes_of_legal(shifts)
    clock_plan.apply(act.session, case, shifts)
    told = [shift.as_told() for shift in shifts if shift.is_moved]
    detail = {"before": before, "after": _stand(case), "minutes": minutes, "clocks": told}
    summary = f"等级调整为{grade.label}，法定时限{clock_plan.moved_words(minutes)}"
    return Step(command.action, command.note, summary=summary, detail=detail)


def _accept(act: _Act) -> Step:
    act.case.accepted_at, act.case.handler_id = act.now, act.actor.user_id
    chosen = act.command.handler_id
    if not chosen or chosen == act.actor.user_id:
        return Step(act.command.action, act.command.note)
    handler = assignment.chosen_handler(act.session, chosen, actor=act.actor, now=act.now)
    act.case.handler_id = handler.id
    detail = {"handler_id": handler.id}
    return Step(act.command.action, act.command.note, summary=f"签收，由{handler.name}承办", detail=detail)


def _return(act: _Act) -> Step:
    case, command = act.case, act.command
    filing = disputes.Filing(command.reason_code, command.duty, command.note, command.department_id)
    dispute, proposed = disputes.file(act.session, case, filing, actor=act.actor, now=act.now)
    case.return_reason = command.note.strip()[:500]
    case.returned_by_department_id = act.actor.department_id
    clock_book.start(act.session, case, clock_book.FROM_RETURN, at=act.now)
    summary = f"退办（{ReturnReason(dispute.reason_code).label}），退回不停止计时"
    detail = {"duty": dispute.duty_text, "duty_id": dispute.duty_id, "proposed": proposed, "dispute": dispute.id}
    return Step(command.action, command.note, summary=summary, detail=detail)


def _rule(act: _Act) -> Step:
    step = _dispatch(act)
    disputes.rule(act.session, act.case, act.command.duty, act.command.note, actor=act.actor, now=act.now)
    act.case.return_reason = ""
    return step


def _close(act: _Act) -> Step:
    kept = Promise.kept_at.is_(None)
    open_promises = act.session.scalars(select(Promise.id).where(Promise.case_id == act.case.id, kept)).all()
    if open_promises and act.command.review_on is None:
        raise InvalidInput("仍有未兑现的承诺，办结须填写回访日期。", "review_on")
    act.case.closed_at, act.case.review_on, act.case.revisited_at = act.now, act.command.review_on, None
    step = Step(act.command.action, act.command.note)
    clock_book.meet(act.session, act.case, clock_book.MEETS[CaseAction.CLOSE], now=act.now)
    clock_book.stop_all(act.session, act.case)
    clock_moves.settle_asked(act.session, act.case, actor=act.actor, now=act.now)
    return step


def _reopen(act: _Act) -> Step:
    case = act.case
    if case.lead_department_id is None and act.command.department_id is None:
        raise InvalidInput("请选择承办单位。", "department_id")
    department = _department(act, default=case.lead_department_id)
    # An answered case may still owe its closing; the new round has clocks of its own.
    clock_book.stop_all(act.session, case)
    clock_moves.settle_asked(act.session, case, actor=act.actor, now=act.now)
    case.round, case.detected_at, case.occurred_at = case.round + 1, act.now, None
    case.lead_department_id, case.dispatched_at = department.id, act.now
    clock_book.start(act.session, case, clock_book.FROM_DETECTION - {ClockKind.TRIAGE}, at=act.now)
    clock_book.start(act.session, case, clock_book.FROM_DISPATCH, at=act.now)
    clock_book.start_co(act.session, case, at=act.now)
    # Last: starting a clock writes, and the old state still needs what is cleared here.
    case.accepted_at = case.signed_at = case.published_at = case.closed_at = None
    case.returned_by_department_id = case.review_on = case.revisited_at = None
    return Step(act.command.action, act.command.note, summary=f"重新办理（第 {case.round} 轮）")


def _revisit(act: _Act) -> Step:
    """Write down what a review of a refusal, or a visit after the closing, found; a new day sets the next one."""
    case, again_on = act.case, act.command.review_on
    if case.review_on is None or case.revisited_at is not None:
        raise InvalidInput("没有待办的复核回访。")
    if again_on is not None and again_on <= act.now.astimezone(ZONE).date():
        raise InvalidInput("请填写今天以后的复核日期。", "review_on")
    if again_on is None:
        case.revisited_at = act.now
        return _plain(act)
    case.review_on = again_on
    return Step(act.command.action, act.command.note, summary=f"复核回访，{again_on} 再办")


def _archive(act: _Act) -> Step:
    evaluations.check_evaluated(act.session, act.case)
    return _plain(act)


def _follow(act: _Act) -> Step:
    clock_book.start(act.session, act.case, clock_book.FROM_PUBLICATION, at=act.now)
    return _plain(act)


def _continue(act: _Act) -> Step:
    clock_book.roll_follow_up(act.session, act.case, now=act.now, is_owed=True)
    return _plain(act)


def _co_reply(act: _Act) -> Step:
    co_work.keep_part(act.session, act.case, act.command.note, actor=act.actor, now=act.now)
    return Step(act.command.action, act.command.note[:500])


def _plain(act: _Act) -> Step:
    return Step(act.command.action, act.command.note)


EFFECTS: dict[CaseAction, Callable[[_Act], Step]] = {
    CaseAction.DISPATCH: _dispatch,
    CaseAction.PROPOSE_DECLINE: _propose_decline,
    CaseAction.CONFIRM_DECLINE: _confirm_decline,
    CaseAction.MERGE: _merge,
    CaseAction.REROUTE: _reroute,
    CaseAction.REGRADE: _regrade,
    CaseAction.ACCEPT: _accept,
    CaseAction.RETURN: _return,
    CaseAction.RULE: _rule,
    CaseAction.FOLLOW: _follow,
    CaseAction.FOLLOW_UP: _plain,
    CaseAction.CONTINUE: _continue,
    CaseAction.CO_REPLY: _co_reply,
    CaseAction.CLOSE: _close,
    CaseAction.REOPEN: _reopen,
    CaseAction.REVISIT: _revisit,
    CaseAction.ARCHIVE: _archive,
    CaseAction.PRESS: _plain,
    CaseAction.NOTE: _plain,
}


def _department(act: _Act, default: int | None = None) -> Department:
    chosen = act.command.department_id or default
    department = act.session.get(Department, chosen) if chosen else None
    if department is None or not department.is_active:
        raise InvalidInput("请选择承办单位。", "department_id")
    return department


def _correct_routing(act: _Act, department_id: int) -> None:
    statement = (
        select(RoutingRecord).where(RoutingRecord.case_id == act.case.id).order_by(RoutingRecord.id.desc()).limit(1)
    )
    decision = act.session.scalar(statement)
    if decision is not None and decision.department_id != department_id:
        decision.corrected_department_id = department_id
        decision.corrected_by_id, decision.corrected_at = act.actor.user_id, act.now


def _stand(case: Case) -> dict[str, str | int]:
    return {name: getattr(case, name) for name in ("grade", "incident_level", "must_answer_class")}
