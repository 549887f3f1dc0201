"""Mail on its way out: claimed with a lease, marked before and after it leaves, never lost.

At least once, with the same Message-ID for the same fact (design decision 8).
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from opinion_service.domain.errors import Forbidden, NotFound
from opinion_service.domain.people import SYSTEM, Actor, Role
from opinion_service.models import OutboxMail
from opinion_service.models.conditions import CAME_BACK
from opinion_service.services import journal
from opinion_service.services.transaction import transaction

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 72
MOST_AT_ONCE = 500
LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """One message to send, to a person or (`group_id`) to a group's robot; `token` fences the claim."""

    mail_id: int
    token: str
    message_id: str
    recipient: str
    subject: str
    body: str
    group_id: int | None = None


def claim(limit: int, *, now: datetime) -> list[ClaimedMail]:
    """Return mails that are due and take them for five minutes.

    One found after its text was handed over (*data*) is sent again under the same Message-ID and counted.
    """
    token = str(uuid.uuid4())
    with transaction() as session:
        due = OutboxMail.next_try_at <= now
        lost = OutboxMail.lease_until < now
        statement = (
            select(OutboxMail)
            .where(
                or_(
                    (OutboxMail.state.in_(("pending", "uncertain"))) & due,
                    (OutboxMail.state.in_(("sending", "data"))) & lost,
                )
            )
            .order_by(OutboxMail.next_try_at, OutboxMail.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = list(session.scalars(statement))
        for row in rows:
            row.ambiguous_count += row.state in ("data", "uncertain")
            row.state, row.lease_token, row.lease_until = "sending", token, now + LEASE
            row.attempts += 1
        return [
            ClaimedMail(row.id, token, row.message_id, row.recipient, row.subject, row.body, row.group_id)
            for row in rows
        ]


def handing_over(mail_id: int, token: str) -> None:
    """Mark that the text of a mail is about to leave; from now on a loss is uncertain."""
    with transaction() as session:
        held = (OutboxMail.id == mail_id, OutboxMail.lease_token == token)
        session.execute(update(OutboxMail).where(*held).values(state="data"))


def done(mail_id: int, token: str, outcome: str, reply: str, *, now: datetime) -> None:
    """Write down what became of a mail; a claim that was lost changes nothing."""
    with transaction() as session:
        row = session.get(OutboxMail, mail_id, with_for_update=True)
        if row is None or row.lease_token != token:
            return
        row.lease_token = row.lease_until = None
        row.reply = reply[:500]
        if outcome == "sent":
            row.state, row.sent_at = "sent", now
        elif outcome == "failed" or row.attempts >= MOST_ATTEMPTS:
            row.state = "failed"
        else:
            row.state = "uncertain" if outcome == "uncertain" else "pending"
            row.next_try_at = now + min(timedelta(minutes=2 ** min(row.attempts - 1, 10)), LONGEST_WAIT)


def retry(mail_id: int, *, actor: Actor, now: datetime) -> None:
    """Send one mail again on a person's word, under its old Message-ID: failed, held, sent back, or waiting.

    Raise Forbidden for other roles, NotFound for a mail that arrived or is being sent just now.
    """
    _check_may_retry(actor)
    with transaction() as session:
        row = session.get(OutboxMail, mail_id, with_for_update=True)
        if row is None or not _may_go_again(row, now):
            raise NotFound("没有可重发的邮件。")
        _again(row, now)
        journal.record(session, journal.Entry("mail_retried", "重发邮件", case_id=row.case_id), actor=actor, now=now)


def retry_lost(*, actor: Actor, now: datetime) -> int:
    """Send again what failed, came back or is held, the oldest first, at most 500 at once; return how many."""
    _check_may_retry(actor)
    with transaction() as session:
        lost = or_(OutboxMail.state.in_(("failed", "held")), CAME_BACK)
        rows = session.scalars(
            select(OutboxMail).where(lost).order_by(OutboxMail.id).limit(MOST_AT_ONCE).with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            _again(row, now)
        if rows:
            entry = journal.Entry(
                "mail_retried", f"重发邮件 {len(rows)} 封", detail={"mails": [row.id for row in rows]}
            )
            journal.record(session, entry, actor=actor, now=now)
        return len(rows)


def bounced(message_id: str, words: str, *, now: datetime) -> bool:
    """Write down that a mail was sent back; return whether it is one of ours and this was not known yet."""
    with transaction() as session:
        row = session.scalar(select(OutboxMail).where(OutboxMail.message_id == message_id).with_for_update())
        if row is None or row.sent_at is None or _came_back(row):
            return False
        row.bounced_at, row.bounce = now, (words.strip() or "退信未说明原因")[:500]
        entry = journal.Entry("mail_bounced", "邮件被退回", case_id=row.case_id, detail={"mail_id": row.id})
        journal.record(session, entry, actor=SYSTEM, now=now)
        return True


def _check_may_retry(actor: Actor) -> None:
    if actor.role not in (Role.ADMIN, Role.SUPERVISOR):
        raise Forbidden("只有系统管理员或督查可以重发邮件。")


def _may_go_again(row: OutboxMail, now: datetime) -> bool:
    is_held = row.lease_until is not None and row.lease_until > now
    return not is_held and (row.state != "sent" or _came_back(row))


def _came_back(row: OutboxMail) -> bool:
    return row.bounced_at is not None and row.sent_at is not None and row.bounced_at >= row.sent_at


def _again(row: OutboxMail, now: datetime) -> None:
    row.state, row.next_try_at, row.attempts = "pending", now, 0
    row.lease_token = row.lease_until = None
