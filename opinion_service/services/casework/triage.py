"""From events to cases: opened by rule or by hand, dispatched at once when the department is sure."""

from datetime import datetime

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseAction, CaseState
from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import SYSTEM, Actor, Role
from opinion_service.domain.reading.opening import Opening, decide
from opinion_service.domain.routing import Rerank
from opinion_service.models import Case, CaseCounter, Department, Event, Item, RoutingRecord
from opinion_service.services import journal
from opinion_service.services.casework import case_book, concerns, evidence
from opinion_service.services.casework.case_book import Step
from opinion_service.services.clocks import clock_book
from opinion_service.services.reading import analysis, opening_book
from opinion_service.services.reminders import post_case
from opinion_service.services.routing import rule_hits
from opinion_service.services.transaction import transaction


def open_due(*, now: datetime, limit: int = 50, rerank: Rerank | None = None) -> int:
    """Open a case for every event that a rule calls for; return how many.

    `rerank` is the trained routing model in force, for events that other rules routed than those of now.

    Running it twice, or twice at once, opens nothing twice: the event is locked and marked, and
    `case_file.event_id` is unique.
    """
    with transaction() as session:
        statement = select(Event).where(Event.needs_opening, Event.state == "open")
        events = list(session.scalars(statement.order_by(Event.id).limit(limit).with_for_update()))
        if not events:
            return 0
        rules, facts = opening_book.in_force(session), opening_book.facts_of(session, events)
        opened = 0
        for event in events:
            event.needs_opening = False
            opening = decide(rules, facts[event.id])
            if opening:
                analysis.bring_up_to_date(session, event, rerank, now=now)
                open_within(session, event, opening, actor=SYSTEM, now=now)
                opened += 1
        return opened


def open_by_hand(event_id: int, *, actor: Actor, now: datetime) -> str:
    """Open a case for an event on a person's word and return its number."""
    check_liaison(actor)
    with transaction() as session:
        event = session.get(Event, event_id, with_for_update=True)
        if event is None or event.state in ("cased", "merged"):
            raise NotFound("该事件不存在、已合并或已立案。")
        analysis.bring_up_to_date(session, event, now=now)
        return open_within(session, event, None, actor=actor, now=now).number


def dismiss_within(session: Session, event: Event, reason: str, *, actor: Actor, now: datetime) -> None:
    """Take an open, locked event out of the inbox inside the caller's transaction; InvalidInput without a reason."""
    if not reason.strip():
        raise InvalidInput("请填写理由。", "note")
    event.state, event.dismissed_reason, event.dismissed_by_id = "dismissed", reason.strip()[:300], actor.user_id
    event.heat_when_dismissed, event.items_when_dismissed = event.heat, event.item_count
    event.needs_opening, event.snoozed_until = False, None
    entry = journal.Entry("event_dismissed", f"不予关注：{event.title[:60]}", reason=reason.strip())
    journal.record(session, entry, actor=actor, now=now)


def restore(event_id: int, *, actor: Actor, now: datetime) -> None:
    """Put a dismissed event back into the inbox on a person's word; no rule opens it before it gets new items."""
    check_liaison(actor)
    with transaction() as session:
        event = session.get(Event, event_id, with_for_update=True)
        if event is None or event.state != "dismissed":
            raise NotFound("该事件不存在或未被移出。")
        event.state, event.needs_opening, event.snoozed_until = "open", False, None
        entry = journal.Entry("event_restored", f"恢复到研判列表：{event.title[:60]}", detail={"event_id": event.id})
        journal.record(session, entry, actor=actor, now=now)


def open_within(session: Session, event: Event, opening: Opening | None, *, actor: Actor, now: datetime) -> Case:
    """Open the case inside the caller's transaction; without an `opening` a person did, who also decides where it goes.

    An event that was put off comes back with its case.
    """
    reason = opening.reason[:300] if opening else "联络员立案"
    case = Case(
        number=_next_number(session, now), title=event.title, event_id=event.id, hot_topic=event.hot_topic,
        nature=event.nature, territory=event.territory, detected_at=event.first_seen_at, opened_at=now,
        opening_reason=reason, summary=_summary(session, event),
        must_answer_class=opening.must_answer_class if opening else 0,
    )  # fmt: skip
    session.add(case)
    session.flush()
    event.state, event.needs_opening, event.snoozed_until = "cased", False, None
    is_sure = opening is not None and event.confidence >= current_app.config["DESK"].dispatch_threshold
    session.add(
        RoutingRecord(
            case_id=case.id, decided_at=now, decision=event.routing, department_id=event.department_id,
            rule_set_version=str(event.routing.get("rule_set_version", "")),
            model_version=str(event.routing.get("model_version", "")), confidence=event.confidence,
            is_automatic=is_sure,
        )
    )  # fmt: skip
    rule_hits.note(session, case.id, event.routing, now=now)
    concerns.suggest(session, case)
    journal.record(session, _opened(case, reason, opening), actor=actor, now=now)
    evidence.freeze(session, case.id, event.id, actor=actor, now=now)
    kinds = clock_book.FROM_DETECTION
    clock_book.start(session, case, kinds, at=clock_book.detection_start(case))
    if is_sure and event.department_id is not None:
        _dispatch(session, case, event, now)
    return case


def _opened(case: Case, reason: str, opening: Opening | None) -> journal.Entry:
    detail = {"rule": opening.code, "version": opening.version, "figures": list(opening.figures)} if opening else None
    return journal.Entry(
        "case_opened", f"立案：{reason}"[:300], case_id=case.id, to_state=CaseState.NEW.value, detail=detail
    )


def _dispatch(session: Session, case: Case, event: Event, now: datetime) -> None:
    department = session.get_one(Department, event.department_id)
    case.lead_department_id, case.dispatched_at = department.id, now
    clock_book.start(session, case, clock_book.FROM_DISPATCH, at=now)
    step = Step(CaseAction.DISPATCH, summary=f"自动交办至{department.name}，置信度 {event.confidence:.0%}")
    case_book.take(session, case, step, actor=SYSTEM, now=now)
    session.expire(case, ["lead_department"])
    post_case.announce(session, case, CaseAction.DISPATCH, actor=SYSTEM, now=now)


def _next_number(session: Session, now: datetime) -> str:
    day = f"{now.astimezone(ZONE):%Y%m%d}"
    # The day's first number has no row to lock yet; two openings at once wait for each other here.
    journal.hold(session)
    counter = session.get(CaseCounter, day, with_for_update=True)
    if counter is None:
        counter = CaseCounter(day=day, last=0)
        session.add(counter)
    counter.last += 1
    session.flush()
    return f"{day[:4]}-{day[4:]}-{counter.last:02d}"


def _summary(session: Session, event: Event) -> str:
    statement = select(Item.body).where(Item.event_id == event.id, Item.body != "").order_by(Item.id).limit(1)
    return (session.scalar(statement) or "")[:600]


def check_liaison(actor: Actor) -> None:
    """Raise Forbidden for anybody but a liaison: the inbox is theirs."""
    if actor.role is not Role.LIAISON:
        raise Forbidden("只有联络员可以研判热点。")
