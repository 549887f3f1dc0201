"""Fires the rungs that are reached: state, history, paper, and who is to be told, in one transaction."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.people import SYSTEM
from opinion_service.models import Case, Clock, Rung, RungNotice
from opinion_service.services import journal
from opinion_service.services.reminders import papers
from opinion_service.services.reminders.audience import Audience
from opinion_service.services.reminders.holds import Hold, Holds
from opinion_service.services.transaction import transaction

BATCH = 200


def raise_due(*, now: datetime, limit: int = BATCH) -> int:
    """Fire the rungs reached by `now`, or put them off while something holds them; return how many.

    A rung fires once whoever runs this: it is locked, and armed only until then. The letters are written
    by `reminders.write_due`, which groups them by reader; the notices kept here are what it works from.
    """
    with transaction() as session:
        statement = (
            select(Rung, Clock, Case)
            .join(Clock, Clock.id == Rung.clock_id)
            .join(Case, Case.id == Rung.case_id)
            .where(Rung.state == "armed", Rung.wake_at <= now)
            .order_by(Rung.wake_at, Rung.id)
            .limit(limit)
            .with_for_update(of=Rung, skip_locked=True)
        )
        found = session.execute(statement).all()
        if not found:
            return 0
        audience = Audience.load(session, now=now)
        holds = Holds.load(session, [row.Clock.id for row in found], now=now)
        for rung, clock, case in found:
            if clock.state != "running":
                rung.state = "cancelled"
                continue
            hold = holds.on(rung, clock, case)
            if hold is not None:
                _put_off(session, rung, hold, now)
            else:
                _fire(session, (rung, clock, case), audience, now)
        return len(found)


def notify(session: Session, rung: Rung, case: Case, audience: Audience, now: datetime) -> list[str]:
    """Keep who has to be told of a fired rung, people and groups; return the people's names."""
    # A co-department's own clock tells that department; the clock is loaded already.
    party = session.get_one(Clock, rung.clock_id).party
    owes = party or case.lead_department_id
    told = audience.told(rung.recipients, owes)
    rows = [
        RungNotice(
            rung_id=rung.id, case_id=case.id, user_id=one.user.id, channel="mail", address=one.user.email.lower(),
            reason=one.reason, send_at=one.send_at, state="waiting", created_at=now,
        )
        for one in told
    ]  # fmt: skip
    if "robot" in rung.channels:
        rows += [
            RungNotice(
                rung_id=rung.id, case_id=case.id, group_id=group.id, channel="robot", address=group.name,
                reason="robot", send_at=at, state="waiting", created_at=now,
            )
            for group, at in audience.told_groups(owes)
        ]  # fmt: skip
    session.add_all(rows)
    return [one.user.name for one in told]


def _put_off(session: Session, rung: Rung, hold: Hold, now: datetime) -> None:
    rung.wake_at, rung.held_for = hold.until, hold.why
    summary = f"{rung.wording['name']}暂缓：{hold.why}"
    detail = {"rung_id": rung.id, "until": hold.until.isoformat()}
    entry = journal.Entry("rung_held", summary, case_id=rung.case_id, detail=detail)
    journal.record(session, entry, actor=SYSTEM, now=now)


def _fire(session: Session, found: tuple[Rung, Clock, Case], audience: Audience, now: datetime) -> None:
    rung, clock, case = found
    rung.state, rung.fired_at, rung.held_for = "fired", now, ""
    told = notify(session, rung, case, audience, now)
    number = papers.issue_for(session, rung, clock, case, told, now=now)
    detail = {"rung_id": rung.id, "level": rung.level, "told": len(told), "planned": rung.fire_at.isoformat()}
    entry = journal.Entry(
        "rung_fired",
        f"{rung.wording['name']}：{ClockKind(clock.kind).label}，告知 {len(told)} 人",
        case_id=case.id,
        detail={**detail, "paper": number},
    )
    journal.record(session, entry, actor=SYSTEM, now=now)
