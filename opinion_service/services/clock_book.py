"""Starts, meets, stops and recomputes the clocks of a case inside the caller's transaction."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.case_states import CaseAction
from opinion_service.domain.deadlines import Allowance, clock_start, due_at
from opinion_service.domain.sla import ClockKind, ClockRule, IncidentLevel, OpinionGrade, clocks_for
from opinion_service.models import Case, Clock
from opinion_service.services import ladder_book, rulebook

FROM_DETECTION = frozenset(
    {
        ClockKind.TRIAGE,
        ClockKind.FIRST_RELEASE,
        ClockKind.PRESS_CONFERENCE,
        ClockKind.RESPONSE,
        ClockKind.CLOSURE,
    }
)
FROM_DISPATCH = frozenset(
    {ClockKind.SIGN_RECEIPT, ClockKind.RETURN_WINDOW, ClockKind.ASSESSMENT, ClockKind.VERIFICATION}
)
FROM_SIGNATURE = frozenset({ClockKind.PUBLISH})

MEETS: dict[CaseAction, frozenset[ClockKind]] = {
    CaseAction.DISPATCH: frozenset({ClockKind.TRIAGE}),
    CaseAction.ACCEPT: frozenset({ClockKind.SIGN_RECEIPT, ClockKind.RETURN_WINDOW}),
    CaseAction.RETURN: frozenset({ClockKind.RETURN_WINDOW}),
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
    running = {clock.kind for clock in _running(session, case)}
    calendar = rulebook.calendar(session)
    for rule in _rules(session, case):
        if rule.kind not in kinds or rule.kind.value in running:
            continue
        computation = due_at(at, Allowance.parse(rule.allowance), calendar)
        clock = _row(session, case, rule, at)
        clock.due_at, clock.is_provisional = computation.due_at, computation.provisional
        clock.computation = computation.as_record()
        session.add(clock)
        session.flush()
        ladder_book.arm(session, clock, calendar)
    refresh_next_due(session, case)


def detection_start(case: Case) -> datetime:
    """Return the instant from which the legal clocks of the case run. Source: design decision 2."""
    return clock_start(IncidentLevel(case.incident_level), case.occurred_at, case.detected_at)


def meet(session: Session, case: Case, kinds: Iterable[ClockKind], *, now: datetime) -> None:
    """Mark the running clocks of `kinds` as met and disarm their ladders."""
    wanted = {kind.value for kind in kinds}
    for clock in _running(session, case):
        if clock.kind in wanted:
            clock.state, clock.met_at = "met", now
            ladder_book.disarm(session, clock)
    session.flush()
    refresh_next_due(session, case)


def stop_all(session: Session, case: Case, *, kinds: Collection[ClockKind] | None = None) -> None:
    """Stop the running clocks without meeting them: the case no longer owes the act."""
    for clock in _running(session, case):
        if kinds is None or clock.kind in {kind.value for kind in kinds}:
            clock.state = "stopped"
            ladder_book.disarm(session, clock)
    session.flush()
    refresh_next_due(session, case)


def recompute(session: Session, case: Case) -> int:
    """Compute every running clock anew from its own start under the case's present grade.

    Return how many minutes the earliest legal deadline moved: negative means time was lost.
    """
    before = _earliest_legal(session, case)
    starts = {clock.kind: clock.started_at for clock in _running(session, case)}
    for clock in _running(session, case):
        clock.state = "superseded"
        ladder_book.disarm(session, clock)
    session.flush()
    for rule in _rules(session, case):
        began = starts.get(rule.kind.value)
        from_detection = rule.kind in FROM_DETECTION and rule.kind is not ClockKind.TRIAGE
        if from_detection and case.published_at is None:
            began = detection_start(case)
        if began is not None:
            start(session, case, {rule.kind}, at=began)
    refresh_next_due(session, case)
    after = _earliest_legal(session, case)
    return round((after - before).total_seconds() / 60) if before and after else 0


def refresh_next_due(session: Session, case: Case) -> None:
    """Keep on the case the earliest due time of its running clocks, by which lists are ordered."""
    session.flush()
    statement = select(func.min(Clock.due_at)).where(Clock.case_id == case.id, Clock.state == "running")
    case.next_due_at = session.scalar(statement)


def _rules(session: Session, case: Case) -> tuple[ClockRule, ...]:
    profile = rulebook.sla_profile(session)
    return clocks_for(profile, OpinionGrade(case.grade), IncidentLevel(case.incident_level))


def _row(session: Session, case: Case, rule: ClockRule, at: datetime) -> Clock:
    statement = select(func.max(Clock.generation)).where(
        Clock.case_id == case.id, Clock.kind == rule.kind.value, Clock.round == case.round
    )
    return Clock(
        case_id=case.id,
        kind=rule.kind.value,
        round=case.round,
        generation=(session.scalar(statement) or 0) + 1,
        is_legal=rule.is_legal,
        basis=rule.basis,
        allowance=str(rule.allowance),
        started_at=at,
    )


def _running(session: Session, case: Case) -> list[Clock]:
    statement = select(Clock).where(Clock.case_id == case.id, Clock.state == "running").order_by(Clock.id)
    return list(session.scalars(statement))


def _earliest_legal(session: Session, case: Case) -> datetime | None:
    legal = [clock.due_at for clock in _running(session, case) if clock.is_legal]
    return min(legal, default=None)
