"""Setting a desk up: departments, rules, calendar and time limits, loaded once and kept up to date; signs of life."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from opinion_service import data
from opinion_service.data import routing_data
from opinion_service.domain.clocks.calendar import DayKind
from opinion_service.domain.clocks.calendar_days import NoticeDay
from opinion_service.domain.clocks.sla import profile_from_record
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.people import SYSTEM
from opinion_service.models import (
    CalendarDay,
    Department,
    Heartbeat,
    OpeningRuleSet,
    OutboxMail,
    RuleVersion,
    Setting,
    SignIn,
    User,
)
from opinion_service.services import journal
from opinion_service.services.casework import reply_templates
from opinion_service.services.clocks import limit_changes
from opinion_service.services.reminders import ladder_book
from opinion_service.services.routing import rulebook
from opinion_service.services.transaction import transaction

SHIPPED = "calendar_shipped"
HELD_AFTER_RESTORE = "恢复备份时尚未送达，备份之后可能已经发出；核对后再发。"


def load_reference(*, now: datetime) -> None:
    """Load departments, calendar, time limits and routing rules; what is there already stays.

    A desk at work gets new or amended days and limits as proposals, for they move the clocks of open cases.
    """
    profile_from_record(data.read_sla_profile())
    with transaction() as session:
        _load_departments(session, data.read_json("departments.json"))
        _load_calendar(session, now)
        _load_rules(session, "sla", data.read_sla_profile(), now)
        _load_rules(session, "routing", routing_data.read_rules(), now)
        _load_opening_rules(session, data.read_json("opening_rules.json"), now)
        reply_templates.load_shipped(session, data.read_json("reply_templates.json"), now)
        ladder_book.load_shipped(session, data.read_json("ladder.json"), now)


def has_users() -> bool:
    """Return whether anybody can sign in yet."""
    with transaction() as session:
        return bool(session.scalar(select(func.count(User.id))))


def beat(name: str, kind: str, detail: str = "", *, now: datetime) -> None:
    """Note that a process lives."""
    try:
        _write_beat(name, kind, detail, now)
    except IntegrityError:
        # Two wrote the first beat of this name at once (PostgreSQL); the row is there now.
        _write_beat(name, kind, detail, now)


def _write_beat(name: str, kind: str, detail: str, now: datetime) -> None:
    with transaction() as session:
        session.merge(Heartbeat(name=name, kind=kind, at=now, detail=detail[:200]))


def working_processes(*, since: datetime) -> tuple[str, ...]:
    """Return the names of the processes that gave a sign of life after `since`, in order."""
    with transaction() as session:
        return tuple(session.scalars(select(Heartbeat.name).where(Heartbeat.at > since).order_by(Heartbeat.name)))


def settle_after_restore(*, made_at: str, now: datetime) -> None:
    """Make a desk that was just put back fit for work: nothing leaves twice by itself, nobody is signed in.

    Mails that had not arrived when the backup was made may have left since: they are held until a person sends them.
    """
    with transaction() as session:
        on_its_way = OutboxMail.state.in_(("pending", "sending", "data", "uncertain"))
        values = {"state": "held", "lease_token": None, "lease_until": None, "reply": HELD_AFTER_RESTORE}
        held = session.scalar(select(func.count(OutboxMail.id)).where(on_its_way))
        session.execute(update(OutboxMail).where(on_its_way).values(values))
        session.execute(update(SignIn).where(SignIn.ended_at.is_(None)).values(ended_at=now))
        session.execute(delete(Heartbeat))
        entry = journal.Entry("restored", f"从备份恢复（{made_at}），暂停待发邮件 {held} 封")
        journal.record(session, entry, actor=SYSTEM, now=now)


def department_ids() -> dict[str, int]:
    """Return the id of each department by its code."""
    with transaction() as session:
        return {row.code: row.id for row in session.execute(select(Department.code, Department.id))}


def _load_departments(session: Session, rows: Iterable[Mapping[str, Any]]) -> None:
    known = set(session.scalars(select(Department.code)))
    for row in rows:
        if row["code"] not in known:
            session.add(
                Department(
                    code=row["code"],
                    name=row["name"],
                    duties=list(row.get("duties", [])),
                    is_vertical=bool(row.get("is_vertical", False)),
                    upper_contact=row.get("upper_contact", ""),
                )
            )


def _load_calendar(session: Session, now: datetime) -> None:
    rows = data.read_calendar()
    is_first = session.scalar(select(CalendarDay.day).limit(1)) is None
    shipped = rulebook.calendar_of({row.day: DayKind(row.kind) for row in rows}).version
    known = session.get(Setting, SHIPPED)
    if is_first:
        session.add_all(CalendarDay(**row._asdict()) for row in rows)
    elif known is None or known.value != shipped:
        # Asked once for each version of the data: a day amended by hand is not proposed away at every start.
        with suppress(InvalidInput):
            limit_changes.propose_days_in(session, (NoticeDay(*row) for row in rows), actor=SYSTEM, now=now)
    session.merge(Setting(key=SHIPPED, value=shipped))


def _load_rules(session: Session, kind: str, record: dict[str, Any], now: datetime) -> None:
    name = f"{kind}-{record['version']}"
    if session.scalar(select(RuleVersion.id).where(RuleVersion.version == name)) is None:
        is_first = session.scalar(select(RuleVersion.id).where(RuleVersion.kind == kind).limit(1)) is None
        session.add(RuleVersion(kind=kind, version=name, record=record, is_active=is_first, created_at=now))
        if kind == "sla" and not is_first:
            limit_changes.propose_profile_in(session, record, f"随版本更新的时限规则 {name}", actor=SYSTEM, now=now)
        journal.record(session, journal.Entry("rules_loaded", f"载入规则 {name}"), actor=SYSTEM, now=now)


def _load_opening_rules(session: Session, record: dict[str, Any], now: datetime) -> None:
    if session.scalar(select(OpeningRuleSet.id).limit(1)) is None:
        session.add(OpeningRuleSet(version=1, record=record, note="随产品提供", created_at=now))
        journal.record(session, journal.Entry("opening_rules", "载入立案规则第 1 版"), actor=SYSTEM, now=now)
