"""Sends one message to one person over SMTP, says what happened, and never lets a header in."""

import base64
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.utils import format_datetime
from enum import StrEnum
from urllib.parse import unquote, urlsplit

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}")
_HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding", "Auto-Submitted", "Precedence",
}  # fmt: skip
TIMEOUT_S = 30.0


class Outcome(StrEnum):
    """What became of a message."""

    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome and the server's own words."""

    outcome: Outcome
    reply: str


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One message to one recipient."""

    message_id: str
    sender: str
    recipient: str
    subject: str
    body: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where mail goes; `security` is tls (from the start), starttls or none (loopback or asked for)."""

    host: str
    port: int
    user: str
    password: str
    security: str

    @classmethod
    def from_url(cls, url: str) -> "SmtpSettings":
        """Return the settings of smtp://user:password@host:port[?tls=none] or smtps://…; ValueError else."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("SMTP_URL must look like smtp://user:password@host:587 or smtps://…")
        is_open = parts.query == "tls=none" or parts.hostname in ("127.0.0.1", "::1", "localhost")
        security = "tls" if parts.scheme == "smtps" else "none" if is_open else "starttls"
        port = parts.port or {"tls": 465, "starttls": 587, "none": 25}[security]
        return cls(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), security)


def as_bytes(mail: OutgoingMail) -> bytes:
    """Return the message as it goes over the wire; raise ValueError for an address that is none."""
    for address in (mail.sender, mail.recipient):
        if not _ADDRESS.fullmatch(address):
            raise ValueError("not an e-mail address")
    headers = (
        ("From", mail.sender),
        ("To", mail.recipient),
        ("Subject", _encoded(mail.subject)),
        ("Date", format_datetime(mail.sent_at)),
        ("Message-ID", _CONTROL.sub("", mail.message_id)),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "base64"),
        ("Auto-Submitted", "auto-generated"),
        ("Precedence", "bulk"),
    )
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    wire = head.encode("ascii") + b"\r\n" + base64.encodebytes(mail.body.encode()).replace(b"\n", b"\r\n")
    # What a reader of the message would see is what was meant, or it does not leave.
    if sorted(message_from_bytes(wire).keys()) != sorted(_HEADERS):
        raise ValueError("the message would carry other headers than it should")
    return wire


def send(mail: OutgoingMail, settings: SmtpSettings, *, on_data: Callable[[], None]) -> Delivery:
    """Return what became of the message; `on_data` is called when it is about to leave the house.

    4xx and connection faults may be tried again; 5xx are final; silence after the text was handed
    over is uncertain (RFC 5321 §4.5.3.2.6).
    """
    try:
        wire = as_bytes(mail)
    except (ValueError, UnicodeEncodeError) as error:
        return Delivery(Outcome.FAILED, str(error))
    handed_over = False
    try:
        with _connect(settings) as server:
            for code, reply in (server.mail(mail.sender), server.rcpt(mail.recipient)):
                if code not in (250, 251):
                    return _refused(code, reply)
            on_data()
            handed_over = True
            code, reply = server.data(wire)
            return Delivery(Outcome.SENT, _words(code, reply)) if code == 250 else _refused(code, reply)
    except smtplib.SMTPDataError as error:
        return _refused(error.smtp_code, error.smtp_error)
    except smtplib.SMTPAuthenticationError as error:
        return Delivery(Outcome.RETRY, _words(error.smtp_code, error.smtp_error))
    except (smtplib.SMTPException, OSError) as error:
        outcome = Outcome.UNCERTAIN if handed_over else Outcome.RETRY
        return Delivery(outcome, f"{type(error).__name__}")


def _connect(settings: SmtpSettings) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.host,
            settings.port,
            timeout=TIMEOUT_S,
            context=context,
            local_hostname=socket.gethostname(),
        )
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_S, local_hostname="desk")
    server.ehlo_or_helo_if_needed()
    if settings.security == "starttls":
        server.starttls(context=context)
        server.ehlo()
    if settings.user:
        server.login(settings.user, settings.password)
    return server


def _encoded(subject: str) -> str:
    """Return the subject as base64 encoded words of at most 75 characters; nothing in it is a header."""
    plain = _CONTROL.sub(" ", subject)
    chunks = [plain[i : i + 14] for i in range(0, len(plain), 14)] or [""]
    words = (base64.b64encode(chunk.encode("utf-8", "replace")).decode("ascii") for chunk in chunks)
    return "\r\n ".join(f"=?utf-8?B?{word}?=" for word in words)


def _refused(code: int, reply: bytes | str) -> Delivery:
    return Delivery(Outcome.RETRY if 400 <= code < 500 else Outcome.FAILED, _words(code, reply))


def _words(code: int, reply: bytes | str) -> str:
    words = reply if isinstance(reply, str) else reply.decode("utf-8", "replace")
    return f"{code} {words}"[:500]
