"""The opening rules in force, the figures they look at, and events that come back after they were dismissed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service import data
from opinion_service.domain.people import SYSTEM
from opinion_service.domain.reading import opening
from opinion_service.domain.reading.heat import surged
from opinion_service.models import Event, Item, OpeningRuleSet, Source
from opinion_service.services import journal

READ_ITEMS = 3
READ_CHARACTERS = 2_000
_CHUNK = 300


def in_force(session: Session) -> opening.Rules:
    """Return the newest rules; before any are loaded, those that ship with the product."""
    row = newest(session)
    if row is None:
        return opening.from_record(data.read_json("opening_rules.json"), 1)
    return opening.from_record(row.record, row.version)


def newest(session: Session) -> OpeningRuleSet | None:
    """Return the rule set in force, or None before the first is loaded."""
    return session.scalar(select(OpeningRuleSet).order_by(OpeningRuleSet.version.desc()).limit(1))


def facts_of(
    session: Session, events: Sequence[Event], heats: Mapping[int, float] | None = None
) -> dict[int, opening.Facts]:
    """Return the figures of each event by its id; `heats` replaces the present heat where it has one."""
    found: dict[int, opening.Facts] = {}
    for start in range(0, len(events), _CHUNK):
        chunk = events[start : start + _CHUNK]
        ids = [event.id for event in chunk]
        shares, texts = _shares(session, ids), _texts(session, ids)
        for event in chunk:
            count, asking, negative, elsewhere, handed_in = shares.get(
                event.id, (event.item_count, 0, event.negative_count, 1, 1)
            )
            has_duty = not event.routing or bool(event.routing.get("candidates"))
            found[event.id] = opening.Facts(
                heat=(heats or {}).get(event.id, event.heat), item_count=count,
                complaints=100 * asking / (count or 1), negative=100 * negative / (count or 1), kind=event.nature,
                topic=event.hot_topic, territory=event.territory, text=f"{event.title}\n{texts.get(event.id, '')}",
                is_addressed=bool(handed_in or (elsewhere and has_duty)),
            )  # fmt: skip
    return found


def _shares(session: Session, ids: Iterable[int]) -> dict[int, tuple[int, int, int, int, int]]:
    """Return for each event: items, those that ask, negative ones, from elsewhere than hot lists, and handed in."""
    asking = [kind.value for kind in opening.ASKING]
    rows = session.execute(
        select(
            Item.event_id,
            func.count(),
            func.count().filter(Item.nature.in_(asking)),
            func.count().filter(Item.band == "negative"),
            func.count().filter(Source.kind != "hotlist"),
            func.count().filter(Source.kind == "import"),
        )
        .join(Source, Source.id == Item.source_id)
        .where(Item.event_id.in_(ids))
        .group_by(Item.event_id)
    )
    return {int(row[0] or 0): (row[1], row[2], row[3], row[4], row[5]) for row in rows}


def _texts(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Return the first items' titles and the beginnings of their bodies; what came first names the matter."""
    place = func.row_number().over(partition_by=Item.event_id, order_by=(Item.first_seen_at, Item.id)).label("place")
    ranked = select(Item.event_id, Item.title, Item.body, place).where(Item.event_id.in_(ids)).subquery()
    texts: dict[int, str] = {}
    rows = session.execute(
        select(ranked).where(ranked.c.place <= READ_ITEMS).order_by(ranked.c.event_id, ranked.c.place)
    )
    for row in rows:
        texts[row.event_id] = f"{texts.get(row.event_id, '')}{row.title}\n{row.body[:READ_CHARACTERS]}\n"
    return texts


def reconsider(session: Session, event: Event, *, now: datetime) -> bool:
    """Bring a dismissed event back when it has surged since; return whether it did. Its figures must be fresh."""
    if event.state != "dismissed":
        return False
    rules = in_force(session)
    added = event.item_count - event.items_when_dismissed
    if added < rules.surge_items or not surged(event.heat_when_dismissed, event.heat, rules.surge_factor):
        return False
    event.state, event.needs_opening, event.snoozed_until = "open", True, None
    summary = f"移出后复燃：热度 {event.heat_when_dismissed:.0f} → {event.heat:.0f}，新增 {added} 条"
    entry = journal.Entry("event_resurfaced", f"{summary}：{event.title[:60]}", detail={"event_id": event.id})
    journal.record(session, entry, actor=SYSTEM, now=now)
    return True
