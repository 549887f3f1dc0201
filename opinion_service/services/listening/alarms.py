"""Tells people when sources are no longer heard, once a day until they are, and when they are heard again."""

from collections.abc import Sequence
from datetime import datetime

from flask import current_app
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from opinion_service.domain.listening.hearing import (
    ALARM_AFTER,
    ALARM_AGAIN,
    EMPTY_AFTER,
    LETTERS_APART,
    MOST_NEW_A_DAY,
    UNCHECKED_ALARM,
)
from opinion_service.domain.listening.hearing_notices import Deaf, alarm_notice, flood_notice, mended_notice
from opinion_service.domain.listening.polling import POLLED
from opinion_service.domain.people import SYSTEM, Role
from opinion_service.domain.reminders import notices
from opinion_service.domain.reminders.notices import Notice
from opinion_service.models import OutboxMail, Setting, Source, User
from opinion_service.services import journal
from opinion_service.services.listening import ledger
from opinion_service.services.transaction import transaction

LAST_LETTER = "hearing_letter_at"
TOLD = (Role.ADMIN.value, Role.LIAISON.value)


def raise_alarms(*, now: datetime) -> int:
    """Write the letters about sources that are not heard and about those that are again; return how many sources.

    An alarm goes out after three failures or three empty lists in a row, or an hour without a check; again after
    24 hours. Letters are an hour apart at least, so that one broken line does not write a hundred.
    """
    with transaction() as session:
        deaf = list(session.scalars(select(Source).where(*is_deaf(now), _is_to_be_told(now)).order_by(Source.id)))
        mended = list(session.scalars(select(Source).where(Source.alarmed_at.is_not(None), _is_well(now))))
        if not (deaf or mended):
            return 0
        # Only one process writes letters at a time; the second one finds nothing left to tell.
        journal.hold(session)
        for source in (*deaf, *mended):
            session.refresh(source)
        deaf = [one for one in deaf if one.alarmed_at is None or one.alarmed_at <= now - ALARM_AGAIN]
        mended = [one for one in mended if one.alarmed_at is not None]
        told = _tell_of_mended(session, mended, now) if mended else 0
        if deaf and _may_write(session, now):
            told += _tell_of_deaf(session, deaf, now)
        return told


def tell_of_flood(session: Session, source: Source, now: datetime) -> None:
    """Write the letters about a source that brings more than it may, inside the caller's transaction."""
    _write(session, "source_alarm", flood_notice(source.name, MOST_NEW_A_DAY, _link()), now, about=f"flood-{source.id}")


def is_deaf(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a source that should be heard is not."""
    # A lease that has run out is a worker that died, and nobody has come since.
    is_left = or_(Source.lease_until.is_(None), Source.lease_until < now)
    unchecked = and_(Source.next_check_at <= now - UNCHECKED_ALARM, is_left)
    empty = and_(Source.empties >= EMPTY_AFTER, Source.last_new_at.is_not(None))
    awake = or_(Source.paused_until.is_(None), Source.paused_until <= now - UNCHECKED_ALARM)
    return (
        Source.is_active.is_(True), Source.kind.in_(POLLED), awake,
        or_(Source.failures >= ALARM_AFTER, empty, unchecked),
    )  # fmt: skip


def _is_to_be_told(now: datetime) -> ColumnElement[bool]:
    return or_(Source.alarmed_at.is_(None), Source.alarmed_at <= now - ALARM_AGAIN)


def _is_well(now: datetime) -> ColumnElement[bool]:
    return and_(
        Source.is_active.is_(True), Source.failures == 0, Source.next_check_at > now - UNCHECKED_ALARM,
        or_(Source.empties < EMPTY_AFTER, Source.last_new_at.is_(None)),
    )  # fmt: skip


def _may_write(session: Session, now: datetime) -> bool:
    row = session.get(Setting, LAST_LETTER)
    if row is not None and datetime.fromisoformat(row.value) > now - LETTERS_APART:
        return False
    session.merge(Setting(key=LAST_LETTER, value=now.isoformat()))
    return True


def _tell_of_deaf(session: Session, deaf: Sequence[Source], now: datetime) -> int:
    rows = [Deaf(one.name, one.last_ok_at, one.failures, _reason(one)) for one in deaf]
    _write(session, "source_alarm", alarm_notice(rows, _link()), now)
    for source, row in zip(deaf, rows, strict=True):
        source.alarmed_at = now
        ledger.tell(session, source, "alarm", f"已发出告警：{row.reason}", actor_name=SYSTEM.name, now=now)
    entry = journal.Entry(
        "source_alarm", f"{len(deaf)} 个信源采集异常，已发出告警", detail={"ids": [one.id for one in deaf]}
    )
    journal.record(session, entry, actor=SYSTEM, now=now)
    return len(deaf)


def _tell_of_mended(session: Session, mended: Sequence[Source], now: datetime) -> int:
    _write(session, "source_mended", mended_notice([one.name for one in mended], _link()), now)
    for source in mended:
        source.alarmed_at = None
        ledger.tell(session, source, "mended", "已恢复采集", actor_name=SYSTEM.name, now=now)
    return len(mended)


def _reason(source: Source) -> str:
    if source.failures:
        return source.last_error
    if source.empties >= EMPTY_AFTER:
        return f"连续 {source.empties} 次返回空列表。"
    return "工作台未按时检查该信源，请联系系统管理员查看“运行状态”页。"


def _write(session: Session, kind: str, notice: Notice, now: datetime, *, about: str = "") -> None:
    host = current_app.config["DESK"].mail_from.partition("@")[2]
    people = session.scalars(select(User).where(User.is_active, User.role.in_(TOLD), User.email != ""))
    for person in people:
        session.add(
            OutboxMail(
                message_id=notices.message_id("hearing", kind, f"{now:%Y%m%dT%H%M%S}{about}", person.email, host),
                kind=kind, recipient_id=person.id, recipient=person.email, subject=notice.subject[:300],
                body=notice.body, created_at=now, next_try_at=now,
            )
        )  # fmt: skip


def _link() -> str:
    return f"{current_app.config['DESK'].base_url}/sources"
