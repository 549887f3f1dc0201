"""Records what was read in items: tone and kind, the event they belong to, its heat and department."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseState
from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.reading import sentiment
from opinion_service.domain.reading.events import MATTER_WINDOW, WINDOW, Features, choose, index_keys
from opinion_service.domain.reading.heat import heat, load
from opinion_service.domain.routing import Rerank, RuleSet, route
from opinion_service.domain.routing.dated import day_of, has_turned
from opinion_service.models import Case, Department, Event, Item, ItemKey, Source
from opinion_service.services.reading import event_book, opening_book
from opinion_service.services.reading.reading_queue import MOST_ATTEMPTS
from opinion_service.services.routing import rulebook
from opinion_service.services.transaction import transaction

MOST_CANDIDATES = 60
LONGEST_BODY = 4000  # characters; routing reads no further


@dataclass(frozen=True, slots=True)
class Tone:
    """A score (0-1 or None), the known words behind it, the model it came from, and what follows from it.

    Without a band or a kind the usual thresholds and the shipped rules of the kinds decide.
    """

    score: float | None
    known_words: int
    model_version: str
    band: sentiment.Band | None = None
    kind: sentiment.Nature | None = None
    rules_version: int = 1
    words: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found out about a batch: the tones by item, and the trained routing model in force, if any."""

    tones: Mapping[int, Tone]
    rerank: Rerank | None = None


@dataclass(frozen=True, slots=True)
class Routing:
    """What routes an event: the rules in force, the trained model (if any), and the day whose duties count."""

    rules: RuleSet
    rerank: Rerank | None
    as_of: date


_CLOSED = (CaseState.CLOSED.value, CaseState.ARCHIVED.value)
UNREAD = Tone(None, 0, "")


def record(token: str, tones: Mapping[int, Tone], *, now: datetime, rerank: Rerank | None = None) -> int:
    """Store the tones, put each item into an event, and bring the events up to date.

    `rerank` is the trained routing model in force, if any. Return how many items were recorded; an item recorded
    before, or claimed by another since, is left as it is, so that the same batch may come twice.
    """
    with transaction() as session:
        held = (Item.id.in_(tones), Item.lease_token == token)
        return _record(session, held, Reading(tones, rerank), now)


def give_up(*, now: datetime, limit: int = 50) -> int:
    """Record without a score the items no reader got through; return how many. They are not lost, only unread."""
    with transaction() as session:
        spent = (Item.read_attempts >= MOST_ATTEMPTS, Item.lease_until < now)
        ids = session.scalars(select(Item.id).where(Item.analysed_at.is_(None), *spent).limit(limit)).all()
        return _record(session, (Item.id.in_(ids), *spent), Reading(dict.fromkeys(ids, UNREAD)), now)


def _record(session: Session, which: tuple[ColumnElement[bool], ...], reading: Reading, now: datetime) -> int:
    statement = select(Item).where(Item.analysed_at.is_(None), *which).order_by(Item.id)
    items = list(session.scalars(statement.with_for_update()))
    touched: Counter[int] = Counter()
    for item in items:
        read(item, reading.tones[item.id])
        event_id, reason = _place(session, item, now)
        item.event_id, item.join_reason, item.analysed_at = event_id, reason, now
        item.lease_token = item.lease_until = None
        touched[event_id] += 1
        session.flush()
    rules = RuleSet.from_record(rulebook.active_record(session, "routing")) if touched else None
    events = [session.get_one(Event, event_id) for event_id in sorted(touched)]
    for event in events:
        refresh(session, event, rules, now=now, rerank=reading.rerank)
    # The journal is one queue for all writers; it is joined last, when every row that is to be locked is.
    for event in events:
        opening_book.reconsider(session, event, now=now)
        event_book.tell_case(session, event, touched[event.id], now=now)
    return len(items)


def refresh(
    session: Session, event: Event, rules: RuleSet | None, *, now: datetime, rerank: Rerank | None = None
) -> None:
    """Recompute the event's figures from its items, and its department when `rules` are given (and `rerank`)."""
    statement = (
        select(Item, Source)
        .join(Source, Source.id == Item.source_id)
        .where(Item.event_id == event.id)
        .order_by(Item.first_seen_at.desc(), Item.id.desc())
        .limit(300)
    )
    rows = session.execute(statement).all()
    if not rows:
        return
    items = [row.Item for row in rows]
    warmth = heat([event_book.trace_of(row.Item, row.Source) for row in rows], now)
    event_book.count(session, event)
    event.heat, event.heat_parts, event.is_rising = (
        warmth.value,
        [list(p) for p in warmth.parts],
        warmth.is_rising,
    )
    natures = [item.nature for item in items if item.nature != sentiment.Nature.NEWS]
    event.nature = max(set(natures), key=lambda one: (natures.count(one), one)) if natures else "news"
    event.territory = event.territory or next((item.territory for item in items if item.territory), "")
    if rules is not None:
        _route(session, event, items, Routing(rules, rerank, _day(now)))


def bring_up_to_date(session: Session, event: Event, rerank: Rerank | None = None, *, now: datetime) -> None:
    """Route an event again when the rules in force, or the duties they give that day, are others than it was routed by.

    rerank: the trained model, if one is in force, is heard as well.
    """
    if not event.routing:
        return
    record = rulebook.active_record(session, "routing")
    routed_on, today = day_of(event.routing.get("inputs", {}).get("as_of")), _day(now)
    is_turned = routed_on is not None and has_turned(record, routed_on, today)
    if event.routing.get("rule_set_version") == str(record["version"]) and not is_turned:
        return
    newest = select(Item).where(Item.event_id == event.id).order_by(Item.first_seen_at.desc(), Item.id.desc())
    _route(session, event, list(session.scalars(newest.limit(3))), Routing(RuleSet.from_record(record), rerank, today))


