"""Conditions that the write side and the read side must not word differently."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_

from opinion_service.domain.reminders.mail_states import STUCK_AFTER
from opinion_service.models.cases import Case
from opinion_service.models.clocks import Clock, OutboxMail

# The receiving server took the mail and sent it back, and it has not been sent again since.
CAME_BACK: ColumnElement[bool] = and_(
    OutboxMail.state == "sent", OutboxMail.bounced_at.is_not(None), OutboxMail.bounced_at >= OutboxMail.sent_at
)

# The department that owes a clock: a co-department its own, the lead department every other one.
OWING_DEPARTMENT: ColumnElement[int] = func.coalesce(func.nullif(Clock.party, 0), Case.lead_department_id)


def is_stuck(now: datetime) -> ColumnElement[bool]:
    """Return the condition that nobody has taken up a mail ten minutes after its time, or after its lease."""
    waits = OutboxMail.state.in_(("pending", "uncertain")) & (OutboxMail.next_try_at < now - STUCK_AFTER)
    return or_(waits, OutboxMail.state.in_(("sending", "data")) & (OutboxMail.lease_until < now - STUCK_AFTER))
