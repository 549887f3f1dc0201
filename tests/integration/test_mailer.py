"""What becomes of a message at each stage of an SMTP conversation, and what no subject can do to it."""

import base64
import ipaddress
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.header import decode_header

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from opinion_service.adapters.mail_message import as_bytes
from opinion_service.adapters.mailer import Outcome, OutgoingMail, SmtpSettings, send
from tests.smtp_server import DROP, HANG, SmtpSink

SENT_AT = datetime(2019, 5, 22, 8, 11, tzinfo=UTC)
MAIL = OutgoingMail(
    "<2019-0522-07.ladder.response.1.1.2.0f0f@desk.example>",
    "desk@desk.example",
    "wang@edu.example",
    "【48小时|剩4小时】市教育局：校车停运 — 案号 2019-0522-07（第2次提醒）",
    "请登录办理。\n\n案号：2019-0522-07\n.\n..两点\n",
    SENT_AT,
)
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    "Auto-Submitted", "Precedence",
]  # fmt: skip


def deliver(sink, mail=MAIL, **settings):
    """Send through the sink; return the delivery and how often the text was about to leave."""
    marks = []
    chosen = replace(SmtpSettings.from_url(sink.url), timeout_s=5.0, last_reply_timeout_s=5.0)
    delivery = send(mail, replace(chosen, **settings), on_data=lambda: marks.append(len(sink.messages)))
    return delivery, marks


def subject_of(message):
    return "".join(part.decode(charset) for part, charset in decode_header(message["Subject"]))


def test_a_message_arrives_once_and_whole():
    with SmtpSink() as sink:
        delivery, marks = deliver(sink)

    assert (delivery.outcome, delivery.reply) == (Outcome.SENT, "250 kept")
    assert marks == [0]
    [received] = sink.messages
    assert (received.sender, received.recipients) == (MAIL.sender, (MAIL.recipient,))
    message = received.parsed()
    assert message.keys() == HEADERS
    assert subject_of(message) == MAIL.subject
    assert message["Message-ID"] == MAIL.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Precedence"] == "bulk"
    assert message.get_payload(decode=True).decode() == MAIL.body.replace("\n", "\r\n")
    assert max(map(len, received.content.splitlines())) <= 78


@pytest.mark.parametrize(
    ("stage", "reply", "outcome", "marked"),
    [
        ("greeting", "421 busy", Outcome.RETRY, False),
        ("greeting", "554 no service", Outcome.RETRY, False),
        ("greeting", DROP, Outcome.RETRY, False),
        ("greeting", "hello", Outcome.RETRY, False),
        ("ehlo", DROP, Outcome.RETRY, False),
        ("mail", "451 later", Outcome.RETRY, False),
        ("mail", "530 sign in first", Outcome.RETRY, False),
        ("mail", "550 sender refused", Outcome.FAILED, False),
        ("mail", DROP, Outcome.RETRY, False),
        ("rcpt", "399 odd", Outcome.RETRY, False),
        ("rcpt", "400 first of the 4xx", Outcome.RETRY, False),
        ("rcpt", "450 later", Outcome.RETRY, False),
        ("rcpt", "499 last of the 4xx", Outcome.RETRY, False),
        ("rcpt", "500 first of the 5xx", Outcome.FAILED, False),
        ("rcpt", "550 nobody", Outcome.FAILED, False),
        ("rcpt", "nonsense", Outcome.RETRY, False),
        ("rcpt", "251 forwarded", Outcome.SENT, True),
        ("rcpt", DROP, Outcome.RETRY, False),
        ("data", "451 later", Outcome.RETRY, True),
        ("data", "554 refused", Outcome.FAILED, True),
        ("data", DROP, Outcome.RETRY, True),
        ("text", "250 kept as 7", Outcome.SENT, True),
        ("text", "452 disk full", Outcome.RETRY, True),
        ("text", "554 refused", Outcome.FAILED, True),
        ("text", "nonsense", Outcome.UNCERTAIN, True),
        ("text", DROP, Outcome.UNCERTAIN, True),
        ("quit", DROP, Outcome.SENT, True),
        ("quit", "421 busy", Outcome.SENT, True),
    ],
)
def test_what_each_stage_may_answer(stage, reply, outcome, marked):
    with SmtpSink({stage: reply}) as sink:
        delivery, marks = deliver(sink)

    assert delivery.outcome is outcome
    assert bool(marks) is marked
    assert len(sink.messages) == (1 if stage in ("text", "quit") or outcome is Outcome.SENT else 0)


