"""A new calendar or profile of time limits: proposed, applied after a look at what it moves, carried to the cases."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, true, update
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import OPEN_STATES
from opinion_service.domain.clocks.calendar_days import ORDINARY, NoticeDay, check_days, differing
from opinion_service.domain.clocks.deadlines import ZONE
from opinion_service.domain.clocks.sla import profile_from_record
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import SYSTEM, Actor, Role
from opinion_service.models import CalendarDay, Case, Clock, LimitChange, RuleVersion
from opinion_service.services import journal
from opinion_service.services.clocks import clock_plan
from opinion_service.services.routing import rulebook
from opinion_service.services.transaction import transaction

EDITORS = frozenset({Role.ADMIN, Role.SUPERVISOR})
CALENDAR, PROFILE = "calendar", "profile"
CASES_AT_ONCE = 50


def propose_days(days: Iterable[NoticeDay], *, actor: Actor, now: datetime) -> int:
    """Keep days of a notice as a proposal and return its id; nothing is in force yet.

    Raises InvalidInput for days no notice would say, or when the calendar says all of it already.
    """
    _check_editor(actor)
    listed = check_days(days)
    with transaction() as session:
        return propose_days_in(session, listed, actor=actor, now=now)


def propose_days_in(session: Session, days: Iterable[NoticeDay], *, actor: Actor, now: datetime) -> int:
    """Do as `propose_days`, inside the caller's transaction."""
    known = {row.day: row.kind for row in session.execute(select(CalendarDay.day, CalendarDay.kind))}
    new = differing(days, known)
    if not new:
        raise InvalidInput("与现行日历一致，没有需要更新的日期。", "days")
    years = "、".join(str(year) for year in sorted({one.day.year for one in new}))
    record = {"days": [one.as_record() for one in new]}
    title = f"{years} 年日历：{len(new)} 天"
    return _keep(session, CALENDAR, title, record, "；".join(sorted({one.notice for one in new})), actor, now)


def propose_profile(record: dict[str, Any], note: str, *, actor: Actor, now: datetime) -> int:
    """Keep a profile of time limits as a proposal and return its id.

    Raises LimitLoosened naming the document when a limit allows more than a national one.
    """
    _check_editor(actor)
    if not note.strip():
        raise InvalidInput("请填写调整理由或文件依据。", "note")
    profile_from_record(record)
    with transaction() as session:
        if {**rulebook.active_record(session, "sla"), "version": ""} == {**record, "version": ""}:
            raise InvalidInput("与现行时限规则一致，没有改动。", "limits")
        return propose_profile_in(session, record, note, actor=actor, now=now)


def propose_profile_in(session: Session, record: dict[str, Any], note: str, *, actor: Actor, now: datetime) -> int:
    """Do as `propose_profile`, inside the caller's transaction and without comparing."""
    return _keep(session, PROFILE, "时限规则调整", record, note, actor, now)


def discard(change_id: int, *, actor: Actor, now: datetime) -> None:
    """Throw a proposal away."""
    _check_editor(actor)
    with transaction() as session:
        change = _proposed(session, change_id)
        change.state = "discarded"
        entry = journal.Entry("limits_discarded", f"放弃：{change.title}", detail={"change_id": change.id})
        journal.record(session, entry, actor=actor, now=now)


def apply(change_id: int, *, actor: Actor, now: datetime) -> None:
    """Put a proposal into force; `carry_on` then moves the clocks of the open cases, some at a time."""
    _check_editor(actor)
    with transaction() as session:
        change = _proposed(session, change_id)
        going = select(LimitChange.id).where(LimitChange.state == "applying").limit(1)
        if session.scalar(going) is not None:
            raise InvalidInput("上一次更新仍在逐案重算，完成后再应用。")
        if change.kind == CALENDAR:
            _enact_days(session, change)
        else:
            _enact_profile(session, change, now)
        change.state, change.applied_by_id, change.applied_at = "applying", actor.user_id or None, now
        detail = {"change_id": change.id, "record": change.record}
        entry = journal.Entry("limits_applied", f"应用：{change.title}", reason=change.note, detail=detail)
        journal.record(session, entry, actor=actor, now=now)


