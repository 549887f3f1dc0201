"""A guarded fetch: public addresses only, pinned; redirects looked at; time and size bounded."""

import ipaddress
import socket
import time
import zlib
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

USER_AGENT = "opinion-service/1.0 (government public-opinion response desk; feed reader)"
MOST_BYTES = 4_000_000
MOST_REDIRECTS = 3
TIMEOUT_S = 20.0
CHUNK = 65_536


class Outcome(StrEnum):
    """How a fetch ended; every one stands in the ledger."""

    OK = "ok"
    NOT_MODIFIED = "not_modified"
    GONE = "gone"
    HTTP_ERROR = "http_error"
    REFUSED = "refused"
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    NETWORK_ERROR = "network_error"


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """What to fetch; `private_hosts` are the only names that may lead to private addresses."""

    url: str
    etag: str = ""
    last_modified: str = ""
    private_hosts: frozenset[str] = frozenset()
    timeout_s: float = TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back; `detail` says in words what went wrong."""

    outcome: Outcome
    detail: str = ""
    status: int | None = None
    body: bytes = b""
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    moved_to: str = ""


class _Refused(Exception):
    """The address is not one this desk may call."""


def fetch(request: FetchRequest) -> Fetched:
    """Return what `request.url` gives; never raises for what the network or the server does."""
    deadline = time.monotonic() + request.timeout_s
    url, moved_to = request.url, ""
    try:
        for _ in range(MOST_REDIRECTS + 1):
            response = _open(url, request, deadline)
            try:
                target = response.headers.get("Location", "") if response.status in _MOVED else ""
                if not target:
                    return _read(response, moved_to, deadline)
                url = urljoin(url, target)
                moved_to = url if response.status in (301, 308) else moved_to
            finally:
                response.close()
        return Fetched(Outcome.REFUSED, "重定向次数过多")
    except _Refused as refusal:
        return Fetched(Outcome.REFUSED, str(refusal))
    except TimeoutError:
        return Fetched(Outcome.TIMEOUT, f"{request.timeout_s:.0f} 秒内未取完")
    except urllib3.exceptions.TimeoutError:
        return Fetched(Outcome.TIMEOUT, "连接超时")
    except (HTTPError, OSError, ValueError, zlib.error) as error:
        return Fetched(Outcome.NETWORK_ERROR, f"网络错误：{type(error).__name__}")


_MOVED = (301, 302, 303, 307, 308)


def addresses_of(host: str, port: int, private_hosts: frozenset[str]) -> str:
    """Return one address of `host` to dial; raise when any of its addresses is not public."""
    if host in private_hosts:
        return host
    found = {str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    for text in found:
        address = ipaddress.ip_address(text.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        if not mapped.is_global or mapped.is_multicast:
            raise _Refused("地址指向内部网络，已拒绝")
    return sorted(found)[0]


def _open(url: str, request: FetchRequest, deadline: float) -> urllib3.BaseHTTPResponse:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.username:
        raise _Refused("只支持 http 和 https 地址")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = addresses_of(host, port, request.private_hosts)
    timeout = urllib3.Timeout(connect=5, read=min(10.0, _left(deadline)))
    if parts.scheme == "https":
        pool: urllib3.HTTPConnectionPool = urllib3.HTTPSConnectionPool(
            address, port, timeout=timeout, retries=False, assert_hostname=host, server_hostname=host
        )
    else:
        pool = urllib3.HTTPConnectionPool(address, port, timeout=timeout, retries=False)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Host": parts.netloc, "User-Agent": USER_AGENT, "Accept-Encoding": "gzip"}
    if request.etag:
        headers["If-None-Match"] = request.etag
    if request.last_modified:
        headers["If-Modified-Since"] = request.last_modified
    return pool.request("GET", path, headers=headers, preload_content=False, redirect=False)


def _read(response: urllib3.BaseHTTPResponse, moved_to: str, deadline: float) -> Fetched:
    if response.status == 304:
        return Fetched(Outcome.NOT_MODIFIED, status=304, moved_to=moved_to)
    if response.status != 200:
        outcome = Outcome.GONE if response.status == 410 else Outcome.HTTP_ERROR
        return Fetched(outcome, f"服务器返回 {response.status}", response.status)
    body = bytearray()
    # Small reads keep a slow server within the overall deadline and a bomb within the cap.
    for chunk in response.stream(CHUNK, decode_content=True):
        body += chunk
        _left(deadline)
        if len(body) > MOST_BYTES:
            return Fetched(Outcome.TOO_LARGE, f"超过 {MOST_BYTES // 1_000_000} MB", 200)
    return Fetched(
        Outcome.OK,
        status=200,
        body=bytes(body),
        content_type=response.headers.get("Content-Type", "")[:120],
        etag=response.headers.get("ETag", "")[:300],
        last_modified=response.headers.get("Last-Modified", "")[:100],
        moved_to=moved_to,
    )


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
