"""What the public reads: published by the liaison, withdrawn with a reason, promises kept."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.listening.scrub import scrub
from opinion_service.domain.people import Actor, Role
from opinion_service.models import Case, Clock, Concern, Draft, Promise, Publication
from opinion_service.services import journal
from opinion_service.services.casework import case_book, checks, drafting
from opinion_service.services.casework.case_book import Step
from opinion_service.services.clocks import clock_book
from opinion_service.services.reminders import post_case
from opinion_service.services.transaction import transaction


def publish(
    case_id: int,
    version: int,
    *,
    is_cleared: bool,
    is_final: bool = False,
    shows_coverage: bool = False,
    actor: Actor,
    now: datetime,
) -> int:
    """Publish the signed draft and return the publication's id.

    is_cleared: the liaison has ticked the secrecy and personal-data check; without it InvalidInput.
    shows_coverage: the public also reads which passage answers which question, copied like the text.
    is_final: this is the last report of several (终报); a first answer is always the first (首次).
    The text is copied, so that nothing done later to the draft can change what the public reads.
    """
    if not is_cleared:
        raise InvalidInput("请先确认已完成保密审查和个人信息检查。", "is_cleared")
    with transaction() as session:
        case = case_book.load_unchanged(session, case_id, version, actor=actor)
        case_book.authorise(session, case, Step(CaseAction.PUBLISH), actor=actor)
        publication = _copy(session, case, drafting.latest_draft(session, case), actor, now)
        if session.scalar(select(Publication.id).where(Publication.case_id == case.id).limit(1)) is not None:
            publication.stage = "final" if is_final else "follow_up"
        if shows_coverage:
            publication.coverage = _coverage(session, case)
        session.add(publication)
        case.published_at = now
        _keep_promises_of(session, case)
        session.flush()
        step = Step(CaseAction.PUBLISH, detail={"publication_id": publication.id})
        case_book.take(session, case, step, actor=actor, now=now)
        clock_book.stop_all(session, case, kinds={ClockKind.CO_OPINION})
        clock_book.roll_follow_up(session, case, now=now, is_owed=clock_book.keeps_informing(case))
        post_case.announce(session, case, CaseAction.PUBLISH, actor=actor, now=now)
        return publication.id


def withdraw(publication_id: int, reason: str, *, actor: Actor, now: datetime) -> None:
    """Take a publication back; its page stays and says so, with the reason."""
    if actor.role is not Role.LIAISON:
        raise Forbidden("只有联络员可以撤回已发布的回应。")
    if not reason.strip():
        raise InvalidInput("请填写撤回理由。", "reason")
    with transaction() as session:
        publication = session.get(Publication, publication_id)
        if publication is None or publication.withdrawn_at is not None:
            raise NotFound("回应不存在或已撤回。")
        publication.withdrawn_at, publication.withdrawn_reason = now, reason.strip()[:300]
        entry = journal.Entry(
            "publication_withdrawn", "撤回已发布的回应", case_id=publication.case_id, reason=reason.strip()
        )
        journal.record(session, entry, actor=actor, now=now)


def add_promise(case_id: int, version: int, text: str, due_on: date | None, *, actor: Actor, now: datetime) -> None:
    """Write down something the reply promised."""
    if not text.strip():
        raise InvalidInput("请填写承诺内容。", "text")
    if due_on is None:
        raise InvalidInput("请填写兑现日期。", "due_on")
    with transaction() as session:
        case = case_book.load_unchanged(session, case_id, version, actor=actor)
        case_book.authorise(session, case, Step(CaseAction.PROMISE), actor=actor)
        session.add(_promise(case.id, text.strip(), due_on))
        case_book.take(session, case, Step(CaseAction.PROMISE, text.strip()), actor=actor, now=now)


def keep_promise(promise_id: int, version: int, note: str, *, actor: Actor, now: datetime) -> None:
    """Mark a promise as kept, with what was done."""
    if not note.strip():
        raise InvalidInput("请写明兑现情况。", "note")
    with transaction() as session:
        promise = session.get(Promise, promise_id)
        if promise is None:
            raise NotFound("承诺不存在。")
        case = case_book.load_unchanged(session, promise.case_id, version, actor=actor)
        case_book.authorise(session, case, Step(CaseAction.PROMISE), actor=actor)
        promise.kept_at, promise.kept_note = now, note.strip()[:300]
        step = Step(CaseAction.PROMISE, note, summary="承诺已兑现")
        case_book.take(session, case, step, actor=actor, now=now)


def _copy(session: Session, case: Case, draft: Draft, actor: Actor, now: datetime) -> Publication:
    if draft.approved_by_id is None or case.lead_department_id is None:
        raise InvalidInput("回应稿尚未审签。")
    questions = session.scalars(
        select(Concern.question).where(Concern.case_id == case.id, Concern.outcome != "not_ours").order_by(Concern.id)
    )
    due_at = session.scalar(
        select(Clock.due_at)
        .where(Clock.case_id == case.id, Clock.kind == "response", Clock.round == case.round)
        .order_by(Clock.generation.desc())
        .limit(1)
    )
    return Publication(
        case_id=case.id,
        draft_id=draft.id,
        title=draft.title,
        body=checks.text_of(draft).whole,
        questions="\n".join(scrub(one).text for one in questions),
        hot_topic=case.hot_topic,
        department_id=case.lead_department_id,
        contact=draft.contact,
        detected_at=case.detected_at,
        response_due_at=due_at,
        published_at=now,
        published_by_id=actor.user_id,
        author_id=draft.author_id,
        approver_id=draft.approved_by_id,
    )


def _coverage(session: Session, case: Case) -> list[dict[str, str]]:
    rows = session.scalars(select(Concern).where(Concern.case_id == case.id).order_by(Concern.id))
    return [
        {
            "question": scrub(row.question).text,
            "outcome": row.outcome,
            "passage": scrub(row.passage).text,
            "promised_on": row.promised_on.isoformat() if row.promised_on else "",
        }
        for row in rows
    ]


def _keep_promises_of(session: Session, case: Case) -> None:
    statement = select(Concern).where(Concern.case_id == case.id, Concern.outcome == "promised")
    known = set(session.scalars(select(Promise.text).where(Promise.case_id == case.id)))
    for concern in session.scalars(statement):
        text = f"答复：{concern.question}"
        if concern.promised_on is not None and text not in known:
            session.add(_promise(case.id, text, concern.promised_on))


def _promise(case_id: int, text: str, due_on: date) -> Promise:
    return Promise(case_id=case_id, text=text[:300], due_on=due_on, first_due_on=due_on)
