"""A second try, entry by entry, when the database refuses a batch: the poisoned one is written down, the others kept.

Everything a source sends is cleaned before; this is for what nobody thought of. Without it one entry would cost its
neighbours and, since it comes again with the next check, silence its source.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import DataError, DBAPIError, StatementError
from sqlalchemy.orm import Session

from opinion_service.models import Source
from opinion_service.services.listening import item_store
from opinion_service.services.listening.haul import Counts
from opinion_service.services.listening.item_store import Prepared

T = TypeVar("T")
REFUSED = "数据库无法保存该条"
POISON = (StatementError, OverflowError, ValueError)


def spared(attempt: Callable[[bool], T]) -> T:
    """Return what `attempt` gives for the whole batch, or for each entry alone when one of them is poisoned.

    attempt: does all of it in a transaction of its own; is told whether to go entry by entry.
    """
    try:
        return attempt(False)
    except POISON as error:
        if not is_poison(error):
            raise
    return attempt(True)


def keep_each(
    session: Session, source: Source, prepared: Sequence[Prepared], *, now: datetime, room: int | None = None
) -> Counts:
    """Do what `item_store.keep` does, each entry behind a savepoint; what is refused goes into quarantine."""
    total = Counts()
    for one in prepared:
        try:
            with session.begin_nested():
                left = None if room is None else room - total.new
                found = item_store.keep(session, source, [one], now=now, room=left)
        except POISON as error:
            if not is_poison(error):
                raise
            item_store.quarantine(session, source, REFUSED, one.entry.title, now)
            found = Counts(broken=1)
        for name in Counts.__slots__:
            setattr(total, name, getattr(total, name) + getattr(found, name))
    return total


def is_poison(error: Exception) -> bool:
    """Return whether the values were refused, and not the connection, the lock or a rule."""
    return isinstance(error, DataError) or not isinstance(error, DBAPIError)
