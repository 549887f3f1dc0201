"""Sockets that know their deadline and their cap, and decompression that stops in time.

A timeout for each read lets a server that sends one byte a second hold a reader for hours. Here every read gets
what is left of one overall deadline, and everything received is counted, headers included.
"""

import socket
import ssl
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opinion_service.adapters.feed_client.guard import Target

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection

CONNECT_S = 5.0
READ_S = 10.0
# Text shrinks to a fifth or a tenth; what grows two hundred times is made to.
MOST_RATIO = 200
_SMALL = 1_000_000


class TooLarge(Exception):
    """More came over the wire, or out of its compression, than is allowed."""


class Undecodable(Exception):
    """The body is compressed in a way that was not asked for, or ends in the middle."""


@dataclass(slots=True)
class Budget:
    """What one fetch may still use: time until `deadline` (monotonic seconds) and bytes from the wire."""

    deadline: float
    bytes_left: int

    def seconds(self, most: float) -> float:
        """Return how long the next step may take, at most `most`; raise TimeoutError when nothing is left."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, most)

    def spend(self, count: int) -> None:
        """Count bytes received; raise TooLarge when there are too many."""
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise TooLarge


class _Bounded:
    """Lets every read of a socket draw on one budget."""

    budget: Budget | None = None

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """Read as the socket does, within the budget."""
        if self.budget is not None:
            self.settimeout(self.budget.seconds(READ_S))  # type: ignore[attr-defined]
        count: int = super().recv_into(*args, **kwargs)  # type: ignore[misc]
        if self.budget is not None:
            self.budget.spend(count)
        return count


class _PlainSocket(_Bounded, socket.socket):
    """A TCP socket with a budget."""


class _TlsSocket(_Bounded, ssl.SSLSocket):
    """A TLS socket with a budget."""


def dial(addresses: Sequence[str], port: int, budget: Budget) -> socket.socket:
    """Return a socket connected to the first of the addresses that answers; raise OSError when none does."""
    failure: OSError = ConnectionError("no address")
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = _PlainSocket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(budget.seconds(CONNECT_S))
            sock.connect((address, port))
        except OSError as error:
            sock.close()
            failure = error
            continue
        sock.budget = budget
        return sock
    raise failure


def secure(sock: socket.socket, host: str, ca_file: str | None, budget: Budget) -> socket.socket:
    """Return the socket wrapped in TLS whose certificate is `host`'s; raise OSError (ssl.SSLError) otherwise."""
    context = ssl.create_default_context(cafile=ca_file)
    context.sslsocket_class = _TlsSocket
    # The handshake is one call with one deadline, so that bytes dripped into it do not prolong it.
    sock.settimeout(budget.seconds(READ_S))
    wrapped = context.wrap_socket(sock, server_hostname=host)
    if isinstance(wrapped, _TlsSocket):
        wrapped.budget = budget
    return wrapped


def connected(target: Target, addresses: Sequence[str], ca_file: str | None, budget: Budget) -> "HTTPConnection":
    """Return a connection to one of the addresses that were checked; raise OSError when none answers."""
    sock = dial(addresses, target.port, budget)
    try:
        if target.scheme == "https":
            sock = secure(sock, target.host, ca_file, budget)
        from urllib3.connection import HTTPConnection

        connection = HTTPConnection(target.host, target.port, timeout=budget.seconds(READ_S))
    except BaseException:
        sock.close()
        raise
    # Given its socket, the connection never resolves or dials by itself.
    connection.sock = sock
    connection.auto_open = 0
    return connection


def inflated(chunks: Iterable[bytes], encoding: str, max_bytes: int) -> bytes:
    """Return the body without its compression; raise TooLarge beyond `max_bytes` or the ratio, else Undecodable.

    encoding: the Content-Encoding header; nothing but gzip and deflate is asked for.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _joined(chunks, max_bytes)
    if name not in ("gzip", "x-gzip", "deflate"):
        raise Undecodable(name[:40])
    try:
        packed = _joined(chunks, max_bytes)
        body = _decompressed(packed, name, max_bytes)
    except zlib.error as error:
        raise Undecodable(name) from error
    if len(body) > max(_SMALL, MOST_RATIO * len(packed)):
        raise TooLarge
    return body


def _joined(chunks: Iterable[bytes], max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            raise TooLarge
    return bytes(body)


def _decompressed(packed: bytes, name: str, max_bytes: int) -> bytes:
    if not packed:
        return b""
    # Some servers send "deflate" without its zlib header, against RFC 9110.
    raw = name == "deflate" and (packed[0] & 0x0F != 8 or int.from_bytes(packed[:2], "big") % 31)
    window = -zlib.MAX_WBITS if raw else zlib.MAX_WBITS | 32
    body = bytearray()
    rest = packed
    # A gzip file may have several members; each must end.
    while rest:
        machine = zlib.decompressobj(window)
        body += machine.decompress(rest, max_bytes + 1 - len(body))
        if len(body) > max_bytes or machine.unconsumed_tail:
            raise TooLarge
        if not machine.eof:
            raise Undecodable(name)
        # Anything but another member after the end is padding.
        rest = machine.unused_data if machine.unused_data[:2] == b"\x1f\x8b" else b""
    return bytes(body)
