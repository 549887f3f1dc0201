"""Starts, meets, stops and recomputes the clocks of a case inside the caller's transaction."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.clocks.clock_kinds import (
    FOR_EACH_UNIT,
    FROM_DETECTION,
    FROM_DISPATCH,
    FROM_PUBLICATION,
    FROM_RETURN,
    FROM_SIGNATURE,
    OF_UNIT,
    START_EVENTS,
)
from opinion_service.domain.clocks.deadlines import Computation, after_pauses, clock_start
from opinion_service.domain.clocks.sla import ClockKind, ClockRule, IncidentLevel, OpinionGrade, clocks_for
from opinion_service.models import Case, Clock, Rung
from opinion_service.services.clocks import clock_terms
from opinion_service.services.clocks.clock_terms import Terms
from opinion_service.services.reminders import ladder_book
from opinion_service.services.routing import rulebook

__all__ = ["FOR_EACH_UNIT", "FROM_DETECTION", "FROM_DISPATCH", "FROM_PUBLICATION", "FROM_RETURN", "FROM_SIGNATURE"]
MEETS: dict[CaseAction, frozenset[ClockKind]] = {
    CaseAction.DISPATCH: frozenset({ClockKind.TRIAGE}),
    CaseAction.ACCEPT: frozenset({ClockKind.SIGN_RECEIPT, ClockKind.RETURN_WINDOW}),
    CaseAction.RETURN: frozenset({ClockKind.RETURN_WINDOW}),
    CaseAction.RULE: frozenset({ClockKind.RULING}),
    CaseAction.ASSESS: frozenset({ClockKind.ASSESSMENT}),
    CaseAction.SUBMIT: frozenset({ClockKind.VERIFICATION}),
    CaseAction.PUBLISH: frozenset({ClockKind.FIRST_RELEASE, ClockKind.RESPONSE, ClockKind.PUBLISH}),
    CaseAction.PRESS: frozenset({ClockKind.PRESS_CONFERENCE}),
    CaseAction.CLOSE: frozenset({ClockKind.CLOSURE, ClockKind.VERIFICATION}),
}


def start(session: Session, case: Case, kinds: Collection[ClockKind], *, at: datetime) -> None:
    """Start those of `kinds` that the case's grade and incident level call for, counting from `at`.

    A kind that runs already is left alone, so that a re-route or a return never resets it.
    """
    going = {clock.kind for clock in running(session, case)}
    terms = clock_terms.of(session, case)
    for rule in rules(case, terms):
        if rule.kind in kinds and rule.kind.value not in going:
            put(session, case, rule, terms.compute(rule, at))
    refresh_next_due(session, case)


def start_co(session: Session, case: Case, *, at: datetime) -> None:
    """Give every co-department its own clock, counted back from the lead's; stop those of units that left."""
    links = {link.department_id for link in case.co_departments}
    going = {clock.party: clock for clock in running(session, case) if clock.party}
    for party, clock in going.items():
        if party not in links:
            supersede(session, clock, state="stopped")
    terms, anchor = clock_terms.of(session, case), earliest_legal(session, case)
    rule = next((one for one in rules(case, terms) if one.kind is ClockKind.CO_OPINION), None)
    if rule is not None and anchor is not None:
        for party in sorted(links - set(going)):
            put(session, case, rule, terms.compute(rule, at, anchor=anchor), party=party)
    refresh_next_due(session, case)


def hand_over(session: Session, case: Case) -> None:
    """Note on the running clocks that the case's present lead owes them from now on."""
    for clock in running(session, case):
        if not clock.party and clock.kind in {kind.value for kind in OF_UNIT}:
            clock.department_id = case.lead_department_id
    session.flush()


def roll_follow_up(session: Session, case: Case, *, now: datetime, is_owed: bool) -> None:
    """Meet the clock of the next 持续发布 and start the following one when more is owed to the public."""
    meet(session, case, FROM_PUBLICATION, now=now)
    if is_owed:
        start(session, case, FROM_PUBLICATION, at=now)


def keeps_informing(case: Case) -> bool:
    """Return whether the public is owed news after the first answer. Source: 61号 三 (重大 and above)."""
    return IncidentLevel(case.incident_level).is_major or OpinionGrade(case.grade) in (
        OpinionGrade.CRITICAL,
        OpinionGrade.MAJOR,
    )


