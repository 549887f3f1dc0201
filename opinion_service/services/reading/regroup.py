"""Merges, splits and moves by hand: remembered item by item, journaled, and undone with one button."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseState
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.routing import RuleSet
from opinion_service.models import Case, Event, EventChange, EventChangeItem, Item
from opinion_service.services import journal
from opinion_service.services.reading import analysis, event_book
from opinion_service.services.routing import rulebook
from opinion_service.services.transaction import transaction

WORDS = {"merge": "合并", "split": "拆分", "move": "移动"}
MOST_ITEMS = 5_000


@dataclass(frozen=True, slots=True)
class _Change:
    """One change at work: what, from where to where, why, by whom."""

    session: Session
    kind: str
    event: Event
    target: Event
    reason: str
    actor: Actor
    now: datetime


def merge(event_id: int, target_id: int, reason: str, *, actor: Actor, now: datetime) -> int:
    """Put every item of an event into another one and return the change's id.

    Raise Forbidden, NotFound, or InvalidInput when the event has a case of its own (a case is merged on its page).
    """
    with transaction() as session:
        return merge_within(session, (event_id, target_id), reason, actor=actor, now=now)


def merge_within(session: Session, pair: tuple[int, int], reason: str, *, actor: Actor, now: datetime) -> int:
    """Merge the first event of the pair into the second inside the caller's transaction; as `merge`."""
    _check(actor, reason)
    event, target = _pair(session, *pair)
    if event.state == "cased" and _case_state(session, event) != CaseState.MERGED:
        raise InvalidInput("该事件已立案，请改为把另一事件并入本事件，或在案件页面并案。", "target_id")
    items = _items(session, event)
    change = _Change(session, "merge", event, target, reason.strip()[:300], actor, now)
    row = _write(change, items)
    event.state, event.merged_into_id, event.needs_opening = "merged", target.id, False
    _settle(change, len(items))
    return row.id


def move(
    event_id: int, item_ids: Sequence[int], target_id: int | None, reason: str, *, actor: Actor, now: datetime
) -> int:
    """Move some items of an event into another, or with target None into a new one; return the change's id.

    A new event is named after its first item. Raise InvalidInput when nothing or everything is chosen.
    """
    _check(actor, reason)
    with transaction() as session:
        event = _locked(session, event_id)
        items = _items(session, event, item_ids)
        if not items:
            raise InvalidInput("请勾选要移出的条目。", "item")
        if len(items) == session.scalar(select(func.count(Item.id)).where(Item.event_id == event.id)):
            raise InvalidInput("已勾选全部条目；整个事件请用“合并”。", "item")
        target = _locked(session, target_id) if target_id else _new_event(session, items)
        if target.id == event.id:
            raise InvalidInput("条目已在该事件中。", "target_id")
        kind = "move" if target_id else "split"
        change = _Change(session, kind, event, target, reason.strip()[:300], actor, now)
        row = _write(change, items)
        _settle(change, len(items))
        return row.id


def undo(change_id: int, *, actor: Actor, now: datetime) -> int:
    """Put the items of a change back where they were and return the event they came from.

    Items that arrived after the change stay where they are. Raise InvalidInput when a later change took
    some of the items further: that one is undone first.
    """
    _check_role(actor)
    with transaction() as session:
        row = session.get(EventChange, change_id, with_for_update=True)
        if row is None or row.undone_at is not None:
            raise NotFound("没有可撤销的操作。")
        event, target = _both(session, row.event_id, row.target_id)
        moved = {one.item_id: one for one in row.items}
        items = list(session.scalars(select(Item).where(Item.id.in_(moved)).order_by(Item.id)))
        if any(item.event_id != target.id for item in items):
            raise InvalidInput("其中的条目后来又被移动过，请先撤销之后的操作。")
        if target.state == "cased" and row.kind == "split" and _case_state(session, target) != CaseState.MERGED:
            raise InvalidInput("拆分出的事件已立案，请先在案件页面并案。")
        for item in items:
            before = moved[item.id]
            item.event_id, item.join_reason = event.id, before.previous_reason
            item.is_placed_by_hand = before.was_by_hand
        row.undone_at, row.undone_by_id = now, actor.user_id
        _restore_states(session, row, event, target)
        change = _Change(session, row.kind, event, target, row.reason, actor, now)
        _recount(change)
        _note(change, f"撤销{WORDS[row.kind]}：{len(items)} 条回到“{event.title[:60]}”")
        return event.id


