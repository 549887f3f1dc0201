"""Where the desk refuses to call: hundreds of spellings of addresses that lead inward."""

import ipaddress
import socket
from collections.abc import Iterator

import pytest

from opinion_service.adapters.feed_client import FetchOutcome, FetchPolicy, FetchRequest, fetch, guard, wire
from opinion_service.domain.listening.addresses import shown_address

# address, may anybody be found there
BOUNDARIES = [
    ("0.0.0.0", False),
    ("0.255.255.255", False),
    ("1.0.0.0", True),
    ("9.255.255.255", True),
    ("10.0.0.0", False),
    ("10.255.255.255", False),
    ("11.0.0.0", True),
    ("100.63.255.255", True),
    ("100.64.0.0", False),
    ("100.127.255.255", False),
    ("100.128.0.0", True),
    ("126.255.255.255", True),
    ("127.0.0.0", False),
    ("127.255.255.255", False),
    ("128.0.0.0", True),
    ("169.253.255.255", True),
    ("169.254.0.0", False),
    ("169.254.169.254", False),
    ("169.255.0.0", True),
    ("172.15.255.255", True),
    ("172.16.0.0", False),
    ("172.31.255.255", False),
    ("172.32.0.0", True),
    ("192.0.0.0", False),
    ("192.0.0.8", False),
    ("192.0.0.9", False),
    ("192.0.0.255", False),
    ("192.0.1.0", True),
    ("192.0.2.1", False),
    ("192.88.98.255", True),
    ("192.88.99.1", False),
    ("192.167.255.255", True),
    ("192.168.0.0", False),
    ("192.168.255.255", False),
    ("192.169.0.0", True),
    ("198.17.255.255", True),
    ("198.18.0.0", False),
    ("198.19.255.255", False),
    ("198.20.0.0", True),
    ("198.51.100.7", False),
    ("203.0.113.7", False),
    ("223.255.255.255", True),
    ("224.0.0.1", False),
    ("239.255.255.255", False),
    ("240.0.0.1", False),
    ("255.255.255.255", False),
    ("8.8.8.8", True),
    ("::", False),
    ("::1", False),
    ("::127.0.0.1", False),
    ("::8.8.8.8", False),
    ("::ffff:127.0.0.1", False),
    ("::ffff:10.0.0.1", False),
    ("::ffff:8.8.8.8", True),
    ("64:ff9b::7f00:1", False),
    ("64:ff9b::a9fe:a9fe", False),
    ("64:ff9b::808:808", True),
    ("64:ff9b:1::808:808", False),
    ("100::1", False),
    ("2001::1", False),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
    ("2001:db8::1", False),
    ("2001:200::1", True),
    ("2002:7f00:1::", False),
    ("2002:808:808::", False),
    ("240e:1::1", True),
    ("2606:4700::1111", True),
    ("3fff::1", False),
    ("4000::1", False),
    ("5f00::1", False),
    ("fc00::1", False),
    ("fd00:ec2::254", False),
    ("fe80::1", False),
    ("fe80::1%eth0", False),
    ("fec0::1", False),
    ("ff02::1", False),
    ("ff0e::1", False),
    ("", False),
    ("localhost", False),
    ("0x7f.1", False),
]


@pytest.mark.parametrize(("address", "is_public"), BOUNDARIES)
def test_what_is_public(address, is_public):
    assert guard.is_public(address) is is_public


INWARD = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "192.0.0.8",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
]
CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
BOLD = str.maketrans("0123456789", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")


def spellings(address: str) -> Iterator[str]:
    """Yield ways to write the host of one IPv4 address that some resolver or other understands."""
    a, b, c, d = (int(part) for part in address.split("."))
    number = int(ipaddress.IPv4Address(address))
    yield address
    yield f"{address}."
    yield f"{a:#x}.{b:#x}.{c:#x}.{d:#x}"
    yield f"{a:#X}.{b}.{c:#x}.{d}"
    yield f"0{a:o}.0{b:o}.0{c:o}.0{d:o}"
    yield f"000{a:o}.{b}.{c}.{d}"
    yield f"{a}.{b}.{c * 256 + d}"
    yield f"{a}.{number & 0xFFFFFF}"
    yield f"{a:#x}.{number & 0xFFFFFF:#x}"
    yield str(number)
    yield f"{number:#x}"
    yield f"0{number:o}"
    yield address.translate(CIRCLED)
    yield address.translate(WIDE)
    yield address.translate(BOLD)
    yield address.replace(".", "。")
    yield address.replace(".", "．")
    yield address.translate(WIDE).replace(".", "｡")
    yield f"[::ffff:{address}]"
    yield f"[::ffff:{number >> 16:x}:{number & 0xFFFF:x}]"
    yield f"[0:0:0:0:0:FFFF:{address}]"
    yield f"[::{address}]"
    yield f"[64:ff9b::{address}]"
    yield f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::1]"


