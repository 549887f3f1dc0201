"""A working day of listening to every misbehaviour at once: each check is a line, and nobody is given up."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from opinion_service import listening
from opinion_service.adapters import feed_client
from opinion_service.adapters.feed_client import FetchPolicy
from opinion_service.domain.listening.hearing import HEARD, OUTCOME_LABELS, REASON_LABELS
from opinion_service.domain.people import SYSTEM
from opinion_service.models import BlindWindow, Item, OutboxMail, Source, SourceCheck, SourceHour
from opinion_service.services.listening import alarms, archive, ingest
from opinion_service.services.listening.ingest import NewSource
from opinion_service.services.transaction import transaction
from tests.feed_server import BEHAVIOURS, FeedServer, feed_server
from tests.story import NOW

HOURS = 8
QUICK = FetchPolicy(timeout_s=0.25, max_bytes=200_000)
M = timedelta(minutes=1)
NOT_ASKED = {"robots.txt", "moving", "loop_2b", "to_http"}
# What a behaviour gives at its first check and from then on, where that is not one word.
HEALTHY = {
    "plain", "no_length", "http_1_0", "chunked", "gzip", "gzip_members", "gzip_padded", "deflate", "deflate_raw",
    "identity", "conditional", "non_authoritative", "gbk_header", "gbk_body", "moved", "moved_308", "found", "found_307",
    "moved_then_found", "moved_chinese", "moved_to_conditional", "cached", "cached_for_ever", "expires", "no_store",
    "ttl", "growing", "one_broken", "chain_2", "chain_3", "endless_moved", "length_negative", "strange_etag", "strange_type",
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[FeedServer]:
    with feed_server() as running:
        yield running


@pytest.fixture
def day(sqlite_app: Flask, server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[int, str]]:
    """Listen for a day to every behaviour of the server and return the names by source."""
    # The guard around the parser has tests of its own; here it would only cost half a second a document.
    monkeypatch.setattr(feed_client, "parse_killable", feed_client.parse)
    sqlite_app.config["DESK"] = replace(sqlite_app.config["DESK"], private_feed_hosts=frozenset({"127.0.0.1"}))
    with sqlite_app.app_context():
        names = {
            ingest.add_source(NewSource(name, server.url(name)), actor=SYSTEM, now=NOW): name
            for name in BEHAVIOURS
            if name not in NOT_ASKED
        }
        _live_through(NOW, NOW + timedelta(hours=HOURS))
        yield names


def _live_through(at: datetime, end: datetime) -> None:
    while at < end:
        moment = at
        while listening.fetch_due(50, now=lambda now=moment: now, policy=QUICK):
            pass
        alarms.raise_alarms(now=at)
        archive.purge(now=at)
        with transaction() as session:
            at = max(session.scalar(select(func.min(Source.next_check_at))), at + M)


def _ledger() -> dict[int, list[SourceCheck]]:
    found: defaultdict[int, list[SourceCheck]] = defaultdict(list)
    with transaction() as session:
        for line in session.scalars(select(SourceCheck).order_by(SourceCheck.id)):
            found[line.source_id].append(line)
    return found


def test_a_day_with_every_misbehaviour(day: dict[int, str], server: FeedServer) -> None:
    ledger = _ledger()
    assert len(day) >= 80
    assert set(ledger) == set(day)
    _every_outcome_is_in_the_ledger(day, ledger)
    _nobody_is_given_up(ledger)
    _what_is_counted_is_there(day, ledger)
    _somebody_was_told(day, ledger)
    _the_wire_and_the_ledger_agree(ledger, server)


def _every_outcome_is_in_the_ledger(day: dict[int, str], ledger: dict[int, list[SourceCheck]]) -> None:
    wrong = {}
    for source_id, name in day.items():
        outcomes = [line.outcome for line in ledger[source_id]]
        if name == "flapping":
            is_right = {"ok", "http_error"} <= set(outcomes) <= {"ok", "same", "http_error"}
        elif name == "empty_list":
            is_right = set(outcomes) == {"empty"}
        elif name in HEALTHY:
            is_right = outcomes[0] == "ok" and set(outcomes) <= HEARD
        else:
            is_right = not set(outcomes) & HEARD
        if not is_right or not set(outcomes) <= set(OUTCOME_LABELS):
            wrong[name] = Counter(outcomes)
    assert wrong == {}
    kinds = Counter(line.outcome for lines in ledger.values() for line in lines)
    assert set(kinds) == {
        "ok", "same", "not_modified", "empty", "no_feed", "gone", "http_error", "refused", "refused_private",
        "too_large", "timeout", "network_error",
    }  # fmt: skip


def _nobody_is_given_up(ledger: dict[int, list[SourceCheck]]) -> None:
    with transaction() as session:
        for source in session.scalars(select(Source)):
            lines = ledger[source.id]
            assert source.is_active
            assert NOW + timedelta(hours=HOURS) <= source.next_check_at <= lines[-1].finished_at + timedelta(hours=27)
            assert lines[-1].next_check_at == source.next_check_at
    for lines in ledger.values():
        for line, following in itertools.pairwise(lines):
            # Never before the plan, and never more than a round after it.
            assert timedelta(0) <= following.finished_at - line.next_check_at <= 2 * M
            assert line.wait_reason in REASON_LABELS


def _what_is_counted_is_there(day: dict[int, str], ledger: dict[int, list[SourceCheck]]) -> None:
    with transaction() as session:
        items = dict(session.execute(select(Item.source_id, func.count()).group_by(Item.source_id)).tuples().all())
        checks, heard, new = session.execute(
            select(func.sum(SourceHour.check_count), func.sum(SourceHour.heard_count), func.sum(SourceHour.new_count))
        ).one()
        titles = list(session.scalars(select(Item.title).where(Item.title.contains("路灯"))))
    assert {one: sum(line.new_count for line in lines) for one, lines in ledger.items()} == {
        source_id: items.get(source_id, 0) for source_id in day
    }
    lines = [line for found in ledger.values() for line in found]
    assert checks == len(lines)
    assert heard == sum(line.outcome in HEARD for line in lines)
    assert new == sum(items.values())
    assert set(titles) == {"路灯不亮"}


def _somebody_was_told(day: dict[int, str], ledger: dict[int, list[SourceCheck]]) -> None:
    with transaction() as session:
        told = set(session.scalars(select(Source.name).where(Source.alarmed_at.is_not(None))))
        letters = list(session.scalars(select(OutboxMail).where(OutboxMail.kind == "source_alarm")))
        blind = set(session.scalars(select(BlindWindow.source_id).where(BlindWindow.ended_at.is_(None))))
    failing = {
        one
        for one, lines in ledger.items()
        if len(lines) >= 3 and all(line.outcome not in HEARD for line in lines[-3:])
    }
    assert told == {day[one] for one in failing}
    assert blind == {one for one, lines in ledger.items() if lines[-1].outcome not in HEARD}
    # An hour apart at most, to each of three people.
    assert 3 <= len(letters) <= 3 * HOURS


def _the_wire_and_the_ledger_agree(ledger: dict[int, list[SourceCheck]], server: FeedServer) -> None:
    assert server.visits.count("robots.txt") == 1
    # What is refused before or at the first step is asked once a check, redirects more often; nothing is asked off the books.
    assert len(server.visits) - 1 >= sum(len(lines) for lines in ledger.values())
    asked = Counter(path.partition("?")[0] for path in server.visits)
    assert asked["silent"] == sum(line.outcome == "timeout" for line in _lines_of("silent", ledger))
    assert asked["conditional"] >= 1


def _lines_of(name: str, ledger: dict[int, list[SourceCheck]]) -> list[SourceCheck]:
    with transaction() as session:
        source_id = session.scalars(select(Source.id).where(Source.name == name)).one()
    return ledger[source_id]
