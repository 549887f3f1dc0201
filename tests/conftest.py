"""What every test may ask for: a desk on each database, and the people and acts of a case."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from opinion_service.app import create_app
from tests.databases import POSTGRES, SQLITE, Databases, close, settings
from tests.story import Story


class OneDesk(LoadScopeScheduling):
    """Gives every test to whoever is free, but all browser tests, which share a desk, to one worker and first."""

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/e2e/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneDesk:
    """Return how a parallel run hands out the tests."""
    return OneDesk(config, log)


def pytest_collection_finish() -> None:
    """Leave what was imported out of every later collection of garbage: it stays, and is walked in vain."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Return the source of databases; a PostgreSQL that cannot start is a failure, never a skip."""
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.stop()


@pytest.fixture(params=[SQLITE, POSTGRES])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Return which database the test runs on."""
    return str(request.param)


def _desk(url: str, folder: Path, databases: Databases) -> Iterator[Flask]:
    app = create_app(settings(folder, url))
    app.config["TESTING"] = True
    app.jinja_env.bytecode_cache = databases.compiled_templates
    yield app
    close(app)
    databases.release(url)


@pytest.fixture
def app(database_kind: str, databases: Databases, tmp_path: Path) -> Iterator[Flask]:
    """Return a desk with reference data and people, without an application context."""
    yield from _desk(databases.filled(database_kind, tmp_path), tmp_path, databases)


@pytest.fixture
def sqlite_app(databases: Databases, tmp_path: Path) -> Iterator[Flask]:
    """Return the same desk on SQLite only, for what does not touch the database's own ways."""
    yield from _desk(databases.filled(SQLITE, tmp_path), tmp_path, databases)


@pytest.fixture
def empty_app(database_kind: str, databases: Databases, tmp_path: Path) -> Iterator[Flask]:
    """Return a desk whose database has not a single table yet."""
    yield from _desk(databases.empty(database_kind, tmp_path), tmp_path, databases)


@pytest.fixture
def story(app: Flask) -> Iterator[Story]:
    """Return the acts of a case, inside an application context."""
    with app.app_context():
        yield Story()
