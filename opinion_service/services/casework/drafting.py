"""Drafts of a reply: saved as versions, submitted, countersigned or disputed, signed or sent back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseAction, CaseState
from opinion_service.domain.casework.coverage import ReplyText
from opinion_service.domain.casework.draft_checks import PARTS, Finding
from opinion_service.domain.casework.review import ReviewStep, next_step
from opinion_service.domain.errors import DomainError, InvalidInput
from opinion_service.domain.people import Actor
from opinion_service.models import Case, Draft, DraftSight, Review
from opinion_service.services.casework import case_book, checks, co_work, review_route, scratch
from opinion_service.services.casework.case_book import Step
from opinion_service.services.casework.co_work import Settlement
from opinion_service.services.clocks import clock_book
from opinion_service.services.reminders import post_case
from opinion_service.services.transaction import transaction

MOST_SOURCES = 30
LONGEST_PART = 20_000
_LABELS = {**PARTS, "unit": "回应单位", "contact": "联系方式"}


class NotReady(DomainError):
    """The reply cannot be submitted or signed yet; `findings` says what is missing, where, why and what to do."""

    def __init__(self, found: tuple[Finding, ...]) -> None:
        """found: at least one finding that blocks."""
        super().__init__("回应稿还不能送审或审签：" + "；".join(one.sentence.rstrip("。") for one in found) + "。")
        self.findings = found


@dataclass(frozen=True, slots=True)
class _Hand:
    """Who decides, and when."""

    actor: Actor
    now: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """An approver's or co-department's word on the latest version of a draft."""

    case_id: int
    version: int
    action: CaseAction
    note: str = ""


def save_draft(
    case_id: int,
    version: int,
    reply: ReplyText,
    *,
    response_kind: str,
    sources: Sequence[Mapping[str, str]] = (),
    actor: Actor,
    now: datetime,
) -> int:
    """Store `reply` as the next version of the case's draft and return its version number.

    sources: where its facts come from, rows of `fact` and `source` (a document, a record or a URL). Raise InvalidInput
    for a part that is too long.
    """
    kept, parts = _checked(sources), _parts_of(reply)
    with transaction() as session:
        case = case_book.load_unchanged(session, case_id, version, actor=actor)
        case_book.authorise(session, case, Step(CaseAction.DRAFT), actor=actor)
        last = session.scalar(select(func.max(Draft.version)).where(Draft.case_id == case.id)) or 0
        draft = Draft(case_id=case.id, version=last + 1, author_id=actor.user_id, written_at=now, sources=kept, **parts)
        session.add(draft)
        scratch.forget(session, f"case-{case.id}-draft", actor)
        case.response_kind = response_kind or case.response_kind
        is_signed = any(one.countersigned_version == last for one in case.co_departments) and last
        voids = f"，第 {last} 版的会签作废" if is_signed else ""
        step = Step(CaseAction.DRAFT, summary=f"保存回应稿第 {draft.version} 版{voids}")
        case_book.take(session, case, step, actor=actor, now=now)
        return draft.version


def _parts_of(reply: ReplyText) -> dict[str, str]:
    """Return the parts as they are kept; InvalidInput, naming the part, for one longer than its column or 20,000."""
    parts = {name: reply.part(name).strip() for name in _LABELS}
    for name, text in parts.items():
        most = getattr(Draft.__table__.columns[name].type, "length", None) or LONGEST_PART
        if len(text) > most:
            raise InvalidInput(f"“{_LABELS[name]}”超过 {most:,} 字，没有保存；请精简后再提交。", name)
    return parts


def _checked(sources: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the list of sources as it is kept; InvalidInput for half a row or a link that is none."""
    if len(sources) > MOST_SOURCES:
        raise InvalidInput(f"事实来源最多 {MOST_SOURCES} 条。", "source_fact")
    kept = []
    for row in sources:
        fact, source = row["fact"].strip()[:300], row["source"].strip()[:500]
        if not fact or not source:
            raise InvalidInput("事实来源须同时写明事实和出处。", "source_fact")
        if "://" in source and not source.startswith(("https://", "http://")):
            raise InvalidInput("链接须以 http:// 或 https:// 开头。", "source_ref")
        kept.append({"fact": fact, "source": source})
    return kept


def submit(case_id: int, version: int, *, actor: Actor, now: datetime) -> None:
    """Hand the latest draft on: to the co-departments that have not agreed to it yet, else to the first reviewer.

    Raise NotReady when one of the checks (`domain.casework.draft_checks`) blocks.
    """
    with transaction() as session:
        case = case_book.load_unchanged(session, case_id, version, actor=actor)
        case_book.authorise(session, case, Step(CaseAction.SUBMIT), actor=actor)
        draft = latest_draft(session, case)
        if draft.approved_by_id is not None:
            raise InvalidInput("上一稿已经发布，请先保存新的回应稿。")
        if co_work.must_change(session, draft):
            raise InvalidInput("会签分歧已裁定为修改，请先保存新的回应稿。")
        _refuse_unready(session, case, draft)
        draft.submitted_at, draft.review_route = now, review_route.of_grade(session, case.grade)
        waiting = co_work.waits_for(session, case, draft)
        to = CaseState.COUNTERSIGNING if waiting else CaseState.IN_REVIEW
        step = Step(CaseAction.SUBMIT, to=to, summary=f"第 {draft.version} 版送{to.label.removesuffix('中')}")
        case_book.take(session, case, step, actor=actor, now=now)
        if waiting:
            post_case.ask_countersign(session, case, waiting, now=now)
        else:
            _ask_next(session, case, draft, actor, now)


