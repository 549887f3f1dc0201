"""Changes the rules of the kinds, version after version, and tries them on the last thirty days."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.reading.nature import NatureRules, nature
from opinion_service.domain.reading.nature_rules import SHIPPED
from opinion_service.models import Item, NatureRuleSet
from opinion_service.services import journal
from opinion_service.services.reading import kinds_book
from opinion_service.services.transaction import transaction

EDITORS = frozenset({Role.LIAISON, Role.SUPERVISOR})
PERIOD = timedelta(days=30)
MOST_ITEMS, MOST_SHOWN, MOST_READ = 5_000, 30, 2_000


@dataclass(frozen=True, slots=True)
class Changed:
    """One item that would become another kind."""

    item_id: int
    event_id: int | None
    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class DryRun:
    """What the rules would make of the items; `matrix[(from, to)]` counts, items that a person set are left out."""

    item_count: int
    is_cut: bool
    set_by_people: int
    changed: int
    matrix: dict[tuple[str, str], int]
    shown: tuple[Changed, ...]


def publish(record: dict[str, Any], note: str, based_on: int, *, actor: Actor, now: datetime) -> int:
    """Put the rules into force as a new version and return its number; what was read before keeps its kind.

    based_on: the version the person saw. Raise Forbidden, InvalidInput for rules that cannot be used, without a note,
    or when somebody else made a version meanwhile.
    """
    check_editor(actor)
    if not note.strip():
        raise InvalidInput("请填写修改说明。", "note")
    with transaction() as session:
        version = kinds_book.version_in_force(session) + 1
        if version != based_on + 1:
            raise InvalidInput(f"规则刚被他人改为第 {version - 1} 版，请核对后重新提交。", "note")
        _add(session, version, record, note, actor, now)
        return version


def revert(version: int, *, actor: Actor, now: datetime) -> int:
    """Put an earlier version into force again, as a new version whose number comes back; 1 is the shipped one."""
    check_editor(actor)
    with transaction() as session:
        record = record_of(session, version)
        newest = kinds_book.version_in_force(session)
        if record is None or version == newest:
            raise NotFound("没有可恢复的版本。")
        _add(session, newest + 1, record, f"恢复第 {version} 版", actor, now)
        return newest + 1


def record_of(session: Session, version: int) -> dict[str, Any] | None:
    """Return the record of a version, or None."""
    if version == kinds_book.SHIPPED_VERSION:
        return SHIPPED
    return session.scalar(select(NatureRuleSet.record).where(NatureRuleSet.version == version))


def dry_run(session: Session, record: dict[str, Any], *, now: datetime) -> DryRun:
    """Return what the rules would make of the items of the last thirty days; writes nothing.

    At most the latest 5 000 items are looked at, of each at most the first 2 000 characters.
    """
    rules = NatureRules.from_record(record)
    columns = (Item.id, Item.event_id, Item.title, Item.body, Item.nature, Item.nature_corrected_by_id)
    statement = select(*columns).where(Item.first_seen_at > now - PERIOD, Item.analysed_at.is_not(None))
    rows = session.execute(statement.order_by(Item.first_seen_at.desc(), Item.id.desc()).limit(MOST_ITEMS + 1)).all()
    by_machine = [row for row in rows[:MOST_ITEMS] if row.nature_corrected_by_id is None]
    matrix: Counter[tuple[str, str]] = Counter()
    changes: list[Changed] = []
    for row in by_machine:
        after = nature(row.title, row.body[:MOST_READ], rules).value
        matrix[row.nature, after] += 1
        if after != row.nature:
            changes.append(Changed(row.id, row.event_id, row.title, row.nature, after))
    count = min(len(rows), MOST_ITEMS)
    shown = tuple(changes[:MOST_SHOWN])
    return DryRun(count, len(rows) > MOST_ITEMS, count - len(by_machine), len(changes), dict(matrix), shown)


def check_editor(actor: Actor) -> None:
    """Raise Forbidden unless the actor may change the rules."""
    if actor.role not in EDITORS:
        raise Forbidden("只有联络员或督查可以修改类型规则。")


def _add(session: Session, version: int, record: dict[str, Any], note: str, actor: Actor, now: datetime) -> None:
    kept = {**record, "version": f"desk-{version}"}
    NatureRules.from_record(kept)
    words = note.strip()[:300]
    session.add(NatureRuleSet(version=version, record=kept, note=words, created_at=now, created_by_id=actor.user_id))
    entry = journal.Entry("kind_rules", f"类型规则更新为第 {version} 版", reason=words, detail={"version": version})
    journal.record(session, entry, actor=actor, now=now)
