"""The ledger of the public's concerns: suggested from what was heard, edited by people, tied to the reply."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.casework import concerns as rule
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.errors import InvalidInput, NotFound
from opinion_service.domain.people import Actor
from opinion_service.models import Case, Concern, Item
from opinion_service.services.casework import case_book
from opinion_service.services.casework.case_book import Step
from opinion_service.services.transaction import transaction

MOST_CONCERNS = 20
MOST_SUGGESTED = 6
ITEMS_READ = 50


@dataclass(frozen=True, slots=True)
class ConcernText:
    """One question of the public; `concern_id` is None for a new one; an empty question removes it."""

    question: str
    concern_id: int | None = None
    outcome: str = "open"
    passage: str = ""
    promised_on: date | None = None


def save_concerns(
    case_id: int, version: int, concerns: tuple[ConcernText, ...], *, actor: Actor, now: datetime
) -> None:
    """Replace the case's list of concerns by `concerns`; those left out of the form stay as they are.

    The history keeps what each changed question was before and after.
    """
    if len(concerns) > MOST_CONCERNS:
        raise InvalidInput(f"关切问题最多 {MOST_CONCERNS} 条。", "question")
    with transaction() as session:
        case = case_book.load_unchanged(session, case_id, version, actor=actor)
        case_book.authorise(session, case, Step(CaseAction.CONCERN), actor=actor)
        changed = [change for text in concerns if (change := _keep(session, case, text))]
        step = Step(CaseAction.CONCERN, detail={"changed": changed})
        case_book.take(session, case, step, actor=actor, now=now)


def suggest_again(case_id: int, version: int, *, actor: Actor, now: datetime) -> int:
    """Add what the event's items ask and the list does not have yet; return how many questions came."""
    with transaction() as session:
        case = case_book.load_unchanged(session, case_id, version, actor=actor)
        case_book.authorise(session, case, Step(CaseAction.CONCERN), actor=actor)
        added = suggest(session, case)
        if added:
            step = Step(CaseAction.CONCERN, summary=f"从来源中提取 {added} 个关切问题")
            case_book.take(session, case, step, actor=actor, now=now)
        return added


def suggest(session: Session, case: Case) -> int:
    """Write the suggested concerns of the case inside the caller's transaction; return how many are new."""
    if case.event_id is None:
        return 0
    rows = session.execute(
        select(Item.id, Item.title, Item.body).where(Item.event_id == case.event_id).order_by(Item.id).limit(ITEMS_READ)
    )
    known = list(session.scalars(select(Concern.question).where(Concern.case_id == case.id)))
    most = min(MOST_SUGGESTED, MOST_CONCERNS - len(known))
    found = rule.suggest([(row.id, f"{row.title}\n{row.body}") for row in rows], known, max(most, 0))
    session.add_all(Concern(case_id=case.id, question=one.question, item_ids=list(one.item_ids)) for one in found)
    session.flush()
    return len(found)


def _keep(session: Session, case: Case, text: ConcernText) -> dict[str, Any] | None:
    """Write one row down and return what changed, None when nothing did."""
    row = session.get(Concern, text.concern_id) if text.concern_id else None
    if text.concern_id and (row is None or row.case_id != case.id):
        raise NotFound("该关切问题不存在。")
    before = _record(row)
    if not text.question.strip():
        if row is not None:
            session.delete(row)
        return {"before": before, "after": None} if row is not None else None
    _check(text)
    if row is None:
        row = Concern(case_id=case.id, question="", item_ids=[])
        session.add(row)
    row.question, row.outcome = text.question.strip()[:300], text.outcome
    row.passage, row.promised_on = text.passage.strip()[:1000], text.promised_on
    after = _record(row)
    return {"before": before, "after": after} if before != after else None


def _check(text: ConcernText) -> None:
    if text.outcome == "answered" and not text.passage.strip():
        raise InvalidInput("请摘录回应该问题的原文。", "passage")
    if text.outcome == "not_ours" and not text.passage.strip():
        raise InvalidInput("请说明不属本单位职责的理由。", "passage")
    if text.outcome == "promised" and text.promised_on is None:
        raise InvalidInput("请填写答复日期。", "promised_on")


def _record(row: Concern | None) -> dict[str, Any] | None:
    if row is None:
        return None
    promised = row.promised_on.isoformat() if row.promised_on else ""
    return {"question": row.question, "outcome": row.outcome, "passage": row.passage, "promised_on": promised}
