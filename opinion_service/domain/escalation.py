"""The ladder of a clock: who is told before it ends, when it ends, and after."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from opinion_service.domain.calendar import WorkCalendar
from opinion_service.domain.deadlines import Allowance, due_at
from opinion_service.domain.people import Role


@dataclass(frozen=True, slots=True)
class RungPlan:
    """One rung: `level` 1-4, the instant it is reached, and the roles told."""

    level: int
    fire_at: datetime
    recipients: tuple[Role, ...]


RUNG_LABELS = {1: "临期提醒", 2: "到期催办", 3: "催办通知书", 4: "书面通报"}


def plan_rungs(start: datetime, due: datetime, calendar: WorkCalendar) -> tuple[RungPlan, ...]:
    """Return the four rungs of a clock: 75 % · 100 % · +24 h · five working days after.

    Source: domain rules 2.7 and 2.8.
    """
    after_five = due_at(due, Allowance(5, "wd"), calendar).due_at
    return (
        RungPlan(1, start + (due - start) * 3 / 4, (Role.HANDLER,)),
        RungPlan(2, due, (Role.APPROVER, Role.LIAISON)),
        RungPlan(3, due + timedelta(hours=24), (Role.APPROVER, Role.SUPERVISOR)),
        RungPlan(4, after_five, (Role.SUPERVISOR,)),
    )


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
    if now >= due + timedelta(hours=24):
        return Urgency.VERY_LATE
    if now >= due:
        return Urgency.LATE
    return Urgency.SOON if now >= start + (due - start) * 3 / 4 else Urgency.CALM
