"""The fetch against a server that does everything a server should not."""

import datetime as dt
import ssl
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from opinion_service.adapters.feed_client import FetchOutcome, FetchPolicy, FetchRequest, fetch, parse
from tests.feed_server import BEHAVIOURS, ETAG, FEED, STAMP, FeedServer, feed_server

LOCAL = frozenset({"127.0.0.1"})
QUICK = FetchPolicy(timeout_s=0.6, max_bytes=200_000)
O = FetchOutcome  # noqa: E741 - a column of the table below

# behaviour, outcome, status
ENDINGS = [
    ("plain", O.OK, 200),
    ("no_length", O.OK, 200),
    ("http_1_0", O.OK, 200),
    ("chunked", O.OK, 200),
    ("gzip", O.OK, 200),
    ("gzip_members", O.OK, 200),
    ("gzip_padded", O.OK, 200),
    ("deflate", O.OK, 200),
    ("deflate_raw", O.OK, 200),
    ("identity", O.OK, 200),
    ("conditional", O.OK, 200),
    ("empty", O.OK, 200),
    ("non_authoritative", O.OK, 203),
    ("cached", O.OK, 200),
    ("cached_for_ever", O.OK, 200),
    ("expires", O.OK, 200),
    ("no_store", O.OK, 200),
    ("ttl", O.OK, 200),
    ("growing", O.OK, 200),
    ("empty_list", O.OK, 200),
    ("web_page", O.OK, 200),
    ("one_broken", O.OK, 200),
    ("gbk_body", O.OK, 200),
    ("locked", O.HTTP_ERROR, 401),
    ("flapping", O.OK, 200),
    ("moved_to_page", O.OK, 200),
    ("to_other_name", O.REFUSED, None),
    ("gbk_header", O.OK, 200),
    ("moved", O.OK, 200),
    ("moved_308", O.OK, 200),
    ("found", O.OK, 200),
    ("found_307", O.OK, 200),
    ("moved_then_found", O.OK, 200),
    ("moved_chinese", O.OK, 200),
    ("moved_to_conditional", O.OK, 200),
    ("chain_2", O.OK, 200),
    ("chain_3", O.OK, 200),
    ("chain_4", O.REFUSED, None),
    ("missing", O.HTTP_ERROR, 404),
    ("gone", O.GONE, 410),
    ("forbidden", O.HTTP_ERROR, 403),
    ("sign_in", O.HTTP_ERROR, 401),
    ("broken", O.HTTP_ERROR, 500),
    ("no_content", O.HTTP_ERROR, 204),
    ("unasked_304", O.HTTP_ERROR, 304),
    ("busy", O.HTTP_ERROR, 429),
    ("busy_until", O.HTTP_ERROR, 503),
    ("busy_for_ever", O.HTTP_ERROR, 503),
    ("busy_nonsense", O.HTTP_ERROR, 503),
    ("busy_no_date", O.HTTP_ERROR, 503),
    ("hollow", O.OK, 200),
    ("moving", O.OK, 200),
    ("strange_type", O.OK, 200),
    ("gzip_thin", O.TOO_LARGE, None),
    ("moved_nowhere", O.HTTP_ERROR, 301),
    ("loop", O.REFUSED, None),
    ("loop_2", O.REFUSED, None),
    ("to_loopback", O.REFUSED, None),
    ("to_mapped", O.REFUSED, None),
    ("to_metadata", O.REFUSED_PRIVATE, None),
    ("to_relative_host", O.REFUSED, None),
    ("to_dword", O.REFUSED, None),
    ("to_file", O.REFUSED, None),
    ("to_gopher", O.REFUSED, None),
    ("to_userinfo", O.REFUSED, None),
    ("to_nonsense", O.REFUSED, None),
    ("silent", O.TIMEOUT, None),
    ("drip_head", O.TIMEOUT, None),
    ("drip_body", O.TIMEOUT, None),
    ("drip_chunks", O.TIMEOUT, None),
    ("drip_moved", O.TIMEOUT, None),
    ("endless", O.TOO_LARGE, None),
    ("endless_chunks", O.TOO_LARGE, None),
    ("endless_chunk_line", O.NETWORK_ERROR, None),
    ("endless_head", O.NETWORK_ERROR, None),
    ("endless_continue", O.TOO_LARGE, None),
    ("endless_moved", O.OK, 200),
    ("many_headers", O.NETWORK_ERROR, None),
    ("length_too_large", O.TOO_LARGE, None),
    ("length_lie", O.NETWORK_ERROR, None),
    ("length_negative", O.OK, 200),
    ("chunk_nonsense", O.NETWORK_ERROR, None),
    ("gzip_bomb", O.TOO_LARGE, None),
    ("gzip_bomb_members", O.TOO_LARGE, None),
    ("gzip_cut", O.NETWORK_ERROR, None),
    ("gzip_false", O.NETWORK_ERROR, None),
    ("gzip_twice", O.NETWORK_ERROR, None),
    ("brotli", O.NETWORK_ERROR, None),
    ("garbage", O.NETWORK_ERROR, None),
    ("http_0_9", O.NETWORK_ERROR, None),
    ("hang_up", O.NETWORK_ERROR, None),
    ("reset", O.NETWORK_ERROR, None),
    ("strange_etag", O.OK, 200),
]
NOT_ASKED_ALONE = {"loop_2b", "to_http", "robots.txt"}


