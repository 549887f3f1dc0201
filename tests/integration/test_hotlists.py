"""Hot lists: a point for every entry and snapshot, one timeline an entry, pages that show both."""

import itertools
import json
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from opinion_service import pipeline
from opinion_service.adapters import feed_client
from opinion_service.domain.people import SYSTEM
from opinion_service.models import Item, RankPoint, db
from opinion_service.queries.listening import hotlists
from opinion_service.services.listening import ingest
from opinion_service.services.listening.ingest import Counts, Haul, Incoming, NewSource
from opinion_service.services.transaction import transaction
from tests.benchmarks import replay
from tests.integration.test_access import client_of
from tests.integration.test_statements import counted
from tests.shared_data import shared
from tests.story import NOW, person

HOUR = timedelta(hours=1)
LIST = "https://hot.example/list.json"


@pytest.fixture
def source_id(app: Flask) -> Iterator[int]:
    with app.app_context():
        yield ingest.add_source(NewSource("榜", LIST, "hotlist"), actor=SYSTEM, now=NOW)


def take(source_id: int, hours: int, *rows: tuple[str, int | None, float | None]) -> Counts:
    entries = [{"title": title, "rank": rank, "hot": hot} for title, rank, hot in rows]
    parsed = feed_client.parse(json.dumps({"data": entries}).encode())
    haul = Haul("ok", tuple(map(pipeline.incoming, parsed.entries)))
    return ingest.store(source_id, haul, token=None, now=NOW + hours * HOUR)


def points() -> list[tuple[str, int, int | None, float | None]]:
    statement = select(Item.title, RankPoint).join(RankPoint, RankPoint.item_id == Item.id)
    with transaction() as session:
        rows = session.execute(statement.order_by(RankPoint.at, RankPoint.rank)).all()
    return [(title, (point.at - NOW) // HOUR, point.rank, point.heat_value) for title, point in rows]


def test_one_entry_has_one_timeline(source_id: int) -> None:
    assert take(source_id, 0, ("校车超员", 2, 900.0), ("路灯不亮", 1, 990.0)) == Counts(new=2)
    assert take(source_id, 1, ("校车超员", 1, 1900.0)) == Counts(repeated=1)
    assert take(source_id, 1, ("校车超员", 9, 1.0)) == Counts(repeated=1)
    assert points() == [
        ("路灯不亮", 0, 1, 990.0), ("校车超员", 0, 2, 900.0), ("校车超员", 1, 1, 1900.0),
    ]  # fmt: skip


def test_an_entry_named_twice_in_one_snapshot_stands_where_it_comes_first(source_id: int) -> None:
    assert take(source_id, 0, ("校车超员", 3, 5.0), ("校车超员", 8, 4.0)) == Counts(new=1, repeated=1)
    assert points() == [("校车超员", 0, 3, 5.0)]


@pytest.mark.parametrize(("hours", "rank"), [(-5, 1), (-1, 1), (0, 7), (1, 7)])
def test_a_snapshot_of_the_past_does_not_move_what_is_shown_now(source_id: int, hours: int, rank: int) -> None:
    take(source_id, 0, ("校车超员", 1, 10.0))
    late = Incoming(identity_of("校车超员"), "校车超员", rank=7, heat_value=1.0, seen_at=NOW + hours * HOUR)
    assert ingest.store(source_id, Haul("ok", (late,)), token=None, now=NOW + 2 * HOUR) == Counts(repeated=1)
    with transaction() as session:
        assert session.scalars(select(Item.rank)).one() == rank
        assert session.scalar(select(func.count()).select_from(RankPoint)) == (1 if hours == 0 else 2)


def identity_of(title: str) -> str:
    return feed_client.parse(json.dumps({"data": [{"title": title, "hot": 1}]}).encode()).entries[0].identity


def test_the_list_of_a_moment_and_its_neighbours(source_id: int) -> None:
    take(source_id, 0, ("校车超员", 2, 900.0), ("路灯不亮", 1, 990.0))
    take(source_id, 1, ("校车超员", 1, 1900.0))
    take(source_id, 2, ("自来水发黄", 1, 5.0))
    with transaction() as session:
        last = hotlists.snapshot(session, source_id, None)
        first = hotlists.snapshot(session, source_id, NOW, sort="heat")
        middle = hotlists.snapshot(session, source_id, NOW + HOUR + HOUR / 2)
        way = hotlists.timeline(session, SYSTEM, middle.rows[0].item_id)
        assert hotlists.snapshot(session, source_id, NOW - HOUR) is None
        assert hotlists.timeline(session, SYSTEM, 999) is None
    assert (last.at, last.earlier_at, last.later_at) == (NOW + 2 * HOUR, NOW + HOUR, None)
    assert [(row.title, row.rank) for row in first.rows] == [("路灯不亮", 1), ("校车超员", 2)]
    assert (middle.at, middle.rows[0].ranks, middle.rows[0].is_climbing) == (NOW + HOUR, (2, 1), True)
    assert (way.best_rank, way.best_value, way.point_count) == (1, 1900.0, 2)


def test_the_pages_show_it_and_cost_the_same_for_more(sqlite_app: Flask) -> None:
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    with sqlite_app.app_context():
        source_id = ingest.add_source(NewSource("榜", LIST, "hotlist"), actor=person("admin"), now=NOW)
        take(source_id, 0, ("校车超员", 1, 900.0))
    client = client_of(sqlite_app, "liaison")
    client.get("/hotlists")
    with counted(sqlite_app) as few:
        assert "校车超员" in client.get("/hotlists").text
    with sqlite_app.app_context():
        take(source_id, 1, *((f"话题{n}", n, 100.0 - n) for n in range(1, 50)))
    with counted(sqlite_app) as many:
        page = client.get("/hotlists?sort=heat").text
    assert "话题49" in page
    assert len(many) <= len(few) + 1
    assert "校车超员" not in page
    assert "校车超员" in client.get("/hotlists", query_string={"at": NOW.isoformat()}).text
    entry = client.get("/hotlists/entries/1")
    assert (entry.status_code, "最高名次" in entry.text, "<svg" in entry.text) == (200, True, True)
    assert client_of(sqlite_app, "handler").get("/hotlists").status_code == 403


def test_two_days_of_a_real_list_replay(sqlite_app: Flask) -> None:
    path = shared(replay.MONTHS[0])
    given = list(itertools.islice(replay.snapshots(Path(path)), 40))
    wanted = sum(len(json.loads(body)["data"]) for _, body in given)
    with sqlite_app.app_context():
        figures = replay.replay(given)
        again = replay.replay_into(1, given[-1:])
        db.session.remove()
    assert figures.rows == wanted == figures.stored["rank_point"]
    assert figures.counts.new == figures.stored["item"]
    assert figures.counts.new + figures.counts.repeated == wanted
    assert (again.counts.new, again.stored["rank_point"]) == (0, wanted)
    if figures.whole > 30:
        warnings.warn(pytest.PytestWarning(f"the replay took {figures.whole:.0f} s"), stacklevel=1)