def read(item: Item, tone: Tone) -> None:
    """Write a reading into the item; a band or a kind that a person set stays."""
    kind = tone.kind or sentiment.nature(item.title, item.body)
    band = tone.band or sentiment.reading(tone.score, tone.known_words, kind)
    item.sentiment_score, item.known_words = tone.score, tone.known_words
    item.model_version = tone.model_version
    item.score_words = [[word, round(weight, 1)] for word, weight in tone.words]
    if item.nature_corrected_by_id is None:
        item.nature, item.nature_version = kind.value, tone.rules_version
    if item.band_corrected_by_id is None:
        settled = sentiment.implied(sentiment.Nature(item.nature)) if item.nature_corrected_by_id else None
        item.band = (settled or band).value


def _day(now: datetime) -> date:
    """Return the day at the desk: the duties of that day decide, not those of the day of writing."""
    return now.astimezone(ZONE).date()


def _place(session: Session, item: Item, now: datetime) -> tuple[int, str]:
    if item.event_id is not None:
        return item.event_id, item.join_reason
    at = event_book.moment(item)
    features = _features(item.title, at, item.body, _asks(item.nature))
    keys = index_keys(features)
    candidates, by_hand = _candidates(session, item, features, keys)
    chosen = choose(features, candidates, by_hand)
    for key in keys:
        session.add(ItemKey(item_id=item.id, term=key, at=at))
    fresh = load(event_book.trace_of(item, session.get_one(Source, item.source_id)))
    if chosen is not None:
        event_id, judgement = chosen
        event = session.get_one(Event, event_id)
        event.needs_opening = event.needs_opening or event.state == "open"
        event_book.count_hour(session, event_id, at, fresh)
        return event_id, judgement.reason
    event = Event(title=item.title, first_seen_at=now, last_item_at=now)
    session.add(event)
    session.flush()
    event_book.count_hour(session, event.id, at, fresh)
    return event.id, "首次出现"


def _features_of(row: Any) -> Features:
    at = event_book.counted_from(row.published_at, row.first_seen_at)
    return _features(row.title, at, row.body, _asks(row.nature))


@lru_cache(maxsize=10_000)
def _features(title: str, at: datetime, body: str, asks: bool) -> Features:
    """Keep the features of recent items: a busy event offers the same candidates again and again."""
    return Features.of(title, at, body, asks=asks)


def _asks(kind: str) -> bool:
    return kind not in ("", sentiment.Nature.NEWS)


def _candidates(
    session: Session, item: Item, features: Features, keys: tuple[int, ...]
) -> tuple[list[tuple[int, Features]], frozenset[int]]:
    """Return the items that share a rare pair inside the window, and the places of those a person put there.

    Their number is bounded whatever the history. Who asks is never laid with a case that is closed, where nobody would
    read it any more: the message begins an event of its own.
    """
    reach = MATTER_WINDOW if features.asks else WINDOW
    window = (ItemKey.at >= features.at - reach, ItemKey.at <= features.at + reach)
    near = select(ItemKey.item_id).where(ItemKey.term.in_(keys), *window)
    near = near.order_by(ItemKey.at.desc()).limit(MOST_CANDIDATES * 4)
    rows = session.execute(
        select(
            Item.event_id, Item.title, Item.body, Item.published_at, Item.first_seen_at, Item.nature,
            Item.is_placed_by_hand,
        )
        .where(Item.id.in_(near), Item.event_id.is_not(None), Item.id != item.id, *_still_read(features))
        .order_by(Item.id.desc())
        .limit(MOST_CANDIDATES)
    ).all()  # fmt: skip
    found = [(row.event_id, _features_of(row)) for row in rows]
    return found, frozenset(place for place, row in enumerate(rows) if row.is_placed_by_hand)


def _still_read(features: Features) -> tuple[ColumnElement[bool], ...]:
    if not features.asks:
        return ()
    closed = select(Case.event_id).where(Case.event_id == Item.event_id, Case.state.in_(_CLOSED)).exists()
    return (~closed,)


def _route(session: Session, event: Event, items: list[Item], by: Routing) -> None:
    body = " ".join(item.body for item in items[:3])[:LONGEST_BODY]
    settled = route(by.rules, event.title, body, as_of=by.as_of, rerank=by.rerank)
    # What was decided on stays with the decision, so that it can be replayed when the items have changed.
    decision, inputs = settled.decision, {"title": event.title, "body": body, "as_of": by.as_of.isoformat()}
    event.routing = settled.as_record() | {"inputs": inputs}
    event.hot_topic, event.confidence = decision.hot_topic, decision.confidence
    event.territory = event.territory or decision.territory
    event.department_id = session.scalar(select(Department.id).where(Department.code == decision.winner))


def cool(*, now: datetime, limit: int = 200) -> int:
    """Let the heat of events that had no item for an hour fall; return how many were looked at."""
    with transaction() as session:
        statement = (
            select(Event)
            .where(
                Event.state.in_(("open", "cased")),
                Event.heat > 1,
                Event.last_item_at < now - timedelta(hours=1),
            )
            .order_by(Event.last_item_at.desc())
            .limit(limit)
        )
        events = list(session.scalars(statement))
        for event in events:
            refresh(session, event, None, now=now)
        return len(events)
