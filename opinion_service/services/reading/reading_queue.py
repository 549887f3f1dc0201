"""Items that wait to be read: leased to one reader at a time, and handed out alone when they may kill their readers."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from opinion_service.models import Item
from opinion_service.services.transaction import transaction

LEASE = timedelta(seconds=60)
ALONE_FROM, MOST_ATTEMPTS = 2, 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item that has not been read yet."""

    item_id: int
    title: str
    body: str

    @property
    def text(self) -> str:
        """Return what is scored."""
        return f"{self.title}。{self.body}" if self.body else self.title


@dataclass(frozen=True, slots=True)
class Batch:
    """Items one reader holds; `token` fences them."""

    token: str
    items: tuple[Waiting, ...]


def claim(limit: int, *, now: datetime) -> Batch:
    """Return the oldest items that nobody reads, taken for a minute; an empty batch when there is none.

    An item that was claimed twice without an end may be what kills its readers: it is handed out alone. After
    MOST_ATTEMPTS claims it is not handed out again: `give_up` keeps it unread, so that it stays visible.
    """
    token = str(uuid.uuid4())
    with transaction() as session:
        ids = _claimable(session, limit, now)
        taken = update(Item).where(Item.id.in_(ids))
        session.execute(
            taken.values(lease_token=token, lease_until=now + LEASE, read_attempts=Item.read_attempts + 1),
            execution_options={"synchronize_session": False},
        )
        rows = session.execute(select(Item.id, Item.title, Item.body).where(Item.id.in_(ids)).order_by(Item.id))
        return Batch(token, tuple(Waiting(row.id, row.title, row.body) for row in rows))


def _claimable(session: Session, limit: int, now: datetime) -> list[int]:
    free = or_(Item.lease_until.is_(None), Item.lease_until < now)
    statement = (
        select(Item.id, Item.read_attempts)
        .where(Item.analysed_at.is_(None), Item.read_attempts < MOST_ATTEMPTS, free)
        .order_by(Item.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(statement).all()
    suspects = [row.id for row in rows if row.read_attempts >= ALONE_FROM]
    unsuspected = [row.id for row in rows if row.read_attempts < ALONE_FROM]
    return unsuspected or suspects[:1]
