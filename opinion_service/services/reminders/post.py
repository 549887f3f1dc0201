"""Writes mail into the outbox inside the caller's transaction: one row a recipient, text fixed at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.people import Role
from opinion_service.domain.reminders import notices
from opinion_service.models import Case, OutboxMail, User


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be told to one person: `fact` names the thing told, so that it is told once."""

    kind: str
    fact: str
    subject: str
    body: str
    rung_id: int | None = None


def recipients(session: Session, case: Case, roles: Iterable[str], *, department_id: int | None = None) -> list[User]:
    """Return the active users a rung names: department roles of the lead (or of `department_id`), desk roles of all."""
    unit = department_id or case.lead_department_id
    wanted = set(roles)
    people = session.scalars(
        select(User).where(User.is_active, User.role.in_(wanted), User.email != "").order_by(User.id)
    )
    desk = {Role.LIAISON.value, Role.SUPERVISOR.value}
    return [one for one in people if one.role in desk or one.department_id == unit]


def tell(session: Session, case: Case, people: Iterable[User], letter: Letter, *, now: datetime) -> int:
    """Put one mail a person into the outbox; one already written for the same fact is not repeated."""
    host = current_app.config["DESK"].mail_from.partition("@")[2]
    written = 0
    for person in people:
        message_id = notices.message_id(case.number, letter.kind, letter.fact, person.email, host)
        if session.scalar(select(OutboxMail.id).where(OutboxMail.message_id == message_id)):
            continue
        session.add(
            OutboxMail(
                message_id=message_id,
                case_id=case.id,
                rung_id=letter.rung_id,
                kind=letter.kind,
                recipient_id=person.id,
                recipient=person.email,
                subject=letter.subject,
                body=letter.body,
                created_at=now,
                next_try_at=now,
            )
        )
        written += 1
    session.flush()
    return written


def link_to(case: Case) -> str:
    """Return the address of the case on this desk."""
    return f"{current_app.config['DESK'].base_url}/cases/{case.number}"
