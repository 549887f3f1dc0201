"""Weighs the open cases in turn and proposes a higher grade, a must-answer class or an incident level; sets nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import OPEN_STATES
from opinion_service.domain.casework.grading import GradingFacts, ProposalKind, suggest
from opinion_service.domain.clocks.sla import ClockKind, IncidentLevel, OpinionGrade
from opinion_service.models import Case, CaseLook, Clock, EffectWatch, Event, Item, Source
from opinion_service.services.casework import proposals
from opinion_service.services.reading import opening_book
from opinion_service.services.transaction import transaction

BATCH = 50
AGAIN = timedelta(minutes=10)
KINDS = (ProposalKind.GRADE, ProposalKind.MUST_ANSWER, ProposalKind.INCIDENT)


def weigh_due(*, now: datetime) -> int:
    """Weigh the open cases that were not looked at for ten minutes, the longest first; return how many."""
    with transaction() as session:
        proposals.drop_stale(session, now=now)
        statement = (
            select(Case)
            .outerjoin(CaseLook, CaseLook.case_id == Case.id)
            .where(Case.state.in_(OPEN_STATES), or_(CaseLook.looked_at.is_(None), CaseLook.looked_at < now - AGAIN))
            .order_by(CaseLook.looked_at.is_not(None), CaseLook.looked_at, Case.id)
            .limit(BATCH)
        )
        cases = list(session.scalars(statement.with_for_update(of=Case, skip_locked=True)))
        if not cases:
            return 0
        for case, facts in zip(cases, _facts(session, cases, now), strict=True):
            proposals.keep(session, case, KINDS, suggest(facts), now=now)
            session.merge(CaseLook(case_id=case.id, looked_at=now))
        return len(cases)


def _facts(session: Session, cases: Sequence[Case], now: datetime) -> list[GradingFacts]:
    ids = [case.event_id for case in cases if case.event_id]
    events = {event.id: event for event in session.scalars(select(Event).where(Event.id.in_(ids)))}
    texts = opening_book.facts_of(session, list(events.values()))
    words = opening_book.in_force(session).class_words
    spread, late = _spread(session, ids), _late(session, cases, now)
    complaints = _complaints(session, cases)
    found = []
    for case in cases:
        event = events.get(case.event_id or 0)
        sources, heaviest, rank = spread.get(case.event_id or 0, (0, 0.0, None))
        found.append(
            GradingFacts(
                OpinionGrade(case.grade), IncidentLevel(case.incident_level), case.must_answer_class,
                heat=event.heat if event else 0.0, source_count=sources, heaviest_source=heaviest, best_rank=rank,
                class_words=words, text=texts[event.id].text if event else case.title,
                late=tuple(late.get(case.id, ())), round=case.round, complaints=complaints.get(case.id, 0),
            )
        )  # fmt: skip
    return found


def _spread(session: Session, ids: Sequence[int]) -> dict[int, tuple[int, float, int | None]]:
    """Return the number of sources, the heaviest of them and the best rank of each event."""
    rows = session.execute(
        select(Item.event_id, func.count(Item.source_id.distinct()), func.max(Source.weight), func.min(Item.rank))
        .join(Source, Source.id == Item.source_id)
        .where(Item.event_id.in_(ids))
        .group_by(Item.event_id)
    )
    return {int(row[0] or 0): (row[1], row[2] or 0.0, row[3]) for row in rows}


def _late(session: Session, cases: Sequence[Case], now: datetime) -> dict[int, list[str]]:
    """Return the legal clocks of the present round that were missed, not only by a change of limits."""
    rounds = {case.id: case.round for case in cases}
    missed = or_(Clock.met_at > Clock.due_at, and_(Clock.state == "running", Clock.due_at < now))
    rows = session.execute(
        select(Clock.case_id, Clock.kind, Clock.round)
        .where(Clock.case_id.in_(rounds), Clock.is_legal, Clock.is_late_by_change.is_(False), missed)
        .order_by(Clock.id)
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        name = ClockKind(row.kind).label
        if row.round == rounds[row.case_id] and name not in found.setdefault(row.case_id, []):
            found[row.case_id].append(name)
    return found


def _complaints(session: Session, cases: Sequence[Case]) -> dict[int, int]:
    rounds = {case.id: case.round for case in cases}
    rows = session.execute(
        select(EffectWatch.case_id, EffectWatch.round, EffectWatch.complaints_after).where(
            EffectWatch.case_id.in_(rounds)
        )
    )
    return {row.case_id: row.complaints_after for row in rows if row.round == rounds[row.case_id]}
