"""A folder that takes the place of an SMTP server: one .eml file a message, written whole or not at all."""

import hashlib
import os
from pathlib import Path

from opinion_service.adapters.mail_message import OutgoingMail, as_bytes
from opinion_service.adapters.mailer import Delivery, Outcome


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