@pytest.mark.parametrize(
    ("stage", "outcome"),
    [
        ("greeting", Outcome.RETRY), ("rcpt", Outcome.RETRY), ("data", Outcome.RETRY),
        ("text", Outcome.UNCERTAIN), ("quit", Outcome.SENT),
    ],
)  # fmt: skip
def test_a_silent_server_is_given_up(stage, outcome):
    with SmtpSink({stage: HANG}) as sink:
        delivery, _ = deliver(sink, timeout_s=0.15, last_reply_timeout_s=0.15)

    assert delivery.outcome is outcome


def test_one_refused_recipient_is_final():
    with SmtpSink(refused=frozenset({MAIL.recipient})) as sink:
        delivery, marks = deliver(sink)

    assert (delivery.outcome, delivery.reply) == (Outcome.FAILED, "550 nobody of that name")
    assert marks == []


def test_nobody_listening_is_tried_again():
    with SmtpSink() as sink:
        url = sink.url

    delivery = send(MAIL, SmtpSettings.from_url(url), on_data=lambda: pytest.fail("nothing was sent"))

    assert delivery.outcome is Outcome.RETRY
    assert "ConnectionRefusedError" in delivery.reply


def test_nothing_is_sent_when_the_mark_cannot_be_set():
    def refuse():
        raise LookupError("database away")

    with SmtpSink() as sink, pytest.raises(LookupError):
        send(MAIL, SmtpSettings.from_url(sink.url), on_data=refuse)

    assert sink.messages == []
    assert not any(line.upper() == "DATA" for line in sink.commands)


@pytest.mark.parametrize("field", ["sender", "recipient"])
@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b\r\nRCPT TO:<x@evil.example>",
        "a@b>\nDATA",
        "a b@c",
        "<a@b>",
        "a@b,c@d",
        "名@b.example",
        "a@-b",
    ],
)
def test_an_address_that_is_none_is_final_and_never_reaches_the_server(field, address):
    with SmtpSink() as sink:
        delivery, _ = deliver(sink, replace(MAIL, **{field: address}))

    assert delivery.outcome is Outcome.FAILED
    assert sink.commands == []


SEPARATORS = ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\x00"]
HOSTILE = [
    *(f"告警{mark}Bcc: x@evil.example" for mark in SEPARATORS),
    *(f"告警{mark}{mark}<html>" for mark in SEPARATORS),
    *(f"告警{mark} 折行{mark}\tX-Evil: 1" for mark in SEPARATORS),
    *(
        f"告警 =?UTF-8?Q?={code}?=Bcc: x@evil.example"
        for code in ("0A", "0D", "0D=0A", "85", "00", "0B", "0C", "1C", "E2=80=A8")
    ),
    *(f"=?utf-8?B?{base64.b64encode(mark.encode()).decode()}?=\nTo: x@evil.example" for mark in SEPARATORS),
    "=?utf-8?B?=?utf-8?B?Cg==?=?=", "=?", "?=", "=?utf-8?q?", "=?=?=?", "=?x-unknown?B?AAAA?=",
    "", " ", "\n", "a" * 998, "字" * 500, "😀" * 200, "\ud800 half", "x\u202egpj.exe", "a\u0301" * 60, "\ufeff标题",
    "Subject: twice", ".", "..", "--boundary", "From - Mon", "字" * 14 + "😀", "😀" * 10 + "字",
]  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_subject_and_no_text_becomes_a_header(hostile):
    """As subject and as body, on the wire: ten headers, one recipient, nothing else."""
    with SmtpSink() as sink:
        delivery, _ = deliver(sink, replace(MAIL, subject=hostile, body=hostile))

    assert delivery.outcome is Outcome.SENT
    [received] = sink.messages
    assert received.recipients == (MAIL.recipient,)
    message = received.parsed()
    assert message.keys() == HEADERS
    assert message["To"] == MAIL.recipient
    assert max(map(len, received.content.splitlines())) <= 78
    assert "=?" not in subject_of(message)
    assert not set(subject_of(message)) & {*SEPARATORS, "\u202e"}


