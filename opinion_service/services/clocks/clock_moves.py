"""Pauses and extensions of handling clocks: who may, how long, and what becomes of the due times."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.clocks.adjustments import PauseGround, check_extension
from opinion_service.domain.clocks.allowance import length_text
from opinion_service.domain.clocks.deadlines import ZONE, due_at
from opinion_service.domain.clocks.sla import EXTENDABLE, PAUSABLE, ClockKind
from opinion_service.domain.clocks.walk import clock_text
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import Actor
from opinion_service.models import Case, Clock, ClockExtension, ClockPause
from opinion_service.services.casework import case_book
from opinion_service.services.casework.case_book import Step
from opinion_service.services.clocks import clock_book, clock_plan
from opinion_service.services.clocks.clock_plan import Shift
from opinion_service.services.reminders import post_case
from opinion_service.services.routing import rulebook
from opinion_service.services.transaction import transaction


@dataclass(frozen=True, slots=True)
class PauseForm:
    """Why the handling clocks stand still; `resume_on`: the first day that counts again, at most the cap."""

    ground: str
    reason: str
    resume_on: date | None = None


@dataclass(frozen=True, slots=True)
class ExtensionForm:
    """More time asked for: which clock, how many working days, why."""

    kind: str
    days: int
    reason: str


def pause(case_id: int, version: int, form: PauseForm, *, actor: Actor, now: datetime) -> None:
    """Let the handling clocks of a case stand still; legal ones run on.

    The pause ends by itself at its cap, so the due times are known at once. Raises InvalidInput when the
    cap, the number of pauses or the ground does not hold, or when no clock is left that could pause.
    """
    step = Step(CaseAction.PAUSE, form.reason)
    with transaction() as session:
        case = case_book.load_unchanged(session, case_id, version, actor=actor)
        case_book.authorise(session, case, step, actor=actor)
        if form.ground not in set(PauseGround):
            raise InvalidInput("请选择暂停事由。", "ground")
        _check_free(session, case, now)
        until = _until(session, form.resume_on, now)
        session.add(
            ClockPause(
                case_id=case.id, round=case.round, begins_at=now, until=until, ground=form.ground,
                reason=form.reason.strip()[:500], paused_by_id=actor.user_id,
            )
        )  # fmt: skip
        words = f"办理时限暂停至 {clock_text(until.astimezone(ZONE))}：{PauseGround(form.ground).label}"
        _move(session, case, step, words, actor=actor, now=now)


def resume(case_id: int, version: int, *, note: str = "", actor: Actor, now: datetime) -> None:
    """End the pause of a case before its cap; the due times are computed anew with its true end."""
    step = Step(CaseAction.RESUME, note)
    with transaction() as session:
        case = case_book.load_unchanged(session, case_id, version, actor=actor)
        case_book.authorise(session, case, step, actor=actor)
        going = _open_pause(session, case)
        if going is None or going.until <= now:
            raise InvalidInput("办理时限没有处于暂停中。")
        going.ended_at, going.ended_by_id = now, actor.user_id
        _move(session, case, step, "恢复计时", actor=actor, now=now)


def ask(case_id: int, version: int, form: ExtensionForm, *, actor: Actor, now: datetime) -> int:
    """Ask for more time for one handling clock before it ends; return the id of the request."""
    step = Step(CaseAction.EXTEND, form.reason)
    with transaction() as session:
        case = case_book.load_unchanged(session, case_id, version, actor=actor)
        case_book.authorise(session, case, step, actor=actor)
        clock = _extendable(session, case, form.kind)
        if clock.due_at <= now:
            raise InvalidInput("延期须在到期前申请；该时限已超期。", "kind")
        check_extension(form.days, _granted(session, case, form.kind), rulebook.sla_profile(session).adjust)
        if session.scalar(_asked(case).where(ClockExtension.kind == form.kind)) is not None:
            raise InvalidInput("该时限已有待批复的延期申请。", "kind")
        request = ClockExtension(
            case_id=case.id, kind=form.kind, round=case.round, days=form.days, reason=form.reason.strip()[:500],
            asked_by_id=actor.user_id, asked_at=now,
        )  # fmt: skip
        session.add(request)
        session.flush()
        words = f"申请“{ClockKind(form.kind).label}”延期 {form.days} 个工作日"
        step = Step(step.action, step.note, summary=words, detail={"extension_id": request.id})
        case_book.take(session, case, step, actor=actor, now=now)
        post_case.announce(session, case, step.action, actor=actor, now=now)
        return request.id


def decide(extension_id: int, version: int, *, is_granted: bool, note: str, actor: Actor, now: datetime) -> None:
    """Grant or refuse a request for more time; nobody decides an own request, and a refusal needs its reason."""
    with transaction() as session:
        request = session.get(ClockExtension, extension_id)
        if request is None:
            raise NotFound("延期申请不存在。")
        case = case_book.load_unchanged(session, request.case_id, version, actor=actor)
        step = Step(CaseAction.DECIDE_EXTENSION, note)
        case_book.authorise(session, case, step, actor=actor)
        _check_decision(request, is_granted=is_granted, note=note, actor=actor)
        if is_granted:
            _extendable(session, case, request.kind)
            limits = rulebook.sla_profile(session).adjust
            check_extension(request.days, _granted(session, case, request.kind), limits)
        request.state = "granted" if is_granted else "refused"
        request.decided_by_id, request.decided_at = actor.user_id, now
        request.decision_note = note.strip()[:500]
        word = "同意" if is_granted else "不同意"
        words = f"{word}“{ClockKind(request.kind).label}”延期 {request.days} 个工作日"
        _move(session, case, step, words, actor=actor, now=now)


def settle_asked(session: Session, case: Case, *, actor: Actor, now: datetime) -> None:
    """Refuse, inside the caller's transaction, what is still asked for when the case leaves the desk's hands."""
    for request in session.scalars(_asked(case)):
        if request.asked_by_id != actor.user_id:
            request.state, request.decision_note = "refused", "案件已不再办理"
            request.decided_by_id, request.decided_at = actor.user_id, now


def _move(session: Session, case: Case, step: Step, words: str, *, actor: Actor, now: datetime) -> None:
    """Compute the clocks anew, tell the journal what moved and the unit that something did."""
    session.flush()
    shifts = [one for one in clock_plan.plan(session, case, now=now) if one.is_rewritten]
    clock_plan.apply(session, case, shifts)
    told = "；".join(f"{one.kind.label}{_minutes(one)}" for one in shifts if one.is_moved)
    summary = f"{words}。{told}" if told else words
    case_book.take(session, case, Step(step.action, step.note, summary=summary), actor=actor, now=now)
    post_case.announce(session, case, step.action, actor=actor, now=now)


def _minutes(shift: Shift) -> str:
    if shift.new_due is None or shift.minutes is None:
        return "停止"
    word = "延后" if shift.minutes > 0 else "提前"
    return f"{word} {length_text(shift.minutes)}，至 {clock_text(shift.new_due.astimezone(ZONE))}"


def _check_free(session: Session, case: Case, now: datetime) -> None:
    """Raise InvalidInput when the case is paused already, too often, or has nothing that could pause."""
    going = _open_pause(session, case)
    if going is not None and going.until > now:
        raise InvalidInput("办理时限已处于暂停中。")
    if going is not None:
        going.ended_at = going.until
        session.flush()
    limits = rulebook.sla_profile(session).adjust
    statement = select(func.count(ClockPause.id)).where(ClockPause.case_id == case.id, ClockPause.round == case.round)
    if (session.scalar(statement) or 0) >= limits.pauses:
        raise InvalidInput(f"同一案件每轮最多暂停 {limits.pauses} 次。")
    if not any(_can_pause(clock, now) for clock in clock_book.running(session, case)):
        raise InvalidInput("没有可以暂停的办理时限：法定回应时限不暂停，已超期的不能暂停。")


def _can_pause(clock: Clock, now: datetime) -> bool:
    return not clock.is_legal and ClockKind(clock.kind) in PAUSABLE and clock.due_at > now


def _until(session: Session, resume_on: date | None, now: datetime) -> datetime:
    """Return when the pause ends by itself: the day asked for, or the cap."""
    limits = rulebook.sla_profile(session).adjust
    cap = due_at(now, limits.pause_cap, rulebook.calendar(session)).due_at
    until = datetime.combine(resume_on, time(0), ZONE) if resume_on else cap
    if not now < until <= cap:
        text = clock_text(cap.astimezone(ZONE))
        raise InvalidInput(f"恢复日期须在今天以后，且暂停不超过 {limits.pause_most} 个工作日（{text}）。", "resume_on")
    return until


def _open_pause(session: Session, case: Case) -> ClockPause | None:
    return session.scalar(select(ClockPause).where(ClockPause.case_id == case.id, ClockPause.ended_at.is_(None)))


def _asked(case: Case) -> Select[ClockExtension]:
    return select(ClockExtension).where(ClockExtension.case_id == case.id, ClockExtension.state == "asked")


def _granted(session: Session, case: Case, kind: str) -> int:
    statement = select(func.count(ClockExtension.id)).where(
        ClockExtension.case_id == case.id, ClockExtension.round == case.round,
        ClockExtension.kind == kind, ClockExtension.state == "granted",
    )  # fmt: skip
    return session.scalar(statement) or 0


def _extendable(session: Session, case: Case, kind: str) -> Clock:
    if kind not in {one.value for one in EXTENDABLE}:
        names = "、".join(one.label for one in EXTENDABLE)
        raise InvalidInput(f"只有办理时限（{names}）可以延期，法定回应时限不得延期。", "kind")
    return _only(clock for clock in clock_book.running(session, case) if clock.kind == kind)


def _only(clocks: Iterable[Clock]) -> Clock:
    found = next(iter(clocks), None)
    if found is None:
        raise InvalidInput("该时限没有在计时。", "kind")
    return found


def _check_decision(request: ClockExtension, *, is_granted: bool, note: str, actor: Actor) -> None:
    if request.state != "asked":
        raise InvalidInput("该延期申请已批复。")
    if request.asked_by_id == actor.user_id:
        raise Forbidden("延期须由申请人以外的另一人批复。")
    if not is_granted and not note.strip():
        raise InvalidInput("不同意延期须填写理由。", "note")
