"""Changes the rules that open cases, version after version, and tries them on the last thirty days."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.reading import opening
from opinion_service.domain.reading.heat import peak
from opinion_service.models import Case, Event, EventHour, OpeningRuleSet
from opinion_service.services import journal
from opinion_service.services.reading import opening_book
from opinion_service.services.transaction import transaction

EDITORS = frozenset({Role.LIAISON, Role.SUPERVISOR})
PERIOD = timedelta(days=30)
MOST_EVENTS, MOST_SHOWN = 3_000, 30
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Tried:
    """One event of the dry run: what the rules say of it and what really became of it."""

    event_id: int
    title: str
    first_seen_at: datetime
    reason: str
    case_number: str


@dataclass(frozen=True, slots=True)
class DryRun:
    """What the rules would have done; `gained` would be new cases, `lost` cases that would not be there."""

    event_count: int
    is_cut: bool
    opened: int
    by_rule: tuple[tuple[str, int], ...]
    gained_count: int
    lost_count: int
    gained: tuple[Tried, ...]
    lost: tuple[Tried, ...]


def save(record: dict[str, Any], note: str, based_on: int, *, actor: Actor, now: datetime) -> int:
    """Put the rules into force as a new version and return its number.

    based_on: the version the person saw. Raise Forbidden, InvalidInput for rules that cannot be used, or
    InvalidInput when somebody else made a version meanwhile.
    """
    _check_editor(actor)
    if not note.strip():
        raise InvalidInput("请填写修改说明。", "note")
    with transaction() as session:
        newest = opening_book.newest(session)
        version = (newest.version if newest else 1) + 1
        if version != based_on + 1:
            raise InvalidInput(f"规则刚被他人改为第 {version - 1} 版，请核对后重新提交。", "note")
        opening.from_record(record, version)
        _add(session, version, record, note, actor, now)
        return version


def restore(version: int, *, actor: Actor, now: datetime) -> int:
    """Put an earlier version into force again, as a new version whose number comes back."""
    _check_editor(actor)
    with transaction() as session:
        old = session.scalar(select(OpeningRuleSet).where(OpeningRuleSet.version == version))
        newest = opening_book.newest(session)
        if old is None or newest is None or old.version == newest.version:
            raise NotFound("没有可恢复的版本。")
        _add(session, newest.version + 1, old.record, f"恢复第 {version} 版", actor, now)
        return newest.version + 1


def _add(session: Session, version: int, record: dict[str, Any], note: str, actor: Actor, now: datetime) -> None:
    session.add(
        OpeningRuleSet(
            version=version, record=record, note=note.strip()[:300], created_at=now, created_by_id=actor.user_id
        )
    )
    entry = journal.Entry("opening_rules", f"立案规则更新为第 {version} 版", reason=note.strip()[:300])
    journal.record(session, entry, actor=actor, now=now)


def dry_run(session: Session, record: dict[str, Any], *, now: datetime) -> DryRun:
    """Return what the rules would have done with the events first seen in the last thirty days; writes nothing.

    Each event is judged at the highest heat it reached. At most the latest 3 000 events are looked at.
    """
    rules = opening.from_record(record, 0)
    events = _recent(session, now)
    is_cut, events = len(events) > MOST_EVENTS, events[:MOST_EVENTS]
    ids = [event.id for event in events]
    facts = opening_book.facts_of(session, events, _peaks(session, ids))
    numbers = _numbers(session, ids)
    counts: dict[str, int] = {rule.name: 0 for rule in rules.rules if rule.is_on}
    gained: list[Tried] = []
    lost: list[Tried] = []
    for event in events:
        found, number = opening.decide(rules, facts[event.id]), numbers.get(event.id, "")
        if found:
            counts[found.name] += 1
        if bool(found) != bool(number):
            reason = found.reason.replace("（第 0 版）", "") if found else ""
            tried = Tried(event.id, event.title, event.first_seen_at, reason, number)
            (gained if found else lost).append(tried)
    return DryRun(
        len(events), is_cut, sum(counts.values()), tuple(counts.items()), len(gained), len(lost),
        tuple(gained[:MOST_SHOWN]), tuple(lost[:MOST_SHOWN]),
    )  # fmt: skip


def _recent(session: Session, now: datetime) -> list[Event]:
    statement = select(Event).where(Event.first_seen_at > now - PERIOD, Event.state != "merged")
    ordered = statement.order_by(Event.first_seen_at.desc(), Event.id.desc())
    return list(session.scalars(ordered.limit(MOST_EVENTS + 1)))


def _peaks(session: Session, ids: list[int]) -> dict[int, float]:
    series: dict[int, list[tuple[datetime, float]]] = {}
    for start in range(0, len(ids), _CHUNK):
        statement = select(EventHour.event_id, EventHour.hour, EventHour.weight)
        chosen = statement.where(EventHour.event_id.in_(ids[start : start + _CHUNK]))
        for row in session.execute(chosen.order_by(EventHour.event_id, EventHour.hour)):
            series.setdefault(row.event_id, []).append((row.hour, row.weight))
    return {event_id: peak(hours) for event_id, hours in series.items()}


def _numbers(session: Session, ids: list[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for start in range(0, len(ids), _CHUNK):
        statement = select(Case.event_id, Case.number).where(Case.event_id.in_(ids[start : start + _CHUNK]))
        found.update((row.event_id, row.number) for row in session.execute(statement) if row.event_id)
    return found


def _check_editor(actor: Actor) -> None:
    if actor.role not in EDITORS:
        raise Forbidden("只有联络员或督查可以修改立案规则。")
