"""The readers that may die: bound by the kernel, apart from each other, and without a secret of their parent."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opinion_service.adapters import killable
from opinion_service.adapters.feed_client import parse, parse_killable
from opinion_service.adapters.killable import Ending, Limits, client

FEED = b"<rss version='2.0'><channel><title>x</title><item><title>y</title></item></channel></rss>"
LIMITS = Limits(10, 512)
ORDER = {"content_type": "", "base_url": ""}


@pytest.fixture(autouse=True)
def server() -> Iterator[None]:
    killable.start()
    yield
    killable.close()


def _pid() -> int:
    pid = killable.server_pid()
    assert pid is not None
    return pid


def _ended(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def test_one_server_reads_many_documents() -> None:
    pids = {_pid()}
    for _ in range(5):
        assert parse_killable(FEED) == parse(FEED)
        pids.add(_pid())
    assert len(pids) == 1


def test_many_threads_share_it() -> None:
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(parse_killable(FEED))) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [parse(FEED)] * 8


def test_the_server_knows_no_secret_and_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    killable.close()
    monkeypatch.setenv("SECRET_KEY", "canary-5521")
    with (tmp_path / "open").open("w"), socket.socket():
        killable.start()
        assert parse_killable(FEED).problem is None
        process = Path("/proc") / str(_pid())
        names = {line.split(b"=")[0] for line in (process / "environ").read_bytes().split(b"\0") if line}
        files = [str(path.readlink()) for path in (process / "fd").iterdir()]
    assert names <= {b"PYTHONPATH", b"PATH", b"PYTHONDONTWRITEBYTECODE", b"LC_CTYPE"}
    assert [name for name in files if str(tmp_path) in name] == []
    assert len([name for name in files if name.startswith("socket:")]) == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_that_was_killed_is_started_again(number: int) -> None:
    before = _pid()
    os.kill(before, number)
    os.waitpid(before, 0)
    assert parse_killable(FEED) == parse(FEED)
    assert _pid() != before


def test_a_document_handed_to_a_server_that_dies_is_read_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    before, accept = _pid(), client._Server.accept
    # Stopped, it holds the document in its queue and never looks at it.
    os.kill(before, signal.SIGSTOP)

    def handed_over(server: client._Server) -> socket.socket:
        connection = accept(server)
        if server.process.pid == before:
            os.kill(before, signal.SIGKILL)
        return connection

    monkeypatch.setattr(client._Server, "accept", handed_over)
    assert parse_killable(FEED) == parse(FEED)
    assert _pid() != before


def test_the_server_ends_with_its_last_user() -> None:
    pid = _pid()
    killable.close()
    assert _ended(pid)


def test_a_forked_process_shares_the_server_and_does_not_keep_it() -> None:
    pid, (near, far) = _pid(), socket.socketpair()
    child = os.fork()
    if child == 0:
        ended = killable.run("feed", ORDER, FEED, LIMITS)
        far.sendall(b"%d %d" % (_pid(), ended.how is Ending.DONE))
        os._exit(0)
    os.waitpid(child, 0)
    assert near.recv(100) == b"%d 1" % pid
    assert parse_killable(FEED).problem is None
    near.close()
    far.close()


def test_an_answer_larger_than_any_buffer_arrives_whole() -> None:
    body = (
        b"<rss version='2.0'><channel>"
        + b"<item><title>t</title><description>%s</description></item>" % (b"w" * 40_000) * 60
    )
    ended = killable.run("feed", ORDER, body, LIMITS)
    assert ended.how is Ending.DONE
    assert len(ended.answer) > 2_000_000
    assert len(json.loads(ended.answer)["entries"]) == 60


def test_work_nobody_knows_is_a_crash_and_costs_nobody_else() -> None:
    assert killable.run("no such work", {}, b"", LIMITS).how is Ending.CRASHED
    assert parse_killable(FEED) == parse(FEED)


@pytest.mark.parametrize(("limits", "how"), [(Limits(10, 30), Ending.MEMORY), (Limits(0.001, 512), Ending.TIME)])
def test_limits_hold_and_the_next_document_is_read(limits: Limits, how: Ending) -> None:
    body = b"<rss version='2.0'><channel>" + b"<item><title>x</title></item>" * 30_000
    assert killable.run("feed", ORDER, body, limits).how is how
    assert parse_killable(FEED) == parse(FEED)
