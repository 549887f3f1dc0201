"""The one way to write: `transaction()` opens, commits or rolls back; nothing else commits."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from flask import current_app
from sqlalchemy.orm import Session

from opinion_service.models import db
from opinion_service.services.reading.search_book import FollowedSession

_is_open: ContextVar[bool] = ContextVar("transaction_is_open", default=False)


@contextmanager
def transaction() -> Iterator[Session]:
    """Yield a session that commits when the block ends well and rolls back when it raises.

    SQLite takes its write lock at the beginning. Nesting is a mistake of the caller and raises
    RuntimeError. Needs an application context, for the database and the key of the journal.
    """
    if _is_open.get():
        raise RuntimeError("a transaction is open already; services do not call services")
    token = _is_open.set(True)
    engine = db.engine.execution_options(write=True)
    try:
        with FollowedSession(engine, expire_on_commit=False) as session, session.begin():
            session.info["journal_key"] = current_app.config["JOURNAL_KEY"]
            yield session
    finally:
        _is_open.reset(token)
