"""The proof of a case's ladders: each rung with plan, delivery, bounce, acknowledgement and what comes next."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.reminders.ladder import TOLD_BEFORE
from opinion_service.domain.reminders.mail_states import MailState, mail_state
from opinion_service.models import (
    Acknowledgement,
    Case,
    Clock,
    LadderDocument,
    OutboxMail,
    Rung,
    RungNotice,
    Silence,
    User,
)

RUNG_STATES = {"armed": "未到时间", "fired": "已发出", "cancelled": "已取消"}
REASONS = {"role": "按规则", "duty": "值班", "stand_in": "代理", "fallback": "兜底", "robot": "工作群"}
MOST_COMING = 3


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One reader of a rung and what became of the letter; `state_word` is empty until a mail is written."""

    name: str
    reason: str
    state_word: str
    tone: str
    is_delivered: bool
    is_moot: bool
    message_id: str
    reply: str
    sent_at: datetime | None
    send_at: datetime


@dataclass(frozen=True, slots=True)
class AckView:
    """Who took a rung in hand, when, until when, and what they said."""

    name: str
    at: datetime
    expires_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class RungView:
    """One rung as the pages show it."""

    id: int
    clock_id: int
    clock: str
    is_legal: bool
    is_running: bool
    level: int
    name: str
    version: str
    planned_at: datetime
    next_look_at: datetime
    state: str
    state_word: str
    held_for: str
    fired_at: datetime | None
    notices: tuple[NoticeView, ...]
    ack: AckView | None
    next_at: datetime | None
    may_acknowledge: bool = False
    document_id: int | None = None

    @property
    def told(self) -> tuple[NoticeView, ...]:
        """Return the readers that were or will be told; a notice that became moot does not count."""
        return tuple(one for one in self.notices if not one.is_moot)

    @property
    def delivered(self) -> int:
        """Return how many letters the mail server took and nobody sent back."""
        return sum(one.is_delivered for one in self.told)


@dataclass(frozen=True, slots=True)
class CaseLadder:
    """Every rung of a case, in the order of the plan, and what it comes to."""

    rungs: tuple[RungView, ...]
    silenced_until: datetime | None
    silenced_for: str

    @property
    def fired(self) -> tuple[RungView, ...]:
        """Return the rungs that have fired."""
        return tuple(one for one in self.rungs if one.state == "fired")

    @property
    def shown(self) -> tuple[RungView, ...]:
        """Return what the case page shows: of each running clock the rung that fired last, and what comes next."""
        last = {one.clock_id: one for one in self.fired if one.is_running}
        coming = [one for one in self.rungs if one.state == "armed"][:MOST_COMING]
        return (*last.values(), *coming)

    @property
    def in_force(self) -> tuple[RungView, ...]:
        """Return the rungs that fired or may still fire."""
        return tuple(one for one in self.rungs if one.state != "cancelled")

    @property
    def lifted(self) -> tuple[RungView, ...]:
        """Return the rungs that were lifted before they fired, because their clock stopped or moved."""
        return tuple(one for one in self.rungs if one.state == "cancelled")

    @property
    def told(self) -> int:
        """Return how many letters the fired rungs called for."""
        return sum(len(one.told) for one in self.fired)

    @property
    def delivered(self) -> int:
        """Return how many of them arrived, as far as the mail server says."""
        return sum(one.delivered for one in self.fired)

    @property
    def last_confirmed_at(self) -> datetime | None:
        """Return when somebody last acknowledged a rung."""
        return max((one.ack.at for one in self.rungs if one.ack), default=None)


def case_ladder(session: Session, case: Case, *, now: datetime) -> CaseLadder:
    """Return the ladders of a case; the caller has checked that it may be seen. Five statements."""
    rows = session.execute(
        select(Rung, Clock)
        .join(Clock, Clock.id == Rung.clock_id)
        .where(Rung.case_id == case.id)
        .order_by(Rung.fire_at, Rung.id)
    ).all()
    notices, acks = _notices(session, case.id, now), _acks(session, case.id)
    papers = _papers(session, case.id)
    following: dict[int, list[Rung]] = defaultdict(list)
    for row in rows:
        if row.Rung.state == "armed":
            following[row.Rung.clock_id].append(row.Rung)
    latest = {row.Rung.clock_id: row.Rung.id for row in rows if row.Rung.state == "fired"}
    views = tuple(
        replace(
            _view(row, notices.get(row.Rung.id, ()), acks.get(row.Rung.id), following),
            document_id=papers.get(row.Rung.id),
            may_acknowledge=_may_acknowledge(row, acks, latest),
        )
        for row in rows
    )
    silence = _silence(session, case, now)
    return CaseLadder(views, silence.ends_at if silence else None, silence.reason if silence else "")


