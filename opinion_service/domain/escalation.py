"""The ladder of a clock: who is told before it ends, when it ends, and after."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from opinion_service.domain.calendar import WorkCalendar
from opinion_service.domain.deadlines import workdays_after
from opinion_service.domain.people import Role

ONE_DAY_LATE = timedelta(hours=24)
WORKDAYS_TO_CIRCULAR = 5


@dataclass(frozen=True, slots=True)
class RungPlan:
    """One rung: `level` 1-4, the instant it is reached, and the roles told."""

    level: int
    fire_at: datetime
    recipients: tuple[Role, ...]


RUNG_LABELS = {1: "临期提醒", 2: "到期催办", 3: "催办通知书", 4: "书面通报"}


def plan_rungs(start: datetime, due: datetime, calendar: WorkCalendar) -> tuple[RungPlan, ...]:
    """Return the four rungs of a clock: 75 % · 100 % · +24 h · five working days after.

    start, due: aware. The share of 75 % is of natural time, nights and holidays included. The five
    working days begin after the day of `due`; a `due` at 24:00 belongs to the day that it closes.
    Source: domain rules 2.7 and 2.8.
    """
    return (
        RungPlan(1, _warning_at(start, due), (Role.HANDLER,)),
        RungPlan(2, due, (Role.APPROVER, Role.LIAISON)),
        RungPlan(3, due + ONE_DAY_LATE, (Role.APPROVER, Role.SUPERVISOR)),
        RungPlan(4, workdays_after(due, WORKDAYS_TO_CIRCULAR, calendar), (Role.SUPERVISOR,)),
    )


def level_owed(start: datetime, due: datetime, now: datetime, calendar: WorkCalendar) -> int:
    """Return the highest rung reached at `now`, 0 to 4; a rung is reached at its exact instant."""
    return max((rung.level for rung in plan_rungs(start, due, calendar) if rung.fire_at <= now), default=0)


class Urgency(StrEnum):
    """How a running clock stands; the colour is never the only sign of it."""

    CALM = "calm"
    SOON = "soon"
    LATE = "late"
    VERY_LATE = "very_late"

    @property
    def label(self) -> str:
        """Return the word shown."""
        return {"calm": "正常", "soon": "临期", "late": "已超期", "very_late": "严重超期"}[self.value]


def urgency(start: datetime, due: datetime, now: datetime) -> Urgency:
    """Return how the clock stands at `now`; each bound belongs to the graver side."""
    if now >= due + ONE_DAY_LATE:
        return Urgency.VERY_LATE
    if now >= due:
        return Urgency.LATE
    return Urgency.SOON if now >= _warning_at(start, due) else Urgency.CALM


def _warning_at(start: datetime, due: datetime) -> datetime:
    return start + (due - start) * 3 / 4
