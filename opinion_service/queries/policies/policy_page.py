"""One policy with everything its page shows, read in a fixed number of statements."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from opinion_service.domain.casework.textdiff import Piece, pieces
from opinion_service.domain.people import Actor
from opinion_service.domain.policies.assessment import AskedOpinion, Gap, PolicyText, gaps, register_number
from opinion_service.domain.policies.states import PolicyFacts, PolicyState
from opinion_service.domain.policies.watch import Comparison, Observed, compare
from opinion_service.models import (
    AuditEvent,
    Case,
    Department,
    Event,
    Policy,
    PolicyConcern,
    PolicyHistory,
    PolicyLink,
    PolicyOpinion,
    PolicyReview,
    PolicyRiskPoint,
    PolicyVersion,
    User,
)
from opinion_service.models.policy_text import text_of
from opinion_service.queries import scope
from opinion_service.queries.policies.register import visible_to

MOST_LINKS, MOST_HISTORY = 200, 200
PARTS = (
    ("title", "政策名称"), ("edition", "政策版本"), ("summary", "政策要点"), ("groups", "涉及群体"),
    ("timing", "时机风险"), ("concerns", "预判关切"), ("risks", "风险点"), ("line", "口径"),
    ("spokesperson", "发言人"), ("channels", "发布渠道"), ("partners", "联动单位"),
    ("interpretation_plan", "解读方案"), ("interpretation_material", "解读材料"), ("conclusion", "评估结论"),
    ("conclusion_note", "结论说明"), ("keywords", "观察关键词"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpinionView:
    """One opinion asked, with the names of who was asked and who answered."""

    id: int
    department_id: int | None
    department: str
    about: str
    due_on: Any
    asked_at: datetime
    stance: str
    text: str
    answered_by: str
    answered_at: datetime | None
    reply: str


@dataclass(frozen=True, slots=True)
class LinkView:
    """One linked event, taken away or not."""

    id: int
    event_id: int
    title: str
    reason: str
    concern_id: int | None
    concern: str
    item_count: int
    negative_count: int
    case_number: str
    found_at: datetime
    is_sorted_by_hand: bool
    removed_at: datetime | None
    removed_reason: str


@dataclass(frozen=True, slots=True)
class HistoryView:
    """One line of the policy's history."""

    at: datetime
    kind: str
    actor_name: str
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class PolicyView:
    """Everything the page of a policy shows; the mapped rows in it are detached and read only."""

    policy: Policy
    state: PolicyState
    text: PolicyText
    department: str
    author: str
    signer: str
    opinions: tuple[OpinionView, ...]
    links: tuple[LinkView, ...]
    reviews: tuple[PolicyReview, ...]
    reviewers: dict[int, str]
    comparison: Comparison
    gaps: tuple[Gap, ...]
    facts: PolicyFacts
    history: tuple[HistoryView, ...]

    @property
    def number(self) -> str:
        """Return the register number."""
        return register_number(self.policy.year, self.policy.serial)

    @property
    def next_review(self) -> PolicyReview | None:
        """Return the look back that comes next, or None."""
        return next((one for one in self.reviews if one.done_at is None), None)


@dataclass(frozen=True, slots=True)
class VersionView:
    """One kept version."""

    number: int
    author: str
    saved_at: datetime
    note: str
    content: dict[str, Any]


def policy_view(session: Session, actor: Actor, policy_id: int) -> PolicyView | None:
    """Return the policy when the actor may see it, else None; a fixed number of statements."""
    writer, signer = aliased(User), aliased(User)
    row = session.execute(
        select(Policy, Department.name, writer.name.label("author"), signer.name.label("signer"))
        .join(Department, Department.id == Policy.department_id)
        .join(writer, writer.id == Policy.author_id)
        .outerjoin(signer, signer.id == Policy.signed_by_id)
        .where(Policy.id == policy_id, visible_to(actor))
    ).first()
    if row is None:
        return None
    policy: Policy = row.Policy
    concerns = _all(session, PolicyConcern, policy_id)
    text = text_of(policy, concerns, _all(session, PolicyRiskPoint, policy_id))
    opinions, links = _opinions(session, policy_id), _links(session, actor, policy_id)
    reviews = tuple(_all(session, PolicyReview, policy_id))
    asked = tuple(AskedOpinion(one.department, one.answered_at is not None, one.stance, one.reply) for one in opinions)
    return PolicyView(
        policy, PolicyState(policy.state), text, row.name, row.author, row.signer or "", opinions, links, reviews,
        _names(session, reviews), _compared(concerns, links), gaps(text, asked), _facts(session, policy, opinions),
        _history(session, policy_id),
    )  # fmt: skip


def versions(session: Session, policy_id: int) -> tuple[VersionView, ...]:
    """Return the kept versions, the newest first; the caller has checked that the actor may see the policy."""
    rows = session.execute(
        select(PolicyVersion, User.name)
        .join(User, User.id == PolicyVersion.author_id)
        .where(PolicyVersion.policy_id == policy_id)
        .order_by(PolicyVersion.number.desc())
    )
    return tuple(VersionView(one.number, name, one.saved_at, one.note, one.content) for one, name in rows)


def last_saved_at(session: Session, policy_id: int) -> datetime | None:
    """Return when the assessment was saved last; what was typed before then is out of date."""
    return session.scalar(select(func.max(PolicyVersion.saved_at)).where(PolicyVersion.policy_id == policy_id))


