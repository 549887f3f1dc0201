"""A folder that takes the place of an SMTP server: one .eml file a message, written whole or not at all."""

import hashlib
import os
from pathlib import Path

from opinion_service.adapters.mailer import Delivery, Outcome, OutgoingMail, as_bytes


def write(mail: OutgoingMail, directory: Path) -> Delivery:
    """Lay the message down; the same Message-ID is the same file, so a repeat changes nothing."""
    directory.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(mail.message_id.encode()).hexdigest()[:32]
    temporary, final = directory / f".{name}.{os.getpid()}", directory / f"{name}.eml"
    try:
        with temporary.open("wb") as file:
            file.write(as_bytes(mail))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(final)
    except (ValueError, UnicodeEncodeError) as error:
        temporary.unlink(missing_ok=True)
        return Delivery(Outcome.FAILED, str(error))
    except OSError as error:
        return Delivery(Outcome.RETRY, f"{type(error).__name__}")
    return Delivery(Outcome.SENT, f"250 laid down in the spool as {final.name}")