def _refuse_unready(session: Session, case: Case, draft: Draft) -> None:
    found = tuple(one for one in checks.findings_of(session, case, draft) if one.is_blocking)
    if found:
        raise NotReady(found)


def decide(decision: Decision, *, actor: Actor, now: datetime) -> None:
    """Countersign, object, sign, reject or send back the latest draft.

    The author of a draft cannot sign it: refused here and by the constraint `four_eyes`. Raise NotReady when it is to
    be signed and a check blocks.
    """
    with transaction() as session:
        case = case_book.load_unchanged(session, decision.case_id, decision.version, actor=actor)
        step = Step(decision.action, decision.note)
        case_book.authorise(session, case, step, actor=actor)
        draft = latest_draft(session, case)
        to, taken = None, _step_of(session, draft, decision.action)
        if decision.action is CaseAction.COUNTERSIGN:
            co_work.countersign(session, case, draft, actor=actor, now=now)
            to = _after_countersigning(session, case, draft)
        elif decision.action is CaseAction.OBJECT:
            co_work.disagree(session, case, draft, decision.note, actor=actor, now=now)
        elif decision.action is CaseAction.SIGN:
            # The concerns may have been edited since the draft was handed in.
            _refuse_unready(session, case, draft)
            _sign(session, case, draft, actor, now)
        elif decision.action is CaseAction.SEND_BACK:
            _unsign(session, case, draft)
        _keep_review(session, draft, decision, taken, _Hand(actor, now))
        summary = f"{taken.label}通过" if taken and decision.action is CaseAction.CLEAR else ""
        step = Step(decision.action, decision.note, to=to, detail={"draft_version": draft.version}, summary=summary)
        case_book.take(session, case, step, actor=actor, now=now)
        if to is CaseState.IN_REVIEW or decision.action is CaseAction.CLEAR:
            _ask_next(session, case, draft, actor, now)
        else:
            post_case.announce(session, case, decision.action, actor=actor, now=now)


def settle(word: Settlement, *, actor: Actor, now: datetime) -> None:
    """Rule on a co-department's disagreement: the draft is revised, or stands and goes on when nobody else is missing.

    Source: 湖南省政府令第245号第三条 (disagreement goes to the government office), 61号 一.
    """
    with transaction() as session:
        case = case_book.load_unchanged(session, word.case_id, word.version, actor=actor)
        case_book.authorise(session, case, Step(CaseAction.SETTLE, word.note), actor=actor)
        draft = latest_draft(session, case)
        dispute = co_work.rule(session, case, word, actor=actor, now=now)
        is_revised = dispute.decision == co_work.REVISE
        to = CaseState.DRAFTING if is_revised else _after_countersigning(session, case, draft)
        summary = "会签分歧裁定：按意见修改回应稿" if is_revised else "会签分歧裁定：维持原稿"
        detail = {"draft_version": draft.version, "dispute_id": dispute.id, "department_id": dispute.department_id}
        step = Step(CaseAction.SETTLE, word.note, to=to, summary=summary, detail=detail)
        case_book.take(session, case, step, actor=actor, now=now)
        post_case.announce_settlement(session, case, dispute.department_id, actor=actor, now=now)
        if to is CaseState.IN_REVIEW:
            _ask_next(session, case, draft, actor, now)


def _after_countersigning(session: Session, case: Case, draft: Draft) -> CaseState | None:
    return None if co_work.waits_for(session, case, draft) else CaseState.IN_REVIEW


def _step_of(session: Session, draft: Draft, action: CaseAction) -> ReviewStep | None:
    if action not in (CaseAction.CLEAR, CaseAction.SIGN, CaseAction.REJECT):
        return None
    return next_step(draft.review_route, case_book.cleared(session, draft))


def _ask_next(session: Session, case: Case, draft: Draft, actor: Actor, now: datetime) -> None:
    waits_for = next_step(draft.review_route, case_book.cleared(session, draft))
    post_case.ask_review(session, case, waits_for, actor=actor, now=now)


def latest_draft(session: Session, case: Case) -> Draft:
    """Return the newest version of the case's draft; raise InvalidInput when there is none."""
    statement = select(Draft).where(Draft.case_id == case.id).order_by(Draft.version.desc()).limit(1)
    draft = session.scalar(statement)
    if draft is None:
        raise InvalidInput("还没有回应稿，请先拟稿。")
    return draft


def _sign(session: Session, case: Case, draft: Draft, actor: Actor, now: datetime) -> None:
    draft.approved_by_id, draft.approved_at = actor.user_id, now
    case.signed_at = now
    clock_book.start(session, case, clock_book.FROM_SIGNATURE, at=now)


def _unsign(session: Session, case: Case, draft: Draft) -> None:
    # First: stopping a clock writes, and a signed case still needs what is cleared after.
    clock_book.stop_all(session, case, kinds=clock_book.FROM_SIGNATURE)
    draft.approved_by_id = draft.approved_at = None
    case.signed_at = None


def _keep_review(session: Session, draft: Draft, decision: Decision, step: ReviewStep | None, hand: "_Hand") -> None:
    session.add(
        Review(
            draft_id=draft.id,
            decision=decision.action.value,
            step=step.value if step else "",
            note=decision.note.strip()[:1000],
            actor_id=hand.actor.user_id,
            decided_at=hand.now,
        )
    )


def note_sight(draft_id: int, *, actor: Actor, now: datetime) -> None:
    """Note that the actor has had this version before their eyes, so that the next one can be compared with it."""
    with transaction() as session:
        if session.get(DraftSight, (draft_id, actor.user_id)) is None:
            session.add(DraftSight(draft_id=draft_id, user_id=actor.user_id, seen_at=now))