def put(session: Session, case: Case, rule: ClockRule, computation: Computation, *, party: int = 0) -> Clock:
    """Write a running clock with its computation and its ladder, and return it."""
    clock = _row(session, case, rule, computation)
    clock.party = party
    clock.department_id = party or (case.lead_department_id if rule.kind in OF_UNIT else None)
    session.add(clock)
    session.flush()
    ladder_book.arm(session, clock, rulebook.calendar(session))
    _keep_quiet_while_paused(session, clock, computation)
    return clock


def supersede(session: Session, clock: Clock, *, state: str = "superseded") -> None:
    """Take a running clock out of force, with its ladder; its row stays."""
    clock.state = state
    ladder_book.disarm(session, clock)
    session.flush()


def detection_start(case: Case) -> datetime:
    """Return the instant from which the legal clocks of the case run. Source: design decision 2."""
    return clock_start(IncidentLevel(case.incident_level), case.occurred_at, case.detected_at)


def meet(session: Session, case: Case, kinds: Iterable[ClockKind], *, now: datetime, party: int | None = None) -> None:
    """Mark the running clocks of `kinds` as met and disarm their ladders; `party`: one co-department's only."""
    wanted = {kind.value for kind in kinds}
    for clock in running(session, case):
        if clock.kind in wanted and party in (None, clock.party):
            clock.state, clock.met_at = "met", now
            ladder_book.disarm(session, clock)
    session.flush()
    refresh_next_due(session, case)


def stop_all(session: Session, case: Case, *, kinds: Collection[ClockKind] | None = None) -> None:
    """Stop the running clocks without meeting them: the case no longer owes the act."""
    for clock in running(session, case):
        if kinds is None or clock.kind in {kind.value for kind in kinds}:
            clock.state = "stopped"
            ladder_book.disarm(session, clock)
    session.flush()
    refresh_next_due(session, case)


def refresh_next_due(session: Session, case: Case) -> None:
    """Keep on the case the earliest due time of its running clocks, by which lists are ordered."""
    session.flush()
    statement = select(func.min(Clock.due_at)).where(Clock.case_id == case.id, Clock.state == "running")
    case.next_due_at = session.scalar(statement)


def rules(case: Case, terms: Terms) -> tuple[ClockRule, ...]:
    """Return the clocks that the case's grade and incident level call for."""
    return clocks_for(terms.profile, OpinionGrade(case.grade), IncidentLevel(case.incident_level))


def _row(session: Session, case: Case, rule: ClockRule, computation: Computation) -> Clock:
    statement = select(func.max(Clock.generation)).where(
        Clock.case_id == case.id, Clock.kind == rule.kind.value, Clock.round == case.round
    )
    event = "事发" if computation.start == case.occurred_at and rule.kind in FROM_DETECTION else START_EVENTS[rule.kind]
    return Clock(
        case_id=case.id,
        kind=rule.kind.value,
        round=case.round,
        generation=(session.scalar(statement) or 0) + 1,
        is_legal=rule.is_legal,
        basis=rule.basis,
        allowance=str(rule.allowance),
        started_at=computation.start,
        due_at=computation.due_at,
        is_provisional=computation.provisional,
        profile_version=rulebook.sla_profile(session).version[:40],
        computation={**computation.as_record(), "event": event},
    )


def _keep_quiet_while_paused(session: Session, clock: Clock, computation: Computation) -> None:
    if not computation.pauses:
        return
    session.flush()
    for rung in session.scalars(select(Rung).where(Rung.clock_id == clock.id, Rung.state == "armed")):
        rung.fire_at = rung.wake_at = after_pauses(rung.fire_at, computation.pauses)


def running(session: Session, case: Case) -> list[Clock]:
    """Return the running clocks of the case, the oldest row first."""
    statement = select(Clock).where(Clock.case_id == case.id, Clock.state == "running").order_by(Clock.id)
    return list(session.scalars(statement))


def earliest_legal(session: Session, case: Case) -> datetime | None:
    """Return the first of the running legal deadlines, or None when the public is owed no answer now."""
    legal = [clock.due_at for clock in running(session, case) if clock.is_legal]
    return min(legal, default=None)