VECTORS = [f"http://{host}/feed.xml" for address in INWARD for host in spellings(address)] + [
    f"{scheme}://{host}/"
    for scheme in ("http", "https")
    for host in (
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fe80::1%25lo]",
        "[fd00:ec2::254]",
        "[fec0::1]",
        "[ff02::1]",
        "0",
        "127.1",
    )
]
# Refused by their spelling, whatever they would resolve to.
MISSHAPEN = [
    "",
    "feed.xml",
    "//8.8.8.8/feed.xml",
    "http:",
    "http://",
    "http:///feed.xml",
    "http://:80/",
    "ftp://8.8.8.8/feed.xml",
    "file:///etc/passwd",
    "gopher://8.8.8.8/_INFO",
    "dict://8.8.8.8:11211/stat",
    "javascript:alert(1)",
    "data:text/xml,<rss/>",
    "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
    "http://ok@8.8.8.8/",
    "http://8.8.8.8@127.0.0.1/",
    "http://user:secret@8.8.8.8/",
    "http://@8.8.8.8/",
    "http://8.8.8.8\\@127.0.0.1/",
    "http://127.0.0.1\\.example/",
    "http://8.8.8.8 .example/",
    "http://8.8.8.8\t/",
    "http://8.8.8.8\r\nHost: 127.0.0.1/",
    "http://8.8.8.8/\r\nX-Injected: 1",
    "http://8.8.8.8/\x00",
    "http://%31%32%37.0.0.1/",
    "http://127.0.0.1%00.example/",
    "http://127.0.0.1%2f@8.8.8.8/",
    "http://[8.8.8.8]/",
    "http://[::1/",
    "http://::1/",
    "http://[::g]/",
    "http://8.8.8.8:port/",
    "http://8.8.8.8:99999/",
    "http://8.8.8.8:-80/",
    "http://8.8.8.8:0/",
    "http://8.8.8.8:22/",
    "http://8.8.8.8:25/",
    "http://8.8.8.8:6379/",
    "http://8.8.8.8:11211/",
    "http://a..example/",
    "http://.example/",
    "http://-.example/",
    "http://*.example/",
    "http://a,b.example/",
    "http://" + "a" * 64 + ".example/",
    "http://" + "a." * 200 + "example/",
    "http://8.8.8.8/" + "a" * 2000,
    "http://\ud800.example/",
]


@pytest.fixture
def dialled(monkeypatch) -> list[str]:
    """Return the list of addresses that would have been dialled."""
    calls: list[str] = []

    def dial(addresses, port, budget):
        calls.extend(addresses)
        raise ConnectionRefusedError

    monkeypatch.setattr(wire, "dial", dial)
    return calls


