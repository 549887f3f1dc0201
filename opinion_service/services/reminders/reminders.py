"""Writes the letters of fired rungs: one rung alone is one mail, several to one reader are one digest."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.reminders import notices
from opinion_service.domain.reminders.groups import group_notice
from opinion_service.domain.reminders.ladder import OWED_BY_DESK
from opinion_service.domain.reminders.ladder_notices import RungFacts, digest_notice, rung_notice
from opinion_service.models import AuditEvent, Case, Clock, Concern, Department, OutboxMail, Rung, RungNotice, User
from opinion_service.models.conditions import OWING_DEPARTMENT
from opinion_service.services.reminders import post
from opinion_service.services.transaction import transaction

BATCH = 1000
MOST_IN_ONE = 200
LAST_EVENTS = 3


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A notice with what its letter says."""

    notice: RungNotice
    clock: Clock
    case: Case
    facts: RungFacts


def write_due(*, now: datetime, limit: int = BATCH) -> int:
    """Write the letters of the notices that wait; return how many notices were taken up.

    All that waits for one reader goes into one letter, the worst first, at most 200 in each. A clock that
    was met or stopped meanwhile is not told any more: its notice is moot. Nothing else is ever left out.
    """
    with transaction() as session:
        rows = session.execute(_waiting(now, limit)).all()
        next_at = _next_rungs(session, [row.Clock.id for row in rows])
        by_reader: dict[tuple[str, str], list[_Waiting]] = defaultdict(list)
        for row in rows:
            if row.Clock.state != "running":
                row.RungNotice.state = "moot"
                continue
            one = _Waiting(row.RungNotice, row.Clock, row.Case, _facts(row, next_at.get(row.Clock.id)))
            by_reader[one.notice.channel, one.notice.address].append(one)
        for waiting in by_reader.values():
            _write(session, sorted(waiting, key=lambda one: one.facts.rank), now)
        return len(rows)


def _waiting(now: datetime, limit: int) -> Any:
    return (
        select(RungNotice, Rung, Clock, Case, Department.name.label("department"))
        .join(Rung, Rung.id == RungNotice.rung_id)
        .join(Clock, Clock.id == Rung.clock_id)
        .join(Case, Case.id == Rung.case_id)
        .outerjoin(Department, Department.id == OWING_DEPARTMENT)
        .where(RungNotice.state == "waiting", RungNotice.send_at <= now)
        .order_by(RungNotice.channel, RungNotice.address, RungNotice.id)
        .limit(limit)
        .with_for_update(of=RungNotice, skip_locked=True)
    )


def _next_rungs(session: Session, clock_ids: Sequence[int]) -> dict[int, datetime]:
    statement = (
        select(Rung.clock_id, func.min(Rung.wake_at).label("at"))
        .where(Rung.clock_id.in_(clock_ids), Rung.state == "armed")
        .group_by(Rung.clock_id)
    )
    return {row.clock_id: row.at for row in session.execute(statement)}


def _facts(row: Any, next_at: datetime | None) -> RungFacts:
    rung, clock, case = row.Rung, row.Clock, row.Case
    return RungFacts(
        level=rung.level,
        wording=rung.wording,
        clock=ClockKind(clock.kind).label,
        case_no=case.number,
        title=case.title,
        due_at=clock.due_at,
        is_legal=clock.is_legal,
        basis=clock.basis,
        link=post.link_to(case),
        # What the desk itself owes is not to be asked of the department.
        department="" if clock.kind in OWED_BY_DESK else row.department or "",
        allowance=clock.allowance,
        next_at=next_at,
        reason=row.RungNotice.reason,
    )


def _write(session: Session, waiting: list[_Waiting], now: datetime) -> None:
    """Write the letters of one reader; `waiting` is ordered, the worst first."""
    parts = [waiting[start : start + MOST_IN_ONE] for start in range(0, len(waiting), MOST_IN_ONE)]
    for number, part in enumerate(parts, 1):
        is_single = len(part) == 1 and part[0].notice.channel == "mail"
        mail = _single(session, part[0], now) if is_single else None
        mail = mail or _digest(part, f"{number}/{len(parts)}" if len(parts) > 1 else "", now)
        session.add(mail)
        session.flush()
        for one in part:
            one.notice.state, one.notice.mail_id = "written", mail.id


def _single(session: Session, one: _Waiting, now: datetime) -> OutboxMail:
    facts = replace(
        one.facts, told=_told_with(session, one.notice), events=_events(session, one.case.id),
        questions=_questions(session, one.case.id),
    )  # fmt: skip
    fact = f"{one.clock.kind}.{one.clock.round}.{one.clock.generation}.{one.facts.level}"
    mail = _mail(one.notice, one.case.number, fact, rung_notice(facts, now=now), now)
    mail.case_id, mail.rung_id = one.case.id, one.notice.rung_id
    return mail


def _digest(part: list[_Waiting], number: str, now: datetime) -> OutboxMail:
    link = f"{current_app.config['DESK'].base_url}/cases?state=open"
    facts = [one.facts for one in part]
    if part[0].notice.channel == "robot":
        notice = group_notice(facts, facts[0].link if len(facts) == 1 else link, now=now)
    else:
        notice = digest_notice(facts, link, now=now, part=number)
    # The same rungs to the same reader are the same letter for ever.
    rungs = ",".join(str(one.notice.rung_id) for one in sorted(part, key=lambda one: one.notice.rung_id))
    fact = hashlib.sha256(rungs.encode()).hexdigest()[:24]
    return _mail(part[0].notice, "digest", fact, notice, now)


def _mail(told: RungNotice, about: str, fact: str, notice: notices.Notice, now: datetime) -> OutboxMail:
    host = current_app.config["DESK"].mail_from.partition("@")[2]
    return OutboxMail(
        message_id=notices.message_id(about, "ladder", fact, told.address, host),
        kind="ladder",
        channel=told.channel,
        recipient_id=told.user_id,
        group_id=told.group_id,
        recipient=told.address,
        subject=notice.subject,
        body=notice.body,
        created_at=now,
        next_try_at=now,
    )


def _told_with(session: Session, notice: RungNotice) -> tuple[str, ...]:
    statement = (
        select(User.name)
        .join(RungNotice, RungNotice.user_id == User.id)
        .where(RungNotice.rung_id == notice.rung_id, RungNotice.id != notice.id)
        .order_by(RungNotice.id)
    )
    return tuple(session.scalars(statement))


def _events(session: Session, case_id: int) -> tuple[tuple[datetime, str], ...]:
    """Return the last steps of a case in the desk's own words; reasons and notes that people typed stay out."""
    statement = (
        select(AuditEvent.at, AuditEvent.summary)
        .where(AuditEvent.case_id == case_id, AuditEvent.kind != "rung_fired", AuditEvent.kind != "rung_held")
        .order_by(AuditEvent.id.desc())
        .limit(LAST_EVENTS)
    )
    return tuple((row.at, row.summary) for row in reversed(session.execute(statement).all()))


def _questions(session: Session, case_id: int) -> tuple[int, int]:
    outcomes = session.scalars(select(Concern.outcome).where(Concern.case_id == case_id)).all()
    return len(outcomes), sum(outcome == "open" for outcome in outcomes)
