"""Items are leased to one reader; an item that kills its readers costs itself alone and is never lost."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from opinion_service import pipeline
from opinion_service.adapters import snownlp_model
from opinion_service.adapters.snownlp_model import Scored
from opinion_service.domain.people import SYSTEM
from opinion_service.models import Item
from opinion_service.services.listening import ingest
from opinion_service.services.listening.ingest import Haul, Incoming, NewSource
from opinion_service.services.reading import analysis, reading_queue
from opinion_service.services.transaction import transaction
from tests.story import NOW

POISON = "毒条目"
TITLES = ("自来水发黄", "路灯不亮", POISON, "公交改线")
STEP = reading_queue.LEASE + timedelta(seconds=1)


@pytest.fixture
def desk(app: Flask) -> Flask:
    """Return a desk with four items to read, one of them poisonous."""
    with app.app_context():
        source = ingest.add_source(NewSource("来信", kind="import"), actor=SYSTEM, now=NOW)
        ingest.store(source, Haul("ok", tuple(Incoming(title, title) for title in TITLES)), token=None, now=NOW)
    return app


def unread(limit: int = 10) -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(Item.title).where(Item.analysed_at.is_(None)).limit(limit)))


def tones(batch: reading_queue.Batch) -> dict[int, analysis.Tone]:
    return {item.item_id: analysis.Tone(0.2, 5, "fake") for item in batch.items}


def test_what_one_reader_holds_no_other_gets_until_the_lease_ends(desk: Flask) -> None:
    with desk.app_context():
        first = reading_queue.claim(3, now=NOW)
        second = reading_queue.claim(3, now=NOW)
        assert [len(first.items), len(second.items)] == [3, 1]
        assert reading_queue.claim(3, now=NOW + reading_queue.LEASE).items == ()
        assert len(reading_queue.claim(10, now=NOW + STEP).items) == len(TITLES)


def test_a_reader_whose_lease_was_taken_over_changes_nothing(desk: Flask) -> None:
    with desk.app_context():
        slow = reading_queue.claim(10, now=NOW)
        quick = reading_queue.claim(10, now=NOW + STEP)
        assert analysis.record(slow.token, tones(slow), now=NOW + STEP) == 0
        assert len(unread()) == len(TITLES)
        assert analysis.record(quick.token, tones(quick), now=NOW + STEP) == len(TITLES)


def test_a_poisonous_item_costs_itself_alone(desk: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        """The reader is gone, as by kill -9."""

    def score_many(texts: list[str], **_options: object) -> tuple[Scored, ...]:
        if any(POISON in text for text in texts):
            raise Killed
        return tuple(Scored(0.2, None, 5, "fake") for _ in texts)

    monkeypatch.setattr(snownlp_model, "score_many", score_many)
    kills, now = 0, NOW
    with desk.app_context():
        for _ in range(20):
            try:
                pipeline.analyse(now=now)
            except Killed:
                kills += 1
            now += STEP
            if not unread():
                break
        assert unread() == []
        assert kills == reading_queue.MOST_ATTEMPTS
        with transaction() as session:
            poison = session.scalars(select(Item).where(Item.title == POISON)).one()
            assert (poison.band, poison.sentiment_score, poison.event_id is not None) == ("unsure", None, True)
            others = session.scalars(select(Item.sentiment_score).where(Item.title != POISON))
            assert set(others) == {0.2}