@pytest.mark.parametrize("bad", ["", "plain", "<a@b>\r\nBcc: x@evil.example", "<a b@c>", "<a@b><c@d>", "<案@b>"])
def test_a_message_id_that_is_none_is_refused(bad):
    with pytest.raises(ValueError, match="Message-ID"):
        as_bytes(replace(MAIL, message_id=bad))


@pytest.mark.parametrize(
    ("url", "port", "security"),
    [
        ("smtp://mail.example", 587, "starttls"),
        ("smtp://mail.example:25", 25, "starttls"),
        ("smtp://mail.example?starttls=required", 587, "starttls"),
        ("smtps://mail.example", 465, "tls"),
        ("smtp://mail.example?tls=none", 25, "none"),
        ("smtp://127.0.0.1:2525", 2525, "none"),
        ("smtp://[::1]", 25, "none"),
        ("smtp://localhost?starttls=required", 587, "starttls"),
        ("smtp://127.0.0.2", 587, "starttls"),
    ],
)
def test_encryption_is_required_unless_the_host_is_this_one(url, port, security):
    settings = SmtpSettings.from_url(url)

    assert (settings.port, settings.security) == (port, security)


@pytest.mark.parametrize(
    "url",
    [
        "", "mail.example:25", "http://mail.example", "smtp://", "smtp://mail.example?tls=off",
        "smtps://mail.example?tls=none", "smtp://u:secret@mail.example?tls=none", "smtp://mail.example:99999",
    ],
)  # fmt: skip
def test_a_wrong_url_is_refused_without_showing_the_password(url):
    with pytest.raises(ValueError, match=r"SMTP_URL|Port") as refusal:
        SmtpSettings.from_url(url)

    assert "secret" not in str(refusal.value)


def test_user_and_password_are_unquoted_and_hidden():
    settings = SmtpSettings.from_url("smtps://a%40b:p%3Aw@mail.example")

    assert (settings.user, settings.password) == ("a@b", "p:w")
    assert "p:w" not in repr(settings)


@pytest.mark.parametrize(
    ("reply", "outcome"), [("235 welcome", Outcome.SENT), ("535 wrong", Outcome.RETRY), ("454 later", Outcome.RETRY)]
)
def test_a_refused_sign_in_is_tried_again(reply, outcome):
    with SmtpSink({"auth": reply}) as sink:
        delivery, _ = deliver(sink, user="desk", password="pw")

    assert delivery.outcome is outcome
    assert "pw" not in delivery.reply
    assert len(sink.messages) == (outcome is Outcome.SENT)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return the path of a certificate for 127.0.0.1 with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=36_500))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "sink.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    return path


def server_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_server_with_a_known_certificate_gets_the_message_encrypted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with SmtpSink(tls=server_context(certificate)) as sink:
        delivery, _ = deliver(sink, security="starttls", user="desk", password="pw")

    assert delivery.outcome is Outcome.SENT
    assert sink.messages[0].was_encrypted
    assert sink.commands.index("STARTTLS") < next(i for i, line in enumerate(sink.commands) if line.startswith("AUTH"))


def test_an_unknown_certificate_gets_nothing(certificate):
    with SmtpSink(tls=server_context(certificate)) as sink:
        delivery, marks = deliver(sink, security="starttls", user="desk", password="pw")

    assert delivery.outcome is Outcome.RETRY
    assert "SSLCertVerificationError" in delivery.reply
    assert (sink.messages, marks) == ([], [])
    assert not any(line.startswith("AUTH") for line in sink.commands)


@pytest.mark.parametrize("replies", [{}, {"starttls": "454 not now"}])
def test_a_server_that_will_not_encrypt_gets_nothing(replies, certificate):
    tls = server_context(certificate) if replies else None
    with SmtpSink(replies, tls=tls) as sink:
        delivery, _ = deliver(sink, security="starttls", user="desk", password="pw")

    assert delivery.outcome is Outcome.RETRY
    assert sink.messages == []
    assert not any(line.startswith(("AUTH", "MAIL")) for line in sink.commands)
