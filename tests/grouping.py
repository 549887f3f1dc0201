"""Brings items to the desk as the line does, with a scorer that finds everything negative."""

from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace

from sqlalchemy import select

from opinion_service import pipeline
from opinion_service.domain.people import SYSTEM
from opinion_service.models import Event, Item
from opinion_service.services.listening import ingest
from opinion_service.services.transaction import transaction
from tests.story import NOW


def negative(texts: Sequence[str], **_options: object) -> tuple[SimpleNamespace, ...]:
    """Stand in for the language model."""
    return tuple(SimpleNamespace(score=0.05, known_words=9, model_version="fake-1", words=()) for _ in texts)


class Line:
    """A source whose entries are stored, read and grouped at once."""

    def __init__(self, name: str = "论坛") -> None:
        """name: of the source that is made."""
        self.source_id = ingest.add_source(ingest.NewSource(name, kind="import"), actor=SYSTEM, now=NOW)
        self._count = 0

    def bring(self, *titles: str, now: datetime = NOW, body: str = "", rank: int | None = None) -> list[int]:
        """Store and read the entries; return the ids of their items."""
        entries = []
        for title in titles:
            self._count += 1
            number = f"{self.source_id}-{self._count}"
            entries.append(
                ingest.Incoming(number, title, body, f"https://forum.example/t/{number}", rank=rank, external_id=number)
            )
        ingest.store(self.source_id, ingest.Haul("ok", tuple(entries)), token=None, now=now)
        pipeline.analyse(now=now)
        with transaction() as session:
            wanted = [entry.identity for entry in entries]
            chosen = select(Item.id).where(Item.source_id == self.source_id, Item.identity.in_(wanted))
            return list(session.scalars(chosen.order_by(Item.id)))


def item(item_id: int) -> Item:
    """Return the item as it is stored now."""
    with transaction() as session:
        return session.get_one(Item, item_id)


def event_of(item_id: int) -> Event:
    """Return the event of an item as it is stored now."""
    with transaction() as session:
        return session.get_one(Event, session.get_one(Item, item_id).event_id)


def event(event_id: int) -> Event:
    """Return an event as it is stored now."""
    with transaction() as session:
        return session.get_one(Event, event_id)
