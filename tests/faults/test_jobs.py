"""Every job may come again, ten times or from five workers at once: only the first changes anything."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, func, select

from opinion_service import intake, pipeline
from opinion_service.adapters import feed_client, snownlp_model
from opinion_service.adapters.snownlp_model import Scored
from opinion_service.domain.clocks.calendar_days import parse_lines
from opinion_service.domain.people import SYSTEM
from opinion_service.models import (
    AuditEvent,
    Case,
    Event,
    EventHour,
    Heartbeat,
    Item,
    LimitChange,
    OutboxMail,
    Rung,
    Source,
    SourceCheck,
)
from opinion_service.services import journal
from opinion_service.services.clocks import limit_changes
from opinion_service.services.listening import imports, ingest
from opinion_service.services.listening.ingest import Haul, Incoming, NewSource
from opinion_service.services.transaction import transaction
from tests.feed_server import FEED
from tests.story import NOW
from workers.jobs import EVERY_ROUND, JOBS, QUEUES

AGAIN, THREADS = 10, 5
LATER = NOW + timedelta(days=9)  # past every time limit of a case that opened at NOW
ORDER = ("fetch_source", "import_file", "analyse", "open_cases", "move_clocks", "escalate", "deliver", "beat")
ENTRIES = (
    Incoming("a", "校车超员被拍，家长投诉要求说明", "请问教育局什么时候处理？"),
    Incoming("c", "自来水浑浊，居民求助", "请问自来水什么时候恢复？"),
    Incoming("d", "自来水浑浊，居民再次求助", "还是没有人来。"),
)
COUNTED: dict[str, tuple[type, tuple[ColumnElement[bool], ...]]] = {
    "items": (Item, ()),
    "analysed": (Item, (Item.analysed_at.is_not(None),)),
    "events": (Event, ()),
    "cases": (Case, ()),
    "fired": (Rung, (Rung.state == "fired",)),
    "due": (Rung, (Rung.state == "armed", Rung.fire_at <= LATER)),
    "applied": (LimitChange, (LimitChange.state == "applied",)),
    "mails": (OutboxMail, ()),
    "sent": (OutboxMail, (OutboxMail.state == "sent",)),
    "checks": (SourceCheck, ()),
    "heartbeats": (Heartbeat, ()),
    "journal": (AuditEvent, ()),
    "opened_in_journal": (AuditEvent, (AuditEvent.kind == "case_opened",)),
    "fired_in_journal": (AuditEvent, (AuditEvent.kind == "rung_fired",)),
}
# What has to have grown once a job has run: without it a job that does nothing would pass.
GROWS = {
    "fetch_source": "checks", "import_file": "items", "analyse": "analysed", "open_cases": "cases",
    "move_clocks": "applied", "escalate": "fired",
    "deliver": "sent", "beat": "heartbeats",
}  # fmt: skip


def test_the_table_holds_every_job() -> None:
    # The rest of a round needs somebody who asked for it, and is tested where that is.
    assert set(ORDER) | set(EVERY_ROUND) | {"train_model", "round"} == set(JOBS)
    assert set(ORDER) == set(GROWS)


def test_a_round_takes_every_task_once_and_outlives_a_failure(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def note(task: str) -> None:
        done.append(task)
        if task == "analyse":
            raise ZeroDivisionError

    for task in EVERY_ROUND:
        monkeypatch.setitem(JOBS, task, (JOBS[task][0], lambda _ref, *, now, task=task: note(task)))
    with sqlite_app.app_context():
        for number, queue in enumerate(QUEUES):
            if queue == "analyse":
                with pytest.raises(ZeroDivisionError):
                    JOBS["round"][1](number, now=lambda: NOW)
            else:
                JOBS["round"][1](number, now=lambda: NOW)
        with transaction() as session:
            assert len(session.scalars(select(Heartbeat.name)).all()) == len(QUEUES)
    assert sorted(done) == sorted(EVERY_ROUND)
    assert [task for task in done if JOBS[task][0] == "analyse"][:2] == ["analyse", "open_cases"]


@pytest.fixture
def desk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Return a desk with items to read and a source to ask, whose feed and model answer at once."""
    monkeypatch.setattr(snownlp_model, "score_many", _scores)
    answer = feed_client.Fetched(feed_client.FetchOutcome.OK, status=200, body=FEED, content_type="application/rss+xml")
    monkeypatch.setattr(feed_client, "fetch", lambda *_: answer)
    with app.app_context():
        imported = ingest.add_source(NewSource("来信", kind="import"), actor=SYSTEM, now=NOW)
        ingest.store(imported, Haul("ok", ENTRIES), token=None, now=NOW)
        ingest.add_source(NewSource("论坛", "https://forum.example/feed"), actor=SYSTEM, now=NOW)
        run_id = imports.receive(intake.look_at("工单", "a.csv", b"title\nlamp\n"), actor=SYSTEM, now=NOW)
        imports.start(run_id, is_rehearsal=False, actor=SYSTEM, now=NOW)
        days = parse_lines("2026-03-04 休 试设假日", "通知")
        limit_changes.apply(limit_changes.propose_days(days, actor=SYSTEM, now=NOW), actor=SYSTEM, now=NOW)
    return app


