"""The auditor as a process sees it: its lease, its heartbeat, its ping; and what the doctor says of mail."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from flask import Flask

from opinion_service import clock, pipeline
from opinion_service.adapters import watchdog
from opinion_service.config import BadSetting, load_settings
from opinion_service.models import Heartbeat, OutboxMail, User
from opinion_service.services import maintenance
from opinion_service.services.transaction import transaction
from tests.story import NOW
from workers import auditor


class _Monitor(HTTPServer):
    """Counts who asks and answers with `status`."""

    asked: int = 0
    status: int = 200


@pytest.fixture
def monitor() -> Iterator[_Monitor]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            monitor.asked += 1
            self.send_response(monitor.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            return

    monitor = _Monitor(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=monitor.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield monitor
    monitor.shutdown()
    monitor.server_close()
    thread.join(5)


def _url(monitor: _Monitor) -> str:
    return f"http://127.0.0.1:{monitor.server_address[1]}/ping"


def _set(app: Flask, **changes: object) -> None:
    app.config["DESK"] = replace(app.config["DESK"], **changes)


def _beat() -> str:
    with transaction() as session:
        return session.get_one(Heartbeat, "auditor").detail


@pytest.mark.parametrize(("status", "words"), [(200, "HTTP 200"), (302, "HTTP 302"), (503, "HTTP 503")])
def test_a_ping_says_what_came_of_it_and_follows_nothing(monitor: _Monitor, status: int, words: str) -> None:
    monitor.status = status
    assert watchdog.ping(_url(monitor)) == words
    assert monitor.asked == 1


def test_a_monitor_that_is_away_is_an_answer(monitor: _Monitor) -> None:
    url = _url(monitor)
    monitor.server_close()
    assert "Error" in watchdog.ping(url)


def test_only_a_clean_pass_is_told_to_the_monitor(sqlite_app: Flask, monitor: _Monitor) -> None:
    _set(sqlite_app, audit_ping_url=_url(monitor))
    with sqlite_app.app_context():
        pipeline.audit(now=NOW)
        assert (monitor.asked, _beat()) == (1, "clean; ping HTTP 200")
        maintenance.beat("sweeper", "sweeper", now=NOW)
        later = NOW.replace(minute=2)
        assert pipeline.audit(now=later).words == "sweeper 1"
        assert (monitor.asked, _beat()) == (1, "sweeper 1")


def test_two_auditors_do_not_look_at_once(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        assert auditor.look("a") == "clean"
        assert auditor.look("b") == "held"
        assert auditor.look("a") == "clean"


@pytest.mark.parametrize("url", ["ftp://monitor.example", "monitor.example", "javascript:1"])
def test_a_ping_address_that_is_none_keeps_the_desk_from_starting(tmp_path, url: str) -> None:
    with pytest.raises(BadSetting, match="AUDIT_PING_URL"):
        load_settings({"AUDIT_PING_URL": url, "DESK_INSTANCE": str(tmp_path), "SECRET_KEY": "k" * 40})


@pytest.mark.parametrize(
    ("url", "state", "words"),
    [
        ("", "fine", "spool"),
        ("smtp://mail.example:587", "fine", "mail.example:587, encryption starttls"),
        ("smtps://mail.example", "fine", "mail.example:465, encryption tls"),
        ("smtp://mail.example?tls=perhaps", "wrong", "SMTP_URL"),
        ("mail.example", "wrong", "SMTP_URL"),
        ("smtp://desk:hunter2@mail.example?tls=none", "wrong", "unencrypted"),
    ],
)
def test_the_doctor_judges_the_mail_server_address(sqlite_app: Flask, url: str, state: str, words: str) -> None:
    _set(sqlite_app, smtp_url=url)
    shown = sqlite_app.test_cli_runner().invoke(args=["doctor", "--json"])
    found = {row["check"]: row for row in map(json.loads, shown.output.splitlines())}
    assert found["smtp"]["state"] == state
    assert words in found["smtp"]["what"]
    assert "hunter2" not in shown.output


def test_the_doctor_misses_the_auditor(sqlite_app: Flask) -> None:
    def asked() -> str:
        shown = sqlite_app.test_cli_runner().invoke(args=["doctor", "--json"])
        return next(row["state"] for row in map(json.loads, shown.output.splitlines()) if row["check"] == "auditor")

    assert asked() == "wrong"
    with sqlite_app.app_context():
        pipeline.audit(now=clock.now())
    assert asked() == "fine"


def test_a_wrong_mail_address_keeps_the_mail(sqlite_app: Flask) -> None:
    _set(sqlite_app, smtp_url="mail.example")
    long_ago = datetime(2026, 1, 5, tzinfo=UTC)
    with sqlite_app.app_context():
        with transaction() as session:
            person = session.query(User).first()
            session.add(
                OutboxMail(
                    message_id="<1@desk.example>", kind="ladder", recipient_id=person.id, recipient=person.email,
                    subject="催办", body="请办理。", created_at=long_ago, next_try_at=long_ago,
                )
            )  # fmt: skip
        assert pipeline.deliver(now=NOW) == 1
        with transaction() as session:
            mail = session.query(OutboxMail).one()
            assert (mail.state, mail.attempts) == ("pending", 1)
            assert "SMTP_URL" in mail.reply
