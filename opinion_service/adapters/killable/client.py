"""The other end of the server: hands it one document with its order, and waits for the answer or its end."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]
_SERVER = "opinion_service.adapters.killable.server"
# How much longer than its own limit a reader is waited for: a loaded machine starts and ends it late.
_GRACE_S = 5.0
_CHUNK = 1 << 20


class Ending(StrEnum):
    """How a reader ended."""

    DONE = "done"
    TIME = "time"
    MEMORY = "memory"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost: seconds of wall time and of processor time, megabytes of address space.

    The interpreter and the loaded parsers (about 150 MB) count among the megabytes.
    """

    seconds: float
    megabytes: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How the reader ended and, when it is done, its answer: JSON in bytes."""

    how: Ending
    answer: bytes = b""


class _Server:
    """A running server and the channel on which documents are handed to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - this interpreter and a module of this package
                [sys.executable, "-m", _SERVER, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=_ROOT,
                env={"PYTHONPATH": str(_ROOT), "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},
                start_new_session=True,
            )
        self._channel = ours

    def accept(self) -> socket.socket:
        """Return a connection to a fresh reader; raise OSError when the server is gone."""
        near, far = socket.socketpair()
        with far:
            try:
                socket.send_fds(self._channel, [b"\0"], [far.fileno()])
            except OSError:
                near.close()
                raise
        return near

    def close(self) -> None:
        """Let the server end: it does when nobody holds its channel any more."""
        self._channel.close()


_lock = threading.Lock()
_server: _Server | None = None


def run(work: str, order: Mapping[str, object], body: bytes, limits: Limits) -> Ended:
    """Return how the reading of `body` ended and what it gave.

    work: a name in `server.WORK`; order: what that work wants to know beside the document, as JSON carries it.
    The server is started when it is first wanted and again when it died; a process forked from this one shares it.
    """
    head = json.dumps(
        {"work": work, "order": dict(order), "seconds": limits.seconds, "megabytes": limits.megabytes}
    ).encode()
    deadline = time.monotonic() + limits.seconds + _GRACE_S
    message = len(head).to_bytes(4, "big") + head + body
    try:
        # Neither an answer nor a verdict: the server was killed from outside before it could speak. The next one reads.
        return _ended(_exchanged(message, deadline) or _exchanged(message, deadline))
    except TimeoutError:
        return Ended(Ending.TIME)


def _exchanged(message: bytes, deadline: float) -> bytes:
    """Return all that a reader and its server sent back; raise TimeoutError after the deadline."""
    with _connected() as connection:
        try:
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
            connection.sendall(message)
            connection.shutdown(socket.SHUT_WR)
        except TimeoutError:
            raise
        except OSError:
            # The reader ended before it took everything: how is said in what it sent.
            pass
        return _all_of(connection, deadline)


def start() -> None:
    """Start the server now, so that the processes that will be forked from this one share it."""
    _connected().close()


def server_pid() -> int | None:
    """Return the process id of the server, for those who watch what it costs; None while there is none."""
    return _server.process.pid if _server is not None else None


def close() -> None:
    """Let go of the server of this process, if there is one; the next document starts another."""
    global _server
    with _lock:
        if _server is not None:
            _server.close()
            _server.process.wait(_GRACE_S)
            _server = None


def _connected() -> socket.socket:
    """Return a connection to a reader of the living server, which is started if there is none."""
    global _server
    with _lock:
        if _server is not None:
            try:
                return _server.accept()
            except OSError:
                # It was killed from outside. A forked process cannot wait for it, but its parent can.
                _server.close()
        _server = _Server()
        return _server.accept()


def _all_of(connection: socket.socket, deadline: float) -> bytes:
    parts: list[bytes] = []
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        try:
            part = connection.recv(_CHUNK)
        except ConnectionResetError:
            part = b""
        if not part:
            return b"".join(parts)
        parts.append(part)


def _ended(sent: bytes) -> Ended:
    """Return what was sent: a whole answer after its length, or the one byte in which the server says what happened."""
    length = int.from_bytes(sent[:8], "big")
    if len(sent) >= 8 and len(sent) - 8 >= length:
        return Ended(Ending.DONE, sent[8 : 8 + length])
    return Ended({b"t": Ending.TIME, b"m": Ending.MEMORY}.get(sent[-1:], Ending.CRASHED))
