"""After an answer: the 72-hour watch and the proposal of a new round, and the promises that fall due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.aftermath import (
    MOST_QUESTIONS,
    REMINDERS,
    WATCH,
    Aftermath,
    heat_line,
    is_complaint_about_answer,
    reminders_owed,
    suggest_round,
)
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.casework.concerns import suggest
from opinion_service.domain.casework.grading import ProposalKind
from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.errors import InvalidInput, NotFound
from opinion_service.domain.people import Actor
from opinion_service.domain.reading.heat import hour_of
from opinion_service.models import Case, Concern, EffectWatch, Event, EventHour, Item, Promise, Publication
from opinion_service.services.casework import case_book, proposals
from opinion_service.services.casework.case_book import Step
from opinion_service.services.reminders import post_case
from opinion_service.services.transaction import transaction

BATCH = 50
AGAIN = timedelta(minutes=10)
BEFORE = timedelta(hours=72)
MOST_READ = 300
_HOUR = timedelta(hours=1)


def watch_due(*, now: datetime) -> int:
    """Begin the watch of new answers and look again at those under way; return how many were taken up."""
    with transaction() as session:
        return _begin(session) + _look(session, now)


def _begin(session: Session) -> int:
    watched = exists().where(EffectWatch.case_id == Case.id, EffectWatch.round == Case.round)
    answers = select(func.max(Publication.id)).where(Publication.withdrawn_at.is_(None)).group_by(Publication.case_id)
    rows = session.execute(
        select(Case, Publication)
        .join(Publication, Publication.case_id == Case.id)
        .where(Case.state.in_(proposals.AFTER_ANSWER), ~watched, Publication.id.in_(answers))
        .order_by(Case.id)
        .limit(BATCH)
        .with_for_update(of=Case, skip_locked=True)
    ).all()
    for case, answer in rows:
        at = answer.published_at
        line = _line(session, case.event_id, at, 1)
        before = Item.event_id == case.event_id, Item.first_seen_at <= at
        session.add(
            EffectWatch(
                case_id=case.id, publication_id=answer.id, round=case.round, published_at=at, ends_at=at + WATCH,
                looked_at=at, heat_before=line[0][1], heat_peak=line[0][1], open_before=_open_concerns(session, case),
                items_before=session.scalar(select(func.count(Item.id)).where(*before)) or 0,
            )
        )  # fmt: skip
    session.flush()
    return len(rows)


def _look(session: Session, now: datetime) -> int:
    is_new = or_(EffectWatch.ended_at.is_(None), Event.last_item_at > EffectWatch.looked_at)
    rows = session.execute(
        select(EffectWatch, Case, Event)
        .join(Case, Case.id == EffectWatch.case_id)
        .join(Event, Event.id == Case.event_id)
        .where(Case.state.in_(proposals.AFTER_ANSWER), EffectWatch.round == Case.round)
        .where(is_new, EffectWatch.looked_at < now - AGAIN)
        .order_by(EffectWatch.looked_at, EffectWatch.id)
        .limit(BATCH)
        .with_for_update(of=EffectWatch, skip_locked=True)
    ).all()
    for watch, case, event in rows:
        items = _items_after(session, event.id, watch.published_at)
        if watch.ended_at is None:
            _write_down(session, watch, case, items, now)
        complaints = sum(is_complaint_about_answer(text) for _, text, _ in items)
        found = suggest_round(Aftermath(watch.heat_before, event.heat, len(items), complaints))
        proposals.keep(session, case, (ProposalKind.ROUND,), (found,) if found else (), now=now)
        watch.looked_at = now
    session.flush()
    return len(rows)


_Heard = tuple[int, str, datetime]


def _write_down(session: Session, watch: EffectWatch, case: Case, items: Sequence[_Heard], now: datetime) -> None:
    until = min(now, watch.ends_at)
    heard = [one for one in items if one[2] <= until]
    known = session.scalars(select(Concern.question).where(Concern.case_id == case.id)).all()
    asked = suggest([(ident, text) for ident, text, _ in heard], known, MOST_QUESTIONS)
    hours = max(int((until - watch.published_at) / _HOUR), 0) + 1
    line = _line(session, case.event_id, watch.published_at, hours)
    watch.heat_peak = max([watch.heat_before, *(height for at, height in line if at > watch.published_at)])
    watch.items_after = len(heard)
    watch.complaints_after = sum(is_complaint_about_answer(text) for _, text, _ in heard)
    watch.questions = [one.question for one in asked]
    watch.open_after = _open_concerns(session, case) + len(watch.questions)
    watch.ended_at = now if now >= watch.ends_at else None


def _items_after(session: Session, event_id: int, at: datetime) -> list[_Heard]:
    rows = session.execute(
        select(Item.id, Item.title, Item.body, Item.first_seen_at)
        .where(Item.event_id == event_id, Item.first_seen_at > at)
        .order_by(Item.first_seen_at, Item.id)
        .limit(MOST_READ)
    )
    return [(row.id, f"{row.title}。{row.body}", row.first_seen_at) for row in rows]


def _line(session: Session, event_id: int | None, at: datetime, hours: int) -> tuple[tuple[datetime, float], ...]:
    since = select(EventHour.hour, EventHour.weight).where(
        EventHour.event_id == event_id, EventHour.hour > at - BEFORE, EventHour.hour <= at + hours * _HOUR
    )
    loads = [(row.hour, row.weight) for row in session.execute(since.order_by(EventHour.hour))]
    return heat_line(loads, hour_of(at), hours)


def _open_concerns(session: Session, case: Case) -> int:
    waiting = select(func.count(Concern.id)).where(
        Concern.case_id == case.id, Concern.outcome.in_(("open", "promised"))
    )
    return session.scalar(waiting) or 0


def remind_of_promises(*, now: datetime) -> int:
    """Write the reminders of promises that fall due in three days, today, or are a day over; return how many promises.

    The department is told, and the liaison and the supervisor too once the day is over.
    """
    today = now.astimezone(ZONE).date()
    with transaction() as session:
        statement = (
            select(Promise, Case)
            .join(Case, Case.id == Promise.case_id)
            .where(Promise.kept_at.is_(None), Promise.reminded < len(REMINDERS))
            .where(or_(*(_owes(number, days, today) for number, days in enumerate(REMINDERS))))
            .order_by(Promise.due_on, Promise.id)
            .limit(BATCH)
            .with_for_update(of=Promise, skip_locked=True)
        )
        rows = session.execute(statement).all()
        for promise, case in rows:
            promise.reminded = reminders_owed(promise.due_on, today, told=promise.reminded)
            post_case.remind_of_promise(session, case, promise, today=today, now=now)
        session.flush()
        return len(rows)


def _owes(number: int, days: int, today: date) -> ColumnElement[bool]:
    return (Promise.reminded == number) & (Promise.due_on <= today + timedelta(days=days))


@dataclass(frozen=True, slots=True)
class Postponement:
    """Which promise, as part of which version of its case, to which day, and why."""

    promise_id: int
    version: int
    due_on: date | None
    note: str


def postpone(form: Postponement, *, actor: Actor, now: datetime) -> None:
    """Move the day of an open promise; the day first promised stays on record. Raise what `load_unchanged` raises,
    InvalidInput without a later day and a reason, NotFound for a promise that is kept.
    """
    if not form.note.strip():
        raise InvalidInput("请填写改期理由。", "note")
    with transaction() as session:
        promise = session.get(Promise, form.promise_id)
        if promise is None or promise.kept_at is not None:
            raise NotFound("承诺不存在。")
        case = case_book.load_unchanged(session, promise.case_id, form.version, actor=actor)
        step = Step(CaseAction.PROMISE, form.note)
        case_book.authorise(session, case, step, actor=actor)
        if form.due_on is None or form.due_on <= max(promise.due_on, now.astimezone(ZONE).date()):
            raise InvalidInput("新的兑现日期须晚于原日期和今天。", "due_on")
        summary = f"承诺改期：{promise.due_on:%Y-%m-%d} → {form.due_on:%Y-%m-%d}"
        promise.due_on, promise.reminded = form.due_on, 0
        case_book.take(session, case, Step(CaseAction.PROMISE, form.note, summary=summary), actor=actor, now=now)
