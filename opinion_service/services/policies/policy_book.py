"""What every act on a policy shares: load it unchanged, check the actor, move it, write it down."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.errors import InvalidInput, NotFound, StaleCase
from opinion_service.domain.people import SYSTEM, Actor
from opinion_service.domain.policies.states import PolicyAction, PolicyFacts, PolicyState, check, move_for
from opinion_service.models import Policy, PolicyHistory, PolicyOpinion, PolicyVersion
from opinion_service.services import journal


@dataclass(frozen=True, slots=True)
class Seen:
    """Which policy a form was about, and the version it showed."""

    policy_id: int
    version: int


@dataclass(frozen=True, slots=True)
class PolicyStep:
    """One act: `to` overrides the table's state, `detail` goes to the journal."""

    action: PolicyAction
    note: str = ""
    to: PolicyState | None = None
    summary: str = ""
    detail: dict[str, Any] | None = None


def load(session: Session, seen: Seen, action: PolicyAction, *, actor: Actor) -> Policy:
    """Return the policy, locked, when it is as the form showed it and the actor may act.

    Raise NotFound when it is outside the actor's scope, StaleCase when it changed, Forbidden or IllegalMove.
    """
    policy = session.scalar(select(Policy).where(Policy.id == seen.policy_id).with_for_update())
    if policy is None or not _is_visible(session, policy, actor):
        raise NotFound("该政策不存在，或不在您的办理范围内。")
    check(actor, action, _facts(session, policy))
    move_for(PolicyState(policy.state), action)
    if policy.version != seen.version:
        raise StaleCase("该政策刚被他人更新。您填写的内容已保留在下方，请核对最新情况后重新提交。")
    return policy


def take(session: Session, policy: Policy, step: PolicyStep, *, actor: Actor, now: datetime) -> None:
    """Move an authorised policy: state, version, and one row in its history.

    Raise InvalidInput when the move needs a reason and none was given.
    """
    before = PolicyState(policy.state)
    move = move_for(before, step.action)
    if move.needs_note and not step.note.strip():
        raise InvalidInput(f"请填写{step.action.label}的理由。", "note")
    after = step.to or move.to or before
    policy.state, policy.version, policy.updated_at = after.value, policy.version + 1, now
    session.flush()
    entry = journal.Entry(
        kind=f"policy_{step.action.value}",
        summary=step.summary or step.action.label,
        from_state=before.value,
        to_state=after.value,
        reason=step.note.strip(),
        detail={"policy_id": policy.id, **(step.detail or {})},
    )
    tell(session, policy, entry, actor=actor, now=now)


def tell(session: Session, policy: Policy, entry: journal.Entry, *, actor: Actor = SYSTEM, now: datetime) -> None:
    """Write an entry into the journal and into the policy's history."""
    row = journal.record(session, entry, actor=actor, now=now)
    session.add(PolicyHistory(policy_id=policy.id, audit_event_id=row.id))
    session.flush()


def authors(session: Session, policy: Policy) -> frozenset[int]:
    """Return everybody who saved a version of the assessment."""
    return frozenset(session.scalars(select(PolicyVersion.author_id).where(PolicyVersion.policy_id == policy.id)))


def _facts(session: Session, policy: Policy) -> PolicyFacts:
    waiting = select(PolicyOpinion.department_id).where(
        PolicyOpinion.policy_id == policy.id, PolicyOpinion.answered_at.is_(None)
    )
    return PolicyFacts(policy.department_id, authors(session, policy), frozenset(session.scalars(waiting)))


def _is_visible(session: Session, policy: Policy, actor: Actor) -> bool:
    if actor.sees_every_case or policy.department_id == actor.department_id:
        return True
    asked = select(PolicyOpinion.id).where(
        PolicyOpinion.policy_id == policy.id, PolicyOpinion.department_id == actor.department_id
    )
    return actor.department_id is not None and session.scalar(asked.limit(1)) is not None
