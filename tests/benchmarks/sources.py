"""What listening costs: fetch, parse and store against the naive way, and a thousand sources for an hour.

Everything goes over loopback to a server in this process, whose own work is in the figures. What is
extrapolated says so and from what.
"""

import io
import os
import resource
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import feedparser
from sqlalchemy import func, insert, select

from opinion_service import clock, listening
from opinion_service.adapters import killable
from opinion_service.domain.people import SYSTEM
from opinion_service.models import Item, Source, SourceCheck, db
from opinion_service.services.listening import ingest
from opinion_service.services.listening.ingest import NewSource
from opinion_service.services.transaction import transaction
from tests.benchmarks.desks import empty_desk
from tests.feed_server import BEHAVIOURS, FeedServer, Visit, feed_server

SOURCES, ENTRIES = 20, 60
ROUNDS = 30
THOUSAND = 1_000
# Of the checks of an hour, how many find a changed document; the rest is 304 or the same bytes, half and half.
CHANGED = 0.25
CHECKS_AN_HOUR = 2
_ITEM = (
    "<item><guid>{0}-{1}</guid><title>县城第{1}小区路灯不亮</title><link>http://forum.example/{0}/{1}</link>"
    "<pubDate>Mon, 03 Nov 2025 08:00:00 +0800</pubDate><description>晚上出行不便，已反映三次，至今无人处理。</description></item>"
)


def _document(visit: Visit) -> None:
    """A document of its own for each source, and a new one with each `v`."""
    name = visit.path.partition("?")[2]
    items = "".join(_ITEM.format(name, number) for number in range(ENTRIES))
    visit.answer(f'<rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>'.encode())


def run() -> list[str]:
    """Return the lines to print."""
    # A worker of the queue has it from its start on.
    killable.start()
    BEHAVIOURS["document"] = _document
    try:
        with feed_server() as server:
            return [*_against_naive(server), *_for_an_hour(server)]
    finally:
        del BEHAVIOURS["document"]


def _against_naive(server: FeedServer) -> list[str]:
    total = SOURCES * ENTRIES
    with _desk():
        ours = _seconds(lambda: _listen(server, SOURCES))
        kept = db.session.scalar(select(func.count(Item.id)))
    with _desk():
        ids = [
            ingest.add_source(NewSource(f"n{n}", kind="import"), actor=SYSTEM, now=clock.now()) for n in range(SOURCES)
        ]
        naive = _seconds(lambda: [_naively(server, source_id, number) for number, source_id in enumerate(ids)])
    return [
        f"fetch, parse in a process of its own, scrub, store, ledger: {total / ours:.0f} entries/s ({kept} of {total} kept)",
        f"plain feedparser and one insert with its commit at a time, nothing scrubbed or noted: {total / naive:.0f} entries/s",
        f"ratio: x{naive / ours:.2f} ({SOURCES} sources of {ENTRIES} entries, SQLite)",
    ]


def _for_an_hour(server: FeedServer) -> list[str]:
    with _desk():
        days = iter(range(0, 1_000, 100))
        costs = {name: _cpu_of(server, path, clock.now() + timedelta(days=next(days))) for name, path in _KINDS.items()}
        rows = db.session.scalar(select(func.count(SourceCheck.id)))
    checks = THOUSAND * CHECKS_AN_HOUR
    quiet = (costs["304"] + costs["same bytes"]) / 2
    hour = checks * (CHANGED * costs["changed document"] + (1 - CHANGED) * quiet)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    server = sum(_of_server("statm", range(1, 2))) * os.sysconf("SC_PAGE_SIZE") / 1024**2
    each = ", ".join(f"{name} {1000 * cost:.0f} ms" for name, cost in costs.items())
    found = f"{hour / 36:.1f} % of one core; {checks} checks, {CHANGED:.0%} with a changed document; {rows} measured"
    return [
        f"processor time of one check ({ROUNDS} measured each): {each}",
        f"1000 sources for an hour, extrapolated from these: {hour:.0f} s of processor time ({found})",
        f"memory: {peak:.0f} MB at most in this process, web server included, and {server:.0f} MB in the readers' server; one document is held at a time, however many sources",
    ]


_KINDS = {"304": "conditional", "same bytes": "plain", "changed document": "document?{}"}


def _cpu_of(server: FeedServer, path: str, at: datetime) -> float:
    """Return the processor seconds of one check, own and of the parser, after a first check that is not counted."""
    source_id = ingest.add_source(NewSource(path, server.url(path.format(0))), actor=SYSTEM, now=at)
    listening.fetch_source(source_id, now=at)
    used = 0.0
    for number in range(1, ROUNDS + 1):
        at += timedelta(hours=7)
        if "{}" in path:
            _point(source_id, server.url(path.format(number)))
        started = _cpu()
        listening.fetch_source(source_id, now=at)
        used += _cpu() - started
    return used / ROUNDS


def _point(source_id: int, url: str) -> None:
    with transaction() as session:
        session.get_one(Source, source_id).url = url


def _cpu() -> float:
    """Return the processor seconds of this process and of the server of readers with every reader that has ended."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime + sum(_of_server("stat", range(13, 17))) / os.sysconf("SC_CLK_TCK")


def _of_server(name: str, places: range) -> list[int]:
    """Return some numbers of the readers' server from /proc; empty while there is none."""
    pid = killable.server_pid()
    if pid is None:
        return []
    fields = Path(f"/proc/{pid}/{name}").read_text().rpartition(")")[2].split()
    # The first two fields of `stat` are cut off with the name of the program.
    shift = 2 if name == "stat" else 0
    return [int(fields[place - shift]) for place in places]


def _listen(server: FeedServer, count: int) -> None:
    now: datetime = clock.now()
    for number in range(count):
        ingest.add_source(NewSource(f"s{number}", server.url(f"document?{number}")), actor=SYSTEM, now=now)
    listening.fetch_due(count, now=lambda: now)


def _naively(server: FeedServer, source_id: int, number: int) -> None:
    with urllib.request.urlopen(server.url(f"document?{number}")) as answer:
        parsed = feedparser.parse(io.BytesIO(answer.read()))
    for entry in parsed.entries:
        with db.engine.begin() as connection:
            connection.execute(
                insert(Item).values(
                    source_id=source_id, identity=entry.id, title=entry.title, body=entry.summary, url=entry.link,
                    first_seen_at=clock.now(), content_hash="", fingerprint="", external_id="", territory="", revision=1,
                    scrub_counts={}, known_words=0, nature="", model_version="", join_reason="", is_placed_by_hand=False,
                )
            )  # fmt: skip


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


@contextmanager
def _desk() -> Iterator[None]:
    """Open an empty desk that may call the server on loopback."""
    with empty_desk() as app:
        app.config["DESK"] = replace(app.config["DESK"], private_feed_hosts=frozenset({"127.0.0.1"}))
        yield


if __name__ == "__main__":
    print("\n".join(run()))
