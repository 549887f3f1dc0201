"""One message as it goes over the wire; nothing in a subject, an address or a text can become a header."""

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header
from email.utils import format_datetime

# Control characters, line separators, and the marks that turn the reading direction of what follows.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_UNSEEN_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,188}[A-Za-z0-9])?")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._%+-]{1,150}@[A-Za-z0-9.-]{1,190}>")
# 42 bytes are 56 of base64 and a word of 68: with "Subject: " before it the line has 77, below the 78 of RFC 5322.
_WORD_BYTES = 42


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One message to one recipient; `sent_at` is aware, `body` is plain text."""

    message_id: str
    sender: str
    recipient: str
    subject: str
    body: str
    sent_at: datetime


def as_bytes(mail: OutgoingMail) -> bytes:
    """Return the message, ASCII throughout; ValueError for an address or a Message-ID that is none."""
    if not (_ADDRESS.fullmatch(mail.sender) and _ADDRESS.fullmatch(mail.recipient)):
        raise ValueError("not an e-mail address")
    if not _MESSAGE_ID.fullmatch(mail.message_id):
        raise ValueError("not a Message-ID")
    subject = plain_subject(mail.subject)
    headers = (
        ("From", mail.sender),
        ("To", mail.recipient),
        ("Subject", _encoded(subject)),
        ("Date", format_datetime(mail.sent_at)),
        ("Message-ID", mail.message_id),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "base64"),
        # No absence note comes back, and none answers another. Source: RFC 3834 §5.
        ("Auto-Submitted", "auto-generated"),
        ("Precedence", "bulk"),
    )
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    text = "\r\n".join(_UNSEEN_IN_TEXT.sub("", mail.body).splitlines()) + "\r\n"
    wire = head.encode("ascii") + b"\r\n" + base64.encodebytes(text.encode()).replace(b"\n", b"\r\n")
    _check(wire, [name for name, _ in headers], subject)
    return wire


def plain_subject(subject: str) -> str:
    """Return the subject in one line; `=?` is taken apart because some readers decode twice (CVE-2024-6923)."""
    return _UNSEEN.sub(" ", subject).replace("=?", "= ?").strip()


def _check(wire: bytes, names: list[str], subject: str) -> None:
    """Raise ValueError unless a reader of the message would see what was meant, and no more."""
    read = message_from_bytes(wire)
    shown = "".join(
        part.decode(charset or "ascii") if isinstance(part, bytes) else part
        for part, charset in decode_header(read["Subject"])
    )
    if read.keys() != names or shown != subject or read.defects:
        raise ValueError("the message would carry other headers than it should")


def _encoded(plain: str) -> str:
    """Return base64 encoded words of whole characters, folded one a line. Source: RFC 2047 §2 and §5."""
    chunks = [""]
    for char in plain:
        if len((chunks[-1] + char).encode()) > _WORD_BYTES:
            chunks.append("")
        chunks[-1] += char
    words = (base64.b64encode(chunk.encode()).decode("ascii") for chunk in chunks)
    return "\r\n ".join(f"=?utf-8?B?{word}?=" for word in words)
