"""Sends one message to one person over SMTP and says what happened; network trouble is an answer, not an error."""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from opinion_service.adapters.mail_message import OutgoingMail, as_bytes

__all__ = ["Delivery", "Outcome", "OutgoingMail", "SmtpSettings", "as_bytes", "send"]

LONGEST_REPLY = 500
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# A server that wants us to sign in complains of our settings, not of the message. Source: RFC 4954 §6.
_SIGN_IN_CODES = frozenset({530, 534, 535, 538})


class Outcome(StrEnum):
    """What became of a message."""

    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome and the server's own words, at most 500 characters."""

    outcome: Outcome
    reply: str


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where mail goes; `security` is tls (from the start), starttls or none (loopback, or asked for).

    Times in seconds. The last reply may take minutes, and giving up early makes second copies
    (RFC 5321 §4.5.3.2.6, RFC 1047); it must still end before the lease of the mail does.
    """

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    security: str = "starttls"
    timeout_s: float = 20.0
    last_reply_timeout_s: float = 90.0

    @classmethod
    def from_url(cls, url: str) -> "SmtpSettings":
        """Return the settings of smtp://user:password@host:port[?tls=none|starttls=required] or smtps://….

        Encryption is required unless the host is loopback or the URL says `tls=none`; a password is never
        sent in the clear to another machine. ValueError for anything else; it does not show the password.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("SMTP_URL must look like smtp://user:password@host:587 or smtps://…")
        security = _security(parts.scheme, parts.hostname, parts.query)
        if security == "none" and parts.password and parts.hostname not in _LOOPBACK:
            raise ValueError("SMTP_URL would send the password unencrypted; take tls=none or the password away")
        port = parts.port or {"tls": 465, "starttls": 587, "none": 25}[security]
        return cls(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), security)


def send(mail: OutgoingMail, settings: SmtpSettings, *, on_data: Callable[[], None]) -> Delivery:
    """Return what became of the message; `on_data` is called when it is about to leave the house.

    4xx and connection faults may be tried again, 5xx are final, silence after the text was handed over
    is uncertain. What `on_data` raises passes through, and nothing is sent then.
    """
    try:
        wire = as_bytes(mail)
    except ValueError as error:
        return Delivery(Outcome.FAILED, str(error))
    server = None
    try:
        server = _connect(settings)
        refusal = _announce(server, mail)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        _leave(server)
        return Delivery(Outcome.RETRY, _words(error))
    try:
        if refusal is not None:
            return refusal
        on_data()
        return _hand_over(server, wire, settings)
    finally:
        _leave(server)


def _security(scheme: str, host: str, query: str) -> str:
    if scheme == "smtps" and not query:
        return "tls"
    if scheme == "smtp" and query in ("", "starttls=required", "tls=none"):
        is_open = query == "tls=none" or (not query and host in _LOOPBACK)
        return "none" if is_open else "starttls"
    raise ValueError("SMTP_URL may end with ?tls=none or ?starttls=required only")


def _connect(settings: SmtpSettings) -> smtplib.SMTP:
    """Return a session that is encrypted as asked and signed in; any fault is raised and leaves no socket."""
    where, name = (settings.host, settings.port), _own_name()
    if settings.security == "tls":
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(*where, name, timeout=settings.timeout_s, context=context)
    else:
        server = smtplib.SMTP(*where, name, timeout=settings.timeout_s)
    try:
        # The low-level calls below send no greeting by themselves.
        server.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            server.starttls(context=ssl.create_default_context())
            server.ehlo_or_helo_if_needed()
        if settings.user:
            server.login(settings.user, settings.password)
    except BaseException:
        server.close()
        raise
    return server


def _own_name() -> str:
    """Return what we call ourselves: a full host name, or an address literal (RFC 5321 §4.1.4)."""
    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", name) else "[127.0.0.1]"


def _announce(server: smtplib.SMTP, mail: OutgoingMail) -> Delivery | None:
    """Name sender and recipient; return the refusal, None when both were taken."""
    code, reply = server.mail(mail.sender)
    if code == 250:
        code, reply = server.rcpt(mail.recipient)
    return None if code in (250, 251) else _judged(code, reply, Outcome.RETRY)


def _hand_over(server: smtplib.SMTP, wire: bytes, settings: SmtpSettings) -> Delivery:
    """Send the text and wait for the verdict. Before the server asks for the text nothing is uncertain."""
    unknown = Outcome.RETRY
    try:
        code, reply = server.docmd("DATA")
        if code != 354:
            return _judged(code, reply, unknown)
        unknown = Outcome.UNCERTAIN
        # No line of the message begins with a dot: headers have names, and the body is base64.
        server.send(wire + b".\r\n")
        if server.sock is not None:
            server.sock.settimeout(settings.last_reply_timeout_s)
        code, reply = server.getreply()
    except (smtplib.SMTPException, OSError) as error:
        return Delivery(unknown, _words(error))
    if 200 <= code < 300:
        return Delivery(Outcome.SENT, _words((code, reply)))
    return _judged(code, reply, unknown)


def _judged(code: int, reply: bytes, unknown: Outcome) -> Delivery:
    """Return the meaning of a refusal; a code that is none means that we do not know."""
    if 400 <= code < 500 or code in _SIGN_IN_CODES:
        return Delivery(Outcome.RETRY, _words((code, reply)))
    return Delivery(Outcome.FAILED if 500 <= code < 600 else unknown, _words((code, reply)))


def _leave(server: smtplib.SMTP | None) -> None:
    """End the session; what the server says to that changes nothing."""
    if server is None:
        return
    with suppress(smtplib.SMTPException, OSError):
        if server.sock is not None:
            server.sock.settimeout(2.0)
            server.quit()
    server.close()


def _words(said: Exception | tuple[int, bytes]) -> str:
    if isinstance(said, smtplib.SMTPResponseException):
        said = (said.smtp_code, said.smtp_error if isinstance(said.smtp_error, bytes) else said.smtp_error.encode())
    if isinstance(said, Exception):
        text = f"{type(said).__name__}: {said}"
    else:
        text = f"{said[0]} {said[1].decode('utf-8', 'replace')}"
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)[:LONGEST_REPLY]
