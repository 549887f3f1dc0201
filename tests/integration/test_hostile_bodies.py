"""Hundreds of documents made to hurt go through reading, scrubbing and storing; their good entries are kept."""

import time
import unicodedata

from flask import Flask
from sqlalchemy import select

from opinion_service import listening
from opinion_service.adapters.feed_client import Fetched, FetchOutcome
from opinion_service.domain.people import SYSTEM
from opinion_service.models import Item, Quarantine
from opinion_service.services.listening import ingest
from opinion_service.services.listening.ingest import NewSource
from opinion_service.services.transaction import transaction
from tests import hostile_bodies
from tests.story import NOW

LONGEST_S = 20.0
PERSONAL = ("13912345678", "430902199001011234", "secret@")


def test_there_are_enough() -> None:
    bodies = hostile_bodies.table()
    assert len(set(bodies.values())) >= 300


def test_every_body_is_survived_and_its_good_entries_kept(app: Flask) -> None:
    lost, slow = {}, {}
    with app.app_context():
        for number, (name, body) in enumerate(hostile_bodies.table().items()):
            source_id = ingest.add_source(NewSource(f"{number}", kind="import"), actor=SYSTEM, now=NOW)
            began = time.monotonic()
            haul = listening.haul_of(Fetched(FetchOutcome.OK, status=200, body=body), now=NOW)
            ingest.store(source_id, haul, token=None, now=NOW)
            if time.monotonic() - began > LONGEST_S:
                slow[name] = time.monotonic() - began
            with transaction() as session:
                titles = set(session.scalars(select(Item.title).where(Item.source_id == source_id)))
            missing = set(hostile_bodies.promised(name)) - titles
            if missing:
                lost[name] = missing
        with transaction() as session:
            items = list(session.scalars(select(Item)))
            urls, kept = [row.url for row in items], [row.title + row.body + row.url for row in items]
            kept += [row.excerpt for row in session.scalars(select(Quarantine))]
    assert (lost, slow) == ({}, {})
    assert len(kept) > 500
    text = "\n".join(kept)
    assert [word for word in PERSONAL if word in text] == []
    assert {one for one in text if unicodedata.category(one) in ("Cc", "Cs", "Cf") and one not in "\n\t"} <= set()
    assert "<script" not in text
    assert {url.partition(":")[0] for url in urls} <= {"", "http"}
