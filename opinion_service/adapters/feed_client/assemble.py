"""Puts the rows of one document together: counts them, caps them, and tells them apart."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from opinion_service.adapters.feed_client.entries import BrokenEntry, IdentityBasis, ParsedEntry, ParsedFeed

MOST_ENTRIES = 2_000
LONGEST_FIELD = 50_000
LONGEST_URL = 2_000
LONGEST_EXCERPT = 300


def assembled(title: str, ttl_minutes: int | None, rows: Sequence[ParsedEntry | BrokenEntry]) -> ParsedFeed:
    """Return the feed of these rows; every row is an entry, a broken one, or counted in the last broken one."""
    kept = rows[:MOST_ENTRIES]
    entries = [row for row in kept if isinstance(row, ParsedEntry)]
    broken = [replace(row, excerpt=row.excerpt[:LONGEST_EXCERPT]) for row in kept if isinstance(row, BrokenEntry)]
    if len(rows) > MOST_ENTRIES:
        broken.append(BrokenEntry(f"超过 {MOST_ENTRIES} 条，其余 {len(rows) - MOST_ENTRIES} 条未读。", ""))
    return ParsedFeed(title[:LONGEST_EXCERPT].strip(), ttl_minutes, tuple(_told_apart(entries)), tuple(broken))


def _told_apart(entries: list[ParsedEntry]) -> list[ParsedEntry]:
    """Return the entries, those whose guid or address names several stories identified by something else."""
    shared_guids = _shared((entry.guid, entry.title) for entry in entries)
    shared_urls = _shared((entry.url, entry.title) for entry in entries)
    told = []
    for entry in entries:
        if entry.guid and entry.guid not in shared_guids:
            told.append(entry)
        elif entry.url and entry.url not in shared_urls:
            told.append(replace(entry, identity_by=IdentityBasis.URL) if entry.guid else entry)
        else:
            told.append(replace(entry, identity_by=IdentityBasis.TEXT))
    return told


def _shared(pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return the keys that stand for more than one title."""
    titles: defaultdict[str, set[str]] = defaultdict(set)
    for key, title in pairs:
        titles[key].add(title)
    counts = Counter({key: len(names) for key, names in titles.items()})
    return frozenset(key for key, count in counts.items() if count > 1)
