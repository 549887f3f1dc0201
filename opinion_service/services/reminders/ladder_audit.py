"""Compares what the ladders should have done with what they did, repairs it, and keeps what was found."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from opinion_service.domain.people import SYSTEM
from opinion_service.models import AuditPass, Case, Clock, Heartbeat, Lease, OutboxMail, Rung, RungNotice
from opinion_service.models.conditions import is_stuck
from opinion_service.services import journal
from opinion_service.services.reminders import escalation, ladder_book
from opinion_service.services.reminders.audience import Audience
from opinion_service.services.routing import rulebook
from opinion_service.services.transaction import transaction

LATE_AFTER = timedelta(seconds=90)
SILENT_AFTER = timedelta(seconds=60)
LOOKS_BACK = timedelta(days=7)
KEPT = timedelta(days=90)
BATCH = 200


@dataclass(frozen=True, slots=True)
class Findings:
    """How many of each were found: none anywhere is a clean pass.

    missed: armed rungs more than 90 s past their time; untold: fired rungs that tell nobody; unwritten: notices
    without a letter 90 s after their time; stuck: mails nobody has tried for ten minutes; unarmed: running
    clocks with a rung missing; orphaned: armed rungs of clocks that no longer run; sweeper: 1 when it is silent.
    """

    missed: int = 0
    untold: int = 0
    unwritten: int = 0
    stuck: int = 0
    unarmed: int = 0
    orphaned: int = 0
    sweeper: int = 0

    @property
    def is_clean(self) -> bool:
        """Return whether everything that should have happened did."""
        return not any(asdict(self).values())

    @property
    def words(self) -> str:
        """Return what was found as `missed 3, stuck 1`, or `clean`."""
        return ", ".join(f"{name} {count}" for name, count in asdict(self).items() if count) or "clean"


def examine(*, now: datetime) -> Findings:
    """Return what is not as it should be at `now`; changes nothing."""
    with transaction() as session:
        beat = session.get(Heartbeat, "sweeper")
        return Findings(
            missed=_count(session, select(Rung.id).where(Rung.state == "armed", Rung.wake_at < now - LATE_AFTER)),
            untold=_count(session, _untold(now)),
            unwritten=_count(
                session,
                select(RungNotice.id).where(RungNotice.state == "waiting", RungNotice.send_at < now - LATE_AFTER),
            ),
            stuck=_count(session, select(OutboxMail.id).where(is_stuck(now))),
            unarmed=_count(session, _unarmed()),
            orphaned=_count(session, _orphaned()),
            sweeper=int(beat is not None and beat.at < now - SILENT_AFTER),
        )


def repair(*, now: datetime) -> int:
    """Arm clocks whose rungs are missing, cancel rungs without a running clock, tell what was not told.

    Return how many rows were mended. Late rungs, letters and mails need the line itself: the caller runs it.
    """
    with transaction() as session:
        orphans = session.scalars(_orphaned().limit(BATCH)).all()
        session.execute(
            update(Rung).where(Rung.id.in_(orphans), Rung.state == "armed").values(state="cancelled", held_for="")
        )
        mended = len(orphans) + _arm_missing(session) + _tell_untold(session, now)
        if mended:
            entry = journal.Entry("ladder_repaired", f"催办核查：修复 {mended} 处", detail={"orphans": len(orphans)})
            journal.record(session, entry, actor=SYSTEM, now=now)
        return mended


def keep(before: Findings, after: Findings, repaired: int, *, now: datetime) -> None:
    """Write a pass down when it found something new or is the first of its hour; old rows go after 90 days."""
    with transaction() as session:
        last = session.scalar(select(AuditPass).order_by(AuditPass.id.desc()).limit(1))
        findings = {"before": asdict(before), "after": asdict(after)}
        is_news = last is None or last.findings != findings or repaired
        if is_news or (last and last.at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1) <= now):
            session.add(AuditPass(at=now, is_clean=after.is_clean, repaired=repaired, findings=findings))
            session.execute(delete(AuditPass).where(AuditPass.at < now - KEPT))


def take_lease(name: str, token: str, *, now: datetime, until: datetime) -> bool:
    """Return whether `token` holds the lease called `name` until `until`; one whose time is over may be taken."""
    try:
        with transaction() as session:
            row = session.get(Lease, name, with_for_update=True)
            if row is None:
                session.add(Lease(name=name, token=token, until=until))
                return True
            if row.token != token and row.until > now:
                return False
            row.token, row.until = token, until
            return True
    except IntegrityError:
        # Two asked for a lease that did not exist yet; the other one has it.
        return False


def _count(session: Session, statement: Select[int]) -> int:
    counted = statement.limit(1000).subquery()
    return session.scalar(select(func.count()).select_from(counted)) or 0


def _untold(now: datetime) -> Select[int]:
    noticed = exists().where(RungNotice.rung_id == Rung.id)
    mailed = exists().where(OutboxMail.rung_id == Rung.id)
    recent = and_(Rung.state == "fired", Rung.wake_at > now - LOOKS_BACK, Rung.wake_at <= now)
    return select(Rung.id).where(recent, ~noticed, ~mailed)


def _unarmed() -> Select[int]:
    return select(Clock.id).where(Clock.state == "running", ~exists().where(Rung.clock_id == Clock.id))


def _orphaned() -> Select[int]:
    return select(Rung.id).join(Clock, Clock.id == Rung.clock_id).where(Rung.state == "armed", Clock.state != "running")


def _arm_missing(session: Session) -> int:
    ids: Sequence[int] = session.scalars(_unarmed().limit(BATCH)).all()
    calendar = rulebook.calendar(session)
    for clock in session.scalars(select(Clock).where(Clock.id.in_(ids)).order_by(Clock.id)):
        ladder_book.arm(session, clock, calendar)
    return len(ids)


def _tell_untold(session: Session, now: datetime) -> int:
    ids: Sequence[int] = session.scalars(_untold(now).limit(BATCH)).all()
    if not ids:
        return 0
    audience = Audience.load(session, now=now)
    told = 0
    for rung in session.scalars(select(Rung).where(Rung.id.in_(ids)).order_by(Rung.id)):
        told += bool(escalation.notify(session, rung, session.get_one(Case, rung.case_id), audience, now))
    return told
