"""A guarded fetch: public addresses only, pinned; redirects looked at; time and size bounded."""

import http.client
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from opinion_service.adapters.feed_client import freshness, guard, wire
from opinion_service.domain.listening.addresses import authority_of, origin_of

if TYPE_CHECKING:
    # Loaded when something is fetched: the process that parses one document imports this package too,
    # and urllib3 would be a third of its time.
    from urllib3 import BaseHTTPResponse
    from urllib3.connection import HTTPConnection

USER_AGENT = "opinion-service/1.0 (government public-opinion response desk; feed reader)"
_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
_CHUNK = 65_536
_HEADER_ROOM = 262_144
_MOVED = (301, 302, 303, 307, 308)
_MOVED_FOR_GOOD = (301, 308)
_LONGEST_VALIDATOR = 300
_TELLING = ("Date", "Server", "Content-Type", "Content-Length", "Content-Language", "ETag", "Last-Modified", "Age")


class FetchOutcome(StrEnum):
    """How a fetch ended; every one stands in the ledger."""

    OK = "ok"
    NOT_MODIFIED = "not_modified"
    GONE = "gone"
    HTTP_ERROR = "http_error"
    REFUSED_PRIVATE = "refused_private"
    REFUSED = "refused"
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    NETWORK_ERROR = "network_error"


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """What to fetch; `allow_private_hosts` are the only names that may lead to private addresses and odd ports.

    authorization: the header's value, sent to `authorization_origin` (`scheme://host:port`) and nowhere else.
    asked_at: what a server's instants count from when it names no Date. may_go: asked before a redirect leads to
    another host, with whether that one may be private; answers why it may not be followed, or nothing.
    """

    url: str
    etag: str = ""
    last_modified: str = ""
    allow_private_hosts: frozenset[str] = frozenset()
    user_agent: str = USER_AGENT
    authorization: str = field(default="", repr=False)
    authorization_origin: str = ""
    asked_at: datetime | None = None
    may_go: Callable[[str, bool], str] | None = None


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """The bounds of every fetch. `timeout_s` covers everything from the first question to the last byte.

    max_bytes bounds the body twice: as sent, and decompressed. ca_file replaces the system's certificates.
    """

    timeout_s: float = 20.0
    max_bytes: int = 2_000_000
    max_redirects: int = 3
    ports: frozenset[int] = guard.PORTS
    allow_downgrade: bool = False
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back; `detail` is a Chinese sentence for the ledger, empty when all is well.

    permanent_url is set when the server says that the source has moved for good. retry_after_s is the pause the
    server asks for, at most a day; fresh_s is how long it says that this copy is good. headers: those that tell where
    and when the document comes from; never a cookie.
    """

    outcome: FetchOutcome
    detail: str = ""
    status: int | None = None
    body: bytes = b""
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    final_url: str = ""
    permanent_url: str | None = None
    retry_after_s: int | None = None
    fresh_s: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Trip:
    """Where one fetch has got to."""

    url: str
    permanent: bool = True
    private_ok: bool = True
    hops: int = 0
    seen: set[str] = field(default_factory=set)


_DEFAULT = FetchPolicy()


def fetch(request: FetchRequest, policy: FetchPolicy = _DEFAULT, *, resolve: guard.Resolver | None = None) -> Fetched:
    """Return what `request.url` gives; never raises for what the network or the server does.

    resolve: from host and port to addresses; the system's resolver unless given.
    """
    from urllib3.exceptions import HTTPError

    budget = wire.Budget(time.monotonic() + policy.timeout_s, policy.max_bytes + _HEADER_ROOM)
    trip = _Trip(request.url.strip())
    try:
        return _travel(trip, request, policy, budget, resolve)
    except guard.RefusedPrivate as refusal:
        return Fetched(FetchOutcome.REFUSED_PRIVATE, str(refusal), final_url=trip.url)
    except guard.Refused as refusal:
        return Fetched(FetchOutcome.REFUSED, str(refusal), final_url=trip.url)
    except wire.TooLarge:
        return Fetched(FetchOutcome.TOO_LARGE, f"内容超过 {policy.max_bytes / 1e6:g} MB，未读取。", final_url=trip.url)
    except wire.Undecodable:
        return Fetched(FetchOutcome.NETWORK_ERROR, "内容的压缩格式无法识别或不完整。", final_url=trip.url)
    except (HTTPError, http.client.HTTPException, OSError, ValueError) as error:
        return _network_trouble(error, trip, policy, budget)


def _travel(
    trip: _Trip, request: FetchRequest, policy: FetchPolicy, budget: wire.Budget, resolve: guard.Resolver | None
) -> Fetched:
    while True:
        target = _checked(trip, request, policy)
        connection = _connected(target, trip, policy, budget, resolve)
        try:
            response = _asked(connection, target, request, trip.url)
            location = response.headers.get("Location", "") if response.status in _MOVED else ""
            if not location:
                return _answer(response, trip, request, policy)
            status = response.status
        finally:
            connection.close()
        left = authority_of(trip.url)
        _follow(trip, target, location, status, policy)
        _ask_leave(trip, left, request)


def _checked(trip: _Trip, request: FetchRequest, policy: FetchPolicy) -> guard.Target:
    """Return the target of this hop; an allowed host is allowed only while every hop so far was one."""
    target = guard.target_of(trip.url)
    allowed = {host.lower().rstrip(".") for host in request.allow_private_hosts}
    trip.private_ok = trip.private_ok and target.host in allowed
    if not trip.private_ok and target.port not in policy.ports:
        raise guard.Refused(f"不允许访问端口 {target.port}。")
    return target


def _connected(
    target: guard.Target, trip: _Trip, policy: FetchPolicy, budget: wire.Budget, resolve: guard.Resolver | None
) -> "HTTPConnection":
    ask = resolve or guard.system_resolver(budget.seconds(wire.CONNECT_S))
    addresses = guard.addresses_of(target, may_be_private=trip.private_ok, resolve=ask)
    return wire.connected(target, addresses, policy.ca_file, budget)


def _asked(
    connection: "HTTPConnection", target: guard.Target, request: FetchRequest, trip_url: str
) -> "BaseHTTPResponse":
    headers = {
        "Host": target.host_header,
        "User-Agent": request.user_agent,
        "Accept": _ACCEPT,
        "Accept-Encoding": "gzip, deflate",
        "Connection": "close",
    }
    if _is_sendable(request.authorization) and request.authorization_origin == origin_of(trip_url):
        headers["Authorization"] = request.authorization
    if _is_sendable(request.etag):
        headers["If-None-Match"] = request.etag
    if _is_sendable(request.last_modified):
        headers["If-Modified-Since"] = request.last_modified
    connection.request("GET", target.path, headers=headers, preload_content=False, decode_content=False)
    return connection.getresponse()


def _follow(trip: _Trip, target: guard.Target, location: str, status: int, policy: FetchPolicy) -> None:
    """Move the trip to where the server points; raise Refused when it may not go there."""
    trip.hops += 1
    trip.seen.add(trip.url)
    # Servers write addresses raw; http.client reads headers as Latin-1.
    pointed = location.encode("latin-1", "replace").decode("utf-8", "replace").strip()
    try:
        trip.url = urljoin(trip.url, pointed.replace(" ", "%20"))
    except ValueError as error:
        raise guard.Refused("重定向的地址格式不正确。") from error
    trip.permanent = trip.permanent and status in _MOVED_FOR_GOOD
    if trip.hops > policy.max_redirects or trip.url in trip.seen:
        raise guard.Refused("重定向次数过多。")
    if target.scheme == "https" and trip.url.lower().startswith("http:") and not policy.allow_downgrade:
        raise guard.Refused("重定向从 https 降为 http，已拒绝。")


def _ask_leave(trip: _Trip, left: str, request: FetchRequest) -> None:
    """Raise Refused when the host that the trip leads to next does not want to be asked."""
    if request.may_go is None or authority_of(trip.url) == left:
        return
    reason = request.may_go(trip.url, trip.private_ok)
    if reason:
        raise guard.Refused(reason)


def _answer(response: "BaseHTTPResponse", trip: _Trip, request: FetchRequest, policy: FetchPolicy) -> Fetched:
    permanent_url = trip.url if trip.hops and trip.permanent else None
    if response.status == 304 and (request.etag or request.last_modified):
        fresh_s = freshness.fresh_for(response.headers, request.asked_at)
        return Fetched(
            FetchOutcome.NOT_MODIFIED, status=304, final_url=trip.url, permanent_url=permanent_url, fresh_s=fresh_s
        )
    if response.status not in (200, 203):
        return _http_trouble(response, trip, request)
    if _content_length(response) > policy.max_bytes:
        raise wire.TooLarge
    chunks = response.stream(_CHUNK, decode_content=False)
    return Fetched(
        FetchOutcome.OK,
        status=response.status,
        body=wire.inflated(chunks, response.headers.get("Content-Encoding", ""), policy.max_bytes),
        content_type=_content_type(response),
        etag=_header(response, "ETag", _LONGEST_VALIDATOR),
        last_modified=_header(response, "Last-Modified", 100),
        final_url=trip.url,
        permanent_url=permanent_url,
        fresh_s=freshness.fresh_for(response.headers, request.asked_at),
        headers={name: value for name in _TELLING if (value := _header(response, name, _LONGEST_VALIDATOR))},
    )


def _content_type(response: "BaseHTTPResponse") -> str:
    """Return the type as declared; what no header should hold makes the rest of it no better."""
    value = response.headers.get("Content-Type", "")[:120]
    return value if _is_sendable(value) else ""


def _content_length(response: "BaseHTTPResponse") -> int:
    length = response.headers.get("Content-Length", "").strip()[:18]
    return int(length) if length.isascii() and length.isdigit() else 0


def _http_trouble(response: "BaseHTTPResponse", trip: _Trip, request: FetchRequest) -> Fetched:
    words = {401: "，需要登录", 403: "，拒绝访问", 404: "，地址不存在", 410: "，信源已停用", 429: "，访问过于频繁"}
    return Fetched(
        FetchOutcome.GONE if response.status == 410 else FetchOutcome.HTTP_ERROR,
        f"服务器返回 {response.status}{words.get(response.status, '')}。",
        response.status,
        final_url=trip.url,
        retry_after_s=freshness.retry_after(response.headers, request.asked_at),
    )


def _network_trouble(error: Exception, trip: _Trip, policy: FetchPolicy, budget: wire.Budget) -> Fetched:
    if time.monotonic() >= budget.deadline:
        return Fetched(FetchOutcome.TIMEOUT, f"{policy.timeout_s:g} 秒内未能取完。", final_url=trip.url)
    if isinstance(error, TimeoutError):
        return Fetched(FetchOutcome.TIMEOUT, "服务器长时间没有回应。", final_url=trip.url)
    if isinstance(error, ssl.SSLError):
        return Fetched(FetchOutcome.NETWORK_ERROR, "证书不可信或加密连接失败。", final_url=trip.url)
    return Fetched(FetchOutcome.NETWORK_ERROR, f"网络错误：{type(error).__name__}。", final_url=trip.url)


def _header(response: "BaseHTTPResponse", name: str, longest: int) -> str:
    """Return a header as it came; one that is too long or not printable is left out, for a part of it is no use."""
    value = response.headers.get(name, "")
    return value if len(value) <= longest and _is_sendable(value) else ""


def _is_sendable(value: str) -> bool:
    return bool(value) and value.isascii() and value.isprintable()
