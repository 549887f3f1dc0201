"""How late reminders are with 5,000 open cases: the real sweeper and workers, then the same with the queue gone.

Takes about four minutes, because reminders are waited for as they come due.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from flask_migrate import upgrade
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from opinion_service import clock
from opinion_service.app import create_app
from opinion_service.config import Settings
from opinion_service.models import Clock, Heartbeat, OutboxMail, Rung, RungNotice, db
from opinion_service.services import maintenance
from opinion_service.services.reminders import ladder_book
from opinion_service.services.transaction import transaction
from tests.benchmarks.ladder import fill, people
from workers.embedded_redis import EmbeddedRedis
from workers.jobs import QUEUES

KEY = "benchmark" * 5
OPEN, DUE = 5_000, 300
FIRST_AFTER_S, SPREAD_S, PATIENCE_S = 20.0, 60.0, 60.0
LONGEST_START_S = 120.0


def run() -> list[str]:
    """Return the lines to print."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        home = Path(folder)
        app = create_app(Settings(secret_key=KEY, instance_dir=home))
        server = EmbeddedRedis(home / "redis")
        environ = {**os.environ, "DESK_INSTANCE": folder, "SECRET_KEY": KEY, "REDIS_URL": server.start()}
        running.callback(server.stop)
        with app.app_context():
            upgrade()
            maintenance.load_reference(now=clock.now())
            people()
            fill(OPEN, clock.now())
            for arguments in (("workers.sweeper",), *(("workers", name) for name in QUEUES)):
                running.enter_context(_process(arguments, environ))
            lines = [f"{OPEN} open cases, {DUE} reminders due within {SPREAD_S:.0f} s, from the due time on:"]
            _wait_for("queued")
            lines.append(_measured("with the queue", 0))
            lines.append(_measured("while the queue goes down for good", DUE, meanwhile=server.stop))
            _wait_for("inline")
            db.session.remove()
            db.engine.dispose()
    return lines


def _measured(name: str, first: int, meanwhile: Callable[[], None] = lambda: None) -> str:
    """Arm the next reminders, do something when the first is due, wait for their letters; return how late they were."""
    _arm(first, clock.now() + timedelta(seconds=FIRST_AFTER_S))
    time.sleep(FIRST_AFTER_S)
    meanwhile()
    deadline = time.monotonic() + SPREAD_S + PATIENCE_S
    while time.monotonic() < deadline and len(_latenesses(first)[1]) < DUE:
        time.sleep(1.0)
    fired, sent = _latenesses(first)
    return f"{name}: fired {_figures(fired)}; letter handed over {_figures(sent)}"


def _arm(first: int, start: datetime) -> None:
    with transaction() as session:
        ladder = ladder_book.in_force(session)
        rows = session.execute(select(Clock.id, Clock.case_id).order_by(Clock.id).offset(first).limit(DUE)).all()
        planned = [start + timedelta(seconds=SPREAD_S * number / DUE) for number in range(len(rows))]
        session.execute(
            insert(Rung),
            [
                {"clock_id": row.id, "case_id": row.case_id, "level": 2, "fire_at": at, "wake_at": at, "offset": "due",
                 "recipients": ["approver", "liaison"], "channels": ["mail"], "state": "armed", "held_for": "",
                 "wording": ladder.rules_for("response")[1].wording, "ladder_version": ladder.version}
                for row, at in zip(rows, planned, strict=True)
            ],
        )  # fmt: skip


def _latenesses(first: int) -> tuple[list[float], list[float]]:
    """Return by how many seconds rungs fired, and the last letter of each was handed over, after the due time."""
    # A plain reader: the service's own transactions would stand in the writers' way.
    with Session(db.engine) as session:
        clocks = select(Clock.id).order_by(Clock.id).offset(first).limit(DUE).subquery()
        wanted = Rung.clock_id.in_(select(clocks.c.id))
        rungs = session.scalars(select(Rung).where(wanted, Rung.state == "fired")).all()
        letters = session.execute(
            select(RungNotice.rung_id, OutboxMail.sent_at)
            .join(OutboxMail, OutboxMail.id == RungNotice.mail_id)
            .join(Rung, Rung.id == RungNotice.rung_id)
            .where(wanted, OutboxMail.state == "sent")
        ).all()
    due = {rung.id: rung.fire_at for rung in rungs}
    sent: dict[int, float] = {}
    for row in letters:
        late = (row.sent_at - due[row.rung_id]).total_seconds()
        sent[row.rung_id] = max(late, sent.get(row.rung_id, 0.0))
    return [(rung.fired_at - rung.fire_at).total_seconds() for rung in rungs if rung.fired_at], list(sent.values())


def _figures(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    if not ordered:
        return "none"
    half, nearly_all = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"{len(ordered)} of {DUE}, median {half:.1f} s, p99 {nearly_all:.1f} s, worst {ordered[-1]:.1f} s"


def _wait_for(how: str) -> None:
    """Wait until the sweeper says that it works `how`: queued or inline."""
    deadline = time.monotonic() + LONGEST_START_S
    while time.monotonic() < deadline:
        with Session(db.engine) as session:
            beat = session.get(Heartbeat, "sweeper")
            if beat is not None and beat.detail == how:
                return
        time.sleep(0.5)
    raise RuntimeError(f"the sweeper does not work {how}")


@contextmanager
def _process(arguments: tuple[str, ...], environ: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    print("\n".join(run()))
