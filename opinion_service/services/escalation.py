"""Raises what is late: fires the rungs that are reached, and audits that none was missed."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain import notices
from opinion_service.domain.escalation import RUNG_LABELS
from opinion_service.domain.people import SYSTEM
from opinion_service.domain.sla import ClockKind
from opinion_service.models import Case, Clock, Department, Rung
from opinion_service.services import journal, maintenance, post
from opinion_service.services.transaction import transaction

MISSED_AFTER = timedelta(seconds=90)


def raise_due(*, now: datetime, limit: int = 50) -> int:
    """Fire the rungs reached by `now`, each with its history row and mail; return how many.

    A rung fires once whoever runs this: it is locked, and armed only until then.
    """
    with transaction() as session:
        statement = (
            select(Rung)
            .where(Rung.state == "armed", Rung.fire_at <= now)
            .order_by(Rung.fire_at, Rung.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rungs = list(session.scalars(statement))
        for rung in rungs:
            _fire(session, rung, now)
        return len(rungs)


def audit(*, now: datetime) -> int:
    """Return how many rungs should have fired more than 90 seconds ago and have not; leave a heartbeat."""
    with transaction() as session:
        missed = session.scalar(
            select(func.count(Rung.id)).where(Rung.state == "armed", Rung.fire_at < now - MISSED_AFTER)
        )
    maintenance.beat("auditor", "auditor", f"{missed or 0} missed", now=now)
    return missed or 0


def _fire(session: Session, rung: Rung, now: datetime) -> None:
    clock, case = session.get_one(Clock, rung.clock_id), session.get_one(Case, rung.case_id)
    rung.state, rung.fired_at = "fired", now
    label = ClockKind(clock.kind).label
    people = post.recipients(session, case, rung.recipients, department_id=clock.party or None)
    notice = notices.ladder_notice(
        level=rung.level,
        clock=label,
        case_no=case.number,
        title=case.title,
        due_at=clock.due_at,
        basis=clock.basis,
        link=post.link_to(case),
        told="、".join(person.name for person in people),
        department=_department(session, clock, case),
        allowance=clock.allowance,
        now=now,
    )
    fact = f"{clock.kind}.{clock.round}.{clock.generation}.{rung.level}"
    letter = post.Letter("ladder", fact, notice.subject, notice.body, rung.id)
    written = post.tell(session, case, people, letter, now=now)
    entry = journal.Entry(
        "rung_fired",
        f"{RUNG_LABELS[rung.level]}：{label}，告知 {len(people)} 人",
        case_id=case.id,
        detail={
            "rung_id": rung.id,
            "level": rung.level,
            "mails": written,
            "planned": rung.fire_at.isoformat(),
        },
    )
    journal.record(session, entry, actor=SYSTEM, now=now)


def _department(session: Session, clock: Clock, case: Case) -> str:
    owing = session.get(Department, clock.party) if clock.party else case.lead_department
    return owing.name if owing else ""
