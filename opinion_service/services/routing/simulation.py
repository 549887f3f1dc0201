"""Runs draft rules over the cases of the last ninety days, a batch at a time: claimed, worked out, written down."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.errors import DomainError, NotFound
from opinion_service.domain.people import Actor
from opinion_service.domain.routing import Rerank, RuleSet, route
from opinion_service.models import (
    Case,
    Department,
    Item,
    RoutingRecord,
    RuleSimulation,
    RuleVersion,
    SimulatedCase,
)
from opinion_service.services import journal
from opinion_service.services.routing import rule_drafts
from opinion_service.services.transaction import transaction

WINDOW = timedelta(days=90)
BATCH = 100
LEASE = timedelta(minutes=2)
BODIES = 3  # as many as the pipeline reads of an event


@dataclass(frozen=True, slots=True)
class PastCase:
    """A case as it was routed, what a person settled (empty: nobody yet), and the day whose duties counted."""

    case_id: int
    title: str
    body: str
    truth: str
    truth_kind: str
    opened_on: date


@dataclass(frozen=True, slots=True)
class Batch:
    """Some cases of a simulation, held until the lease ends, with both rule sets."""

    simulation_id: int
    token: str
    cases: tuple[PastCase, ...]
    old: dict[str, Any]
    new: dict[str, Any]


def start(*, actor: Actor, now: datetime) -> int:
    """Write down that the draft is to be simulated, and return the run's id; one that waits already is returned.

    Raise NotFound without a draft, InvalidInput when the draft cannot be read.
    """
    rule_drafts.check_editor(actor)
    with transaction() as session:
        draft = rule_drafts.alive(session)
        if draft is None:
            raise NotFound("没有草稿可以回放，请先建立草稿。")
        RuleSet.from_record(draft.record)
        waiting = select(RuleSimulation.id).where(
            RuleSimulation.draft_id == draft.id,
            RuleSimulation.draft_revision == draft.revision,
            RuleSimulation.state.in_(("waiting", "running")),
        )
        known = session.scalar(waiting)
        if known is not None:
            return known
        run = RuleSimulation(
            draft_id=draft.id, draft_revision=draft.revision, record=draft.record,
            against_id=rule_drafts.in_force(session).id, since=now - WINDOW, until=now,
            created_by_id=actor.user_id, created_at=now,
        )  # fmt: skip
        run.total = session.scalar(select(func.count()).select_from(_cases(run).subquery())) or 0
        session.add(run)
        session.flush()
        entry = journal.Entry("rules_simulated", "回放交办规则草稿", detail={"simulation_id": run.id})
        journal.record(session, entry, actor=actor, now=now)
        return run.id


def claim(*, now: datetime) -> Batch | None:
    """Return the next cases of the oldest unfinished run, leased to the caller; None when there is nothing to do.

    A run whose cases are all done is finished here.
    """
    with transaction() as session:
        statement = (
            select(RuleSimulation)
            .where(
                RuleSimulation.state.in_(("waiting", "running")),
                RuleSimulation.lease_until.is_(None) | (RuleSimulation.lease_until < now),
            )
            .order_by(RuleSimulation.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        run = session.scalar(statement)
        if run is None:
            return None
        wanted = _cases(run).where(Case.id > run.last_case_id).order_by(Case.id).limit(BATCH)
        ids = list(session.scalars(wanted))
        run.state = "running"
        run.lease_token, run.lease_until = uuid.uuid4().hex, now + LEASE
        if not ids:
            _finish(run, "done", now)
            return None
        against = session.get_one(RuleVersion, run.against_id)
        return Batch(run.id, run.lease_token, _past(session, ids), against.record, run.record)


def work_out(batch: Batch, rerank: Rerank | None = None) -> tuple[SimulatedCase, ...]:
    """Return what each case becomes under both rule sets; touches no database.

    rerank: the trained model in force, heard for both sets alike, so that only the rules differ.
    """
    old, new = RuleSet.from_record(batch.old), RuleSet.from_record(batch.new)
    return tuple(_outcome(batch.simulation_id, case, (old, new), rerank) for case in batch.cases)


def record(batch: Batch, outcomes: Sequence[SimulatedCase], *, now: datetime) -> int:
    """Write the outcomes down and give the run back; return how many, 0 when the lease was lost meanwhile."""
    with transaction() as session:
        run = session.get(RuleSimulation, batch.simulation_id, with_for_update=True)
        if run is None or run.lease_token != batch.token:
            return 0
        session.add_all(outcomes)
        run.done, run.last_case_id = run.done + len(outcomes), batch.cases[-1].case_id
        run.lease_token = run.lease_until = None
        if run.done >= run.total:
            _finish(run, "done", now)
        return len(outcomes)


def fail(batch: Batch, problem: DomainError, *, now: datetime) -> None:
    """End a run that cannot go on, with the reason."""
    with transaction() as session:
        run = session.get(RuleSimulation, batch.simulation_id, with_for_update=True)
        if run is not None and run.lease_token == batch.token:
            run.problem = str(problem)[:300]
            _finish(run, "failed", now)


def _finish(run: RuleSimulation, state: str, now: datetime) -> None:
    run.state, run.lease_token, run.lease_until = state, None, None
    run.finished_at = now if state == "done" else None


def _cases(run: RuleSimulation) -> Select[int]:
    return select(Case.id).where(Case.opened_at >= run.since, Case.opened_at < run.until, Case.event_id.is_not(None))


def _outcome(simulation_id: int, case: PastCase, sets: tuple[RuleSet, RuleSet], rerank: Rerank | None) -> SimulatedCase:
    was, would = (route(one, case.title, case.body, as_of=case.opened_on, rerank=rerank).decision for one in sets)
    return SimulatedCase(
        simulation_id=simulation_id, case_id=case.case_id, old_code=was.winner, new_code=would.winner,
        old_confidence=was.confidence, new_confidence=would.confidence, was_unrouted=not was.candidates,
        is_unrouted=not would.candidates, truth=case.truth, truth_kind=case.truth_kind,
    )  # fmt: skip


def _past(session: Session, ids: Sequence[int]) -> tuple[PastCase, ...]:
    latest = select(func.max(RoutingRecord.id)).where(RoutingRecord.case_id.in_(ids)).group_by(RoutingRecord.case_id)
    rows = session.execute(
        select(Case, RoutingRecord, Department.code)
        .outerjoin(RoutingRecord, (RoutingRecord.case_id == Case.id) & RoutingRecord.id.in_(latest))
        .outerjoin(Department, Department.id == Case.lead_department_id)
        .where(Case.id.in_(ids))
        .order_by(Case.id)
    ).all()
    bodies = _bodies(session, [row[0].event_id or 0 for row in rows])
    return tuple(
        PastCase(
            case.id, case.title, bodies.get(case.event_id or 0, ""), *_truth(case, decision, code or ""),
            case.opened_at.astimezone(ZONE).date(),
        )
        for case, decision, code in rows
    )  # fmt: skip


def _truth(case: Case, decision: RoutingRecord | None, lead: str) -> tuple[str, str]:
    """Return the department a person stood by, and whether that corrected the machine; ("", "") when nobody did."""
    is_settled = case.accepted_at is not None or (decision is not None and not decision.is_automatic)
    is_corrected = decision is not None and decision.corrected_department_id is not None
    if not lead or not (is_settled or is_corrected):
        return "", ""
    differs = decision is not None and decision.department_id != case.lead_department_id
    return lead, "corrected" if differs else "confirmed"


def _bodies(session: Session, event_ids: Sequence[int]) -> dict[int, str]:
    place = func.row_number().over(partition_by=Item.event_id, order_by=(Item.first_seen_at.desc(), Item.id.desc()))
    ranked = select(Item.event_id, Item.body, place.label("place")).where(Item.event_id.in_(event_ids)).subquery()
    rows = session.execute(
        select(ranked.c.event_id, ranked.c.body)
        .where(ranked.c.place <= BODIES)
        .order_by(ranked.c.event_id, ranked.c.place)
    )
    found: dict[int, list[str]] = {}
    for event_id, body in rows:
        found.setdefault(event_id, []).append(body)
    return {event_id: " ".join(parts) for event_id, parts in found.items()}
