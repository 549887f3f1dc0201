"""Decides where the desk may call: http(s) only, known ports, and public addresses unless a host is allowed.

Whatever spelling a host has (octal, hex, full-width digits, a name that resolves inward), what counts are the
addresses it leads to; every one of them must be public, and the one that was checked is the one that is dialled.
"""

import ipaddress
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

Resolver = Callable[[str, int], tuple[str, ...]]
PORTS = frozenset({80, 81, 88, 443, 8000, 8080, 8081, 8088, 8090, 8443, 8888})
LONGEST_URL = 2_000
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]{0,252})")
_PUBLIC_V6 = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Parts of the public ranges that lead elsewhere: protocol assignments, 6to4 and its relay, documentation.
_NOT_PUBLIC_V6 = tuple(ipaddress.ip_network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_NOT_PUBLIC_V4 = tuple(ipaddress.ip_network(net) for net in ("192.0.0.0/24", "192.88.99.0/24"))


class Refused(Exception):
    """The address is not one this desk calls; the message is a Chinese sentence for the ledger."""


class RefusedPrivate(Refused):
    """The address leads into a network that is not public."""


@dataclass(frozen=True, slots=True)
class Target:
    """One address taken apart: `host` is ASCII, without brackets or a final dot."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """Return the host as the Host header names it: the port only where it is unusual."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return shown if self.port == usual else f"{shown}:{self.port}"


def target_of(url: str) -> Target:
    """Return the parts of a URL the desk may call as far as its spelling goes; raise Refused otherwise."""
    if len(url) > LONGEST_URL:
        raise Refused("地址过长。")
    if any(char <= " " or char in "\\\x7f" for char in url.strip()):
        raise Refused("地址含有不允许的字符。")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise Refused("地址格式不正确。") from error
    if parts.scheme not in ("http", "https"):
        raise Refused("只支持 http 和 https 地址。")
    if "@" in parts.netloc:
        raise Refused("地址不能带用户名和密码。")
    host = _ascii_host(parts.hostname or "")
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    query = f"?{quote(parts.query, safe=_PATH_SAFE + '?')}" if parts.query else ""
    default = 443 if parts.scheme == "https" else 80
    return Target(parts.scheme, host, default if port is None else port, path + query)


def is_public(text: str) -> bool:
    """Return whether an IP address is one anybody on the internet may be found at.

    Stricter than `ipaddress.is_global`, which lets multicast, NAT64, 6to4 and site-local addresses pass.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner_v4(address)
        if inner is None:
            return address in _PUBLIC_V6 and address.is_global and not any(address in net for net in _NOT_PUBLIC_V6)
        address = inner
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in net for net in _NOT_PUBLIC_V4)
    )


def addresses_of(target: Target, *, may_be_private: bool, resolve: Resolver) -> tuple[str, ...]:
    """Return the addresses to dial, in order; raise RefusedPrivate when a single one of them is not public.

    One private address among public ones is refused too: which of them is dialled would be chance.
    """
    found = resolve(target.host, target.port)
    if not may_be_private and not all(is_public(address) for address in found):
        raise RefusedPrivate("地址指向内部网络，已拒绝。")
    return found


def system_resolver(timeout_s: float) -> Resolver:
    """Return a resolver that asks the system, waits at most `timeout_s`, and raises OSError or TimeoutError."""

    def resolve(host: str, port: int) -> tuple[str, ...]:
        answers: list[tuple[str, ...] | OSError | UnicodeError] = []
        # The system's resolver knows no deadline; a thread that is left behind ends with its own.
        asking = threading.Thread(target=_ask, args=(host, port, answers), daemon=True)
        asking.start()
        asking.join(timeout_s)
        if not answers:
            raise TimeoutError
        if isinstance(answers[0], Exception):
            raise OSError(str(answers[0])) from answers[0]
        return answers[0]

    return resolve


def _ask(host: str, port: int, answers: list[tuple[str, ...] | OSError | UnicodeError]) -> None:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        answers.append(error)
        return
    answers.append(tuple(dict.fromkeys(str(row[4][0]) for row in rows)))


def _ascii_host(host: str) -> str:
    """Return the host as DNS knows it; full-width digits and dots become plain ones here, not in the resolver."""
    if ":" in host:
        try:
            return str(ipaddress.IPv6Address(host.partition("%")[0]))
        except ValueError as error:
            raise Refused("地址中的主机名不正确。") from error
    try:
        plain = host.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError as error:
        raise Refused("地址中的主机名不正确。") from error
    if not _HOST.fullmatch(plain):
        raise Refused("地址中的主机名不正确。")
    return plain


def _inner_v4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address an IPv6 one stands for where the network itself translates it."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return None
