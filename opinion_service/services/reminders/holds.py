"""What holds a rung back: an acknowledgement that has not run out, or a silence with a reason and an end."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.errors import Forbidden, IllegalMove, InvalidInput, NotFound
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.reminders.ladder import Waits
from opinion_service.models import Acknowledgement, Case, Clock, Department, Rung, Silence
from opinion_service.services import journal
from opinion_service.services.casework import case_book
from opinion_service.services.reminders import ladder_book
from opinion_service.services.transaction import transaction

MAY_ACKNOWLEDGE = frozenset({Role.HANDLER, Role.APPROVER, Role.LIAISON, Role.SUPERVISOR})
MAY_SILENCE = frozenset({Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Hold:
    """Until when a rung waits, and why in words."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Holds:
    """The acknowledgements and silences in force for a batch of rungs."""

    acknowledged: dict[int, datetime]
    by_case: dict[int, Silence]
    by_department: dict[int, Silence]

    @classmethod
    def load(cls, session: Session, clock_ids: Iterable[int], *, now: datetime) -> "Holds":
        """Read what is in force at `now`; the silence that ends last wins."""
        acks = session.execute(
            select(Acknowledgement.clock_id, Acknowledgement.expires_at).where(
                Acknowledgement.clock_id.in_(list(clock_ids)), Acknowledgement.expires_at > now
            )
        )
        acknowledged: dict[int, datetime] = {}
        for row in acks:
            acknowledged[row.clock_id] = max(row.expires_at, acknowledged.get(row.clock_id, now))
        silences = session.scalars(
            select(Silence)
            .where(Silence.starts_at <= now, Silence.ends_at > now, Silence.ended_at.is_(None))
            .order_by(Silence.ends_at, Silence.id)
        ).all()
        return cls(
            acknowledged,
            {one.case_id: one for one in silences if one.case_id is not None},
            {one.department_id: one for one in silences if one.department_id is not None},
        )

    def on(self, rung: Rung, clock: Clock, case: Case) -> Hold | None:
        """Return what holds the rung, None when nothing does.

        A legal clock's rung at its due time is told whatever was acknowledged; a silence holds every rung.
        """
        silences = (self.by_case.get(case.id), self.by_department.get(clock.party or case.lead_department_id or 0))
        found = [Hold(one.ends_at, f"暂停提醒：{one.reason}"[:120]) for one in silences if one is not None]
        until, waits = self.acknowledged.get(clock.id), rung.wording["waits"]
        if until and (waits == Waits.ALWAYS or (waits == Waits.HANDLING and not clock.is_legal)):
            found.append(Hold(until, "已确认，等待办理"))
        return max(found, key=lambda hold: hold.until, default=None)


def acknowledge(rung_id: int, hours: int, note: str, *, actor: Actor, now: datetime) -> datetime:
    """Take a fired rung in hand for `hours` and return when that ends; the next rung waits until then.

    A rung is acknowledged once, so nobody can put the ladder off for ever. Raise NotFound outside the
    actor's scope, IllegalMove for a rung that has not fired or whose clock no longer runs, InvalidInput
    for hours the ladder does not offer.
    """
    if actor.role not in MAY_ACKNOWLEDGE:
        raise Forbidden(f"{actor.role.label}不能确认催办。")
    with transaction() as session:
        rung = session.get(Rung, rung_id, with_for_update=True)
        case = session.get(Case, rung.case_id) if rung else None
        if rung is None or case is None or not case_book.is_visible(session, case, actor):
            raise NotFound("该催办不存在，或不在您的办理范围内。")
        clock = session.get_one(Clock, rung.clock_id)
        if rung.state != "fired" or clock.state != "running":
            raise IllegalMove("该时限已不在催办中，无需确认。")
        later = select(Rung.id).where(Rung.clock_id == clock.id, Rung.state == "fired", Rung.level > rung.level)
        if session.scalar(later):
            raise IllegalMove("催办已进入下一步，请确认最新的一步。")
        if session.scalar(select(Acknowledgement.id).where(Acknowledgement.rung_id == rung.id)):
            raise IllegalMove("这一步催办已有人确认。")
        if hours not in ladder_book.in_force(session).acknowledgement_hours:
            raise InvalidInput("请选择确认的有效时间。", "hours")
        expires_at = now + timedelta(hours=hours)
        session.add(
            Acknowledgement(
                rung_id=rung.id, clock_id=clock.id, case_id=case.id, user_id=actor.user_id,
                note=note.strip()[:300], at=now, expires_at=expires_at,
            )
        )  # fmt: skip
        summary = f"确认{rung.wording['name']}：{ClockKind(clock.kind).label}，{hours} 小时内有效"
        entry = journal.Entry("rung_acknowledged", summary, case_id=case.id, reason=note.strip())
        journal.record(session, entry, actor=actor, now=now)
        return expires_at