def by_numbers(host: str, port: int) -> tuple[str, ...]:
    """Return what the system makes of a host that is a number in some spelling, without asking any DNS."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return tuple(str(row[4][0]) for row in rows)


def test_there_are_enough_vectors():
    assert len(set(VECTORS)) + len(set(MISSHAPEN)) >= 300


@pytest.mark.parametrize("url", VECTORS)
def test_no_spelling_of_an_inward_address_is_dialled(url, dialled):
    fetched = fetch(FetchRequest(url), resolve=by_numbers)
    assert fetched.outcome is FetchOutcome.REFUSED_PRIVATE
    assert not dialled


@pytest.mark.parametrize("url", MISSHAPEN)
def test_what_is_no_address_of_a_feed_is_refused(url, dialled):
    fetched = fetch(FetchRequest(url), resolve=by_numbers)
    assert fetched.outcome is FetchOutcome.REFUSED
    assert fetched.detail.endswith("。")
    assert not dialled


@pytest.mark.parametrize(
    "answers",
    [
        ("127.0.0.1",),
        ("93.184.216.34", "127.0.0.1"),
        ("::1", "93.184.216.34"),
        ("93.184.216.34", "2002:7f00:1::"),
        ("93.184.216.34", "nonsense"),
    ],
)
def test_one_private_answer_among_public_ones_is_refused(answers, dialled):
    fetched = fetch(FetchRequest("https://feeds.example/"), resolve=lambda _host, _port: answers)
    assert fetched.outcome is FetchOutcome.REFUSED_PRIVATE
    assert not dialled


def test_what_was_checked_is_what_is_dialled_and_the_name_is_asked_once(dialled):
    answers = iter([("93.184.216.34", "2606:4700::1111"), ("127.0.0.1",)])
    fetch(FetchRequest("https://feeds.example/"), resolve=lambda _host, _port: next(answers))
    assert dialled == ["93.184.216.34", "2606:4700::1111"]
    assert next(answers) == ("127.0.0.1",)


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "host_header"),
    [
        ("http://Example.COM", "example.com", 80, "/", "example.com"),
        ("https://example.com.:443/a?b=c", "example.com", 443, "/a?b=c", "example.com"),
        ("https://example.com:80/", "example.com", 80, "/", "example.com:80"),
        (
            "http://例子.测试/信源?词=路灯",
            "xn--fsqu00a.xn--0zwm56d",
            80,
            "/%E4%BF%A1%E6%BA%90?%E8%AF%8D=%E8%B7%AF%E7%81%AF",
            "xn--fsqu00a.xn--0zwm56d",
        ),
        ("http://[2606:4700:0:0::1111]:8080/x", "2606:4700::1111", 8080, "/x", "[2606:4700::1111]:8080"),
        ("http://a_b.example/%E4%BF%A1", "a_b.example", 80, "/%E4%BF%A1", "a_b.example"),
        ("http://example.com/a#part", "example.com", 80, "/a", "example.com"),
        (" http://example.com/a ", "example.com", 80, "/a", "example.com"),
    ],
)
def test_an_address_taken_apart(url, host, port, path, host_header):
    target = guard.target_of(url)
    assert (target.host, target.port, target.path, target.host_header) == (host, port, path, host_header)


@pytest.mark.parametrize("port", sorted(guard.PORTS))
def test_the_usual_ports_are_open_and_others_when_configured(port, dialled):
    fetch(FetchRequest(f"http://8.8.8.8:{port}/"), resolve=by_numbers)
    assert dialled == ["8.8.8.8"]
    dialled.clear()
    policy = FetchPolicy(ports=guard.PORTS - {port})
    assert fetch(FetchRequest(f"http://8.8.8.8:{port}/"), policy, resolve=by_numbers).outcome is FetchOutcome.REFUSED
    assert not dialled


def test_the_system_resolver_does_not_wait_longer_than_it_may(monkeypatch):
    monkeypatch.setattr(guard, "_ask", lambda _host, _port, _answers: None)
    with pytest.raises(TimeoutError):
        guard.system_resolver(0.01)("feeds.example", 80)


@pytest.mark.parametrize("error", [socket.gaierror("unknown"), UnicodeError("label too long")])
def test_what_the_system_resolver_raises_is_an_os_error(monkeypatch, error):
    def getaddrinfo(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(OSError, match=r"unknown|label"):
        guard.system_resolver(5)("feeds.example", 80)


def test_the_system_resolver_gives_each_address_once():
    assert guard.system_resolver(5)("127.0.0.1", 80) == ("127.0.0.1",)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://\u0430pple.example/a", "https://\u0430pple.example/a（xn--pple-43d.example）"),
        ("http://中文.中国:8080/", "http://中文.中国:8080/（xn--fiq228c.xn--fiqs8s）"),
        ("https://xn--pple-43d.example/a", "https://xn--pple-43d.example/a"),
        ("https://forum.example/路灯", "https://forum.example/路灯"),
        ("", ""),
    ],
)
def test_a_host_that_only_looks_familiar_is_shown_as_it_is_asked(url, shown):
    assert shown_address(url) == shown