@pytest.fixture(scope="module")
def server() -> Iterator[FeedServer]:
    with feed_server() as running:
        yield running


def get(server: FeedServer, behaviour: str, **changes: str):
    return fetch(FetchRequest(server.url(behaviour), allow_private_hosts=LOCAL, **changes), QUICK)


def test_every_behaviour_has_its_ending():
    assert {row[0] for row in ENDINGS} | NOT_ASKED_ALONE == set(BEHAVIOURS)


# What these serve is looked at where it is read.
OTHER_CONTENT = {"empty", "ttl", "growing", "empty_list", "web_page", "one_broken", "moved_to_page", "hollow"}


@pytest.mark.parametrize(("behaviour", "outcome", "status"), ENDINGS)
def test_each_behaviour_ends_as_it_should(server, behaviour, outcome, status):
    started = time.monotonic()
    fetched = get(server, behaviour)
    assert (fetched.outcome, fetched.status) == (outcome, status), fetched.detail
    assert time.monotonic() - started < QUICK.timeout_s + 0.5
    assert bool(fetched.detail) == (outcome is not O.OK)
    assert len(fetched.body) <= QUICK.max_bytes
    if outcome is O.OK and behaviour not in OTHER_CONTENT:
        assert parse(fetched.body, fetched.content_type).entries[0].title == "路灯不亮"


def test_validators_are_sent_back_and_understood(server):
    first = get(server, "conditional")
    assert (first.etag, first.last_modified) == (ETAG, STAMP)
    by_etag = get(server, "conditional", etag=first.etag)
    by_time = get(server, "conditional", last_modified=first.last_modified)
    assert {by_etag.outcome, by_time.outcome} == {O.NOT_MODIFIED}
    assert (by_etag.body, by_etag.detail) == (b"", "")


def test_a_validator_that_is_no_header_is_left_out(server):
    assert get(server, "plain", etag="x\r\nHost: evil", last_modified="昨天").outcome is O.OK
    assert "if-none-match" not in server.headers
    assert "if-modified-since" not in server.headers
    assert server.headers["host"] == f"127.0.0.1:{server.port}"
    strange = get(server, "strange_etag")
    assert (strange.etag, strange.last_modified) == ("", "")


def test_the_desk_says_who_it_is(server):
    get(server, "plain", user_agent="desk-of-this-county/1")
    assert server.headers["user-agent"] == "desk-of-this-county/1"
    assert server.headers["accept-encoding"] == "gzip, deflate"
    assert "cookie" not in server.headers


