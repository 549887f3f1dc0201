"""Thousands of feed documents from the wild and from the test suites of other readers.

FEED_DOCUMENTS=all reads every document in a process of its own as well (ten minutes).
"""

import csv
import io
import os
import random
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from opinion_service.adapters.feed_client import ParsedFeed, parse, parse_killable
from tests.shared_data import shared

EVERY_KILLABLE = 1 if os.environ.get("FEED_DOCUMENTS") == "all" else 120
EVERY_DAMAGED = 1 if os.environ.get("FEED_DOCUMENTS") == "all" else 8
LONGEST_S = 3.0
LARGEST_CUT = 60_000


@dataclass(frozen=True, slots=True)
class Document:
    """One file, and how many entries feedparser found in it as it comes."""

    path: str
    body: bytes
    known_entries: int


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    with tarfile.open(shared("feeds/feeds.tar.xz")) as archive:
        members = [member for member in archive if member.isfile()]
        return {
            member.name.removeprefix("./").removeprefix("feeds/"): archive.extractfile(member).read()
            for member in members
        }


@pytest.fixture(scope="module")
def documents(files) -> list[Document]:
    rows = csv.DictReader(io.StringIO(files["MANIFEST.csv"].decode("utf-8")))
    return [Document(row["path"], files[row["path"]], int(row["entries"] or 0)) for row in rows]


def test_every_document_is_read_and_no_entry_is_lost(documents):
    assert len(documents) == 3494
    for document in documents:
        started = time.process_time()
        feed = parse(document.body)
        assert time.process_time() - started < LONGEST_S, document.path
        # More than feedparser alone where it gives up on an encoding, or where the document is JSON.
        assert len(feed.entries) + len(feed.broken) >= document.known_entries, document.path
        assert all(entry.title.strip() or entry.summary.strip() for entry in feed.entries), document.path


def test_a_process_of_its_own_reads_the_same(documents):
    for document in documents[::EVERY_KILLABLE]:
        assert parse_killable(document.body) == parse(document.body), document.path


def damaged(body: bytes, chance: random.Random) -> Iterator[bytes]:
    """Yield the document cut short, with bits turned, with a piece twice, and with a piece missing."""
    at, length = sorted((chance.randrange(len(body) + 1), chance.randrange(len(body) + 1)))
    yield body[:at]
    yield body[:at] + body[length:]
    yield body[:length] + body[at:]
    turned = bytearray(body)
    for _ in range(min(len(body), 20)):
        turned[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    yield bytes(turned)


def test_no_damage_makes_the_reader_raise_or_hang(documents):
    chance = random.Random(20251103)
    for document in documents[::EVERY_DAMAGED]:
        if not 0 < len(document.body) <= LARGEST_CUT:
            continue
        for body in damaged(document.body, chance):
            started = time.process_time()
            feed = parse(body)
            assert time.process_time() - started < LONGEST_S, document.path
            assert feed.problem is None or feed.problem.endswith("。"), document.path


def titles(feed: ParsedFeed) -> list[str]:
    return [entry.title.strip() for entry in feed.entries]


def test_chinese_titles_are_right_whatever_the_declaration_says(files):
    folder = "derived_zh_encodings/"
    rows = list(csv.DictReader(io.StringIO(files[f"{folder}MANIFEST.csv"].decode("utf-8"))))
    assert len(rows) == 28
    for row in rows:
        source = titles(parse(files[row["real_source"]]))
        read = titles(parse(files[folder + row["file"]]))
        share = 0.6 if "truncated" in row["file"] else 1.0
        assert len(source) == int(row["items_in_source"])
        # Illegal control characters in the text are left out of it.
        assert read == source[: round(len(source) * share)], row["file"]


@pytest.mark.parametrize("series", ["series_daliansky_rss2", "series_weibo_user_feed"])
def test_an_entry_keeps_its_identity_from_version_to_version(files, series):
    by_identity: dict[str, set[str]] = {}
    sightings = 0
    for path in sorted(path for path in files if path.startswith(f"{series}/")):
        entries = parse(files[path]).entries
        assert len({entry.identity for entry in entries}) == len({(e.guid, e.url, e.title) for e in entries}), path
        for entry in entries:
            by_identity.setdefault(entry.identity, set()).add(entry.url)
        sightings += len(entries)
    addresses = set().union(*by_identity.values())
    assert len(by_identity) == len(addresses) < sightings
    assert all(len(urls) == 1 for urls in by_identity.values())
