"""Looks back on a released policy after 7 and 30 days: what was foreseen against what was seen."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from opinion_service.domain.errors import IllegalMove, InvalidInput
from opinion_service.domain.people import Actor
from opinion_service.domain.policies.states import PolicyAction, PolicyState
from opinion_service.domain.policies.watch import REVIEW_DAYS, Observed, compare, review_opens
from opinion_service.models import Case, Event, Policy, PolicyConcern, PolicyLink, PolicyReview
from opinion_service.services.policies import policy_book
from opinion_service.services.policies.policy_book import PolicyStep, Seen
from opinion_service.services.transaction import transaction


def review(seen: Seen, day: int, findings: str, adjustments: str, *, actor: Actor, now: datetime) -> None:
    """File the look back of day 7 or 30 with the comparison as it stands; the last one closes the policy.

    Raise InvalidInput without findings, IllegalMove before the day or for one that is done or out of turn.
    """
    if not findings.strip():
        raise InvalidInput("请填写复核情况。", "findings")
    with transaction() as session:
        policy = policy_book.load(session, seen, PolicyAction.REVIEW, actor=actor)
        row = _next(session, policy)
        if row is None or row.day != day:
            raise IllegalMove("该次复核已提交，或前一次复核尚未提交。")
        if now < review_opens(row.due_at):
            raise IllegalMove(f"出台满 {row.day} 天后方可提交本次复核。")
        row.findings, row.adjustments = findings.strip()[:5000], adjustments.strip()[:5000]
        row.comparison, row.done_at, row.done_by_id = _comparison(session, policy), now, actor.user_id
        to = PolicyState.REVIEWED if day == REVIEW_DAYS[-1] else None
        step = PolicyStep(PolicyAction.REVIEW, findings, to=to, summary=f"提交出台后第 {day} 天复核")
        policy_book.take(session, policy, step, actor=actor, now=now)


def _next(session: Session, policy: Policy) -> PolicyReview | None:
    statement = select(PolicyReview).where(PolicyReview.policy_id == policy.id, PolicyReview.done_at.is_(None))
    return session.scalar(statement.order_by(PolicyReview.day).limit(1))


def _comparison(session: Session, policy: Policy) -> dict[str, Any]:
    concerns = session.execute(
        select(PolicyConcern.id, PolicyConcern.question)
        .where(PolicyConcern.policy_id == policy.id)
        .order_by(PolicyConcern.id)
    )
    linked = aliased(Event)
    links = session.execute(
        select(PolicyLink.concern_id, Event.id, Event.title, Event.item_count, Event.negative_count, Case.number)
        .join(linked, linked.id == PolicyLink.event_id)
        .join(Event, Event.id == func.coalesce(linked.merged_into_id, linked.id))
        .outerjoin(Case, Case.event_id == Event.id)
        .where(PolicyLink.policy_id == policy.id, PolicyLink.removed_at.is_(None))
        .order_by(PolicyLink.id)
    )
    observed = [
        Observed(row.id, row.title, row.concern_id, row.item_count, row.negative_count, row.number or "")
        for row in links
    ]
    return asdict(compare(((row.id, row.question) for row in concerns), observed))