@pytest.mark.parametrize(
    ("behaviour", "is_for_good"),
    [("plain", False), ("moved", True), ("moved_308", True), ("found", False), ("moved_then_found", False)],
)
def test_only_a_chain_of_permanent_moves_changes_the_address(server, behaviour, is_for_good):
    fetched = get(server, behaviour)
    assert fetched.permanent_url == (server.url("plain") if is_for_good else None)
    assert fetched.final_url == server.url("plain")


def test_a_moved_source_may_also_be_unchanged(server):
    fetched = get(server, "moved_to_conditional", etag=ETAG)
    assert (fetched.outcome, fetched.permanent_url) == (O.NOT_MODIFIED, server.url("conditional"))


@pytest.mark.parametrize(
    ("behaviour", "seconds"),
    [("busy", 120), ("busy_until", 300), ("busy_for_ever", 86_400), ("busy_nonsense", None), ("missing", None)],
)
def test_the_pause_a_server_asks_for(server, behaviour, seconds):
    assert get(server, behaviour).retry_after_s == seconds


def test_a_private_host_is_refused_unless_it_is_allowed(server):
    before = len(server.visits)
    policy = FetchPolicy(timeout_s=0.6, ports=frozenset({server.port}))
    for host in ("127.0.0.1", "localhost", "0x7f.1", "[::1]", "2130706433"):
        fetched = fetch(FetchRequest(server.url("plain", host)), policy)
        assert fetched.outcome is O.REFUSED_PRIVATE, host
    assert len(server.visits) == before


def test_a_redirect_does_not_lead_from_outside_to_an_allowed_host(server):
    # The public host stands on loopback by its address in the table of the resolver only.
    def resolve(host: str, _port: int) -> tuple[str, ...]:
        return ("127.0.0.1",)

    allowed = frozenset({"feeds.example"})
    policy = FetchPolicy(timeout_s=0.6, ports=frozenset({server.port}))
    url = server.url("to_loopback", "feeds.example")
    fetched = fetch(FetchRequest(url, allow_private_hosts=allowed), policy, resolve=resolve)
    assert (fetched.outcome, server.visits[-1]) == (O.REFUSED_PRIVATE, "to_loopback")


def test_the_allowed_list_ignores_case_and_the_final_dot(server):
    def resolve(host: str, _port: int) -> tuple[str, ...]:
        return ("127.0.0.1",)

    request = FetchRequest(server.url("plain", "FEEDS.example."), allow_private_hosts=frozenset({"Feeds.Example"}))
    assert fetch(request, QUICK, resolve=resolve).outcome is O.OK


def test_the_next_address_is_tried_when_one_does_not_answer(server):
    request = FetchRequest(server.url("plain", "feeds.example"), allow_private_hosts=frozenset({"feeds.example"}))
    fetched = fetch(request, QUICK, resolve=lambda _host, _port: ("127.0.0.9", "127.0.0.1"))
    assert fetched.outcome is O.OK
    assert server.headers["host"] == f"feeds.example:{server.port}"


@pytest.mark.parametrize("trouble", [OSError("no such name"), TimeoutError()])
def test_a_name_that_cannot_be_resolved_is_an_outcome(trouble):
    def resolve(_host: str, _port: int) -> tuple[str, ...]:
        raise trouble

    fetched = fetch(FetchRequest("http://feeds.example/"), QUICK, resolve=resolve)
    assert fetched.outcome is (O.TIMEOUT if isinstance(trouble, TimeoutError) else O.NETWORK_ERROR)


def test_nobody_listening_is_an_outcome():
    with feed_server() as server:
        url = server.url("plain")
    assert fetch(FetchRequest(url, allow_private_hosts=LOCAL), QUICK).outcome is O.NETWORK_ERROR


