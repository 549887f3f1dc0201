"""Plans duty and leave: shifts and absences are added, taken back or ended early, each with a journal row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.routing.roster import (
    LONGEST_LEAVE,
    LONGEST_SHIFT,
    check_span,
    refusal_of_shift,
    refusal_to_plan,
)
from opinion_service.models import Absence, DutyShift, User
from opinion_service.services import journal
from opinion_service.services.transaction import transaction

Planned = TypeVar("Planned", DutyShift, Absence)


@dataclass(frozen=True, slots=True)
class ShiftPlan:
    """A turn of duty as it was filled in; `department_id` None is the office."""

    user_id: int | None
    department_id: int | None
    starts_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class LeavePlan:
    """A leave as it was filled in."""

    user_id: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    stand_in_id: int | None = None
    reason: str = ""


def add_shift(plan: ShiftPlan, *, actor: Actor, now: datetime) -> int:
    """Put a person on the roster and return the row's id; raise Forbidden or InvalidInput."""
    check_span(plan.starts_at, plan.ends_at, LONGEST_SHIFT, now=now)
    with transaction() as session:
        user = _person(session, plan.user_id)
        refusal = refusal_of_shift(Role(user.role), user.department_id, plan.department_id)
        if refusal:
            raise InvalidInput(refusal, "department_id")
        _may_plan(actor, user, plan.department_id, is_leave=False)
        where = DutyShift.department_id == plan.department_id
        if plan.department_id is None:
            where = DutyShift.department_id.is_(None)
        _refuse_overlap(session, select(DutyShift.id).where(DutyShift.user_id == user.id, where), DutyShift, plan)
        row = DutyShift(
            user_id=user.id, department_id=plan.department_id, starts_at=plan.starts_at, ends_at=plan.ends_at
        )
        session.add(row)
        session.flush()
        detail = {"shift_id": row.id, "user_id": user.id, "department_id": plan.department_id}
        entry = journal.Entry("duty_planned", f"安排值班：{user.name}", detail=detail)
        journal.record(session, entry, actor=actor, now=now)
        return row.id


def add_absence(plan: LeavePlan, *, actor: Actor, now: datetime) -> int:
    """Write a leave down and return the row's id; raise Forbidden or InvalidInput."""
    check_span(plan.starts_at, plan.ends_at, LONGEST_LEAVE, now=now)
    with transaction() as session:
        user = _person(session, plan.user_id)
        _may_plan(actor, user, user.department_id, is_leave=True)
        _refuse_overlap(session, select(Absence.id).where(Absence.user_id == user.id), Absence, plan)
        if plan.stand_in_id is not None:
            _check_stand_in(session, user, plan)
        row = Absence(
            user_id=user.id, starts_at=plan.starts_at, ends_at=plan.ends_at,
            stand_in_id=plan.stand_in_id, reason=plan.reason.strip()[:200],
        )  # fmt: skip
        session.add(row)
        session.flush()
        detail = {"absence_id": row.id, "user_id": user.id, "stand_in_id": plan.stand_in_id}
        entry = journal.Entry("leave_planned", f"登记请假：{user.name}", detail=detail)
        journal.record(session, entry, actor=actor, now=now)
        return row.id


def end_shift(shift_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a coming shift off the roster, or end a running one now; raise NotFound when it is over."""
    with transaction() as session:
        row, user = _not_over(session, DutyShift, shift_id, now, "该班次不存在或已经结束。")
        _may_plan(actor, user, row.department_id, is_leave=False)
        _end(session, row, now)
        entry = journal.Entry("duty_ended", f"取消值班：{user.name}", detail={"shift_id": shift_id})
        journal.record(session, entry, actor=actor, now=now)


def end_absence(absence_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a coming leave back, or end a running one now; raise NotFound when it is over."""
    with transaction() as session:
        row, user = _not_over(session, Absence, absence_id, now, "该请假不存在或已经结束。")
        _may_plan(actor, user, user.department_id, is_leave=True)
        _end(session, row, now)
        entry = journal.Entry("leave_ended", f"销假：{user.name}", detail={"absence_id": absence_id})
        journal.record(session, entry, actor=actor, now=now)


def _not_over(session: Session, table: type[Planned], row_id: int, now: datetime, gone: str) -> tuple[Planned, User]:
    """Return the locked row and whose it is; raise NotFound when there is none or it is over."""
    row = session.get(table, row_id, with_for_update=True)
    if row is None or row.ends_at <= now:
        raise NotFound(gone)
    return row, session.get_one(User, row.user_id)


def _end(session: Session, row: DutyShift | Absence, now: datetime) -> None:
    # What has begun stays on record up to now; what has not begun never was.
    if row.starts_at < now:
        row.ends_at = now
    else:
        session.delete(row)
    session.flush()


def _person(session: Session, user_id: int | None) -> User:
    # Locked, so that two plans for one person cannot overlap unseen.
    user = session.scalar(select(User).where(User.id == user_id).with_for_update(of=User))
    if user is None or not user.is_active:
        raise InvalidInput("请选择一名在用的人员。", "user_id")
    return user


def _may_plan(actor: Actor, user: User, department_id: int | None, *, is_leave: bool) -> None:
    refusal = refusal_to_plan(actor, user_id=user.id, department_id=department_id, is_leave=is_leave)
    if refusal:
        raise Forbidden(refusal)


def _refuse_overlap(session: Session, statement: Select[Any], table: Any, plan: ShiftPlan | LeavePlan) -> None:
    clashes = statement.where(table.starts_at < plan.ends_at, table.ends_at > plan.starts_at)
    if session.scalar(clashes.limit(1)) is not None:
        raise InvalidInput("该人员在这段时间已有安排，请先取消原有安排。", "starts_at")


def _check_stand_in(session: Session, user: User, plan: LeavePlan) -> None:
    other = session.get(User, plan.stand_in_id)
    if other is None or not other.is_active or other.id == user.id:
        raise InvalidInput("请选择另一名在用的人员代班。", "stand_in_id")
    if other.department_id != user.department_id:
        raise InvalidInput("代班人须与请假人同属一个单位。", "stand_in_id")
    away = select(Absence.id).where(
        Absence.user_id == other.id, Absence.starts_at < plan.ends_at, Absence.ends_at > plan.starts_at
    )
    if session.scalar(away.limit(1)) is not None:
        raise InvalidInput("代班人在这段时间也请假。", "stand_in_id")
