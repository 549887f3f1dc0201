"""The two databases the desk is tested on: a migrated template of each, copied for every test."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from werkzeug.routing import Rule

from opinion_service.app import create_app
from opinion_service.config import Settings
from opinion_service.models import db
from opinion_service.services import maintenance
from tests.postgres_server import PostgresServer
from tests.story import NOW, people_into_database

KEY = "k" * 40

_compile = Rule._compile_builder
_compiled: dict[tuple[object, ...], Callable[..., Any]] = {}


def _compile_once(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
    """Return what werkzeug compiles of an address; half of making an application is this, and it is always the same."""
    key = (rule.rule, repr(rule.defaults), rule.subdomain, rule.host, append_unknown)
    if key not in _compiled:
        _compiled[key] = _compile(rule, append_unknown)
    return _compiled[key]


Rule._compile_builder = _compile_once
SQLITE, POSTGRES = "sqlite", "postgres"


def settings(folder: Path, url: str) -> Settings:
    """Return the settings of a test desk whose files lie in `folder`."""
    return Settings(secret_key=KEY, instance_dir=folder, database_url=url, mail_from="desk@desk.example")


def close(app: Flask) -> None:
    """Give back every connection of the app's engine."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


class Databases:
    """Hands out databases; a template of each kind is made when it is first wanted."""

    def __init__(self, folder: Path) -> None:
        """folder: where the SQLite template, the instance folders of the templates and compiled pages lie."""
        self._folder = folder
        self._cluster: PostgresServer | None = None
        self._templates: dict[str, str] = {}
        # Every test has an application of its own; the pages are compiled once for all of them.
        self.compiled_templates = FileSystemBytecodeCache(str(folder))

    @property
    def cluster(self) -> PostgresServer:
        """Return the PostgreSQL server, started now if need be."""
        if self._cluster is None:
            self._cluster = PostgresServer()
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
            self._cluster.remove()


def _name_in(url: str) -> str:
    return url.split("?", 1)[0].rsplit("/", 1)[1]
