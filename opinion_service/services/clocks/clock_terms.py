"""What a clock of a case is computed from beside its allowance: calendar, limits, pauses and extensions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.calendar import WorkCalendar
from opinion_service.domain.clocks.deadlines import Allowance, Computation, Pause, due_at, due_before, due_for
from opinion_service.domain.clocks.sla import EXTENDABLE, PAUSABLE, ClockKind, ClockRule, SlaProfile
from opinion_service.models import Case, ClockExtension, ClockPause
from opinion_service.services.routing import rulebook


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules and facts that every clock of one case shares; `extensions` by kind of clock."""

    calendar: WorkCalendar
    profile: SlaProfile
    pauses: tuple[Pause, ...] = ()
    extensions: Mapping[str, Allowance] | None = None

    def compute(self, rule: ClockRule, at: datetime, *, anchor: datetime | None = None) -> Computation:
        """Return when the clock of `rule` started `at` is due; `anchor` is the lead's for a co-department."""
        if rule.kind is ClockKind.CO_OPINION and anchor is not None:
            return due_before(anchor, Allowance.parse(rule.allowance), at, self.calendar)
        if rule.is_legal or rule.kind not in PAUSABLE:
            return due_at(at, Allowance.parse(rule.allowance), self.calendar)
        extension = (self.extensions or {}).get(rule.kind.value) if rule.kind in EXTENDABLE else None
        return due_for(rule, at, self.calendar, pauses=self.pauses, extension=extension)


def of(session: Session, case: Case) -> Terms:
    """Return the terms of the case's present round."""
    return Terms(
        rulebook.calendar(session), rulebook.sla_profile(session), _pauses(session, case), _granted(session, case)
    )


def _pauses(session: Session, case: Case) -> tuple[Pause, ...]:
    rows = session.scalars(
        select(ClockPause).where(ClockPause.case_id == case.id, ClockPause.round == case.round).order_by(ClockPause.id)
    )
    return tuple(Pause(row.begins_at, row.ended_at or row.until) for row in rows)


def _granted(session: Session, case: Case) -> dict[str, Allowance]:
    """Return the working days granted to each clock, grants of one clock added up."""
    rows = session.execute(
        select(ClockExtension.kind, ClockExtension.days).where(
            ClockExtension.case_id == case.id, ClockExtension.round == case.round, ClockExtension.state == "granted"
        )
    )
    days: dict[str, int] = {}
    for row in rows:
        days[row.kind] = days.get(row.kind, 0) + row.days
    return {kind: Allowance(amount, "wd") for kind, amount in days.items()}