def _view(
    row: Any,
    notices: tuple[NoticeView, ...],
    ack: AckView | None,
    following: dict[int, list[Rung]],
) -> RungView:
    rung, clock = row.Rung, row.Clock
    later = following.get(clock.id, [])
    return RungView(
        id=rung.id,
        clock_id=clock.id,
        clock=ClockKind(clock.kind).label,
        is_legal=clock.is_legal,
        is_running=clock.state == "running",
        level=rung.level,
        name=rung.wording["name"],
        version=rung.ladder_version,
        planned_at=rung.fire_at,
        next_look_at=rung.wake_at,
        state=rung.state,
        state_word=_state_word(rung),
        held_for=rung.held_for if rung.state == "armed" else "",
        fired_at=rung.fired_at,
        notices=notices,
        ack=ack,
        next_at=later[0].wake_at if rung.state == "fired" and later else None,
    )


def _state_word(rung: Rung) -> str:
    if rung.state == "cancelled" and rung.held_for == TOLD_BEFORE:
        return TOLD_BEFORE
    return "暂缓" if rung.state == "armed" and rung.held_for else RUNG_STATES[rung.state]


def _may_acknowledge(row: Any, acks: Mapping[int, AckView], latest: Mapping[int, int]) -> bool:
    """Return whether the rung is the one a running clock stands on, and nobody has taken it in hand."""
    is_last = latest.get(row.Rung.clock_id) == row.Rung.id
    return is_last and row.Clock.state == "running" and row.Rung.id not in acks


def _notices(session: Session, case_id: int, now: datetime) -> dict[int, tuple[NoticeView, ...]]:
    statement = (
        select(RungNotice, OutboxMail, User.name)
        .outerjoin(OutboxMail, OutboxMail.id == RungNotice.mail_id)
        .outerjoin(User, User.id == RungNotice.user_id)
        .where(RungNotice.case_id == case_id)
        .order_by(RungNotice.id)
    )
    found: dict[int, list[NoticeView]] = defaultdict(list)
    for notice, mail, name in session.execute(statement):
        found[notice.rung_id].append(_notice(notice, mail, name or notice.address, now))
    return {rung_id: tuple(views) for rung_id, views in found.items()}


def _notice(notice: RungNotice, mail: OutboxMail | None, name: str, now: datetime) -> NoticeView:
    state = _mail_state(mail, now) if mail else None
    word = state.label if state else "不再需要" if notice.state == "moot" else "待写"
    return NoticeView(
        name=name,
        reason=REASONS[notice.reason],
        state_word=word,
        tone=state.tone if state else "plain",
        is_delivered=state is MailState.SENT,
        is_moot=notice.state == "moot",
        message_id=mail.message_id if mail else "",
        reply=(mail.bounce if state is MailState.BOUNCED else mail.reply) if mail else "",
        sent_at=mail.sent_at if mail else None,
        send_at=notice.send_at,
    )


def _mail_state(mail: OutboxMail, now: datetime) -> MailState:
    due_at = mail.lease_until if mail.state in ("sending", "data") else mail.next_try_at
    return mail_state(mail.state, due_at=due_at, sent_at=mail.sent_at, bounced_at=mail.bounced_at, now=now)


def _acks(session: Session, case_id: int) -> dict[int, AckView]:
    statement = (
        select(Acknowledgement, User.name)
        .join(User, User.id == Acknowledgement.user_id)
        .where(Acknowledgement.case_id == case_id)
    )
    return {ack.rung_id: AckView(name, ack.at, ack.expires_at, ack.note) for ack, name in session.execute(statement)}


def _papers(session: Session, case_id: int) -> dict[int, int]:
    rows = session.execute(
        select(LadderDocument.rung_id, LadderDocument.id).where(LadderDocument.case_id == case_id)
    ).all()
    return {row.rung_id: row.id for row in rows if row.rung_id is not None}


def _silence(session: Session, case: Case, now: datetime) -> Silence | None:
    scope = or_(Silence.case_id == case.id, Silence.department_id == case.lead_department_id)
    return session.scalar(
        select(Silence)
        .where(scope, Silence.starts_at <= now, Silence.ends_at > now, Silence.ended_at.is_(None))
        .order_by(Silence.ends_at.desc(), Silence.id)
        .limit(1)
    )
