"""Trainings of the routing model asked for on the page: one at a time, leased to the worker that does it."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select

from opinion_service.domain.errors import Forbidden
from opinion_service.domain.people import Actor, Role
from opinion_service.models import RoutingTraining, User
from opinion_service.services import journal
from opinion_service.services.transaction import transaction

# As long as a job may take, and a little; a worker that died with a training in hand is replaced after this.
LEASE = timedelta(minutes=12)
MOST_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Claim:
    """A training in hand; `asked_by` is the administrator on whose word it is done."""

    training_id: int
    token: str
    asked_by: Actor


def ask(*, actor: Actor, now: datetime) -> int:
    """Write down that a model is to be trained on what people decided here; one that is under way is returned."""
    if actor.role is not Role.ADMIN:
        raise Forbidden("交办模型由系统管理员训练。")
    with transaction() as session:
        journal.hold(session)
        known = session.scalar(select(RoutingTraining.id).where(RoutingTraining.slot == 1))
        if known is not None:
            return known
        row = RoutingTraining(asked_by_id=actor.user_id, asked_at=now)
        session.add(row)
        session.flush()
        entry = journal.Entry("routing_training_asked", "训练交办模型", detail={"training_id": row.id})
        journal.record(session, entry, actor=actor, now=now)
        return row.id


def waits(*, now: datetime) -> bool:
    """Return whether a training wants a worker."""
    with transaction() as session:
        return session.scalar(select(RoutingTraining.id).where(*_free(now))) is not None


def claim(*, now: datetime) -> Claim | None:
    """Return the training that waits, leased to the caller, or None; one that lost its worker twice is given up."""
    with transaction() as session:
        row = session.scalar(select(RoutingTraining).where(*_free(now)).with_for_update(skip_locked=True))
        if row is None:
            return None
        if row.attempts >= MOST_ATTEMPTS:
            _end(row, "failed", now, problem="训练进程两次中断，请查看后台日志，或用 flask routing train 训练。")
            return None
        user = session.get_one(User, row.asked_by_id)
        row.state, row.step, row.attempts = "running", 0, row.attempts + 1
        row.lease_token, row.lease_until = uuid.uuid4().hex, now + LEASE
        return Claim(row.id, row.lease_token, Actor(user.id, user.name, Role(user.role)))


def reached(held: Claim, step: int, *, now: datetime) -> None:
    """Note how far a training in hand has come, and hold it for as long again."""
    with transaction() as session:
        row = session.get(RoutingTraining, held.training_id, with_for_update=True)
        if row is not None and row.lease_token == held.token:
            row.step, row.lease_until = step, now + LEASE


def done(held: Claim, model_version: str, *, now: datetime) -> None:
    """End a training with the model it made."""
    _finish(held, "done", now, model_version=model_version)


def failed(held: Claim, problem: str, *, now: datetime) -> None:
    """End a training that made none, with the reason."""
    _finish(held, "failed", now, problem=problem[:300])


def _free(now: datetime) -> tuple[ColumnElement[bool], ...]:
    is_free = RoutingTraining.lease_until.is_(None) | (RoutingTraining.lease_until < now)
    return (RoutingTraining.slot == 1, is_free)


def _finish(held: Claim, state: str, now: datetime, *, model_version: str = "", problem: str = "") -> None:
    with transaction() as session:
        row = session.get(RoutingTraining, held.training_id, with_for_update=True)
        if row is not None and row.lease_token == held.token:
            row.model_version = model_version
            _end(row, state, now, problem=problem)


def _end(row: RoutingTraining, state: str, now: datetime, *, problem: str) -> None:
    row.state, row.slot, row.finished_at, row.problem = state, None, now, problem
    row.lease_token = row.lease_until = None
