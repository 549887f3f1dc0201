"""Takes an assessment to its signature by another person, and the policy to its release."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.errors import DomainError, InvalidInput
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.policies.assessment import AskedOpinion, Gap, gaps
from opinion_service.domain.policies.states import PolicyAction
from opinion_service.domain.policies.watch import REVIEW_DAYS, review_due
from opinion_service.models import (
    Department,
    Policy,
    PolicyConcern,
    PolicyOpinion,
    PolicyReview,
    PolicyRiskPoint,
)
from opinion_service.models.policy_text import text_of
from opinion_service.services.policies import policy_book, policy_post
from opinion_service.services.policies.policy_book import PolicyStep, Seen
from opinion_service.services.policies.policy_post import PolicyLetter
from opinion_service.services.transaction import transaction


class PolicyNotReady(DomainError):
    """The assessment lacks parts; the message names each of them."""

    def __init__(self, missing: Sequence[Gap]) -> None:
        """missing: what is not ready, at least one."""
        super().__init__("尚不能提请签发：" + "；".join(gap.words for gap in missing) + "。")
        self.missing = tuple(missing)


@dataclass(frozen=True, slots=True)
class Release:
    """The form of a release; `is_rolled_out`: the interpretation goes out together with the document."""

    document_number: str
    url: str = ""
    released_at: datetime | None = None
    is_rolled_out: bool = False


def submit(seen: Seen, *, actor: Actor, now: datetime) -> None:
    """Hand the assessment to whoever signs; raise PolicyNotReady when something is missing."""
    with transaction() as session:
        policy = policy_book.load(session, seen, PolicyAction.SUBMIT, actor=actor)
        _check_ready(session, policy)
        policy_book.take(session, policy, PolicyStep(PolicyAction.SUBMIT), actor=actor, now=now)
        people = policy_post.unit(session, policy.department_id, (Role.APPROVER,))
        letter = PolicyLetter("policy_submit", f"v{policy.version}", "待签发", "该政策的评估已提请签发，请审签。")
        policy_post.tell(session, policy, people, letter, now=now)


def sign(seen: Seen, *, is_cosigned: bool, note: str, actor: Actor, now: datetime) -> None:
    """Sign the assessment and, with it, the interpretation (同步审签).

    Raise Forbidden for anybody who wrote a version of it, InvalidInput without `is_cosigned`, PolicyNotReady.
    """
    if not is_cosigned:
        raise InvalidInput("请确认解读方案和解读材料已与文件一并审签。", "is_cosigned")
    with transaction() as session:
        policy = policy_book.load(session, seen, PolicyAction.SIGN, actor=actor)
        _check_ready(session, policy)
        policy.signed_by_id, policy.signed_at = actor.user_id, now
        step = PolicyStep(PolicyAction.SIGN, note, detail={"edition": policy.edition_count})
        policy_book.take(session, policy, step, actor=actor, now=now)
        people = policy_post.unit(session, policy.department_id, (Role.HANDLER,))
        letter = PolicyLetter("policy_sign", f"v{policy.version}", "已签发", "该政策的评估已签发，出台后请登记。")
        policy_post.tell(session, policy, people, letter, now=now)


def send_back(seen: Seen, action: PolicyAction, note: str, *, actor: Actor, now: datetime) -> None:
    """Reject what waits for a signature, take a signature back, or drop the policy; each with a reason."""
    if action not in (PolicyAction.REJECT, PolicyAction.TAKE_BACK, PolicyAction.DROP):
        raise InvalidInput("该操作须在专门页面办理。")
    with transaction() as session:
        policy = policy_book.load(session, seen, action, actor=actor)
        policy.signed_by_id = policy.signed_at = None
        # Last: the state still needs the signature that was cleared here; both are written at once.
        policy_book.take(session, policy, PolicyStep(action, note), actor=actor, now=now)
        people = policy_post.unit(session, policy.department_id, (Role.HANDLER,))
        letter = PolicyLetter(f"policy_{action.value}", f"v{policy.version}", action.label, f"该政策已{action.label}。")
        policy_post.tell(session, policy, [one for one in people if one.id != actor.user_id], letter, now=now)


def release(seen: Seen, form: Release, *, actor: Actor, now: datetime) -> None:
    """Write down the release; the watch opens and the days of the two looks back are set.

    Raise InvalidInput without a document number, for a time in the future or before the signature, or when the
    interpretation was not put out together with the document (同步部署).
    """
    at = form.released_at or now
    if not form.document_number.strip():
        raise InvalidInput("请填写正式文号。", "document_number")
    if not form.is_rolled_out:
        raise InvalidInput("请确认解读材料与文件同步部署。", "is_rolled_out")
    if form.url and not form.url.startswith(("https://", "http://")):
        raise InvalidInput("链接须以 http:// 或 https:// 开头。", "url")
    with transaction() as session:
        policy = policy_book.load(session, seen, PolicyAction.RELEASE, actor=actor)
        if at > now or policy.signed_at is None or at < policy.signed_at:
            raise InvalidInput("出台时间须在签发之后，且不能晚于现在。", "released_at")
        policy.document_number, policy.url = form.document_number.strip()[:80], form.url.strip()[:500]
        policy.released_at, policy.watch_until = at, at + timedelta(days=policy.watch_days)
        policy.watched_to = at
        session.add_all(PolicyReview(policy_id=policy.id, day=day, due_at=review_due(at, day)) for day in REVIEW_DAYS)
        summary = f"登记出台：{policy.document_number}，观察 {policy.watch_days} 天"
        policy_book.take(session, policy, PolicyStep(PolicyAction.RELEASE, summary=summary), actor=actor, now=now)
        letter = PolicyLetter("policy_release", "released", "政策出台", "该政策已出台并开始观察，请留意相关诉求。")
        policy_post.tell(session, policy, policy_post.unit(session, None, ()), letter, now=now)


def _check_ready(session: Session, policy: Policy) -> None:
    concerns = session.scalars(select(PolicyConcern).where(PolicyConcern.policy_id == policy.id))
    risks = session.scalars(select(PolicyRiskPoint).where(PolicyRiskPoint.policy_id == policy.id))
    missing = gaps(text_of(policy, concerns, risks), _opinions(session, policy))
    if missing:
        raise PolicyNotReady(missing)


def _opinions(session: Session, policy: Policy) -> tuple[AskedOpinion, ...]:
    rows = session.execute(
        select(PolicyOpinion, Department.name)
        .outerjoin(Department, Department.id == PolicyOpinion.department_id)
        .where(PolicyOpinion.policy_id == policy.id)
        .order_by(PolicyOpinion.id)
    )
    return tuple(
        AskedOpinion(name or "联络员", one.answered_at is not None, one.stance, one.reply) for one, name in rows
    )
