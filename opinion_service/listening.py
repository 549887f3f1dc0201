"""Puts the feed client and the ledger together: claim, ask robots.txt, fetch, parse, store.

Nothing here holds a transaction while it talks to the network; every function may run twice.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from flask import current_app

from opinion_service.adapters import feed_client
from opinion_service.adapters.feed_client import Fetched, FetchOutcome, FetchPolicy, FetchRequest
from opinion_service.domain.listening.addresses import authority_of, origin_of
from opinion_service.domain.listening.feed_dates import parse_feed_date
from opinion_service.domain.listening.hearing import HOST_DELAY, LONGEST_HOST_DELAY, ROBOTS_FRESH, ROBOTS_PATIENCE
from opinion_service.domain.listening.polling import Asked
from opinion_service.services.listening import archive, hosts, ingest
from opinion_service.services.listening.haul import Counts, Haul, Incoming, RobotsCopy, SourceLease
from opinion_service.services.listening.vault import Credential

LARGEST_FILE = 4_000_000
LONGEST_TTL = 7 * 24 * 60
ROBOTS_POLICY = FetchPolicy(timeout_s=10.0, max_bytes=512_000, max_redirects=5)
DEFAULT = FetchPolicy()


@dataclass(frozen=True, slots=True)
class Manners:
    """What a host asks: a robots.txt that was read just now, the pause it is owed, and why it may not be asked."""

    read: RobotsCopy | None
    delay: timedelta
    refusal: Haul | None


def fetch_source(source_id: int, *, now: datetime, policy: FetchPolicy = DEFAULT) -> Counts:
    """Fetch one due source and keep what it brings; nothing happens when somebody else has it or its host."""
    lease = ingest.claim(source_id, now=now)
    if lease is None:
        return Counts()
    started = time.monotonic()
    haul = check(lease, now=now, policy=policy)
    took = round((time.monotonic() - started) * 1000)
    return ingest.store(source_id, replace(haul, took_ms=took), token=lease.token, now=now)


def fetch_due(limit: int, *, now: Callable[[], datetime], policy: FetchPolicy = DEFAULT) -> dict[int, Counts]:
    """Fetch the due sources, at most `limit`, and return what each brought.

    A host that is owed a pause is left to the next round; one that is not is asked again and again until
    nothing of it is due.
    """
    done: dict[int, Counts] = {}
    while len(done) < limit:
        waiting = [one for one in ingest.due_sources(limit, now=now()) if one not in done][: limit - len(done)]
        if not waiting:
            break
        for source_id in waiting:
            done[source_id] = fetch_source(source_id, now=now(), policy=policy)
    return done


def check(lease: SourceLease, *, now: datetime, policy: FetchPolicy = DEFAULT) -> Haul:
    """Return what a source gives now; robots.txt is read first when the copy is a day old, and obeyed."""
    allowed = private_hosts()
    kept = manners(lease, allowed, now=now, policy=policy)
    if kept.refusal is not None:
        return replace(kept.refusal, robots=kept.read, host_delay=kept.delay)
    request = FetchRequest(
        lease.url, lease.etag, lease.last_modified, allowed,
        authorization=lease.authorization, authorization_origin=lease.authorization_origin, asked_at=now,
        may_go=leave_to_go(lease, allowed, now=now, policy=policy),
    )  # fmt: skip
    fetched = feed_client.fetch(request, policy)
    return replace(_read(fetched, lease, now), robots=kept.read, host_delay=kept.delay)


def manners(lease: SourceLease, allowed: frozenset[str], *, now: datetime, policy: FetchPolicy) -> Manners:
    """Return what its host asks of whoever wants `lease.url`; robots.txt is read when the lease's copy is a day old.

    allowed: the hosts that may be asked although their address is not public.
    """
    robots = _robots(lease, allowed, now, policy)
    read = robots if robots is not lease.robots else None
    return Manners(read, _delay(lease.url, robots, allowed), _refusal(robots, lease.url, now))


def leave_to_go(
    lease: SourceLease, allowed: frozenset[str], *, now: datetime, policy: FetchPolicy
) -> Callable[[str, bool], str]:
    """Return what says why robots.txt forbids the address a redirect leads to, or nothing.

    allowed: as for `manners`, and only for a trip that has not been outside yet: a redirect from there leads nowhere
    inward, not even to robots.txt.
    """

    def ask(url: str, may_be_private: bool) -> str:
        inward = allowed if may_be_private else frozenset[str]()
        there = replace(lease, url=url, robots=hosts.robots_of(authority_of(url)))
        kept = manners(there, inward, now=now, policy=policy)
        if kept.read is not None:
            hosts.visited(authority_of(url), kept.read, kept.delay, now=now)
        return kept.refusal.detail if kept.refusal is not None else ""

    return ask


def haul_of(fetched: Fetched, *, zone: str = "Asia/Shanghai", now: datetime | None = None) -> Haul:
    """Return what a fetch brought, parsed; a document that is no feed is a failure of the source.

    zone: of dates that name none; now: what 昨天 and 3小时前 count from; without it such words give no date.
    """
    if fetched.outcome is not FetchOutcome.OK:
        return Haul(
            fetched.outcome.value, detail=fetched.detail, status=fetched.status,
            moved_to=fetched.permanent_url or "", asked=_asked(fetched),
        )  # fmt: skip
    parsed = feed_client.parse_killable(fetched.body, fetched.content_type, base_url=fetched.final_url)
    entries = tuple(incoming(entry, zone=zone, now=now) for entry in parsed.entries)
    outcome = "no_feed" if parsed.problem else "ok" if entries or parsed.broken else "empty"
    return Haul(
        outcome,
        entries,
        tuple((broken.reason, broken.excerpt) for broken in parsed.broken),
        parsed.problem or "",
        fetched.status,
        fetched.body,
        fetched.content_type,
        fetched.etag,
        fetched.last_modified,
        fetched.permanent_url or "",
        _asked(fetched),
        headers=fetched.headers,
        ttl_minutes=min(parsed.ttl_minutes, LONGEST_TTL) if parsed.ttl_minutes else None,
    )


def ingest_file(source_id: int, path: Path, *, now: datetime) -> tuple[Counts, str]:
    """Read a feed document from a file into a source; return the counts and what was wrong, if anything."""
    body = path.read_bytes()[:LARGEST_FILE]
    haul = haul_of(Fetched(FetchOutcome.OK, status=None, body=body), now=now)
    return ingest.store(source_id, haul, token=None, now=now), haul.detail


def preview(url: str, *, credential: Credential | None, zone: str, now: datetime) -> Haul:
    """Return what an address gives now, kept nowhere; robots.txt is asked and obeyed like by a check."""
    header = credential.header if credential is not None else ""
    lease = SourceLease(0, "", url, "", "", zone, "", header, origin_of(url) if header else "")
    return check(lease, now=now)


def reparse(source_id: int, *, since: datetime, now: datetime) -> Counts:
    """Read the kept documents of a source again, the newest first, and keep what was missed or misread.

    Every entry counts as its newest document has it, so that an old edition never replaces a later one. Ranks
    belong to their moment and are left alone. What is found is seen `now`: no time limit has run on it.
    """
    total, seen = Counts(), set[str]()
    for kept in archive.kept_bodies(source_id, since=since):
        body = archive.body_of(kept.id)
        parsed = feed_client.parse_killable(body, kept.content_type, base_url=kept.url)
        read = (incoming(entry, zone=kept.zone, now=kept.fetched_at) for entry in parsed.entries)
        entries = tuple(replace(one, rank=None, heat_value=None) for one in read if one.identity not in seen)
        seen.update(one.identity for one in entries)
        broken = tuple((one.reason, one.excerpt) for one in parsed.broken)
        haul = Haul("reparsed", entries, broken, f"{kept.fetched_at:%Y-%m-%dT%H:%MZ}")
        counts = ingest.store(source_id, haul, token=None, now=now)
        for field in ("new", "revised", "repeated", "broken", "unmatched"):
            setattr(total, field, getattr(total, field) + getattr(counts, field))
    return total


def incoming(entry: feed_client.ParsedEntry, *, zone: str = "Asia/Shanghai", now: datetime | None = None) -> Incoming:
    """Return an entry of a feed as the desk takes it in, its date read in the zone of its source."""
    published = parse_feed_date(entry.published_text, zone, now=now) if now else None
    return Incoming(
        entry.identity, entry.title, entry.summary, entry.url, published or entry.published_at, entry.rank,
        entry.heat_value,
    )  # fmt: skip


def private_hosts() -> frozenset[str]:
    """Return the hosts that may be asked although their address is not public."""
    hosts: frozenset[str] = current_app.config["DESK"].private_feed_hosts
    return hosts


def _read(fetched: Fetched, lease: SourceLease, now: datetime) -> Haul:
    """Return the haul of a fetch; the same bytes as last time are not parsed again."""
    same = lease.body_sha256 and fetched.outcome is FetchOutcome.OK
    if not same or hashlib.sha256(fetched.body).hexdigest() != lease.body_sha256:
        return haul_of(fetched, zone=lease.zone, now=now)
    return Haul(
        "same", status=fetched.status, body=fetched.body, content_type=fetched.content_type, etag=fetched.etag,
        last_modified=fetched.last_modified, moved_to=fetched.permanent_url or "", asked=_asked(fetched),
    )  # fmt: skip


def _asked(fetched: Fetched) -> Asked:
    """Return what the server said about the next time."""
    return Asked(
        timedelta(seconds=fetched.retry_after_s) if fetched.retry_after_s else None,
        timedelta(seconds=fetched.fresh_s) if fetched.fresh_s else None,
    )


def _robots(lease: SourceLease, allowed: frozenset[str], now: datetime, policy: FetchPolicy) -> RobotsCopy:
    """Return the robots.txt of the source's host: the copy while it is fresh, else as it is read now."""
    copy = lease.robots
    if copy.read_at is not None and now - copy.read_at < ROBOTS_FRESH:
        return copy
    bounds = replace(ROBOTS_POLICY, timeout_s=min(ROBOTS_POLICY.timeout_s, policy.timeout_s), ca_file=policy.ca_file)
    request = FetchRequest(feed_client.robots_url(lease.url), allow_private_hosts=allowed)
    answer = feed_client.robots_answer(feed_client.fetch(request, bounds))
    if answer is None:
        # The network, not the server, said no: the fetch itself will say so in better words.
        return copy
    if answer.state != "unreachable":
        return RobotsCopy(answer.state, answer.text, now)
    if copy.state == "read":
        return replace(copy, failed_since=copy.failed_since or now)
    return RobotsCopy("unreachable", "", None, copy.failed_since or now)


def _refusal(robots: RobotsCopy, url: str, now: datetime) -> Haul | None:
    """Return why robots.txt keeps the desk from asking, or None."""
    if robots.state == "read" and not feed_client.may_fetch(robots.text, url):
        return Haul("robots_refused", detail="该网站的 robots.txt 不允许抓取此地址；请联系网站或改用其他地址。")
    since = robots.failed_since
    if robots.state == "unreachable" and since is not None and now - since < ROBOTS_PATIENCE:
        return Haul("robots_unreachable", detail="该网站的 robots.txt 返回服务器错误，按规范暂不抓取，稍后重试。")
    return None


def _delay(url: str, robots: RobotsCopy, allowed: frozenset[str]) -> timedelta:
    """Return the pause owed to a host; one's own machines (PRIVATE_FEED_HOSTS) need none unless they ask."""
    asked = feed_client.crawl_delay(robots.text) if robots.state == "read" else timedelta(0)
    host = authority_of(url).rsplit(":", 1)[0]
    return min(max(asked, timedelta(0) if host in allowed else HOST_DELAY), LONGEST_HOST_DELAY)
