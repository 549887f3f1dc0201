"""Asks other bodies for their opinion on a policy, takes the answers, and says what was made of them."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.errors import InvalidInput, NotFound
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.policies.assessment import Stance
from opinion_service.domain.policies.states import PolicyAction
from opinion_service.models import Department, Policy, PolicyOpinion
from opinion_service.services.policies import policy_book, policy_post
from opinion_service.services.policies.policy_book import PolicyStep, Seen
from opinion_service.services.policies.policy_post import PolicyLetter
from opinion_service.services.transaction import transaction

MOST_ASKED = 20


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom to ask (`with_desk`: the liaison too), about what, and until when."""

    department_ids: tuple[int, ...]
    with_desk: bool
    about: str
    due_on: date | None


def ask(seen: Seen, asking: Asking, *, actor: Actor, now: datetime) -> int:
    """Ask for opinions and return how many were asked for; who still owes one is not asked twice.

    Raise Forbidden, IllegalMove, StaleCase, or InvalidInput for nobody to ask or a day that is over.
    """
    if asking.due_on is None or asking.due_on < now.astimezone(ZONE).date():
        raise InvalidInput("请填写今天或以后的反馈截止日期。", "due_on")
    with transaction() as session:
        policy = policy_book.load(session, seen, PolicyAction.ASK, actor=actor)
        names = _ask_each(session, policy, asking, actor, now)
        if not names:
            raise InvalidInput("请选择要征求意见的单位；已在征求意见的单位不重复征求。", "department_ids")
        summary = f"征求意见：{'、'.join(names)}"
        policy_book.take(session, policy, PolicyStep(PolicyAction.ASK, summary=summary), actor=actor, now=now)
        return len(names)


def answer(opinion_id: int, seen: Seen, stance: str, text: str, *, actor: Actor, now: datetime) -> None:
    """Answer an opinion that the actor's department, or the liaison, was asked for.

    Raise NotFound for somebody else's, InvalidInput for advice or opposition without words.
    """
    if stance not in set(Stance):
        raise InvalidInput("请选择意见。", "stance")
    if stance != Stance.AGREED and not text.strip():
        raise InvalidInput("请写明修改建议或不同意的理由。", "text")
    with transaction() as session:
        policy = policy_book.load(session, seen, PolicyAction.ANSWER, actor=actor)
        row = session.get(PolicyOpinion, opinion_id)
        if row is None or row.policy_id != policy.id or row.answered_at or row.department_id != actor.department_id:
            raise NotFound("没有向您征求的这项意见，或意见已反馈。")
        row.stance, row.text = stance, text.strip()[:2000]
        row.answered_at, row.answered_by_id = now, actor.user_id
        summary = f"{_name(session, row)}反馈意见：{Stance(stance).label}"
        step = PolicyStep(PolicyAction.ANSWER, text, summary=summary)
        policy_book.take(session, policy, step, actor=actor, now=now)
        people = policy_post.unit(session, policy.department_id, (Role.HANDLER,))
        letter = PolicyLetter("policy_answer", f"o{row.id}", "意见已反馈", f"{summary}。")
        policy_post.tell(session, policy, people, letter, now=now)


def reply(opinion_id: int, seen: Seen, note: str, *, actor: Actor, now: datetime) -> None:
    """Write down what the drafting department made of an answered opinion."""
    with transaction() as session:
        policy = policy_book.load(session, seen, PolicyAction.REPLY, actor=actor)
        row = session.get(PolicyOpinion, opinion_id)
        if row is None or row.policy_id != policy.id or row.answered_at is None:
            raise NotFound("该意见不存在或尚未反馈。")
        row.reply = note.strip()[:1000]
        summary = f"说明{_name(session, row)}意见的采纳情况"
        policy_book.take(session, policy, PolicyStep(PolicyAction.REPLY, note, summary=summary), actor=actor, now=now)


def _ask_each(session: Session, policy: Policy, asking: Asking, actor: Actor, now: datetime) -> list[str]:
    waiting = set(
        session.scalars(
            select(PolicyOpinion.department_id).where(
                PolicyOpinion.policy_id == policy.id, PolicyOpinion.answered_at.is_(None)
            )
        )
    )
    wanted: list[int | None] = [*sorted(set(asking.department_ids) - {policy.department_id})]
    wanted += [None] if asking.with_desk else []
    names = []
    for department_id in wanted[:MOST_ASKED]:
        if department_id in waiting:
            continue
        row = PolicyOpinion(
            policy_id=policy.id, department_id=department_id, about=asking.about.strip()[:500],
            asked_by_id=actor.user_id, asked_at=now, due_on=asking.due_on,
        )  # fmt: skip
        names.append(_name(session, row))
        session.add(row)
        session.flush()
        people = policy_post.unit(session, department_id, (Role.HANDLER, Role.APPROVER))
        sentence = f"起草单位就该政策征求您的意见，请于 {asking.due_on:%Y-%m-%d} 前反馈。"
        policy_post.tell(
            session, policy, people, PolicyLetter("policy_ask", f"o{row.id}", "征求意见", sentence), now=now
        )
    return names


def _name(session: Session, row: PolicyOpinion) -> str:
    """Return the name of who is asked; raise InvalidInput for a department that does not exist or is closed."""
    if row.department_id is None:
        return "联络员"
    department = session.get(Department, row.department_id)
    if department is None or not department.is_active:
        raise InvalidInput("所选单位不存在。", "department_ids")
    return department.name
