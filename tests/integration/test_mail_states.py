"""Thirty and more ways in which a mail server misbehaves, each to the state that people see; and mail that comes back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from opinion_service import pipeline
from opinion_service.adapters.bounces import Bounce, bounces_in
from opinion_service.domain.reminders.mail_states import MailState
from opinion_service.models import OutboxMail, User
from opinion_service.queries.reminders import mailroom
from opinion_service.services.transaction import transaction
from tests.smtp_server import DROP, HANG, SmtpSink
from tests.story import NOW

MINUTE = timedelta(minutes=1)
RETRY, FAILED, SENT, UNCERTAIN = MailState.PENDING, MailState.FAILED, MailState.SENT, MailState.UNCERTAIN


def _desk(app: Flask, **changes: object) -> None:
    app.config["DESK"] = replace(app.config["DESK"], smtp_timeout_s=0.3, smtp_last_reply_s=0.3, **changes)


def _write(recipient: str = "wang@desk.example", **fields: object) -> None:
    with transaction() as session:
        row = OutboxMail(
            message_id="<1@desk.example>", kind="ladder", recipient_id=session.scalars(select(User.id)).first(),
            recipient=recipient, subject="催办", body="请办理。", created_at=NOW, next_try_at=NOW,
        )  # fmt: skip
        for name, value in fields.items():
            setattr(row, name, value)
        session.add(row)


def _shown(now) -> mailroom.MailRow:
    with transaction() as session:
        return mailroom.list_mails(session, mailroom.MailFilter(), now=now).rows[0]


# What the server answers try by try, and where the mail stands after them; copies: how many texts it holds then.
MISBEHAVIOURS: Sequence[tuple[str, Sequence[dict[str, str]], MailState, int]] = [
    ("busy at the door", [{"greeting": "421 busy"}], RETRY, 0),
    ("closed door", [{"greeting": "554 no service"}], RETRY, 0),
    ("drops at the door", [{"greeting": DROP}], RETRY, 0),
    ("silent at the door", [{"greeting": HANG}], RETRY, 0),
    ("speaks no SMTP", [{"greeting": "HTTP/1.1 400 Bad Request"}], RETRY, 0),
    ("drops at EHLO", [{"ehlo": DROP}], RETRY, 0),
    ("silent at EHLO", [{"ehlo": HANG}], RETRY, 0),
    ("refuses EHLO", [{"ehlo": "500 what"}], RETRY, 0),
    ("greylists", [{"rcpt": "451 4.7.1 greylisted"}], RETRY, 0),
    ("greylists, then takes it", [{"rcpt": "451 greylisted"}, {}], SENT, 1),
    ("busy, then dropped, then takes it", [{"greeting": "421 busy"}, {"mail": DROP}, {}], SENT, 1),
    ("sender not now", [{"mail": "451 later"}], RETRY, 0),
    ("sender refused", [{"mail": "553 sender refused"}], FAILED, 0),
    ("wants a sign-in", [{"mail": "530 sign in first"}], RETRY, 0),
    ("drops at MAIL", [{"mail": DROP}], RETRY, 0),
    ("silent at MAIL", [{"mail": HANG}], RETRY, 0),
    ("no such mailbox", [{"rcpt": "550 5.1.1 unknown"}], FAILED, 0),
    ("mailbox full", [{"rcpt": "452 4.2.2 full"}], RETRY, 0),
    ("mailbox full for ever", [{"rcpt": "552 5.2.2 full"}], FAILED, 0),
    ("forwards", [{"rcpt": "251 forwarded"}], SENT, 1),
    ("nonsense at RCPT", [{"rcpt": "wat"}], RETRY, 0),
    ("drops at RCPT", [{"rcpt": DROP}], RETRY, 0),
    ("silent at RCPT", [{"rcpt": HANG}], RETRY, 0),
    ("no room at DATA", [{"data": "452 no room"}], RETRY, 0),
    ("refuses DATA", [{"data": "554 refused"}], FAILED, 0),
    ("drops at DATA", [{"data": DROP}], RETRY, 0),
    ("silent at DATA", [{"data": HANG}], RETRY, 0),
    ("takes it for spam", [{"text": "554 5.7.1 spam"}], FAILED, 1),
    ("disk full after the text", [{"text": "452 disk full"}], RETRY, 1),
    ("drops after the text", [{"text": DROP}], UNCERTAIN, 1),
    ("silent after the text", [{"text": HANG}], UNCERTAIN, 1),
    ("nonsense after the text", [{"text": "ok thanks"}], UNCERTAIN, 1),
    ("drops after the text, then takes it", [{"text": DROP}, {}], SENT, 2),
    ("drops after the text, then knows nobody", [{"text": DROP}, {"rcpt": "550 unknown"}], FAILED, 1),
    ("busy at QUIT", [{"quit": "421 busy"}], SENT, 1),
    ("drops at QUIT", [{"quit": DROP}], SENT, 1),
    ("silent at QUIT", [{"quit": HANG}], SENT, 1),
]


@pytest.mark.parametrize(
    ("replies", "state", "copies"), [row[1:] for row in MISBEHAVIOURS], ids=[row[0] for row in MISBEHAVIOURS]
)
def test_a_misbehaving_server_leaves_the_mail_where_people_see_it(
    sqlite_app: Flask, replies: Sequence[dict[str, str]], state: MailState, copies: int
) -> None:
    messages, now = [], NOW
    with sqlite_app.app_context():
        _write()
        for script in replies:
            with SmtpSink(script) as sink:
                _desk(sqlite_app, smtp_url=sink.url)
                assert pipeline.deliver(now=now) == 1
            messages += sink.messages
            now += 5 * MINUTE
        shown = _shown(now - 5 * MINUTE)
    assert shown.state is state
    assert shown.attempts == len(replies)
    assert shown.reply or state in (RETRY, UNCERTAIN)
    assert len(messages) == copies
    assert {one.parsed()["Message-ID"] for one in messages} <= {"<1@desk.example>"}
    assert (shown.sent_at is not None) is (state is SENT)
    assert shown.may_retry is (state is not SENT)
    # A mail whose text may have arrived already is counted when it is sent again.
    assert shown.ambiguous_count == sum(script.get("text") == DROP for script in replies[:-1])


def test_nobody_listens(sqlite_app: Flask) -> None:
    with SmtpSink() as sink:
        url = sink.url
    with sqlite_app.app_context():
        _desk(sqlite_app, smtp_url=url)
        _write()
        pipeline.deliver(now=NOW)
        assert _shown(NOW).state is RETRY
        assert _shown(NOW + 30 * MINUTE).state is MailState.STUCK


@pytest.mark.parametrize(
    ("state", "minutes", "shown"),
    [("sending", 10, MailState.SENDING), ("data", 10, MailState.SENDING), ("sending", 16, MailState.STUCK), ("data", 16, MailState.STUCK)],
)  # fmt: skip
def test_a_sender_that_died_is_seen(sqlite_app: Flask, state: str, minutes: int, shown: MailState) -> None:
    with sqlite_app.app_context():
        _write(state=state, lease_token="of-the-dead", lease_until=NOW + 5 * MINUTE)
        assert _shown(NOW + minutes * MINUTE).state is shown


def _report(action: str = "failed", original: str = "<1@desk.example>", kind: str = "text/rfc822-headers") -> bytes:
    return (
        "From: MAILER-DAEMON@mail.example\r\nMessage-ID: <report-7@mail.example>\r\nSubject: Undelivered\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example\r\n\r\n"
        f"Final-Recipient: rfc822; wang@desk.example\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1\r\n user unknown\r\n\r\n"
        f"--b\r\nContent-Type: {kind}\r\n\r\nMessage-ID: {original}\r\nSubject: x\r\n\r\n--b--\r\n"
    ).encode()


BOUNCE = (Bounce("<1@desk.example>", "5.1.1 smtp; 550 5.1.1 user unknown"),)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (_report(), BOUNCE),
        (_report(kind="message/rfc822"), BOUNCE),
        (_report(action="delayed"), ()),
        (_report(action="relayed"), ()),
        (_report(original="none"), ()),
        (_report(kind="text/plain"), ()),  # without a copy of the mail nobody knows which it was
        (b"Subject: out of office\r\nIn-Reply-To: <1@desk.example>\r\n\r\nI am away.\r\n", ()),
        (b'Content-Type: multipart/report; boundary="b"\r\n\r\nbroken', ()),
        (b"", ()),
        (b"\xff\xfe\x00", ()),
    ],
)
def test_only_a_final_failure_of_a_named_mail_is_a_bounce(content: bytes, found: tuple) -> None:
    assert bounces_in(content) == found


def test_a_bounce_from_the_mailbox_is_seen_and_read_once(sqlite_app: Flask, tmp_path: Path) -> None:
    box = tmp_path / "bounces"
    (box / "new").mkdir(parents=True)
    for name, content in (("1.report", _report()), ("2.other", b"Subject: hello\r\n\r\n"), ("3.again", _report())):
        (box / "new" / name).write_bytes(content)
    with sqlite_app.app_context():
        _write(state="sent", sent_at=NOW)
        _desk(sqlite_app, bounce_dir=box)
        assert pipeline.take_bounces(box, now=NOW + MINUTE) == {"reports": 3, "bounced": 1, "others": 2}
        pipeline.audit(now=NOW + MINUTE)
        shown = _shown(NOW + MINUTE)
        assert pipeline.take_bounces(tmp_path / "missing", now=NOW)["reports"] == 0
    assert (shown.state, shown.reply, shown.may_retry) == (MailState.BOUNCED, BOUNCE[0].words, True)
    assert list((box / "new").iterdir()) == []
    assert sorted(path.name for path in (box / "cur").iterdir()) == ["1.report:2,S", "2.other:2,S", "3.again:2,S"]


@pytest.mark.parametrize(("arguments", "code", "words"), [
    (["ladder", "show"], 0, "到期后 5 个工作日"), (["ladder", "audit"], 0, "missed"),
    (["ladder", "load", "BAD", "--note", "x"], 1, "催办规则"), (["ladder", "load", "BAD"], 2, "--note"),
])  # fmt: skip
def test_the_operator_sees_and_changes_the_ladder(sqlite_app: Flask, tmp_path: Path, arguments, code, words) -> None:
    bad = tmp_path / "ladder.json"
    bad.write_text('{"version": "x"}', encoding="utf-8")
    shown = sqlite_app.test_cli_runner().invoke(args=[str(bad) if one == "BAD" else one for one in arguments])
    assert shown.exit_code == code
    assert words in shown.output


def test_the_operator_puts_a_new_ladder_into_force(sqlite_app: Flask, tmp_path: Path) -> None:
    shipped = Path(__file__).resolve().parents[2] / "opinion_service" / "data" / "ladder.json"
    new = tmp_path / "ladder.json"
    new.write_text(shipped.read_text(encoding="utf-8").replace("2026-1", "2026-9"), encoding="utf-8")
    runner = sqlite_app.test_cli_runner()
    assert "2026-9" in runner.invoke(args=["ladder", "load", str(new), "--note", "换版"]).output
    assert "2026-9" in runner.invoke(args=["ladder", "show"]).output
