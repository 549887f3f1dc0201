"""What a check of a source leaves behind: exact counts, nothing twice, nothing personal, a line in the ledger."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from opinion_service.adapters import feed_client
from opinion_service.domain.errors import Forbidden, InvalidInput
from opinion_service.domain.listening.watch import Watch
from opinion_service.domain.people import SYSTEM
from opinion_service.models import Item, ItemRevision, Quarantine, RawBody, Source, SourceCheck
from opinion_service.pipeline import haul_of
from opinion_service.services.listening import ingest
from opinion_service.services.listening.ingest import Counts, Haul, Incoming, NewSource
from opinion_service.services.transaction import transaction
from tests.story import NOW, person

FIRST = Incoming("a", "校车超员", "家长电话13912345678，望回复。")
SECOND = Incoming("b", "路灯不亮", "晚上看不清。")


@pytest.fixture
def source_id(app: Flask) -> Iterator[int]:
    with app.app_context():
        yield ingest.add_source(NewSource("论坛", "https://forum.example/feed"), actor=SYSTEM, now=NOW)


def all_of(model: type) -> list:
    with transaction() as session:
        return list(session.scalars(select(model).order_by(*model.__table__.primary_key.columns)))


def store(source_id: int, *entries: Incoming, minutes: int = 0, **haul: object) -> Counts:
    outcome = str(haul.pop("outcome", "ok"))
    now = NOW + timedelta(minutes=minutes)
    return ingest.store(source_id, Haul(outcome, entries, **haul), token=None, now=now)


@pytest.mark.parametrize(
    ("entries", "counts"),
    [
        ((), Counts()),
        ((FIRST,), Counts(new=1)),
        ((FIRST, SECOND), Counts(new=2)),
        ((FIRST, FIRST), Counts(new=1, repeated=1)),
        ((FIRST, Incoming("a", "校车超员", "已更正。")), Counts(new=1, revised=1)),
        ((Incoming("c", ""),), Counts(broken=1)),
    ],
)
def test_every_entry_is_counted_once(source_id: int, entries: tuple[Incoming, ...], counts: Counts) -> None:
    assert store(source_id, *entries) == counts
    check = all_of(SourceCheck)[-1]
    told = (check.new_count, check.revised_count, check.repeated_count, check.broken_count, check.unmatched_count)
    assert told == (counts.new, counts.revised, counts.repeated, counts.broken, counts.unmatched)


def test_the_same_haul_again_changes_nothing(source_id: int) -> None:
    broken = (("no title", "<item/>"),)
    assert store(source_id, FIRST, SECOND, broken=broken, body=b"<rss/>") == Counts(new=2, broken=1)
    assert store(source_id, FIRST, SECOND, broken=broken, body=b"<rss/>", minutes=5) == Counts(repeated=2, broken=1)
    with transaction() as session:
        counted = [
            session.scalar(select(func.count()).select_from(m)) for m in (Item, ItemRevision, Quarantine, RawBody)
        ]
    assert counted == [2, 0, 1, 1]


def test_a_revision_keeps_the_text_before(source_id: int) -> None:
    store(source_id, SECOND)
    store(source_id, Incoming("b", "路灯已修好", "谢谢。"), minutes=9)
    old, item = all_of(ItemRevision)[0], all_of(Item)[0]
    assert (old.title, old.revision, item.title, item.revision) == ("路灯不亮", 1, "路灯已修好", 2)
    assert item.first_seen_at == NOW


def test_personal_data_never_reaches_a_row(source_id: int) -> None:
    store(source_id, FIRST, broken=(("bad", "身份证430902199001011234电话13912345678"),))
    kept = " ".join([row.title + row.body for row in all_of(Item)] + [row.excerpt for row in all_of(Quarantine)])
    assert "13912345678" not in kept
    assert "430902199001011234" not in kept
    assert sum(all_of(Item)[0].scrub_counts.values()) == 1


def test_match_scope_keeps_only_what_matches(app: Flask) -> None:
    with app.app_context():
        new = NewSource("省报", "https://paper.example/feed", scope="match", watch=Watch(("益阳",)))
        source_id = ingest.add_source(new, actor=SYSTEM, now=NOW)
        assert store(source_id, FIRST, Incoming("c", "益阳校车超员")) == Counts(new=1, unmatched=1)


def test_a_lost_lease_keeps_nothing(source_id: int) -> None:
    lease = ingest.claim(source_id, now=NOW)
    assert lease is not None
    assert ingest.claim(source_id, now=NOW + ingest.LEASE) is None
    later = NOW + ingest.LEASE + timedelta(seconds=1)
    second = ingest.claim(source_id, now=later)
    assert second is not None
    assert ingest.store(source_id, Haul("ok", (FIRST,)), token=lease.token, now=later) == Counts()
    assert all_of(Item) == []
    assert ingest.store(source_id, Haul("ok", (FIRST,)), token=second.token, now=later) == Counts(new=1)
    assert ingest.due_sources(10, now=later) == []
    assert ingest.due_sources(10, now=later + timedelta(minutes=30)) == [source_id]


def test_failures_wait_longer_and_a_success_forgives(source_id: int) -> None:
    waits = []
    for _ in range(6):
        store(source_id, outcome="timeout", detail="no answer")
        waits.append((all_of(Source)[0].next_check_at - NOW) / timedelta(minutes=1))
    # Jitter takes a tenth at most.
    assert [round(wait / full, 1) in (0.9, 1.0) for wait, full in zip(waits, [30, 60, 120, 240, 360, 360], strict=True)]
    store(source_id, FIRST)
    source = all_of(Source)[0]
    assert (source.failures, source.last_error, source.last_ok_at) == (0, "", NOW)


def test_a_feed_document_becomes_items(source_id: int) -> None:
    body = (
        "<rss version='2.0'><channel><title>x</title><item><title>路灯&lt;b&gt;不亮&lt;/b&gt;</title>"
        "<guid>1</guid><pubDate>Mon, 02 Mar 2026 09:00:00 +0800</pubDate></item></channel></rss>"
    ).encode()
    haul = haul_of(feed_client.Fetched(feed_client.Outcome.OK, status=200, body=body))
    assert ingest.store(source_id, haul, token=None, now=NOW) == Counts(new=1)
    item = all_of(Item)[0]
    assert (item.title, item.published_at) == ("路灯不亮", NOW - timedelta(hours=1))


def test_a_page_that_is_no_feed_is_a_failure_of_the_source(source_id: int) -> None:
    haul = haul_of(feed_client.Fetched(feed_client.Outcome.OK, status=200, body=b"<html>login</html>"))
    assert ingest.store(source_id, haul, token=None, now=NOW) == Counts()
    assert all_of(Source)[0].failures == 1


@pytest.mark.parametrize(
    "new",
    [
        NewSource(" ", "https://x.example"),
        NewSource("新", "ftp://x.example"),
        NewSource("新", "https://x.example", scope="match"),
        NewSource("论坛", "https://x.example"),
    ],
)
def test_sources_that_cannot_be_listened_to(source_id: int, new: NewSource) -> None:
    with pytest.raises(InvalidInput):
        ingest.add_source(new, actor=person("admin"), now=NOW)
    with pytest.raises(Forbidden):
        ingest.add_source(NewSource("又一", "https://y.example"), actor=person("liaison"), now=NOW)
