"""What grouping one more item costs when 10 000, 100 000 and 1 000 000 are there already: it should be flat.

The history is laid by the database itself from sample titles, an item a minute, with the keys that the desk
would have given them; then new items are read, grouped and heated by the desk's own service.
"""

import json
import random
import statistics
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, text

from opinion_service import clock
from opinion_service.domain.people import SYSTEM
from opinion_service.domain.reading.events import Features, index_keys
from opinion_service.models import Item, db
from opinion_service.services.listening import ingest
from opinion_service.services.reading import analysis
from opinion_service.services.transaction import transaction
from tests.benchmarks.desks import empty_desk

SIZES = (10_000, 100_000, 1_000_000)
SAMPLES, PROBES, ROUNDS = 5_000, 100, 3
_SEED, _TOKEN = 20190430, "benchmark"
_PLACES = ("赫山", "资阳", "沅江", "南县", "桃江", "安化", "泉交河", "马迹塘", "衡龙桥", "沧水铺", "兰溪", "茅草街")
_THINGS = ("校车停运", "自来水发黄", "工地夜间施工", "物业乱收费", "公交改线", "医保报销慢", "路灯不亮", "垃圾无人清运")

_EVENTS = """
INSERT INTO event (id, title, state, first_seen_at, last_item_at, item_count, source_count, negative_count, heat,
  heat_parts, is_rising, nature, hot_topic, territory, confidence, routing, needs_opening, dismissed_reason,
  heat_when_dismissed, items_when_dismissed, snooze_reason)
SELECT -i, s.title, 'open', m.at, m.at, 1, 1, 0, 0, '[]', 0, 'news', '', '', 0, '{}', 0, '', 0, 0, ''
FROM moment m JOIN sample s ON s.id = m.i % :samples WHERE m.i >= :first AND m.i < :last"""
_ITEMS = """
INSERT INTO item (id, source_id, identity, external_id, url, title, body, first_seen_at, territory, content_hash,
  fingerprint, revision, scrub_counts, known_words, nature, model_version, analysed_at, event_id, join_reason,
  is_placed_by_hand)
SELECT -i, :source, 'h' || i, '', '', s.title, '', m.at, '', '', '', 1, '{}', 0, 'news', '', m.at, -i, '', 0
FROM moment m JOIN sample s ON s.id = m.i % :samples WHERE m.i >= :first AND m.i < :last"""
_KEYS = """
INSERT INTO item_key (item_id, term, at) SELECT -m.i, k.value, m.at
FROM moment m JOIN sample s ON s.id = m.i % :samples, json_each(s.keys) k WHERE m.i >= :first AND m.i < :last"""


def run(sizes: tuple[int, ...] = SIZES) -> list[str]:
    """Return a line for each size: items a second, and how the cost of one compares with the smallest history."""
    lines: list[str] = []
    with empty_desk():
        laid, first = 0, 0.0
        now = clock.now()
        source_id = ingest.add_source(ingest.NewSource("基准", kind="import"), actor=SYSTEM, now=now)
        titles = _titles()
        _lay_samples([next(titles) for _ in range(SAMPLES)], now)
        for size in sizes:
            _lay_history(source_id, laid + 1, size + 1)
            laid = size
            cost = statistics.median(_seconds_an_item(source_id, titles, now) for _ in range(ROUNDS))
            first = first or cost
            lines.append(f"history of {size:,} items: {1 / cost:,.0f} items/s grouped, cost x{cost / first:.2f}")
    return lines


def _titles() -> Iterator[str]:
    chance = random.Random(_SEED)
    while True:
        rare = "".join(chr(0x4E00 + chance.randrange(3000)) for _ in range(5))
        yield f"{chance.choice(_PLACES)}{rare}{chance.choice(_THINGS)}"


def _lay_samples(titles: list[str], now: datetime) -> None:
    rows = [
        {"id": number, "title": title, "keys": json.dumps(index_keys(Features.of(title, now)))}
        for number, title in enumerate(titles)
    ]
    newest = now.replace(tzinfo=None) - timedelta(minutes=1)
    with _bulk() as connection:
        connection.execute(text("CREATE TABLE sample (id INTEGER PRIMARY KEY, title TEXT, keys TEXT)"))
        connection.execute(text("INSERT INTO sample VALUES (:id, :title, :keys)"), rows)
        # Numbers count back from now and become negative keys: a longer history reaches further back, new items get new keys.
        connection.execute(text("CREATE TABLE moment (i INTEGER PRIMARY KEY, at TEXT)"))
        connection.execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most) INSERT INTO moment "
                "SELECT i, strftime('%Y-%m-%d %H:%M:%S.000000', :newest, '-' || i || ' minutes') FROM n"
            ),
            {"most": max(SIZES), "newest": newest.isoformat(sep=" ", timespec="seconds")},
        )


def _lay_history(source_id: int, first: int, last: int) -> None:
    with _bulk() as connection:
        bounds = {"samples": SAMPLES, "first": first, "last": last, "source": source_id}
        for statement in (_EVENTS, _ITEMS, _KEYS):
            connection.execute(text(statement), bounds)
        connection.execute(text("ANALYZE"))


def _bulk() -> Connection:
    """Return a connection whose block is one write transaction, so that nothing is synced row by row."""
    return db.engine.execution_options(write=True).begin()  # type: ignore[return-value]


def _seconds_an_item(source_id: int, titles: Iterator[str], now: datetime) -> float:
    chosen = [next(titles) for _ in range(PROBES)]
    rows = [
        {
            "source_id": source_id, "identity": title, "title": title, "first_seen_at": now, "content_hash": "",
            "fingerprint": "", "lease_token": _TOKEN, "lease_until": now + timedelta(hours=1),
        }
        for title in chosen
    ]  # fmt: skip
    with transaction() as session:
        ids = session.scalars(insert(Item).returning(Item.id), rows).all()
    tones = {item_id: analysis.Tone(0.5, 3, "none") for item_id in ids}
    began = time.perf_counter()
    analysis.record(_TOKEN, tones, now=now)
    return (time.perf_counter() - began) / PROBES


if __name__ == "__main__":
    print("\n".join(run()))
