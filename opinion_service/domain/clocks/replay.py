"""A clock computed again from its own record under another calendar or other time limits."""

from dataclasses import dataclass
from datetime import datetime

from opinion_service.domain.clocks.calendar import WorkCalendar
from opinion_service.domain.clocks.deadlines import Allowance, Computation, due_at, due_before
from opinion_service.domain.clocks.sla import ClockKind, IncidentLevel, OpinionGrade, SlaProfile, clocks_for


@dataclass(frozen=True, slots=True)
class Standing:
    """A running clock: its kind, what its case is graded, and the record of its computation."""

    kind: ClockKind
    grade: OpinionGrade
    level: IncidentLevel
    kept: Computation


def replay(standing: Standing, calendar: WorkCalendar, profile: SlaProfile) -> datetime | None:
    """Return when the clock would be due, from its own start; None when the profile no longer asks for it.

    Pauses and extensions of the record count again; a co-department's clock is counted back from the
    lead's deadline as it was.
    """
    kept = standing.kept
    rules = {rule.kind: rule for rule in clocks_for(profile, standing.grade, standing.level)}
    rule = rules.get(standing.kind)
    if rule is None:
        return None
    allowance = Allowance.parse(rule.allowance)
    if kept.anchor is not None:
        return due_before(kept.anchor, allowance, kept.start, calendar).due_at
    if rule.is_legal:
        return due_at(kept.start, allowance, calendar).due_at
    extension = Allowance.parse(kept.extension) if kept.extension else None
    return due_at(kept.start, allowance, calendar, pauses=kept.pauses, extension=extension).due_at
