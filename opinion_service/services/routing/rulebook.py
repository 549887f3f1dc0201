"""The rules in force, read from the database inside a transaction: calendar and time limits."""

import hashlib
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.calendar import DayKind, WorkCalendar
from opinion_service.domain.clocks.sla import SlaProfile, profile_from_record
from opinion_service.domain.errors import NotFound
from opinion_service.models import CalendarDay, RuleVersion


def calendar(session: Session) -> WorkCalendar:
    """Return the working calendar with every published day, read once a transaction.

    Its version names the last year and the content, so that an amended day is another version.
    """
    known: WorkCalendar | None = session.info.get("calendar")
    if known is None:
        rows = session.execute(select(CalendarDay.day, CalendarDay.kind).order_by(CalendarDay.day)).all()
        known = calendar_of({row.day: DayKind(row.kind) for row in rows})
        session.info["calendar"] = known
    return known


def calendar_of(days: dict[date, DayKind]) -> WorkCalendar:
    """Return the calendar of `days` under the version that their content gives."""
    text = ";".join(f"{day.isoformat()}{kind.value}" for day, kind in sorted(days.items()))
    last = max(days).year if days else 0
    return WorkCalendar(days, version=f"calendar-{last}-{hashlib.sha256(text.encode()).hexdigest()[:8]}")


def sla_profile(session: Session) -> SlaProfile:
    """Return the profile of time limits in force, read once a transaction."""
    known: SlaProfile | None = session.info.get("sla_profile")
    if known is None:
        known = session.info["sla_profile"] = profile_from_record(active_record(session, "sla"))
    return known


def forget(session: Session) -> None:
    """Read calendar and time limits again: this transaction has changed them."""
    session.info.pop("calendar", None)
    session.info.pop("sla_profile", None)


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