@dataclass(frozen=True, slots=True)
class PartChange:
    """One part of the assessment with what changed in it."""

    label: str
    pieces: tuple[Piece, ...]


def changes(kept: tuple[VersionView, ...], old: int, new: int) -> tuple[PartChange, ...]:
    """Return what changed from version `old` to `new`, part by part; parts that stayed are left out."""
    by_number = {one.number: one.content for one in kept}
    before, after = by_number.get(old, {}), by_number.get(new, {})
    pairs = [(label, _plain(before.get(name)), _plain(after.get(name))) for name, label in PARTS]
    return tuple(PartChange(label, pieces(was, now)) for label, was, now in pairs if was != now)


def _plain(value: Any) -> str:
    """Return a part of a kept version as text: rows as lines, words side by side."""
    if isinstance(value, list):
        return "\n".join(_plain(one) for one in value) if value and isinstance(value[0], dict) else "、".join(value)
    if isinstance(value, dict):
        shown = [str(v) for k, v in value.items() if k not in ("id", "likelihood", "impact", "words") and v]
        score = f"（{value['likelihood']} × {value['impact']}）" if "likelihood" in value else ""
        return "；".join(shown) + score
    return "" if value is None else str(value)


def _all(session: Session, model: Any, policy_id: int) -> list[Any]:
    return list(session.scalars(select(model).where(model.policy_id == policy_id).order_by(model.id)))


def _opinions(session: Session, policy_id: int) -> tuple[OpinionView, ...]:
    rows = session.execute(
        select(PolicyOpinion, Department.name, User.name.label("person"))
        .outerjoin(Department, Department.id == PolicyOpinion.department_id)
        .outerjoin(User, User.id == PolicyOpinion.answered_by_id)
        .where(PolicyOpinion.policy_id == policy_id)
        .order_by(PolicyOpinion.id)
    )
    return tuple(
        OpinionView(
            one.id, one.department_id, name or "联络员", one.about, one.due_on, one.asked_at, one.stance, one.text,
            person or "", one.answered_at, one.reply,
        )
        for one, name, person in rows
    )  # fmt: skip


def _links(session: Session, actor: Actor, policy_id: int) -> tuple[LinkView, ...]:
    """Return the links, the newest first; the number of a case only where the actor may see the case.

    An event that was merged is shown as the one its items went to.
    """
    linked = aliased(Event)
    rows = session.execute(
        select(PolicyLink, Event, PolicyConcern.question, Case.number)
        .join(linked, linked.id == PolicyLink.event_id)
        .join(Event, Event.id == func.coalesce(linked.merged_into_id, linked.id))
        .outerjoin(PolicyConcern, PolicyConcern.id == PolicyLink.concern_id)
        .outerjoin(Case, and_(Case.event_id == Event.id, scope.visible_to(actor)))
        .where(PolicyLink.policy_id == policy_id)
        .order_by(PolicyLink.id.desc())
        .limit(MOST_LINKS)
    )
    return tuple(
        LinkView(
            link.id, event.id, event.title, link.reason, link.concern_id, question or "", event.item_count,
            event.negative_count, number or "", link.found_at, link.is_sorted_by_hand, link.removed_at,
            link.removed_reason,
        )
        for link, event, question, number in rows
    )  # fmt: skip


def _compared(concerns: list[PolicyConcern], links: tuple[LinkView, ...]) -> Comparison:
    observed = [
        Observed(one.event_id, one.title, one.concern_id, one.item_count, one.negative_count, one.case_number)
        for one in reversed(links)
        if one.removed_at is None
    ]
    return compare(((one.id, one.question) for one in concerns), observed)


def _names(session: Session, reviews: tuple[PolicyReview, ...]) -> dict[int, str]:
    ids = [one.done_by_id for one in reviews if one.done_by_id]
    return {row.id: row.name for row in session.execute(select(User.id, User.name).where(User.id.in_(ids)))}


def _facts(session: Session, policy: Policy, opinions: tuple[OpinionView, ...]) -> PolicyFacts:
    authors = session.scalars(select(PolicyVersion.author_id).where(PolicyVersion.policy_id == policy.id))
    waiting = frozenset(one.department_id for one in opinions if one.answered_at is None)
    return PolicyFacts(policy.department_id, frozenset(authors), waiting)


def _history(session: Session, policy_id: int) -> tuple[HistoryView, ...]:
    rows = session.scalars(
        select(AuditEvent)
        .join(PolicyHistory, PolicyHistory.audit_event_id == AuditEvent.id)
        .where(PolicyHistory.policy_id == policy_id)
        .order_by(AuditEvent.id.desc())
        .limit(MOST_HISTORY)
    )
    return tuple(
        HistoryView(
            one.at, "system" if one.actor_role == "system" else "action", one.actor_name, one.summary, one.reason
        )
        for one in reversed(list(rows))
    )


def of_event(session: Session, actor: Actor, event_id: int | None) -> tuple[tuple[int, str, str], ...]:
    """Return (id, title, reason) of the policies that an event is linked to and the actor may see."""
    if event_id is None:
        return ()
    rows = session.execute(
        select(Policy.id, Policy.title, PolicyLink.reason)
        .join(PolicyLink, PolicyLink.policy_id == Policy.id)
        .where(PolicyLink.event_id == event_id, PolicyLink.removed_at.is_(None), visible_to(actor))
        .order_by(Policy.id)
    )
    return tuple((row.id, row.title, row.reason) for row in rows)
