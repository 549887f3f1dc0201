"""What reading and regrouping share: an event's counts, its hours, and the word to the case it belongs to."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import FINISHED
from opinion_service.domain.people import SYSTEM, Actor
from opinion_service.domain.reading.heat import Trace, full_value, hour_of, load
from opinion_service.models import Case, Event, EventHour, Item, Source
from opinion_service.services import journal
from opinion_service.services.casework import evidence


def moment(item: Item) -> datetime:
    """Return when an item counts from: its publication, unless that lies after the desk saw it."""
    return counted_from(item.published_at, item.first_seen_at)


def counted_from(published_at: datetime | None, first_seen_at: datetime) -> datetime:
    """Return the earlier of both; without a publication the moment the desk saw it."""
    return min(published_at or first_seen_at, first_seen_at)


def trace_of(item: Item, source: Source) -> Trace:
    """Return what an item adds to the heat of its event."""
    return Trace(moment(item), source.weight, item.heat_value, item.rank, full_value(source.kind))


def count(session: Session, event: Event) -> None:
    """Bring the event's counts up to date with its items; an event without items keeps its times."""
    row = session.execute(
        select(
            func.count().label("items"),
            func.count(Item.source_id.distinct()).label("sources"),
            func.count().filter(Item.band == "negative").label("negative"),
            func.max(Item.first_seen_at).label("last"),
        ).where(Item.event_id == event.id)
    ).one()
    event.item_count, event.source_count, event.negative_count = row.items, row.sources, row.negative
    event.last_item_at = row.last or event.last_item_at


def count_hour(session: Session, event_id: int, at: datetime, weight: float) -> None:
    """Count one more item of `weight` (domain.reading.heat.load) in the hour of `at`."""
    hour = hour_of(at)
    row = session.get(EventHour, (event_id, hour))
    if row is None:
        session.add(EventHour(event_id=event_id, hour=hour, item_count=1, weight=weight))
    else:
        row.item_count, row.weight = row.item_count + 1, row.weight + weight
    session.flush()


def recount_hours(session: Session, event_id: int) -> None:
    """Lay the event's hours anew from its items, after some were taken away or brought."""
    session.flush()
    session.execute(delete(EventHour).where(EventHour.event_id == event_id))
    hours: dict[datetime, tuple[int, float]] = {}
    rows = session.execute(
        select(Item.published_at, Item.first_seen_at, Item.heat_value, Item.rank, Source.weight, Source.kind)
        .join(Source, Source.id == Item.source_id)
        .where(Item.event_id == event_id)
    )
    for row in rows:
        at = counted_from(row.published_at, row.first_seen_at)
        number, weight = hours.get(hour_of(at), (0, 0.0))
        fresh = load(Trace(at, row.weight, row.heat_value, row.rank, full_value(row.kind)))
        hours[hour_of(at)] = (number + 1, weight + fresh)
    session.add_all(
        EventHour(event_id=event_id, hour=hour, item_count=number, weight=weight)
        for hour, (number, weight) in sorted(hours.items())
    )
    session.flush()


def tell_case(session: Session, event: Event, added: int, *, now: datetime, actor: Actor = SYSTEM) -> None:
    """Write into the history of the event's case, if it is still open, that items came to it later."""
    if event.state != "cased" or not added:
        return
    open_states = Case.state.not_in([state.value for state in FINISHED])
    case_id = session.scalar(select(Case.id).where(Case.event_id == event.id, open_states))
    if case_id is not None:
        entry = journal.Entry("case_items_joined", f"新增 {added} 条来源，共 {event.item_count} 条", case_id=case_id)
        journal.record(session, entry, actor=actor, now=now)
        evidence.freeze(session, case_id, event.id, actor=actor, now=now)