def _restore_states(session: Session, row: EventChange, event: Event, target: Event) -> None:
    if row.kind == "merge":
        event.state, event.merged_into_id = row.previous_state, None
    session.flush()
    left = session.scalar(select(func.count(Item.id)).where(Item.event_id == target.id))
    if row.kind == "split" and not left:
        target.state, target.merged_into_id, target.needs_opening = "merged", event.id, False


def _write(change: _Change, items: Sequence[Item]) -> EventChange:
    row = EventChange(
        kind=change.kind, event_id=change.event.id, target_id=change.target.id, previous_state=change.event.state,
        reason=change.reason, at=change.now, actor_id=change.actor.user_id,
        items=[
            EventChangeItem(item_id=one.id, was_by_hand=one.is_placed_by_hand, previous_reason=one.join_reason)
            for one in items
        ],
    )  # fmt: skip
    change.session.add(row)
    change.session.flush()
    words = f"人工{WORDS[change.kind]}：{change.reason}"[:300]
    moved = update(Item).where(Item.id.in_([one.id for one in items]))
    change.session.execute(moved.values(event_id=change.target.id, join_reason=words, is_placed_by_hand=True))
    return row


def _settle(change: _Change, count: int) -> None:
    """Bring both events up to date, let the rules look at the target again, and write the change down."""
    _recount(change)
    change.target.needs_opening = change.target.needs_opening or change.target.state == "open"
    origin, goal = change.event.title[:40], change.target.title[:40]
    _note(change, f"{WORDS[change.kind]}：{count} 条自“{origin}”归入“{goal}”")
    event_book.tell_case(change.session, change.target, count, now=change.now, actor=change.actor)


def _recount(change: _Change) -> None:
    rules = RuleSet.from_record(rulebook.active_record(change.session, "routing"))
    for event in (change.event, change.target):
        event_book.recount_hours(change.session, event.id)
        event_book.count(change.session, event)
        if event.item_count:
            analysis.refresh(change.session, event, rules, now=change.now)
        else:
            event.heat, event.heat_parts, event.is_rising = 0.0, [], False


def _note(change: _Change, summary: str) -> None:
    detail = {"event_id": change.event.id, "target_id": change.target.id}
    entry = journal.Entry(f"event_{change.kind}", summary, reason=change.reason, detail=detail)
    journal.record(change.session, entry, actor=change.actor, now=change.now)


def _items(session: Session, event: Event, ids: Sequence[int] | None = None) -> list[Item]:
    statement = select(Item).where(Item.event_id == event.id).order_by(Item.first_seen_at, Item.id)
    if ids is not None:
        statement = statement.where(Item.id.in_(ids))
    items = list(session.scalars(statement.limit(MOST_ITEMS + 1)))
    if len(items) > MOST_ITEMS:
        raise InvalidInput(f"一次最多移动 {MOST_ITEMS} 条。", "item")
    return items


def _new_event(session: Session, items: Sequence[Item]) -> Event:
    first = items[0]
    event = Event(title=first.title, first_seen_at=first.first_seen_at, last_item_at=items[-1].first_seen_at)
    session.add(event)
    session.flush()
    return event


def _pair(session: Session, event_id: int, target_id: int) -> tuple[Event, Event]:
    if event_id == target_id:
        raise InvalidInput("不能并入自身。", "target_id")
    event, target = _both(session, event_id, target_id)
    if event.state == "merged" or target.state not in ("open", "cased", "quiet"):
        raise InvalidInput("其中一个事件已合并或已移出，请先恢复。", "target_id")
    return event, target


def _both(session: Session, event_id: int, target_id: int) -> tuple[Event, Event]:
    """Return both events, locked in the order of their ids, so that two people never wait for each other."""
    found = {one: _locked(session, one) for one in sorted((event_id, target_id))}
    return found[event_id], found[target_id]


def _locked(session: Session, event_id: int) -> Event:
    event = session.get(Event, event_id, with_for_update=True)
    if event is None:
        raise NotFound("该事件不存在。")
    return event


def _case_state(session: Session, event: Event) -> str | None:
    return session.scalar(select(Case.state).where(Case.event_id == event.id))


def _check(actor: Actor, reason: str) -> None:
    _check_role(actor)
    if not reason.strip():
        raise InvalidInput("请填写理由。", "note")


def _check_role(actor: Actor) -> None:
    if actor.role is not Role.LIAISON:
        raise Forbidden("只有联络员可以归并事件。")
