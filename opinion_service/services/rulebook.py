"""The rules in force, read from the database inside a transaction: calendar and time limits."""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.calendar import DayKind, WorkCalendar
from opinion_service.domain.errors import NotFound
from opinion_service.domain.sla import SlaProfile, profile_from_record
from opinion_service.models import CalendarDay, RuleVersion


def calendar(session: Session) -> WorkCalendar:
    """Return the working calendar with every published day; its version names the last notice."""
    rows = session.execute(select(CalendarDay.day, CalendarDay.kind).order_by(CalendarDay.day)).all()
    days: dict[date, DayKind] = {row.day: DayKind(row.kind) for row in rows}
    last = max(days).year if days else 0
    return WorkCalendar(days, version=f"calendar-{last}-{len(days)}")


def sla_profile(session: Session) -> SlaProfile:
    """Return the profile of time limits in force."""
    return profile_from_record(active_record(session, "sla"))


def active_record(session: Session, kind: str) -> dict[str, Any]:
    """Return the data of the rule version in force; raise NotFound before the first one is loaded."""
    statement = (
        select(RuleVersion.record)
        .where(RuleVersion.kind == kind, RuleVersion.is_active)
        .order_by(RuleVersion.id.desc())
        .limit(1)
    )
    record: dict[str, Any] | None = session.scalar(statement)
    if record is None:
        raise NotFound(f"尚未载入规则（{kind}），请先运行 flask setup。")
    return record