def test_a_bomb_is_stopped_before_it_fills_the_memory(server):
    tracemalloc.start()
    try:
        assert get(server, "gzip_bomb").outcome is O.TOO_LARGE
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize(("room", "outcome"), [(0, O.OK), (-1, O.TOO_LARGE)])
@pytest.mark.parametrize("behaviour", ["plain", "no_length", "chunked", "gzip"])
def test_the_cap_is_exact(server, behaviour, room, outcome):
    policy = FetchPolicy(timeout_s=0.6, max_bytes=len(FEED) + room)
    request = FetchRequest(server.url(behaviour), allow_private_hosts=LOCAL)
    assert fetch(request, policy).outcome is outcome


def test_many_fetches_at_once_do_not_disturb_each_other(server):
    found = []
    jobs = [threading.Thread(target=lambda: found.append(get(server, "chunked").body)) for _ in range(12)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(10)
    assert found == [FEED] * 12


# TLS


def _certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    day = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(day)
        .not_valid_after(day + dt.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / f"{name}.pem"
    path.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    return _certificate(tmp_path_factory.mktemp("tls"), "feeds.example")


@pytest.fixture(scope="module")
def tls_server(certificate) -> Iterator[FeedServer]:
    with feed_server(certificate) as running:
        yield running


def get_tls(server: FeedServer, behaviour: str, host: str, ca_file: Path | None, **changes: bool):
    request = FetchRequest(server.url(behaviour, host), allow_private_hosts=frozenset({host, "127.0.0.1"}))
    policy = FetchPolicy(timeout_s=0.8, max_bytes=200_000, ca_file=str(ca_file) if ca_file else None, **changes)
    return fetch(request, policy, resolve=lambda _host, _port: ("127.0.0.1",))


def test_the_pinned_address_is_asked_by_its_name(tls_server, certificate):
    assert get_tls(tls_server, "chunked", "feeds.example", certificate).body == FEED
    assert tls_server.names[-1] == "feeds.example"
    assert tls_server.headers["host"] == f"feeds.example:{tls_server.port}"


@pytest.mark.parametrize("host", ["other.example", "feeds.example"])
def test_a_certificate_of_another_or_of_nobody_is_refused(tls_server, certificate, host):
    trusted = certificate if host == "other.example" else None
    fetched = get_tls(tls_server, "plain", host, trusted)
    assert (fetched.outcome, fetched.detail) == (O.NETWORK_ERROR, "证书不可信或加密连接失败。")


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        ("drip_body", O.TIMEOUT),
        ("silent", O.TIMEOUT),
        ("endless", O.TOO_LARGE),
        ("endless_chunk_line", O.NETWORK_ERROR),
        ("moved_308", O.OK),
        ("hang_up", O.NETWORK_ERROR),
    ],
)
def test_the_bounds_hold_inside_tls_too(tls_server, certificate, behaviour, outcome):
    assert get_tls(tls_server, behaviour, "feeds.example", certificate).outcome is outcome


def test_https_is_not_left_for_http_unless_that_is_allowed(tls_server, certificate):
    refused = get_tls(tls_server, "to_http", "feeds.example", certificate)
    assert (refused.outcome, refused.detail) == (O.REFUSED, "重定向从 https 降为 http，已拒绝。")
    followed = get_tls(tls_server, "to_http", "feeds.example", certificate, allow_downgrade=True)
    assert followed.outcome is O.NETWORK_ERROR  # a TLS server hears plain HTTP there


@pytest.mark.parametrize("behaviour", ["silent", "drip_head", "plain"])
def test_a_server_that_speaks_no_tls_is_an_outcome(server, behaviour):
    plain = FeedServer(port=server.port, scheme="https")
    fetched = get_tls(plain, behaviour, "feeds.example", None)
    assert fetched.outcome in (O.TIMEOUT, O.NETWORK_ERROR)


def test_the_oldest_protocols_are_not_spoken():
    assert ssl.create_default_context().minimum_version >= ssl.TLSVersion.TLSv1_2
