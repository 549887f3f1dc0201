"""One sweep over a million armed rungs against loading all of them, and a storm of cases due at one instant."""

import time
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, text

from opinion_service import clock, pipeline
from opinion_service.domain.people import SYSTEM, Role
from opinion_service.models import Case, Clock, OutboxMail, Rung, RungNotice
from opinion_service.services import accounts, maintenance
from opinion_service.services.reminders import escalation, ladder_book, reminders
from opinion_service.services.transaction import transaction
from tests.benchmarks.desks import empty_desk

CASES = 5_000
RUNGS = 1_000_000
DUE = 1_000
FAR = timedelta(days=30)


def run() -> list[str]:
    """Return the lines to print."""
    return [*_sweep(), *_storm()]


def _sweep() -> list[str]:
    with empty_desk():
        now = clock.now()
        people()
        fill(CASES, now)
        _arm_million(now)
        planned = _plan()
        started = time.perf_counter()
        fired = batches = 0
        while count := escalation.raise_due(now=now):
            fired, batches = fired + count, batches + 1
        swept = time.perf_counter() - started
        started = time.perf_counter()
        loaded, found = _load_all(now + FAR - timedelta(seconds=1))
        naive = time.perf_counter() - started
    return [
        f"sweep: {fired} due of {RUNGS} armed rungs fired in {swept:.2f} s ({batches} batches of {escalation.BATCH})",
        f"sweep: finding the due ones: {planned}",
        f"sweep: loading all {loaded} armed rungs to find {found} due: {naive:.2f} s, before any is fired",
        f"sweep: ratio, loading all to sweeping and firing: x{naive / swept:.1f}",
    ]


def _storm() -> list[str]:
    with empty_desk():
        now = clock.now()
        people()
        fill(CASES, now)
        _arm(1, now)
        started = time.perf_counter()
        while pipeline.escalate(now=now):
            pass
        took = time.perf_counter() - started
        with transaction() as session:
            rungs = session.scalar(select(func.count(Rung.id)).where(Rung.state == "fired")) or 0
            notices = session.scalar(select(func.count(RungNotice.id)).where(RungNotice.state == "written")) or 0
            waiting = session.scalar(select(func.count(RungNotice.id)).where(RungNotice.state == "waiting")) or 0
            letters = session.scalars(select(OutboxMail.body)).all()
        named = sum(body.count("案号 S-") for body in letters)
    return [
        f"storm: {rungs} of {CASES} cases due at one instant fired, {notices} notices written, {waiting} left, in {took:.1f} s",
        f"storm: {len(letters)} letters of at most {reminders.MOST_IN_ONE} rows name {named} rungs",
    ]  # fmt: skip


def people() -> None:
    """Make one approver of the first department and one liaison."""
    department = min(maintenance.department_ids().values())
    for login, role, unit in (("approver", Role.APPROVER, department), ("liaison", Role.LIAISON, None)):
        new = accounts.NewUser(login, login, role, "benchmark-password", f"{login}@desk.example", unit)
        accounts.create_user(new, actor=SYSTEM, now=clock.now())


def fill(count: int, now: datetime) -> None:
    """Open `count` cases of the first department, each with one running legal clock that ends `now`."""
    department = min(maintenance.department_ids().values())
    with transaction() as session:
        session.execute(
            insert(Case),
            [
                {"number": f"S-{n:05d}", "title": f"第{n}件", "state": "dispatched", "lead_department_id": department,
                 "detected_at": now, "opened_at": now}
                for n in range(count)
            ],
        )  # fmt: skip
        session.execute(
            insert(Clock),
            [
                {"case_id": case_id, "kind": "response", "is_legal": True, "basis": "国办发〔2016〕61号", "allowance": "48h",
                 "started_at": now - timedelta(hours=48), "due_at": now, "computation": {"steps": []}}
                for case_id in session.scalars(select(Case.id))
            ],
        )  # fmt: skip


def _arm(per_clock: int, now: datetime) -> None:
    """Give every clock `per_clock` rungs, the first reached `now`."""
    with transaction() as session:
        ladder = ladder_book.in_force(session)
        common = {
            "offset": "due", "recipients": ["approver", "liaison"], "channels": ["mail"], "state": "armed",
            "wording": ladder.rules_for("response")[1].wording, "ladder_version": ladder.version, "held_for": "",
        }  # fmt: skip
        rows = session.execute(select(Clock.id, Clock.case_id)).all()
        for level in range(1, per_clock + 1):
            at = now if level == 1 else now + FAR
            session.execute(
                insert(Rung),
                [
                    {"clock_id": row.id, "case_id": row.case_id, "level": level, "fire_at": at, "wake_at": at, **common}
                    for row in rows
                ],
            )  # fmt: skip


def _arm_million(now: datetime) -> None:
    """Arm 200 rungs a clock, of which the first of a thousand clocks are due; written by the database itself."""
    _arm(1, now)
    with transaction() as session:
        columns = "clock_id, case_id, fire_at, wake_at, offset, recipients, channels, wording, ladder_version, held_for, state"
        far = "datetime(fire_at, '+30 days') || '.000000'"
        taken = columns.replace("fire_at, wake_at", f"{far}, {far}")
        session.execute(
            text(
                f"WITH RECURSIVE n(level) AS (SELECT 2 UNION ALL SELECT level + 1 FROM n WHERE level < {RUNGS // CASES}) "
                f"INSERT INTO rung ({columns}, level) SELECT {taken}, n.level FROM rung, n WHERE rung.level = 1"
            )
        )
        session.execute(
            text(f"UPDATE rung SET wake_at = {far}, fire_at = {far} WHERE level = 1 AND clock_id > :last"),
            {"last": DUE},
        )
        session.execute(text("ANALYZE"))


def _plan() -> str:
    with transaction() as session:
        rows = session.execute(
            text("EXPLAIN QUERY PLAN SELECT * FROM rung WHERE state = 'armed' AND wake_at <= :at ORDER BY wake_at, id"),
            {"at": "2026-01-01"},
        )
        return "; ".join(row[3] for row in rows)


def _load_all(now: datetime) -> tuple[int, int]:
    """Return how many armed rungs there are and how many of them are due, reading every one."""
    loaded = found = 0
    with transaction() as session:
        for row in session.execute(select(Rung.__table__).where(Rung.state == "armed")).yield_per(5_000):
            loaded += 1
            found += row.wake_at <= now
    return loaded, found
