"""The watch after a release: events that come later are linked to the policy, and people sort the links.

The watch reads the items in the order in which they were analysed, from where it stopped. Reading them again
changes nothing: an event is linked once, and one that a person took away stays away.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from opinion_service.domain.errors import InvalidInput, NotFound
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.policies.states import RELEASED_STATES, PolicyAction
from opinion_service.domain.policies.watch import sight
from opinion_service.models import Event, Item, Policy, PolicyConcern, PolicyLink, PolicyReview
from opinion_service.models.policy_text import foreseen
from opinion_service.services import journal
from opinion_service.services.policies import policy_book, policy_post
from opinion_service.services.policies.policy_book import PolicyStep, Seen
from opinion_service.services.policies.policy_post import PolicyLetter
from opinion_service.services.transaction import transaction

BATCH = 500
MOST_POLICIES = 50
# An analysis under way commits rows stamped with the moment it began; they are waited for this long.
LAG = timedelta(minutes=2)
_UNIT = (Role.HANDLER, Role.APPROVER)


def look(*, now: datetime) -> int:
    """Read the next items for every policy under watch and link what matches; return how many items were read."""
    with transaction() as session:
        statement = select(Policy).where(
            Policy.state.in_(RELEASED_STATES), Policy.watched_to < now - LAG,
            Policy.watched_to < Policy.watch_until,
        )  # fmt: skip
        ordered = statement.order_by(Policy.watched_to, Policy.id).limit(MOST_POLICIES)
        policies = list(session.scalars(ordered.with_for_update()))
        return sum(_look_for(session, policy, now) for policy in policies)


def _look_for(session: Session, policy: Policy, now: datetime) -> int:
    rows = session.execute(_unread(policy, now)).all()
    known = set(session.scalars(select(PolicyLink.event_id).where(PolicyLink.policy_id == policy.id)))
    concerns = session.scalars(select(PolicyConcern).where(PolicyConcern.policy_id == policy.id))
    expected = tuple(foreseen(one) for one in concerns)
    for row in rows:
        if row.event_id in known:
            continue
        seen = sight(policy.keywords, expected, row.title, row.body)
        if seen is None:
            continue
        known.add(row.event_id)
        link = PolicyLink(
            policy_id=policy.id, event_id=row.event_id, concern_id=seen.concern_id, reason=seen.reason, found_at=now
        )
        session.add(link)
        session.flush()
        entry = journal.Entry(
            "policy_linked", f"关联事件：{row.title}",
            reason=seen.reason, detail={"policy_id": policy.id, "event_id": row.event_id, "item_id": row.id},
        )  # fmt: skip
        policy_book.tell(session, policy, entry, now=now)
    if len(rows) == BATCH:
        policy.watched_to, policy.watched_item_id = rows[-1].analysed_at, rows[-1].id
    else:
        policy.watched_to, policy.watched_item_id = _until(policy, now), 0
    session.flush()
    return len(rows)


def _unread(policy: Policy, now: datetime) -> Any:
    later = and_(Item.analysed_at == policy.watched_to, Item.id > policy.watched_item_id)
    return (
        select(Item.id, Item.event_id, Item.title, Item.body, Item.analysed_at)
        .where(
            or_(Item.analysed_at > policy.watched_to, later), Item.analysed_at <= _until(policy, now),
            Item.first_seen_at >= policy.released_at,
        )
        .order_by(Item.analysed_at, Item.id)
        .limit(BATCH)
    )  # fmt: skip


def _until(policy: Policy, now: datetime) -> datetime:
    return min(now - LAG, policy.watch_until or now)


def take_away(link_id: int, seen: Seen, note: str, *, actor: Actor, now: datetime) -> None:
    """Take a wrong link away, with a reason; the watch does not bring it back.

    Raise NotFound, Forbidden, IllegalMove, StaleCase, or InvalidInput without a reason.
    """
    if not note.strip():
        raise InvalidInput("请填写解除关联的理由。", "note")
    with transaction() as session:
        policy, link = _load(session, link_id, seen, actor)
        if link.removed_at is not None:
            raise NotFound("该关联不存在或已解除。")
        link.removed_at, link.removed_by_id, link.removed_reason = now, actor.user_id, note.strip()[:300]
        _note(session, policy, link, "解除关联事件", note, actor, now)


def bring_back(link_id: int, seen: Seen, *, actor: Actor, now: datetime) -> None:
    """Undo the removal of a link."""
    with transaction() as session:
        policy, link = _load(session, link_id, seen, actor)
        if link.removed_at is None:
            raise NotFound("该关联没有解除。")
        link.removed_at, link.removed_by_id, link.removed_reason = None, None, ""
        _note(session, policy, link, "恢复关联事件", "", actor, now)


def sort(link_id: int, seen: Seen, concern_id: int | None, *, actor: Actor, now: datetime) -> None:
    """Say which foreseen concern a linked event raises; None: an unforeseen one."""
    with transaction() as session:
        policy, link = _load(session, link_id, seen, actor)
        concern = session.get(PolicyConcern, concern_id) if concern_id else None
        if concern_id and (concern is None or concern.policy_id != policy.id):
            raise NotFound("该关切不存在。")
        link.concern_id, link.is_sorted_by_hand = concern_id, True
        words = f"归入预判关切“{concern.question}”" if concern else "归为未预判的关切"
        _note(session, policy, link, words, "", actor, now)


def remind(*, now: datetime) -> int:
    """Write the mails of the looks back that have fallen due; return how many were written."""
    with transaction() as session:
        statement = (
            select(PolicyReview, Policy)
            .join(Policy, Policy.id == PolicyReview.policy_id)
            .where(PolicyReview.done_at.is_(None), PolicyReview.reminded_at.is_(None))
            .where(PolicyReview.due_at <= now + timedelta(days=1))
            .order_by(PolicyReview.due_at, PolicyReview.id)
            .limit(BATCH)
        )
        return sum(_remind(session, *row, now) for row in session.execute(statement).all())


def _remind(session: Session, review: PolicyReview, policy: Policy, now: datetime) -> int:
    review.reminded_at = now
    sentence = f"该政策出台满 {review.day} 天，请对照预判与实际关切，提交复核。"
    letter = PolicyLetter("policy_review", f"day{review.day}", "复核到期", sentence)
    return policy_post.tell(session, policy, policy_post.unit(session, policy.department_id, _UNIT), letter, now=now)


def _load(session: Session, link_id: int, seen: Seen, actor: Actor) -> tuple[Policy, PolicyLink]:
    policy = policy_book.load(session, seen, PolicyAction.SORT, actor=actor)
    link = session.get(PolicyLink, link_id)
    if link is None or link.policy_id != policy.id:
        raise NotFound("该关联不存在或已解除。")
    return policy, link


def _note(
    session: Session, policy: Policy, link: PolicyLink, words: str, note: str, actor: Actor, now: datetime
) -> None:
    title = session.scalar(select(Event.title).where(Event.id == link.event_id)) or ""
    step = PolicyStep(PolicyAction.SORT, note, summary=f"{words}：{title}", detail={"event_id": link.event_id})
    policy_book.take(session, policy, step, actor=actor, now=now)
