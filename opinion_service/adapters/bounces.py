"""Reads the delivery reports that come back to the sender's mailbox; a maildir in, what failed out."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from pathlib import Path
from typing import Any

LARGEST_REPORT = 1_000_000
MOST_AT_ONCE = 200
_ID = re.compile(r"<[^<>\s]{3,340}>")


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that was sent back: its Message-ID and the server's own words."""

    message_id: str
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """One file of the maildir; `bounces` is empty for anything that is no report of a final failure."""

    path: Path
    bounces: tuple[Bounce, ...]


def waiting(maildir: Path) -> Iterator[Report]:
    """Yield the reports that lie in `new`, the oldest name first, at most 200; a folder that is none yields nothing."""
    folder = maildir / "new"
    if not folder.is_dir():
        return
    for name in sorted(os.listdir(folder))[:MOST_AT_ONCE]:
        path = folder / name
        if name.startswith(".") or path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            yield Report(path, bounces_in(file.read(LARGEST_REPORT)))


def set_aside(report: Report) -> None:
    """Move a report that was read from `new` to `cur`, marked as seen, as the maildir format wants it."""
    target = report.path.parent.parent / "cur"
    target.mkdir(exist_ok=True)
    report.path.rename(target / f"{report.path.name.partition(':')[0]}:2,S")


def bounces_in(content: bytes) -> tuple[Bounce, ...]:
    """Return the final failures that a message reports; delays and absence notes are none. Source: RFC 3464."""
    message = message_from_bytes(content)
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return ()
    parts = [part for part in message.walk() if isinstance(part, Message)]
    words = _failure(parts)
    message_id = _original(parts)
    return (Bounce(message_id, words),) if words and message_id else ()


def _failure(parts: list[Message]) -> str:
    """Return what a delivery-status part says of a recipient that failed for good, empty when none did."""
    for part in parts:
        action = str(part.get("Action", "")).strip().lower()
        if action != "failed":
            continue
        said = (str(part.get("Status", "")), str(part.get("Diagnostic-Code", "")))
        return _plain(" ".join(said)) or "failed"
    return ""


def _original(parts: list[Message]) -> str:
    """Return the Message-ID of the mail that is reported on: from the copy of it, never from the report itself."""
    for part in parts:
        if part.get_content_type() not in ("text/rfc822-headers", "message/rfc822"):
            continue
        payload: Any = part.get_payload()
        # A whole message comes parsed, as the only entry of a list; its headers alone come as text.
        copy = payload[0] if isinstance(payload, list) and payload else message_from_string(str(payload))
        match = _ID.search(str(copy.get("Message-ID", "")))
        if match:
            return match[0]
    return ""


def _plain(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f\s]+", " ", text).strip()[:500]