def _scores(texts: Sequence[str], **_options: object) -> tuple[Scored, ...]:
    return tuple(Scored(0.05, None, 9, "fake") for _ in texts)


def run(app: Flask, name: str, now: datetime) -> None:
    with app.app_context():
        JOBS[name][1](ref_of(name), now=lambda: now)


def ref_of(name: str) -> int:
    if name == "import_file":
        return 1
    if name != "fetch_source":
        return 0
    with transaction() as session:
        return session.scalars(select(Source.id).where(Source.kind == "feed")).one()


def run_those_before(app: Flask, name: str) -> None:
    """Bring the desk to where `name` has work: the rungs of the cases opened at NOW are due at LATER."""
    for earlier in ORDER[: ORDER.index(name)]:
        run(app, earlier, LATER if earlier == "escalate" else NOW)


def _at_once(act: Callable[[], None]) -> list[BaseException]:
    """Do the same from five threads at once and return what they raised."""
    failures: list[BaseException] = []
    start = threading.Barrier(THREADS)

    def work() -> None:
        try:
            start.wait(10)
            act()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return failures


def state_of(app: Flask) -> dict[str, int]:
    with app.app_context(), transaction() as session:
        found = {
            name: session.scalar(select(func.count()).select_from(model).where(*which)) or 0
            for name, (model, which) in COUNTED.items()
        }
        for name, what in (
            ("message_ids", func.count(OutboxMail.message_id.distinct())),
            ("attempts", func.sum(OutboxMail.attempts)),
            ("events_with_case", func.count(Case.event_id.distinct())),
            ("counted_by_hour", func.sum(EventHour.item_count)),
        ):
            found[name] = int(session.scalar(select(what)) or 0)
        chain = journal.verify(session, app.config["JOURNAL_KEY"])
        assert chain.problem == ""
        assert chain.row_count == found["journal"]
    found["files"] = len(list(app.config["DESK"].spool_dir.glob("*.eml")))
    return found


def holds_together(state: dict[str, int]) -> None:
    assert state["message_ids"] == state["mails"]
    assert state["files"] == state["sent"] == state["attempts"]
    assert state["events_with_case"] == state["cases"] == state["opened_in_journal"]
    assert state["fired"] == state["fired_in_journal"]
    assert state["counted_by_hour"] == state["analysed"]


@pytest.mark.parametrize("name", ORDER)
def test_ten_times_is_once(desk: Flask, name: str) -> None:
    run_those_before(desk, name)
    before = state_of(desk)
    run(desk, name, LATER)
    once = state_of(desk)
    assert once[GROWS[name]] > before[GROWS[name]]
    for _ in range(AGAIN - 1):
        run(desk, name, LATER)
    assert state_of(desk) == once
    holds_together(once)


@pytest.mark.parametrize("name", ORDER)
def test_five_at_once_are_one(desk: Flask, name: str) -> None:
    run_those_before(desk, name)
    before = state_of(desk)
    assert _at_once(lambda: run(desk, name, LATER)) == []
    at_once = state_of(desk)
    assert at_once[GROWS[name]] > before[GROWS[name]]
    holds_together(at_once)
    run(desk, name, LATER)
    assert state_of(desk) == at_once


def test_the_first_audits_may_meet(app: Flask) -> None:
    def audit() -> None:
        with app.app_context():
            pipeline.audit(now=NOW)

    assert _at_once(audit) == []
    assert state_of(app)["heartbeats"] == 1


def test_the_whole_line_counts_what_was_put_in(desk: Flask) -> None:
    for name in ORDER:
        run(desk, name, NOW)
    for _ in range(2):
        for name in ORDER:
            run(desk, name, LATER)
    state = state_of(desk)
    assert state["items"] == state["analysed"] == len(ENTRIES) + 2
    assert state["due"] == 0
    assert state["sent"] == state["mails"] > 0
    holds_together(state)
