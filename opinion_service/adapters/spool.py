"""A folder that takes the place of an SMTP server: one .eml file a message, written whole or not at all."""

import base64
import hashlib
import heapq
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path

from opinion_service.adapters.mail_message import OutgoingMail, as_bytes
from opinion_service.adapters.mailer import Delivery, Outcome

_NAME = re.compile(r"[0-9a-f]{32}")
LARGEST_FILE = 1_000_000


@dataclass(frozen=True, slots=True)
class SpooledMail:
    """A message that lies in the spool, as a page shows it; `name` finds it again."""

    name: str
    message_id: str
    sender: str
    recipient: str
    subject: str
    sent_at: datetime
    body: str


def write(mail: OutgoingMail, directory: Path) -> Delivery:
    """Lay the message down; the same Message-ID is the same file, so a repeat adds none.

    A wrong address is *failed*, a full or missing disk *retry*; the file is on the disk when *sent* comes back.
    """
    try:
        wire = as_bytes(mail)
    except ValueError as error:
        return Delivery(Outcome.FAILED, str(error))
    name = hashlib.sha256(mail.message_id.encode()).hexdigest()[:32]
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        _replace(directory / f"{name}.eml", wire)
    except OSError as error:
        return Delivery(Outcome.RETRY, f"{type(error).__name__}: {error.strerror}")
    return Delivery(Outcome.SENT, f"250 laid down in the spool as {name}.eml")


def read_all(directory: Path, limit: int) -> list[SpooledMail]:
    """Return the newest `limit` messages, newest first; files that are no message are passed over."""
    found = []
    with suppress(FileNotFoundError), os.scandir(directory) as entries:
        for entry in entries:
            name, dot, ending = entry.name.partition(".")
            if dot and ending == "eml" and _NAME.fullmatch(name):
                found.append((entry.stat(follow_symlinks=False).st_mtime_ns, name))
    read = (read_one(directory, name) for _, name in heapq.nlargest(limit, found))
    return [mail for mail in read if mail is not None]


def read_one(directory: Path, name: str) -> SpooledMail | None:
    """Return the message called `name`, None when there is none or it cannot be read."""
    if not _NAME.fullmatch(name):
        return None
    try:
        with (directory / f"{name}.eml").open("rb") as file:
            message = message_from_bytes(file.read(LARGEST_FILE))
        return SpooledMail(
            name,
            message["Message-ID"] or "",
            message["From"] or "",
            message["To"] or "",
            _subject(message),
            parsedate_to_datetime(message["Date"]).astimezone(UTC),
            base64.b64decode(str(message.get_payload())).decode("utf-8", "replace").replace("\r\n", "\n"),
        )
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _subject(message: Message) -> str:
    parts = decode_header(message["Subject"] or "")
    return "".join(
        part.decode(charset or "ascii", "replace") if isinstance(part, bytes) else part for part, charset in parts
    )


def _replace(final: Path, content: bytes) -> None:
    """Put the file in its place whole: on the disk first, then under its name, then the name on the disk."""
    temporary = final.with_name(f".{final.stem}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(final)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