def carry_on(*, now: datetime, limit: int = CASES_AT_ONCE) -> int:
    """Compute the clocks of the next `limit` open cases anew under what was applied last; return how many cases.

    Running it twice, or twice at once, is safe: the change is locked and remembers how far it came.
    """
    with transaction() as session:
        statement = select(LimitChange).where(LimitChange.state == "applying").order_by(LimitChange.id).limit(1)
        change = session.scalar(statement.with_for_update(skip_locked=True))
        if change is None:
            return 0
        cases = list(session.scalars(_next_cases(change, limit).with_for_update()))
        for case in cases:
            # A limit that is new altogether begins with the next case, as the preview said.
            shifts = clock_plan.plan(session, case, now=now, may_begin=False)
            moved = clock_plan.apply(session, case, shifts)
            if moved:
                change.moved += moved
                _tell(session, case, change, moved, now)
        if cases:
            change.cursor = cases[-1].id
        else:
            change.state = "applied"
        return len(cases)


def _next_cases(change: LimitChange, limit: int) -> Any:
    running = select(Clock.case_id).where(Clock.state == "running", _concerned(change))
    return (
        select(Case)
        .where(Case.id > change.cursor, Case.state.in_([state.value for state in OPEN_STATES]), Case.id.in_(running))
        .order_by(Case.id)
        .limit(limit)
    )


def _concerned(change: LimitChange) -> ColumnElement[bool]:
    """Return which running clocks a calendar can move: none that end before its first day or are legal."""
    if change.kind != CALENDAR:
        return true()
    first = min(date.fromisoformat(row["day"]) for row in change.record["days"])
    # A settled January also settles the last days of the December before.
    since = datetime.combine(first.replace(day=1), time(0), ZONE) - timedelta(days=10)
    return (Clock.due_at >= since) & ~Clock.is_legal


def _tell(session: Session, case: Case, change: LimitChange, moved: int, now: datetime) -> None:
    entry = journal.Entry(
        "clocks_recomputed", f"{change.title}：{moved} 项时限按原起点重算", case_id=case.id,
        reason=change.note, detail={"change_id": change.id},
    )  # fmt: skip
    journal.record(session, entry, actor=SYSTEM, now=now)


def _enact_days(session: Session, change: LimitChange) -> None:
    for row in change.record["days"]:
        one = NoticeDay.from_record(row)
        known = session.get(CalendarDay, one.day)
        if one.kind == ORDINARY:
            if known is not None:
                session.delete(known)
        elif known is None:
            session.add(CalendarDay(day=one.day, kind=one.kind, name=one.name, notice=one.notice))
        else:
            known.kind, known.name, known.notice = one.kind, one.name, one.notice
    session.flush()
    rulebook.forget(session)


def _enact_profile(session: Session, change: LimitChange, now: datetime) -> None:
    record = {**change.record}
    name = f"sla-{record['version']}"
    row = session.scalar(select(RuleVersion).where(RuleVersion.version == name))
    if row is None or row.record != record:
        record["version"] = f"local-{change.id}"
        row = RuleVersion(
            kind="sla", version=f"sla-local-{change.id}", record=record, note=change.note[:300], created_at=now
        )
        session.add(row)
    session.execute(update(RuleVersion).where(RuleVersion.kind == "sla").values(is_active=False))
    row.is_active = True
    session.flush()
    rulebook.forget(session)


def _keep(
    session: Session, kind: str, title: str, record: dict[str, Any], note: str, actor: Actor, now: datetime
) -> int:
    change = LimitChange(
        kind=kind, title=title[:200], record=record, note=note.strip(), proposed_by_id=actor.user_id or None,
        proposed_at=now,
    )  # fmt: skip
    session.add(change)
    session.flush()
    entry = journal.Entry(
        "limits_proposed", f"提出：{change.title}", reason=note.strip(), detail={"change_id": change.id}
    )
    journal.record(session, entry, actor=actor, now=now)
    return change.id


def _proposed(session: Session, change_id: int) -> LimitChange:
    change = session.get(LimitChange, change_id, with_for_update=True)
    if change is None:
        raise NotFound("该更新不存在。")
    if change.state != "proposed":
        raise InvalidInput("该更新已应用或已放弃。")
    return change


def _check_editor(actor: Actor) -> None:
    if actor is not SYSTEM and actor.role not in EDITORS:
        raise Forbidden("只有系统管理员或督查可以更新日历和时限规则。")
