"""Counts the ended clocks for the forecast now and then, and keeps the counts with their back-test."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.forecast import Ended, back_test, history_of
from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.reminders.ladder import OWED_BY_DESK
from opinion_service.models import Case, Clock, Setting
from opinion_service.models.conditions import OWING_DEPARTMENT
from opinion_service.services.transaction import transaction

KEY = "forecast"
EVERY = timedelta(hours=6)
LOOKS_BACK = timedelta(days=365)
MOST = 20_000
# Returning a case in time is a right; nobody is late who does not use it.
NOT_OWED = ClockKind.RETURN_WINDOW.value


def refresh(*, now: datetime, anyhow: bool = False) -> int:
    """Count the ended clocks of the last year anew when the counts are six hours old; return how many were counted.

    anyhow: do it whatever their age. The newest 20,000 are read at most.
    """
    with transaction() as session:
        row = session.get(Setting, KEY)
        if row is not None and not anyhow and datetime.fromisoformat(json.loads(row.value)["made_at"]) > now - EVERY:
            return 0
        ended = _ended(session, now)
        test = back_test(ended)
        record = {
            "made_at": now.isoformat(), "n": len(ended), **history_of(ended).as_record(),
            "back_test": asdict(test) if test else None,
        }  # fmt: skip
        session.merge(Setting(key=KEY, value=json.dumps(record)))
        return len(ended)


def _ended(session: Session, now: datetime) -> list[Ended]:
    """Return the clocks that were met, or that ran out and still wait."""
    is_over = or_(Clock.state == "met", (Clock.state == "running") & (Clock.due_at <= now))
    rows = session.execute(
        select(
            Clock.kind, Clock.started_at, Clock.due_at, Clock.met_at,
            func.coalesce(OWING_DEPARTMENT, 0).label("department"),
        )
        .join(Case, Case.id == Clock.case_id)
        .where(is_over, Clock.kind != NOT_OWED, Clock.started_at > now - LOOKS_BACK, ~Clock.is_late_by_change)
        .order_by(Clock.id.desc())
        .limit(MOST)
    )  # fmt: skip
    return [
        Ended(row.kind, 0 if row.kind in OWED_BY_DESK else row.department, row.started_at, row.due_at, row.met_at)
        for row in rows
    ]
