"""How the clocks of a case would stand under another grade, calendar or profile, and making it so.

Every clock is computed anew from its own start, never from now; a legal one from the start that the
incident level asks for. What is computed for a preview is what is written when it is confirmed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.allowance import length_text
from opinion_service.domain.clocks.clock_kinds import OWED_TO_THE_PUBLIC
from opinion_service.domain.clocks.deadlines import Computation, clock_start
from opinion_service.domain.clocks.sla import ClockKind, ClockRule, IncidentLevel, OpinionGrade, clocks_for
from opinion_service.domain.reminders.ladder import TOLD_BEFORE, is_told
from opinion_service.models import Case, Clock, Rung
from opinion_service.services.clocks import clock_book, clock_terms
from opinion_service.services.clocks.clock_terms import Terms
from opinion_service.services.routing import rulebook

ONE_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Footing:
    """What a person says of a case that its clocks depend on."""

    grade: OpinionGrade
    level: IncidentLevel
    occurred_at: datetime | None

    @classmethod
    def of(cls, case: Case) -> "Footing":
        """Return the footing on which the case stands now."""
        return cls(OpinionGrade(case.grade), IncidentLevel(case.incident_level), case.occurred_at)


@dataclass(frozen=True, slots=True)
class Shift:
    """One clock before and after: without `clock` it is new, without `computation` no longer owed."""

    kind: ClockKind
    clock: Clock | None
    rule: ClockRule | None
    computation: Computation | None
    is_late_by_change: bool = False

    @property
    def old_due(self) -> datetime | None:
        """Return the present due time."""
        return self.clock.due_at if self.clock else None

    @property
    def new_due(self) -> datetime | None:
        """Return the due time after the change."""
        return self.computation.due_at if self.computation else None

    @property
    def minutes(self) -> int | None:
        """Return the minutes won (positive) or lost; None for a clock that begins or ends."""
        if self.old_due is None or self.new_due is None:
            return None
        return round((self.new_due - self.old_due).total_seconds() / ONE_MINUTE)

    def as_told(self) -> dict[str, Any]:
        """Return the shift as the journal keeps it."""
        due = self.new_due.isoformat() if self.new_due else None
        return {"clock": self.kind.value, "minutes": self.minutes, "due": due, "late": self.is_late_by_change}

    @property
    def is_moved(self) -> bool:
        """Return whether a due time changes, a clock begins or one ends."""
        return self.minutes != 0

    @property
    def is_rewritten(self) -> bool:
        """Return whether the row has to be replaced: its time, its ground or what is known of it changes."""
        clock, found, rule = self.clock, self.computation, self.rule
        if clock is None or found is None or rule is None:
            return True
        before = (clock.started_at, clock.due_at, clock.allowance, clock.basis, clock.is_provisional, clock.is_legal)
        after = (found.start, found.due_at, str(rule.allowance), rule.basis, found.provisional, rule.is_legal)
        return before != after


def plan(
    session: Session, case: Case, *, now: datetime, footing: Footing | None = None, may_begin: bool = True
) -> tuple[Shift, ...]:
    """Return how each clock of the case would stand on `footing` (default: as it is), writing nothing.

    may_begin: whether clocks that the footing newly calls for are part of the plan.
    """
    stand, use = footing or Footing.of(case), clock_terms.of(session, case)
    owed = {rule.kind: rule for rule in clocks_for(use.profile, stand.grade, stand.level)}
    going = clock_book.running(session, case)
    shifts = [_shift(case, clock, owed, stand, use, now) for clock in going if not clock.party]
    if may_begin and case.published_at is None:
        shifts += _beginning(session, case, owed, stand, use, now)
    anchor = min((one.new_due for one in shifts if one.new_due and one.rule and one.rule.is_legal), default=None)
    for clock in going:
        if clock.party:
            shifts.append(_co_shift(clock, owed.get(ClockKind.CO_OPINION), anchor, use, now))
    return tuple(shifts)


def apply(session: Session, case: Case, shifts: Iterable[Shift]) -> int:
    """Write the shifts down, old rows superseded; return how many due times moved."""
    moved = 0
    for shift in shifts:
        if not shift.is_rewritten:
            continue
        party = 0
        if shift.clock is not None:
            party = shift.clock.party
            clock_book.supersede(session, shift.clock, state="superseded" if shift.computation else "stopped")
        if shift.rule is not None and shift.computation is not None:
            clock = clock_book.put(session, case, shift.rule, shift.computation, party=party)
            clock.is_late_by_change = shift.is_late_by_change
            _keep_told(session, clock, shift.computation)
        moved += shift.is_moved
    clock_book.refresh_next_due(session, case)
    return moved


def moved_words(minutes: int) -> str:
    """Return in words how far a deadline moves; positive is later."""
    return f"{'延后' if minutes > 0 else '提前'} {length_text(minutes)}" if minutes else "不变"


def minutes_of_legal(shifts: Iterable[Shift]) -> int:
    """Return how many minutes the earliest legal deadline moves: negative means time is lost; 0 without one."""
    listed = list(shifts)
    before = [one.clock.due_at for one in listed if one.clock and one.clock.is_legal]
    after = [one.new_due for one in listed if one.new_due and one.rule and one.rule.is_legal]
    if not before or not after:
        return 0
    return round((min(after) - min(before)).total_seconds() / ONE_MINUTE)


def _shift(
    case: Case, clock: Clock, owed: dict[ClockKind, ClockRule], stand: Footing, terms: Terms, now: datetime
) -> Shift:
    kind = ClockKind(clock.kind)
    rule = owed.get(kind)
    if rule is None:
        return Shift(kind, clock, None, None)
    at = clock.started_at
    if kind in OWED_TO_THE_PUBLIC and case.published_at is None:
        at = clock_start(stand.level, stand.occurred_at, case.detected_at)
    return _held(Shift(kind, clock, rule, terms.compute(rule, at)), now)


def _co_shift(clock: Clock, rule: ClockRule | None, anchor: datetime | None, terms: Terms, now: datetime) -> Shift:
    if rule is None:
        return Shift(ClockKind.CO_OPINION, clock, None, None)
    known = Computation.from_record(clock.computation).anchor
    computation = terms.compute(rule, clock.started_at, anchor=anchor or known)
    return _held(Shift(ClockKind.CO_OPINION, clock, rule, computation), now)


def _held(shift: Shift, now: datetime) -> Shift:
    """Return the shift marked when only the change makes the clock overdue."""
    clock, found = shift.clock, shift.computation
    if clock is None or found is None:
        return shift
    is_late = found.due_at <= now and (clock.is_late_by_change or clock.due_at > now)
    return Shift(shift.kind, clock, shift.rule, found, is_late)


def _beginning(
    session: Session, case: Case, owed: dict[ClockKind, ClockRule], stand: Footing, terms: Terms, now: datetime
) -> list[Shift]:
    """Return the clocks that the change begins; one met or stopped in this round does not come back."""
    statement = select(Clock.kind).where(
        Clock.case_id == case.id, Clock.round == case.round, Clock.state.in_(("running", "met"))
    )
    known = set(session.scalars(statement))
    at = clock_start(stand.level, stand.occurred_at, case.detected_at)
    found = []
    for kind in OWED_TO_THE_PUBLIC:
        if kind in owed and kind.value not in known:
            computation = terms.compute(owed[kind], at)
            found.append(Shift(kind, None, owed[kind], computation, computation.due_at <= now))
    return sorted(found, key=lambda one: list(ClockKind).index(one.kind))


def _told(session: Session, clock: Clock) -> dict[int, datetime]:
    """Return when each level was told last, on this clock or on one that it took the place of."""
    statement = (
        select(Rung.level, func.max(Rung.fired_at).label("at"))
        .join(Clock, Clock.id == Rung.clock_id)
        .where(
            Rung.case_id == clock.case_id, Rung.state == "fired", Clock.kind == clock.kind, Clock.round == clock.round,
            Clock.party == clock.party,
        )
        .group_by(Rung.level)
    )  # fmt: skip
    return {row.level: row.at for row in session.execute(statement)}


def _keep_told(session: Session, clock: Clock, computation: Computation) -> None:
    """Cancel the rungs that were told already and are not due anew under the clock's new time."""
    told = _told(session, clock)
    if not told:
        return
    calendar = rulebook.calendar(session)
    for rung in session.scalars(select(Rung).where(Rung.clock_id == clock.id, Rung.level.in_(told))):
        if is_told(rung.offset, computation, told[rung.level], calendar):
            rung.state, rung.held_for = "cancelled", TOLD_BEFORE
    session.flush()
