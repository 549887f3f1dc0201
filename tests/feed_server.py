"""A web server on loopback that misbehaves on request: the path names the behaviour.

Nothing here reads or writes HTTP through a library, so that it can break every rule of it.
"""

import gzip
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

FEED = (
    '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>县城论坛</title>'
    "<item><guid>1</guid><title>路灯不亮</title><link>http://forum.example/1</link></item>"
    "</channel></rss>"
).encode()
ETAG = '"v1"'
STAMP = "Mon, 03 Nov 2025 00:00:00 GMT"
DRIP_S = 0.05


@dataclass(slots=True)
class Visit:
    """One request as it arrived, and the means to answer it."""

    sock: socket.socket
    path: str
    headers: dict[str, str]
    server: "FeedServer"

    def send(self, *parts: bytes) -> None:
        """Send the parts at once."""
        self.sock.sendall(b"".join(parts))

    def answer(self, body: bytes = FEED, status: str = "200 OK", *lines: str) -> None:
        """Send a proper answer."""
        head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *lines))
        self.send(head.encode("utf-8"), b"\r\n\r\n", body)

    def drip(self, data: bytes) -> None:
        """Send one byte at a time until the reader or the server gives up."""
        for place in range(len(data)):
            if self.server.stopping.wait(DRIP_S):
                return
            self.send(data[place : place + 1])

    def flood(self, data: bytes) -> None:
        """Send the same over and over until the reader or the server gives up."""
        while not self.server.stopping.is_set():
            self.send(data)


@dataclass(slots=True)
class FeedServer:
    """The server; `visits` lists the paths asked for and `headers` what came with the last of them.

    robots: status line and text of /robots.txt; robots_of: of one host name. authorizations: (Host, Authorization) of each visit that had one.
    """

    port: int = 0
    scheme: str = "http"
    visits: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    names: list[str | None] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    robots: tuple[str, bytes] = ("404 Not Found", b"")
    robots_of: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    authorizations: list[tuple[str, str]] = field(default_factory=list)

    def url(self, behaviour: str, host: str = "127.0.0.1") -> str:
        """Return the address of one behaviour."""
        return f"{self.scheme}://{host}:{self.port}/{behaviour}"


