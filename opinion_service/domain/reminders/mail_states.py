"""What became of a mail, in the words people read; one place, so that every page says the same."""

from datetime import datetime, timedelta
from enum import StrEnum

STUCK_AFTER = timedelta(minutes=10)


class MailState(StrEnum):
    """How a mail stands: the row's own state, and what only a look at the clock or a bounce tells."""

    PENDING = "pending"
    SENDING = "sending"
    STUCK = "stuck"
    SENT = "sent"
    BOUNCED = "bounced"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    HELD = "held"

    @property
    def label(self) -> str:
        """Return the state's name in Chinese."""
        return MAIL_LABELS[self]

    @property
    def tone(self) -> str:
        """Return the tone of its tag: ok, late, soon or plain."""
        if self in (MailState.STUCK, MailState.BOUNCED, MailState.FAILED):
            return "late"
        return {MailState.SENT: "ok", MailState.UNCERTAIN: "soon"}.get(self, "plain")


MAIL_LABELS: dict[MailState, str] = {
    MailState.PENDING: "待发",
    MailState.SENDING: "发送中",
    MailState.STUCK: "滞留",
    MailState.SENT: "已送达",
    MailState.BOUNCED: "退信",
    MailState.FAILED: "失败",
    MailState.UNCERTAIN: "待确认",
    MailState.HELD: "暂扣",
}
MAY_RETRY = frozenset(
    {MailState.STUCK, MailState.BOUNCED, MailState.FAILED, MailState.UNCERTAIN, MailState.HELD, MailState.PENDING}
)


def mail_state(
    state: str, *, due_at: datetime | None, sent_at: datetime | None, bounced_at: datetime | None, now: datetime
) -> MailState:
    """Return how a mail stands at `now`.

    due_at: when somebody should have taken it up: the next try, or the end of the lease while it is being
    sent; ten minutes after that it is stuck. A bounce counts until the mail is sent again.
    """
    if state == "sent":
        is_back = bounced_at is not None and sent_at is not None and sent_at <= bounced_at
        return MailState.BOUNCED if is_back else MailState.SENT
    is_moving = state in ("pending", "sending", "data", "uncertain")
    if is_moving and due_at is not None and due_at < now - STUCK_AFTER:
        return MailState.STUCK
    return MailState.SENDING if state == "data" else MailState(state)
