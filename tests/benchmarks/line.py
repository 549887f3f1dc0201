"""Items a second from feed bytes to stored, scored, grouped and routed, against the naive way."""

import io
import time
from datetime import timedelta

import feedparser

from opinion_service import clock, pipeline
from opinion_service.adapters import feed_client, snownlp_model
from opinion_service.domain.people import SYSTEM
from opinion_service.models import Item, db
from opinion_service.services.listening import ingest
from tests.benchmarks.desks import empty_desk

ITEMS = 600
PLACES = ("赫山区", "资阳区", "沅江市", "南县", "桃江县", "安化县")
THINGS = ("校车停运", "自来水发黄", "工地夜间施工", "物业乱收费", "公交改线", "医保报销慢", "路灯不亮", "垃圾无人清运")


def run() -> list[str]:
    """Return the lines to print."""
    snownlp_model.load()
    body = document(ITEMS)
    with empty_desk():
        source_id = ingest.add_source(ingest.NewSource("基准", kind="import"), actor=SYSTEM, now=clock.now())
        ours = _ours(source_id, body)
    with empty_desk():
        source_id = ingest.add_source(ingest.NewSource("基准", kind="import"), actor=SYSTEM, now=clock.now())
        naive = _naive(source_id, body)
    return [
        f"feed bytes to stored, scored, grouped, routed: {ITEMS / ours:.0f} items/s",
        f"naive (SnowNLP one by one, one commit an item; neither grouped nor routed): {ITEMS / naive:.0f} items/s",
        f"ratio: x{naive / ours:.2f}",
    ]


def document(count: int) -> bytes:
    """Return an RSS document of `count` different entries, written for this benchmark."""
    rows = []
    for n in range(count):
        place, thing = PLACES[n % len(PLACES)], THINGS[(n // 7) % len(THINGS)]
        text = f"{place}第{n}小区居民反映{thing}已经{n % 30 + 1}天，多次拨打热线没有结果，请问什么时候能够解决？"
        rows.append(
            f"<item><title>{place}第{n}小区{thing}</title><guid>b{n}</guid><description>{text}</description></item>"
        )
    return f"<rss version='2.0'><channel><title>b</title>{''.join(rows)}</channel></rss>".encode()


def _ours(source_id: int, body: bytes) -> float:
    started = time.perf_counter()
    haul = pipeline.haul_of(feed_client.Fetched(feed_client.FetchOutcome.OK, body=body))
    ingest.store(source_id, haul, token=None, now=clock.now())
    while pipeline.analyse(now=clock.now()):
        pass
    return time.perf_counter() - started


def _naive(source_id: int, body: bytes) -> float:
    from snownlp import SnowNLP

    started = time.perf_counter()
    for number, entry in enumerate(feedparser.parse(io.BytesIO(body)).entries):
        now = clock.now() + timedelta(seconds=number)
        db.session.add(
            Item(
                source_id=source_id, identity=str(number), title=entry.title, body=entry.summary, first_seen_at=now,
                content_hash="", fingerprint="", sentiment_score=SnowNLP(f"{entry.title}。{entry.summary}").sentiments,
            )
        )  # fmt: skip
        db.session.commit()
    return time.perf_counter() - started
