"""Files the assessment of a policy and keeps every version of it."""

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.errors import Forbidden, InvalidInput
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.policies.assessment import (
    CHANNELS,
    LEAST_WATCH_DAYS,
    MOST_PEOPLE,
    MOST_ROWS,
    MOST_WATCH_DAYS,
    Conclusion,
    PolicyText,
)
from opinion_service.domain.policies.states import PolicyAction
from opinion_service.models import Policy, PolicyConcern, PolicyRiskPoint, PolicyVersion
from opinion_service.models.policy_text import PLAIN
from opinion_service.services import journal
from opinion_service.services.casework import scratch
from opinion_service.services.policies import policy_book
from opinion_service.services.policies.policy_book import PolicyStep, Seen
from opinion_service.services.transaction import transaction

# The columns of Policy that hold the text, cut to what the columns take.
_LENGTHS = {"title": 200, "edition": 60, "document_number": 80, "groups": 500, "spokesperson": 120, "partners": 300}
# Every save keeps the whole text once more, and any two of these are compared.
LONGEST_PART, LONGEST_TEXT = 20_000, 50_000
_LONG_PARTS = {
    "summary": "政策要点", "timing": "时机风险", "line": "口径", "interpretation_plan": "解读方案",
    "interpretation_material": "解读材料", "conclusion_note": "结论说明",
}  # fmt: skip


def file(text: PolicyText, *, actor: Actor, now: datetime) -> int:
    """Enter a policy of the actor's department into the register and return its id.

    Raise Forbidden for anybody but a handler, InvalidInput for a value out of range.
    """
    if actor.role is not Role.HANDLER or actor.department_id is None:
        raise Forbidden("政策评估由起草单位的承办人编制。")
    check_text(text)
    with transaction() as session:
        year, serial = _next_serial(session, now)
        policy = Policy(
            year=year, serial=serial, title=text.title, department_id=actor.department_id, author_id=actor.user_id,
            filed_at=now, updated_at=now,
        )  # fmt: skip
        _put(policy, text)
        session.add(policy)
        session.flush()
        _put_rows(session, policy, text)
        _keep_version(session, policy, text, "建立", actor, now)
        entry = journal.Entry(
            "policy_filed", f"登记政策：{text.title}", to_state=policy.state, detail={"policy_id": policy.id}
        )
        policy_book.tell(session, policy, entry, actor=actor, now=now)
        scratch.forget(session, "policy-new", actor)
        return policy.id


def save(seen: Seen, text: PolicyText, note: str, *, actor: Actor, now: datetime) -> int:
    """Save the assessment as its next version and return that version's number.

    Raise Forbidden, IllegalMove, StaleCase, or InvalidInput for a value out of range.
    """
    check_text(text)
    with transaction() as session:
        policy = policy_book.load(session, seen, PolicyAction.SAVE, actor=actor)
        policy.author_id, policy.edition_count = actor.user_id, policy.edition_count + 1
        _put(policy, text)
        _put_rows(session, policy, text)
        _keep_version(session, policy, text, note, actor, now)
        step = PolicyStep(PolicyAction.SAVE, note, summary=f"保存评估第 {policy.edition_count} 版")
        policy_book.take(session, policy, step, actor=actor, now=now)
        scratch.forget(session, f"policy-{policy.id}", actor)
        return policy.edition_count


def check_text(text: PolicyText) -> None:
    """Raise InvalidInput when a part cannot be stored; what is merely missing is a gap, not an error."""
    counts = (len(text.concerns), len(text.risks), len(text.keywords))
    is_scored = all(1 <= one.likelihood <= 5 and 1 <= one.impact <= 5 for one in text.risks)
    tests = (
        (bool(text.title.strip()), "请填写政策名称。", "title"),
        (text.conclusion in {"", *Conclusion}, "请选择评估结论。", "conclusion"),
        (LEAST_WATCH_DAYS <= text.watch_days <= MOST_WATCH_DAYS, "出台后观察须为 30–180 天。", "watch_days"),
        (0 <= (text.head_count or 0) <= MOST_PEOPLE, "涉及人数须为不小于 0 的整数。", "head_count"),
        (set(text.channels) <= set(CHANNELS), "请选择发布渠道。", "channels"),
        (max(counts) <= MOST_ROWS, "关切、风险点和关键词各不超过 20 条。", "title"),
        (all(len(word) > 1 for word in text.keywords), "关键词至少两个字，否则会关联到无关的事件。", "keywords"),
        (is_scored, "可能性和影响须为 1–5。", "likelihood"),
    )
    for is_fine, message, field in tests:
        if not is_fine:
            raise InvalidInput(message, field)
    for name, label in _LONG_PARTS.items():
        if len(getattr(text, name)) > LONGEST_PART:
            raise InvalidInput(f"“{label}”超过 {LONGEST_PART:,} 字，没有保存；请精简后再提交。", name)
    if len(json.dumps(asdict(text), default=str, ensure_ascii=False)) > LONGEST_TEXT:
        raise InvalidInput(f"评估全文超过 {LONGEST_TEXT:,} 字，没有保存；请精简后再提交。", "summary")


def _put(policy: Policy, text: PolicyText) -> None:
    for name in PLAIN:
        value = getattr(text, name)
        if isinstance(value, tuple):
            value = list(value)
        if isinstance(value, str):
            value = value.strip()[: _LENGTHS.get(name, LONGEST_PART)]
        setattr(policy, name, value)


def _put_rows(session: Session, policy: Policy, text: PolicyText) -> None:
    """Bring concerns and risk points in line with the form; a concern of the form keeps its row."""
    rows = session.scalars(select(PolicyConcern).where(PolicyConcern.policy_id == policy.id))
    known = {row.id: row for row in rows}
    kept = {one.id for one in text.concerns if one.question.strip()}
    for concern_id, row in known.items():
        if concern_id not in kept:
            session.delete(row)
    for one in text.concerns:
        if one.question.strip():
            row = known.get(one.id or 0) or PolicyConcern(policy_id=policy.id)
            row.question, row.answer = one.question.strip()[:300], one.answer.strip()[:1000]
            row.words = list(one.words)[:MOST_ROWS]
            session.add(row)
    for risk in session.scalars(select(PolicyRiskPoint).where(PolicyRiskPoint.policy_id == policy.id)):
        session.delete(risk)
    session.add_all(
        PolicyRiskPoint(
            policy_id=policy.id, description=one.description.strip()[:300], trigger=one.trigger.strip()[:300],
            measure=one.measure.strip()[:500], likelihood=one.likelihood, impact=one.impact,
        )
        for one in text.risks
        if one.description.strip()
    )  # fmt: skip
    session.flush()


def _keep_version(session: Session, policy: Policy, text: PolicyText, note: str, actor: Actor, now: datetime) -> None:
    content: dict[str, Any] = asdict(text)
    planned = content["planned_on"]
    content["planned_on"] = planned.isoformat() if isinstance(planned, date) else None
    session.add(
        PolicyVersion(
            policy_id=policy.id, number=policy.edition_count, content=content, note=note.strip()[:300],
            author_id=actor.user_id, saved_at=now,
        )
    )  # fmt: skip
    session.flush()


def _next_serial(session: Session, now: datetime) -> tuple[int, int]:
    # Two filings at once wait for each other here, so that no number is given twice.
    journal.hold(session)
    year = now.astimezone(ZONE).year
    last = session.scalar(select(func.max(Policy.serial)).where(Policy.year == year)) or 0
    return year, last + 1
