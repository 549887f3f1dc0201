"""The liaison's acts on rows of the inbox, one or many in one transaction; of many, each with what came of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import FINISHED, CaseAction, CaseState
from opinion_service.domain.casework.inbox_acts import LONGEST_SNOOZE, MOST_AT_ONCE, InboxAct, RowFacts, refusal
from opinion_service.domain.errors import DomainError, IllegalMove, InvalidInput, NotFound, StaleCase
from opinion_service.domain.people import Actor
from opinion_service.models import Case, Event
from opinion_service.services import journal
from opinion_service.services.casework import casework, triage
from opinion_service.services.casework.casework import CaseCommand
from opinion_service.services.reading import analysis, regroup
from opinion_service.services.transaction import transaction


@dataclass(frozen=True, slots=True)
class Order:
    """One act on one row as it was shown: `version` is that of the row's case, 0 while there is none."""

    event_id: int
    version: int
    act: InboxAct
    note: str = ""
    department_id: int | None = None
    target_number: str = ""
    review_on: date | None = None
    until: datetime | None = None
    co_department_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one row: `problem` says why nothing was done, empty when it was; `case_number` is where it went."""

    event_id: int
    title: str
    case_number: str
    problem: str


@dataclass(frozen=True, slots=True)
class _Work:
    """An order at work on a locked event."""

    session: Session
    order: Order
    event: Event
    case: Case | None
    actor: Actor
    now: datetime


def settle(order: Order, *, actor: Actor, now: datetime) -> Outcome:
    """Carry out one act on one row; nothing is kept when it raises.

    Raise Forbidden for anybody but a liaison, NotFound, IllegalMove when the act is not open for the row,
    StaleCase when its case has changed since, InvalidInput for a missing field.
    """
    triage.check_liaison(actor)
    with transaction() as session:
        return _carry_out(session, order, actor, now)


def settle_many(orders: Sequence[Order], *, actor: Actor, now: datetime) -> tuple[Outcome, ...]:
    """Carry out the acts in one transaction and return what came of each; a row that is refused is left as it was."""
    triage.check_liaison(actor)
    if not 0 < len(orders) <= MOST_AT_ONCE:
        raise InvalidInput("请勾选 1–50 条。", "row")
    with transaction() as session:
        # Locked in the order of their ids, so that two people never wait for each other.
        return tuple(_tried(session, order, actor, now) for order in sorted(orders, key=lambda one: one.event_id))


def _tried(session: Session, order: Order, actor: Actor, now: datetime) -> Outcome:
    title = session.scalar(select(Event.title).where(Event.id == order.event_id)) or ""
    try:
        with session.begin_nested():
            return _carry_out(session, order, actor, now)
    except DomainError as refused:
        return Outcome(order.event_id, title, "", str(refused))


def _carry_out(session: Session, order: Order, actor: Actor, now: datetime) -> Outcome:
    event = session.get(Event, order.event_id, with_for_update=True)
    if event is None:
        raise NotFound("该事件不存在。")
    case = session.scalar(select(Case).where(Case.event_id == event.id))
    state, declining = (case.state, case.decline_proposer_id is not None) if case else ("", False)
    problem = refusal(order.act, RowFacts(event.state, state, declining))
    if problem:
        raise IllegalMove(problem)
    if (case.version if case else 0) != order.version:
        raise StaleCase("该案件刚被他人更新。您填写的内容已保留在下方，请核对最新情况后重新提交。")
    number = _EFFECTS[order.act](_Work(session, order, event, case, actor, now))
    return Outcome(event.id, event.title, number, "")


def _case_of(work: _Work) -> Case:
    """Return the row's case; one is opened when there is none."""
    if work.case is not None:
        return work.case
    analysis.bring_up_to_date(work.session, work.event, now=work.now)
    return triage.open_within(work.session, work.event, None, actor=work.actor, now=work.now)


def _open(work: _Work) -> str:
    return _case_of(work).number


def _dispatch(work: _Work) -> str:
    return _command(work, _case_of(work), CaseAction.DISPATCH)


def _decline(work: _Work) -> str:
    return _command(work, _case_of(work), CaseAction.PROPOSE_DECLINE)


def _merge(work: _Work) -> str:
    number = work.order.target_number.strip()
    if work.case is not None:
        _command(work, work.case, CaseAction.MERGE)
        return number
    target = work.session.scalar(select(Case).where(Case.number == number))
    if target is None or target.event_id is None or CaseState(target.state) in FINISHED:
        raise InvalidInput("请填写一件在办案件的案号。", "target_number")
    pair = (work.event.id, target.event_id)
    regroup.merge_within(work.session, pair, work.order.note, actor=work.actor, now=work.now)
    return target.number


def _snooze(work: _Work) -> str:
    event, until, reason = work.event, work.order.until, work.order.note.strip()[:300]
    if until is None or not work.now < until <= work.now + LONGEST_SNOOZE:
        raise InvalidInput("稍后提醒须在 72 小时以内。", "until")
    if not reason:
        raise InvalidInput("请填写理由。", "note")
    event.snoozed_until, event.snooze_reason = until, reason
    case_id, detail = work.case.id if work.case else None, {"event_id": event.id, "until": until.isoformat()}
    entry = journal.Entry(
        "event_snoozed", f"稍后处理：{event.title[:60]}", case_id=case_id, reason=reason, detail=detail
    )
    journal.record(work.session, entry, actor=work.actor, now=work.now)
    return work.case.number if work.case else ""


def _dismiss(work: _Work) -> str:
    triage.dismiss_within(work.session, work.event, work.order.note, actor=work.actor, now=work.now)
    return ""


def _command(work: _Work, case: Case, action: CaseAction) -> str:
    order = work.order
    command = CaseCommand(
        case.id, case.version, action, note=order.note, department_id=order.department_id,
        target_number=order.target_number, review_on=order.review_on, co_department_ids=order.co_department_ids,
    )  # fmt: skip
    casework.carry_out(work.session, command, actor=work.actor, now=work.now)
    work.event.snoozed_until = None
    return case.number


_EFFECTS: Mapping[InboxAct, Callable[[_Work], str]] = {
    InboxAct.DISPATCH: _dispatch,
    InboxAct.OPEN: _open,
    InboxAct.MERGE: _merge,
    InboxAct.DECLINE: _decline,
    InboxAct.SNOOZE: _snooze,
    InboxAct.DISMISS: _dismiss,
}
