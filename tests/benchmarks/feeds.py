"""What the guards around feed reading cost, as ratios: those hold from machine to machine."""

import gzip
import io
import time
from collections.abc import Callable

import feedparser

from opinion_service.adapters.feed_client import parse, parse_killable
from opinion_service.adapters.feed_client.wire import inflated

_ENTRY = (
    "<item><guid>{0}</guid><title>县城路灯长期不亮 {0}</title><link>http://forum.example/{0}</link>"
    "<pubDate>Mon, 03 Nov 2025 08:00:00 +0800</pubDate>"
    "<description><![CDATA[<p>晚上出行不便，已向社区反映三次，<b>至今无人处理</b>。</p>]]></description></item>"
)


def _feed(count: int, encoding: str = "utf-8") -> bytes:
    entries = "".join(_ENTRY.format(number) for number in range(count))
    return f'<rss version="2.0"><channel><title>县城论坛</title>{entries}</channel></rss>'.encode(encoding)


def _seconds(action: Callable[[], object], rounds: int = 3) -> float:
    """Return the best of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - started)
    return best


def run() -> list[str]:
    """Return one line per ratio."""
    small, large, gbk = _feed(20), _feed(1_000), _feed(1_000, "gbk")
    bare = _seconds(lambda: feedparser.parse(io.BytesIO(large)))
    ours = _seconds(lambda: parse(large))
    author = b"<rss><item><title>x</title><author>" + b"a" * 20_000 + b"</author></item></rss>"
    page = b"<html><body>" + b"<p>hello" * 40_000
    page_bare = _seconds(lambda: feedparser.parse(io.BytesIO(page)), 1)
    bomb = gzip.compress(large)
    alone_small, alone_large = _seconds(lambda: parse_killable(small)), _seconds(lambda: parse_killable(large))
    return [
        f"feeds: parse of 1000 entries takes {ours / bare:.2f} of feedparser's defaults ({1000 / ours:.0f} entries/s)",
        f"feeds: GBK costs {_seconds(lambda: parse(gbk)) / ours:.2f} of UTF-8",
        f"feeds: 50 times the entries take {ours / _seconds(lambda: parse(small)):.0f} times as long",
        f"feeds: a process of its own costs {alone_small:.2f} s for 20 entries, {alone_large / ours:.2f} of a parse of 1000",
        f"feeds: a web page is told {page_bare / _seconds(lambda: parse(page)):.0f} times sooner than feedparser reads it",
        f"feeds: an author of 20 kB takes {_seconds(lambda: parse(author)) * 1000:.1f} ms",
        f"feeds: decompression takes {_seconds(lambda: inflated([bomb], 'gzip', 2_000_000)) / ours:.3f} of the parse",
    ]


if __name__ == "__main__":
    print("\n".join(run()))
