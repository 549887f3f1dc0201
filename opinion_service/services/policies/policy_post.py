"""Who is told by mail when a policy moves or a look back falls due; one mail for each fact and person."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.people import Role
from opinion_service.domain.policies.assessment import register_number
from opinion_service.domain.reminders import notices
from opinion_service.models import OutboxMail, Policy, User

WHY = "您收到本邮件，是因为您负责该政策的下一步办理。"


@dataclass(frozen=True, slots=True)
class PolicyLetter:
    """What is told: `word` opens the subject, `fact` names the thing told so that it is told once."""

    kind: str
    fact: str
    word: str
    sentence: str


def unit(session: Session, department_id: int | None, roles: Iterable[Role]) -> list[User]:
    """Return the active people of a department with one of `roles`; the liaisons for no department."""
    wanted = [role.value for role in roles] if department_id else [Role.LIAISON.value]
    statement = select(User).where(User.is_active, User.email != "", User.role.in_(wanted)).order_by(User.id)
    return list(session.scalars(statement.where(User.department_id == department_id) if department_id else statement))


def tell(session: Session, policy: Policy, people: Iterable[User], letter: PolicyLetter, *, now: datetime) -> int:
    """Put one mail a person into the outbox; what was told before is not told again. Return how many were written."""
    desk = current_app.config["DESK"]
    host, number = desk.mail_from.partition("@")[2], register_number(policy.year, policy.serial)
    link = f"{desk.base_url}/policies/{policy.id}"
    title = notices.safe_title(policy.title)
    body = notices.body_of(letter.sentence, [("编号", number), ("政策", title)], link, (WHY,))
    written = 0
    for person in people:
        message_id = notices.message_id(f"policy-{policy.id}", letter.kind, letter.fact, person.email, host)
        if session.scalar(select(OutboxMail.id).where(OutboxMail.message_id == message_id)):
            continue
        session.add(
            OutboxMail(
                message_id=message_id, kind=letter.kind, recipient_id=person.id, recipient=person.email,
                subject=f"【{letter.word}】{title} — {number}", body=body, created_at=now, next_try_at=now,
            )
        )  # fmt: skip
        written += 1
    session.flush()
    return written