Behaviour = Callable[[Visit], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nConnection: close\r\n"


def _to(location: str, status: str = "302 Found") -> Behaviour:
    def answer(visit: Visit) -> None:
        here = location.replace("PORT", str(visit.server.port))
        visit.answer(b"", status, f"Location: {here}")

    return answer


def _status(status: str, *lines: str) -> Behaviour:
    return lambda visit: visit.answer(b"", status, *lines)


def _chunked(visit: Visit) -> None:
    visit.send(HEAD, b"Transfer-Encoding: chunked\r\n\r\n")
    for place in range(0, len(FEED), 50):
        piece = FEED[place : place + 50]
        visit.send(f"{len(piece):x}\r\n".encode(), piece, b"\r\n")
    visit.send(b"0\r\n\r\n")


def _packed(encoding: str, body: bytes) -> Behaviour:
    return lambda visit: visit.answer(body, "200 OK", f"Content-Encoding: {encoding}")


def _raw_deflate(body: bytes) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return machine.compress(body) + machine.flush()


def _conditional(visit: Visit) -> None:
    known = visit.headers.get("if-none-match") == ETAG or visit.headers.get("if-modified-since") == STAMP
    lines = (f"ETag: {ETAG}", f"Last-Modified: {STAMP}")
    visit.answer(b"" if known else FEED, "304 Not Modified" if known else "200 OK", *lines)


def _reset(visit: Visit) -> None:
    visit.send(HEAD, b"Content-Length: 1000\r\n\r\n", FEED[:100])
    visit.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _endless_moved(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 302 Found\r\nLocation: /plain\r\n\r\n")
    visit.flood(b"x" * 65536)


def _flood(*head: bytes, piece: bytes = b"x" * 65536) -> Behaviour:
    def answer(visit: Visit) -> None:
        visit.send(*head)
        visit.flood(piece)

    return answer


def _drip(head: bytes, data: bytes) -> Behaviour:
    def answer(visit: Visit) -> None:
        visit.send(head)
        visit.drip(data)

    return answer


def _send(*parts: bytes) -> Behaviour:
    return lambda visit: visit.send(*parts)


def _robots(visit: Visit) -> None:
    status, text = visit.server.robots_of.get(visit.headers["host"].partition(":")[0], visit.server.robots)
    visit.answer(text, status, "Content-Type: text/plain")


def _locked(visit: Visit) -> None:
    known = visit.headers.get("authorization") == "Bearer canary-7f3a"
    visit.answer(FEED if known else b"", "200 OK" if known else "401 Unauthorized")


def _item(number: int, date: str = "") -> str:
    return f"<item><guid>{number}</guid><title>第{number}条消息</title><pubDate>{date}</pubDate></item>"


def _list(*items: str, head: str = "") -> bytes:
    return f'<rss version="2.0"><channel><title>县城论坛</title>{head}{"".join(items)}</channel></rss>'.encode()


def _growing(visit: Visit) -> None:
    """One entry more with every visit, the oldest leaving: a window that slides."""
    number = visit.server.visits.count("growing")
    visit.answer(_list(*(_item(one) for one in range(number, max(number - 5, 0), -1))))


def _flapping(visit: Visit) -> None:
    is_up = visit.server.visits.count("flapping") % 2
    visit.answer(FEED if is_up else b"", "200 OK" if is_up else "502 Bad Gateway")


def _moving(visit: Visit) -> None:
    """A feed with a validator at first; a lasting move from then on."""
    is_first = visit.server.visits.count("moving") == 1
    (_conditional if is_first else _to("/hollow", "301 Moved Permanently"))(visit)


def _hollow(visit: Visit) -> None:
    """Never a feed, but always unchanged for whoever asks for changes."""
    known = "if-none-match" in visit.headers
    visit.answer(b"" if known else b"<html><body>gone</body></html>", "304 Not Modified" if known else "200 OK")


_BOMB = gzip.compress(b"\0" * 50_000_000, 9)

BEHAVIOURS: dict[str, Behaviour] = {
    # What servers rightly do.
    "plain": lambda visit: visit.answer(FEED, "200 OK", "Content-Type: application/rss+xml; charset=utf-8"),
    "no_length": _send(HEAD, b"\r\n", FEED),
    "http_1_0": _send(b"HTTP/1.0 200 OK\r\n\r\n", FEED),
    "chunked": _chunked,
    "gzip": _packed("gzip", gzip.compress(FEED)),
    "gzip_members": _packed("x-gzip", gzip.compress(FEED[:80]) + gzip.compress(FEED[80:])),
    "gzip_padded": _packed("gzip", gzip.compress(FEED) + b"\0" * 16),
    "deflate": _packed("deflate", zlib.compress(FEED)),
    "deflate_raw": _packed("deflate", _raw_deflate(FEED)),
    "identity": _packed("identity", FEED),
    "conditional": _conditional,
    "empty": lambda visit: visit.answer(b""),
    "non_authoritative": lambda visit: visit.answer(FEED, "203 Non-Authoritative Information"),
    "robots.txt": _robots,
    "cached": lambda visit: visit.answer(FEED, "200 OK", "Cache-Control: public, max-age=7200", "Age: 1200"),
    "cached_for_ever": lambda visit: visit.answer(FEED, "200 OK", "Cache-Control: max-age=31536000"),
    "expires": lambda visit: visit.answer(FEED, "200 OK", f"Date: {STAMP}", "Expires: Mon, 03 Nov 2025 03:00:00 GMT"),
    "no_store": lambda visit: visit.answer(FEED, "200 OK", "Cache-Control: no-store, max-age=7200"),
    "ttl": lambda visit: visit.answer(_list(_item(1), head="<ttl>240</ttl>")),
    "growing": _growing,
    "empty_list": lambda visit: visit.answer(_list()),
    "web_page": lambda visit: visit.answer(b"<!DOCTYPE html><html><body>login</body></html>"),
    "one_broken": lambda visit: visit.answer(_list(_item(1), "<item><guid>2</guid></item>", _item(3))),
    "gbk_body": lambda visit: visit.answer(FEED.decode().replace("utf-8", "gb2312").encode("gbk")),
    "locked": _locked,
    "flapping": _flapping,
    "moved_to_page": _to("/web_page", "301 Moved Permanently"),
    "to_other_name": _to("http://localhost:PORT/locked"),
    "gbk_header": _send(HEAD, "X-Note: 中文\r\n".encode("gbk"), b"\r\n", FEED),
    "moved": _to("/plain", "301 Moved Permanently"),
    "moved_308": _to("/moved", "308 Permanent Redirect"),
    "found": _to("/plain"),
    "found_307": _to("plain?from=307", "307 Temporary Redirect"),
    "moved_then_found": _to("/found", "301 Moved Permanently"),
    "moved_chinese": _to("/plain?词=路灯 不亮", "301 Moved Permanently"),
    "moved_to_conditional": _to("/conditional", "301 Moved Permanently"),
    "moving": _moving,
    "hollow": _hollow,
    # What they answer when something is amiss.
    "missing": _status("404 Not Found"),
    "gone": _status("410 Gone"),
    "forbidden": _status("403 Forbidden"),
    "sign_in": _status("401 Unauthorized"),
    "broken": _status("500 Internal Server Error"),
    "no_content": _status("204 No Content"),
    "unasked_304": _status("304 Not Modified"),
    "busy": _status("429 Too Many Requests", "Retry-After: 120"),
    "busy_until": _status("503 Service Unavailable", f"Date: {STAMP}", "Retry-After: Mon, 03 Nov 2025 00:05:00 GMT"),
    "busy_for_ever": _status("503 Service Unavailable", "Retry-After: 99999999999999"),
    "busy_no_date": _status("503 Service Unavailable", "Retry-After: Mon, 03 Nov 2025 00:05:00 GMT"),
    "busy_nonsense": _status("503 Service Unavailable", "Retry-After: soon"),
    "moved_nowhere": _status("301 Moved Permanently"),
    # Where nobody may be led.
    "loop": _to("/loop"),
    "loop_2": _to("/loop_2b"),
    "loop_2b": _to("/loop_2"),
    "chain_4": _to("/chain_3"),
    "chain_3": _to("/chain_2"),
    "chain_2": _to("/found"),
    "to_loopback": _to("http://127.0.0.2:PORT/plain"),
    "to_mapped": _to("http://[::ffff:127.0.0.1]:PORT/plain"),
    "to_metadata": _to("http://169.254.169.254/latest/meta-data/"),
    "to_relative_host": _to("//127.0.0.2:PORT/plain"),
    "to_dword": _to("http://2130706434:PORT/plain"),
    "to_file": _to("file:///etc/passwd"),
    "to_gopher": _to("gopher://127.0.0.1:6379/_INFO"),
    "to_userinfo": _to("http://user:secret@127.0.0.1:PORT/plain"),
    "to_nonsense": _to("http://[::1"),
    "to_http": _to("http://127.0.0.1:PORT/plain"),
    # What holds, floods or confuses a reader.
    "silent": lambda visit: visit.server.stopping.wait(30) and None,
    "drip_head": _drip(b"", b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 2000),
    "drip_body": _drip(HEAD + b"\r\n", b"x" * 2000),
    "drip_chunks": _drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 500),
    "drip_moved": _drip(b"HTTP/1.1 302 Found\r\nLocation: /pl", b"x" * 2000),
    "endless": _flood(HEAD, b"\r\n"),
    "endless_chunks": _flood(HEAD, b"Transfer-Encoding: chunked\r\n\r\n", piece=b"1000\r\n" + b"x" * 4096 + b"\r\n"),
    "endless_chunk_line": _flood(HEAD, b"Transfer-Encoding: chunked\r\n\r\n", piece=b"0" * 65536),
    "endless_head": _flood(b"HTTP/1.1 200 OK\r\nX-Long: "),
    "endless_continue": _flood(piece=b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
    "endless_moved": _endless_moved,
    "many_headers": _send(b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n" * 500, b"\r\n", FEED),
    "length_too_large": _send(HEAD, b"Content-Length: 99999999999\r\n\r\n", FEED),
    "length_lie": _send(HEAD, b"Content-Length: 5000\r\n\r\n", FEED),
    "length_negative": _send(HEAD, b"Content-Length: -5\r\n\r\n", FEED),
    "chunk_nonsense": _send(HEAD, b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", FEED),
    "gzip_bomb": _packed("gzip", _BOMB),
    "gzip_bomb_members": _packed("gzip", gzip.compress(b"\0" * 100_000) * 40),
    "gzip_thin": _packed("gzip", gzip.compress(FEED + b" " * 1_500_000)),
    "gzip_cut": _packed("gzip", gzip.compress(FEED)[:-20]),
    "gzip_false": _packed("gzip", FEED),
    "gzip_twice": _packed("gzip, gzip", gzip.compress(gzip.compress(FEED))),
    "brotli": _packed("br", FEED),
    "garbage": _send(b"\x16\x03\x01\x02\x00garbage\r\n\r\n"),
    "http_0_9": _send(FEED),
    "hang_up": _send(b""),
    "reset": _reset,
    "strange_type": _send(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\0\xff\r\nConnection: close\r\n\r\n", FEED),
    "strange_etag": lambda visit: visit.answer(FEED, "200 OK", "ETag: " + "e" * 400, "Last-Modified: 昨天"),
}


def _read_request(sock: socket.socket) -> tuple[str, dict[str, str]]:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            return "", {}
        data += piece
    lines = data.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    return lines[0].split(" ")[1].lstrip("/"), {name.lower(): value for name, value in headers.items()}


def _serve_one(server: FeedServer, sock: socket.socket, context: ssl.SSLContext | None) -> None:
    # A reader that gives up is what most of these behaviours are for.
    with suppress(OSError):
        sock.settimeout(10)
        if context is not None:
            sock = context.wrap_socket(sock, server_side=True)
        with sock:
            path, server.headers = _read_request(sock)
            server.visits.append(path)
            if "authorization" in server.headers:
                server.authorizations.append((server.headers.get("host", ""), server.headers["authorization"]))
            behaviour = BEHAVIOURS.get(path.partition("?")[0])
            if behaviour is not None:
                behaviour(Visit(sock, path, server.headers, server))
    sock.close()


def _tls(server: FeedServer, certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _sock, name, _context: server.names.append(name)
    return context


@contextmanager
def feed_server(certificate: Path | None = None) -> Iterator[FeedServer]:
    """Serve until the block ends; with a certificate (PEM, key included) over TLS."""
    server = FeedServer(scheme="https" if certificate else "http")
    context = _tls(server, certificate) if certificate else None
    workers: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]

        def accept() -> None:
            while True:
                sock, _ = listener.accept()
                if server.stopping.is_set():
                    sock.close()
                    return
                worker = threading.Thread(target=_serve_one, args=(server, sock, context), daemon=True)
                worker.start()
                workers.append(worker)

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield server
        finally:
            server.stopping.set()
            socket.create_connection(("127.0.0.1", server.port)).close()
            accepting.join(5)
            for worker in workers:
                worker.join(5)
