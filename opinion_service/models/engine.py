"""How the desk opens its database: options for each engine and SQLite's one safe way to write."""

from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, event

from opinion_service.models.base import db

BUSY_TIMEOUT_MS = 15_000
_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)


def engine_options(url: str) -> dict[str, Any]:
    """Return what SQLAlchemy needs to open `url`.

    SQLite comes from the pysqlite3 wheel: the library of older systems can corrupt a WAL
    database that several processes checkpoint (fixed in 3.51.3).
    """
    if url.startswith("sqlite"):
        from pysqlite3 import dbapi2

        return {"module": dbapi2, "connect_args": {"timeout": BUSY_TIMEOUT_MS / 1000}}
    return {
        "pool_pre_ping": True,
        "connect_args": {
            "connect_timeout": 5,
            "options": "-c statement_timeout=60000 -c lock_timeout=15000 -c timezone=UTC",
        },
    }


def prepare_engine(app: Flask) -> None:
    """Make every connection of the app's engine safe; must run once, inside no other context."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            _prepare_sqlite(db.engine)


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # The driver's own transaction control is switched off; "begin" below takes its place.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A deferred transaction that reads first and writes later loses updates or is refused at once;
        # a writer therefore takes the lock at its beginning and waits for it.
        is_writer = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")
