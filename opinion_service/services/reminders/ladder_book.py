"""The ladder in force, and the rungs of a clock: armed with its offsets and wording when the clock starts."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.calendar import WorkCalendar
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import SYSTEM, Actor, Role
from opinion_service.domain.reminders.ladder import Ladder, ladder_from_record
from opinion_service.models import Clock, LadderVersion, Rung
from opinion_service.services import journal
from opinion_service.services.transaction import transaction


def in_force(session: Session) -> Ladder:
    """Return the ladder in force; raise NotFound before the first one is loaded."""
    statement = select(LadderVersion).where(LadderVersion.is_active).order_by(LadderVersion.id.desc()).limit(1)
    row = session.scalar(statement)
    if row is None:
        raise NotFound("尚未载入催办规则，请先运行 flask setup。")
    return ladder_from_record(row.record)


def load_shipped(session: Session, record: dict[str, Any], now: datetime) -> None:
    """Keep the shipped ladder as a version; it comes into force only where none is yet."""
    name = ladder_from_record(record).version
    if session.scalar(select(LadderVersion.id).where(LadderVersion.version == name)) is None:
        is_first = session.scalar(select(LadderVersion.id).limit(1)) is None
        session.add(LadderVersion(version=name, record=record, is_active=is_first, created_at=now))
        journal.record(session, journal.Entry("rules_loaded", f"载入催办规则 {name}"), actor=SYSTEM, now=now)


def publish(record: dict[str, Any], note: str, *, actor: Actor, now: datetime) -> str:
    """Put a new version into force and return its name; clocks that run keep the ladder they started with.

    Raise InvalidInput for a record that cannot be read or a version that exists, Forbidden for other roles.
    """
    if actor.role not in (Role.ADMIN, Role.SUPERVISOR):
        raise Forbidden("只有系统管理员或督查可以更换催办规则。")
    ladder = ladder_from_record(record)
    if not note.strip():
        raise InvalidInput("请填写更换催办规则的理由。", "note")
    with transaction() as session:
        if session.scalar(select(LadderVersion.id).where(LadderVersion.version == ladder.version)):
            raise InvalidInput(f"催办规则 {ladder.version} 已存在，请换一个版本号。", "version")
        session.execute(update(LadderVersion).where(LadderVersion.is_active).values(is_active=False))
        session.add(
            LadderVersion(
                version=ladder.version, record=record, is_active=True, note=note.strip()[:300], created_at=now
            )
        )
        entry = journal.Entry("rules_published", f"启用催办规则 {ladder.version}", reason=note.strip())
        journal.record(session, entry, actor=actor, now=now)
    return ladder.version


def arm(session: Session, clock: Clock, calendar: WorkCalendar) -> int:
    """Write the rungs that a clock of the caller's transaction does not have yet; return how many."""
    ladder = in_force(session)
    have = set(session.scalars(select(Rung.level).where(Rung.clock_id == clock.id)))
    planned = [
        one for one in ladder.plan(clock.kind, clock.started_at, clock.due_at, calendar) if one.rule.level not in have
    ]
    for one in planned:
        session.add(
            Rung(
                clock_id=clock.id,
                case_id=clock.case_id,
                level=one.rule.level,
                fire_at=one.fire_at,
                wake_at=one.fire_at,
                offset=one.rule.offset,
                recipients=list(one.rule.recipients),
                channels=list(one.rule.channels),
                wording=one.rule.wording,
                ladder_version=ladder.version,
            )
        )
    return len(planned)


def disarm(session: Session, clock: Clock) -> None:
    """Cancel what is still armed. One statement with its condition: a rung that fires meanwhile stays fired."""
    session.execute(update(Rung).where(Rung.clock_id == clock.id, Rung.state == "armed").values(state="cancelled"))
