"""The queue may lose, forge or refuse anything: what is due is in the database, and the sweeper brings it out."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select

from opinion_service import clock
from opinion_service.models import OutboxMail, User
from opinion_service.services import maintenance
from opinion_service.services.transaction import transaction
from tests.databases import KEY
from workers import sweeper
from workers.embedded_redis import EmbeddedRedis
from workers.jobs import QUEUES
from workers.queues import ALLOWED, connect, queue, ring

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 20.0
LONG_AGO = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """Return a queue of this test's own."""
    embedded = EmbeddedRedis(tmp_path / "redis")
    embedded.start()
    pid = embedded.pid
    yield embedded
    embedded.stop()
    if pid is not None and embedded.answers():
        os.kill(pid, signal.SIGKILL)


def write_mail(app: Flask, number: int, **fields: object) -> None:
    """Put a mail that is due into the outbox."""
    with app.app_context(), transaction() as session:
        person = session.scalars(select(User).where(User.login == "handler")).one()
        row = OutboxMail(
            message_id=f"<{number}@desk.example>", kind="ladder", recipient_id=person.id, recipient=person.email,
            subject=f"催办 {number}", body="请于今日内办理。", created_at=LONG_AGO, next_try_at=LONG_AGO,
        )  # fmt: skip
        for name, value in fields.items():
            setattr(row, name, value)
        session.add(row)


def mails(app: Flask) -> dict[str, tuple[str, int]]:
    """Return the state and the attempts of each mail."""
    with app.app_context(), transaction() as session:
        return {row.message_id: (row.state, row.attempts) for row in session.scalars(select(OutboxMail))}


def spooled(app: Flask) -> int:
    """Return how many messages lie in the spool."""
    return len(list(app.config["DESK"].spool_dir.glob("*.eml")))


def tick(app: Flask, url: str) -> str:
    """Do one round of the sweeper."""
    with app.app_context():
        return sweeper.tick(url)


def all_workers_beat(app: Flask, age: timedelta = timedelta()) -> None:
    """Note that every queue has a worker that last answered `age` ago."""
    with app.app_context():
        for name in QUEUES:
            maintenance.beat(f"queue-{name}", "worker", now=clock.now() - age)


def until(condition: Callable[[], bool]) -> bool:
    """Wait for what another process does; return whether it came true."""
    pause, deadline = threading.Event(), time.monotonic() + WITHIN_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause.wait(0.05)
    return True


@contextmanager
def worker(app: Flask, url: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the worker of the mail queue on the same desk."""
    environ = {
        "PATH": os.environ["PATH"],
        "DESK_INSTANCE": str(app.config["DESK"].instance_dir),
        "SECRET_KEY": KEY,
        "DATABASE_URL": app.config["DESK"].database_url,
        "REDIS_URL": url,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "workers", "mail"], cwd=ROOT, env=environ,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait(10)


def test_a_ring_waits_in_its_queue(server: EmbeddedRedis) -> None:
    connection = connect(server.url)
    for task, name in (("fetch_source", "ingest"), ("analyse", "analyse"), ("escalate", "clocks"), ("deliver", "mail")):
        assert ring(connection, task, 7)
        (job,) = queue(name, connection).jobs
        assert (job.func_name, list(job.args)) == (ALLOWED, [task, 7])


@pytest.mark.parametrize(("waiting", "after"), [(198, 199), (199, 200), (200, 200)])
def test_a_queue_nobody_empties_stays_short(server: EmbeddedRedis, waiting: int, after: int) -> None:
    connection = connect(server.url)
    connection.rpush(queue("mail", connection).key, *[f"job-{number}" for number in range(waiting)])
    assert ring(connection, "deliver")
    assert queue("mail", connection).count == after


def test_a_worker_sends_runs_nothing_else_and_may_be_killed(
    sqlite_app: Flask, server: EmbeddedRedis, tmp_path: Path
) -> None:
    mark, connection = tmp_path / "touched", connect(server.url)
    write_mail(sqlite_app, 1)
    forged = queue("mail", connection).enqueue("os.system", f"touch {mark}")
    unknown = queue("mail", connection).enqueue(ALLOWED, "no_such_task", 0)
    assert ring(connection, "deliver")
    with worker(sqlite_app, server.url) as process:
        # The forged job comes first: once the mail is out, the worker has looked at it and lives on.
        assert until(lambda: spooled(sqlite_app) == 1 and mails(sqlite_app)["<1@desk.example>"] == ("sent", 1))
        assert forged.get_status().value == "failed"
        assert not mark.exists()
        assert unknown.get_status().value == "finished"
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    write_mail(sqlite_app, 2)
    held = {"state": "sending", "attempts": 1, "lease_token": "of-the-dead", "lease_until": LONG_AGO}
    write_mail(sqlite_app, 3, **held)
    assert tick(sqlite_app, server.url) == "inline"
    assert mails(sqlite_app) == {
        "<1@desk.example>": ("sent", 1), "<2@desk.example>": ("sent", 1), "<3@desk.example>": ("sent", 2)
    }  # fmt: skip
    assert spooled(sqlite_app) == 3


def test_an_emptied_queue_loses_nothing(sqlite_app: Flask, server: EmbeddedRedis) -> None:
    for number in range(3):
        write_mail(sqlite_app, number)
    all_workers_beat(sqlite_app)
    assert tick(sqlite_app, server.url) == "queued"
    # One job a queue: each is a fork, however little there is to do.
    assert [queue(name, connect(server.url)).count for name in QUEUES] == [1] * len(QUEUES)
    Redis.from_url(server.url).flushall()
    assert spooled(sqlite_app) == 0
    assert tick(sqlite_app, server.url) == "queued"
    with worker(sqlite_app, server.url):
        assert until(lambda: set(mails(sqlite_app).values()) == {("sent", 1)})
    assert spooled(sqlite_app) == 3


@pytest.mark.parametrize(("silent_s", "how"), [(30, "queued"), (61, "inline")])
def test_silent_workers_are_not_waited_for(sqlite_app: Flask, server: EmbeddedRedis, silent_s: int, how: str) -> None:
    write_mail(sqlite_app, 1)
    all_workers_beat(sqlite_app, timedelta(seconds=silent_s))
    assert tick(sqlite_app, server.url) == how
    assert spooled(sqlite_app) == (how == "inline")


def test_without_a_server_the_sweeper_works(sqlite_app: Flask, server: EmbeddedRedis) -> None:
    server.stop()
    write_mail(sqlite_app, 1)
    all_workers_beat(sqlite_app)
    assert not ring(connect(server.url), "deliver")
    assert tick(sqlite_app, server.url) == "inline"
    assert mails(sqlite_app) == {"<1@desk.example>": ("sent", 1)}


def test_a_server_that_hangs_does_not_hold_the_sweeper(sqlite_app: Flask, server: EmbeddedRedis) -> None:
    write_mail(sqlite_app, 1)
    all_workers_beat(sqlite_app)
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    done: list[str] = []
    try:
        sweep = threading.Thread(target=lambda: done.append(tick(sqlite_app, server.url)), daemon=True)
        sweep.start()
        sweep.join(WITHIN_S)
    finally:
        os.kill(pid, signal.SIGCONT)
    sweep.join(WITHIN_S)
    assert done == ["inline"]
    assert mails(sqlite_app) == {"<1@desk.example>": ("sent", 1)}