@dataclass(frozen=True, slots=True)
class NewSilence:
    """A silence as it is asked for: one case by its number, or one department."""

    reason: str
    hours: int
    case_number: str = ""
    department_id: int | None = None


def silence(new: NewSilence, *, actor: Actor, now: datetime) -> int:
    """Keep the ladders of a case or a department from ringing for some hours; return the silence's id.

    The clocks run on, and what became due meanwhile is told at the end. Only a supervisor may; raise
    InvalidInput without a reason, an end within the ladder's bound, or exactly one scope.
    """
    _check_supervisor(actor)
    if not new.reason.strip():
        raise InvalidInput("请填写暂停提醒的理由。", "reason")
    with transaction() as session:
        most = ladder_book.in_force(session).longest_silence_hours
        if not 1 <= new.hours <= most:
            raise InvalidInput(f"暂停提醒须在 1–{most} 小时内。", "hours")
        case = _case(session, new.case_number)
        department = session.get(Department, new.department_id) if new.department_id else None
        if (case is None) == (department is None):
            raise InvalidInput("请填写一个案号，或选择一个单位。", "case_number")
        row = Silence(
            case_id=case.id if case else None, department_id=department.id if department else None,
            reason=new.reason.strip()[:300], starts_at=now, ends_at=now + timedelta(hours=new.hours),
            created_by_id=actor.user_id,
        )  # fmt: skip
        session.add(row)
        session.flush()
        summary = f"暂停提醒 {new.hours} 小时" + (f"：{department.name}" if department else "")
        entry = journal.Entry("silence_began", summary, case_id=row.case_id, reason=row.reason)
        journal.record(session, entry, actor=actor, now=now)
        return row.id


def end_silence(silence_id: int, *, actor: Actor, now: datetime) -> None:
    """End a silence before its time; the rungs it held are looked at again at once."""
    _check_supervisor(actor)
    with transaction() as session:
        row = session.get(Silence, silence_id, with_for_update=True)
        if row is None or row.ended_at is not None or row.ends_at <= now:
            raise NotFound("该暂停已结束或不存在。")
        row.ended_at, row.ended_by_id = now, actor.user_id
        session.flush()
        held = update(Rung).where(Rung.state == "armed", Rung.wake_at == row.ends_at, Rung.held_for != "")
        session.execute(
            held.where(Rung.clock_id.in_(_silenced(row)))
            .values(wake_at=now, held_for="")
            .execution_options(synchronize_session=False)
        )
        entry = journal.Entry("silence_ended", "提前恢复提醒", case_id=row.case_id)
        journal.record(session, entry, actor=actor, now=now)


def _silenced(row: Silence) -> Select[int]:
    """Return the clocks that a silence covers: those of its case, or those its department owes."""
    clocks = select(Clock.id).join(Case, Case.id == Clock.case_id)
    if row.case_id is not None:
        return clocks.where(Case.id == row.case_id)
    is_lead = (Clock.party == 0) & (Case.lead_department_id == row.department_id)
    return clocks.where(is_lead | (Clock.party == row.department_id))


def _case(session: Session, number: str) -> Case | None:
    if not number.strip():
        return None
    case = session.scalar(select(Case).where(Case.number == number.strip()))
    if case is None:
        raise InvalidInput("没有这个案号的案件。", "case_number")
    return case


def _check_supervisor(actor: Actor) -> None:
    if actor.role not in MAY_SILENCE:
        raise Forbidden("只有督查可以暂停或恢复提醒。")
