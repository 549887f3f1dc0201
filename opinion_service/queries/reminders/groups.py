"""The chat groups with what became of their last message; the address stays sealed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from opinion_service.domain.reminders.groups import GroupKind
from opinion_service.domain.reminders.mail_states import MailState, mail_state
from opinion_service.models import Department, OutboxMail, WorkGroup


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group; `last_state` and what follows are of the newest message, None before the first."""

    id: int
    name: str
    kind: GroupKind
    host: str
    department: str
    is_active: bool
    last_state: MailState | None
    last_at: datetime | None
    last_reply: str


def groups(session: Session, *, now: datetime) -> tuple[GroupRow, ...]:
    """Return every group, those switched on first, by name; one statement."""
    sent = aliased(OutboxMail)
    newest = select(func.max(sent.id)).where(sent.group_id == WorkGroup.id).scalar_subquery()
    statement = (
        select(WorkGroup, Department.name.label("department"), OutboxMail)
        .outerjoin(Department, Department.id == WorkGroup.department_id)
        .outerjoin(OutboxMail, OutboxMail.id == newest)
        .order_by(WorkGroup.is_active.desc(), WorkGroup.name)
    )
    return tuple(_row(*row, now) for row in session.execute(statement).all())


def has_group(session: Session) -> bool:
    """Return whether any group is switched on."""
    return bool(session.scalar(select(exists().where(WorkGroup.is_active))))


def _row(group: WorkGroup, department: str | None, mail: OutboxMail | None, now: datetime) -> GroupRow:
    state = None
    if mail is not None:
        due_at = mail.lease_until if mail.state in ("sending", "data") else mail.next_try_at
        state = mail_state(mail.state, due_at=due_at, sent_at=mail.sent_at, bounced_at=None, now=now)
    return GroupRow(
        id=group.id,
        name=group.name,
        kind=GroupKind(group.kind),
        host=group.host,
        department=department or "",
        is_active=group.is_active,
        last_state=state,
        last_at=(mail.sent_at or mail.created_at) if mail else None,
        last_reply=mail.reply if mail else "",
    )
