"""The outbox as a list that filters, sorts and pages by key; the silences; and what the auditor found."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from opinion_service.domain.reminders.mail_states import MAY_RETRY, MailState, mail_state
from opinion_service.models import AuditPass, Case, Department, OutboxMail, Silence, User
from opinion_service.models.conditions import CAME_BACK, is_stuck
from opinion_service.queries import paging

PAGE = 30
MOST_COUNTED = 1000
SORTS = ("at", "next")


@dataclass(frozen=True, slots=True)
class MailFilter:
    """What the list is narrowed to; `after` is the key of the last row seen (`instant|id`)."""

    state: str = ""
    kind: str = ""
    text: str = ""
    sort: str = "at"
    descending: bool = True
    after: str = ""


@dataclass(frozen=True, slots=True)
class MailRow:
    """One mail as the list shows it."""

    id: int
    subject: str
    body: str
    message_id: str
    recipient: str
    kind: str
    state: MailState
    attempts: int
    ambiguous_count: int
    created_at: datetime
    sent_at: datetime | None
    next_try_at: datetime
    reply: str
    case_number: str
    may_retry: bool


@dataclass(frozen=True, slots=True)
class MailPage:
    """A page of mail; `after` leads to the next, empty on the last."""

    rows: tuple[MailRow, ...]
    after: str
    total: int
    sort: str
    descending: bool


def list_mails(session: Session, wanted: MailFilter, *, now: datetime) -> MailPage:
    """Return a page of mail, in the order of writing or by next try; two statements."""
    conditions = _conditions(wanted, now)
    statement = select(OutboxMail, Case.number).outerjoin(Case, Case.id == OutboxMail.case_id).where(*conditions)
    value = OutboxMail.next_try_at if wanted.sort == "next" else None
    order = paging.Order(OutboxMail.id, value, paging.moment, wanted.descending)
    found, last = order.page(session, statement, wanted.after, PAGE)
    counted = select(OutboxMail.id).where(*conditions).limit(MOST_COUNTED).subquery()
    total = session.scalar(select(func.count()).select_from(counted)) or 0
    after = paging.key_of(last.OutboxMail.next_try_at, last.OutboxMail.id) if last else ""
    return MailPage(tuple(_row(row, now) for row in found), after, total, wanted.sort, wanted.descending)


def stuck_or_lost(session: Session, *, now: datetime) -> int:
    """Return how many mails are stuck, failed, held or came back; each counted up to a thousand."""
    # Three counts, each along its own index: one condition over all three would read every mail ever sent.
    counts = [
        select(func.count())
        .select_from(select(OutboxMail.id).where(condition).limit(MOST_COUNTED).subquery())
        .scalar_subquery()
        for condition in (is_stuck(now), OutboxMail.state.in_(("failed", "held")), CAME_BACK)
    ]
    return sum(session.execute(select(*counts)).one())


def _conditions(wanted: MailFilter, now: datetime) -> list[ColumnElement[bool]]:
    by_state: dict[str, ColumnElement[bool]] = {
        "stuck": is_stuck(now),
        "bounced": CAME_BACK,
        "sent": and_(OutboxMail.state == "sent", ~func.coalesce(OutboxMail.bounced_at >= OutboxMail.sent_at, False)),
        "sending": OutboxMail.state.in_(("sending", "data")),
        "trouble": or_(is_stuck(now), OutboxMail.state.in_(("failed", "held")), CAME_BACK),
    }
    conditions: list[ColumnElement[bool]] = []
    if wanted.state:
        conditions.append(by_state.get(wanted.state, OutboxMail.state == wanted.state))
    if wanted.kind:
        ladder, robot = OutboxMail.kind == "ladder", OutboxMail.channel == "robot"
        kinds = {"ladder": ladder, "robot": robot}
        conditions.append(kinds.get(wanted.kind, ~ladder & ~robot))
    if wanted.text:
        columns = (OutboxMail.subject, OutboxMail.recipient, OutboxMail.message_id)
        conditions.append(or_(*(column.contains(wanted.text, autoescape=True) for column in columns)))
    return conditions


def _row(row: Any, now: datetime) -> MailRow:
    mail = row.OutboxMail
    due_at = mail.lease_until if mail.state in ("sending", "data") else mail.next_try_at
    state = mail_state(mail.state, due_at=due_at, sent_at=mail.sent_at, bounced_at=mail.bounced_at, now=now)
    return MailRow(
        mail.id, mail.subject, mail.body, mail.message_id, mail.recipient, mail.kind, state, mail.attempts,
        mail.ambiguous_count, mail.created_at, mail.sent_at, mail.next_try_at,
        mail.bounce if state is MailState.BOUNCED else mail.reply, row.number or "", state in MAY_RETRY,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SilenceRow:
    """One silence as the list shows it."""

    id: int
    scope: str
    case_number: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    created_by: str
    ended_at: datetime | None
    ended_by: str
    is_in_force: bool


def silences(
    session: Session, *, now: datetime, in_force: bool = False, after: str = ""
) -> tuple[tuple[SilenceRow, ...], str]:
    """Return a page of silences, the newest first, and the key of the next page (empty: there is none)."""
    ender = aliased(User)
    statement = (
        select(Silence, Case.number, Case.title, Department.name, User.name.label("by"), ender.name.label("ender"))
        .outerjoin(Case, Case.id == Silence.case_id)
        .outerjoin(Department, Department.id == Silence.department_id)
        .join(User, User.id == Silence.created_by_id)
        .outerjoin(ender, ender.id == Silence.ended_by_id)
    )
    if in_force:
        statement = statement.where(Silence.ends_at > now, Silence.ended_at.is_(None))
    found, last = paging.Order(Silence.id, descending=True).page(session, statement, after, PAGE)
    return tuple(_silence(row, now) for row in found), str(last.Silence.id) if last else ""


def _silence(row: Any, now: datetime) -> SilenceRow:
    one = row.Silence
    return SilenceRow(
        one.id, row.title or row.name or "", row.number or "", one.reason, one.starts_at, one.ends_at, row.by,
        one.ended_at, row.ender or "", one.ended_at is None and one.starts_at <= now < one.ends_at,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PassRow:
    """One pass of the auditor that was written down; `found` pairs a finding's code with its count."""

    at: datetime
    is_clean: bool
    repaired: int
    found: tuple[tuple[str, int], ...]


def audit_passes(session: Session, limit: int = 10) -> tuple[PassRow, ...]:
    """Return the latest passes, the newest first."""
    rows = session.scalars(select(AuditPass).order_by(AuditPass.at.desc(), AuditPass.id.desc()).limit(limit))
    return tuple(
        PassRow(row.at, row.is_clean, row.repaired, tuple((k, n) for k, n in row.findings["before"].items() if n))
        for row in rows
    )
