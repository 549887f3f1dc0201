"""The embedded server: one a directory, its data kept, ended by whoever owns it."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from workers import embedded_redis
from workers.embedded_redis import EmbeddedRedis

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def directory(tmp_path):
    """Return a folder whose server, if one is left, is ended after the test."""
    folder = tmp_path / "a folder"
    yield folder
    rest = EmbeddedRedis(folder)
    if (pid := rest.pid) is not None:
        os.kill(pid, signal.SIGKILL)


def client(server):
    return Redis.from_url(server.url, retry=Retry(NoBackoff(), 0))


def until(condition, within_s=10.0):
    """Wait for what another process does; return whether it came true."""
    gone = threading.Event()
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        gone.wait(0.02)
    return True


def foreground(directory):
    return subprocess.Popen(
        [sys.executable, "-m", "workers.embedded_redis", str(directory)], cwd=ROOT, stderr=subprocess.PIPE
    )


def test_it_keeps_jobs_on_disk_and_listens_on_no_port(directory):
    server = EmbeddedRedis(directory)
    server.start()
    try:
        with client(server) as redis:
            settings = redis.config_get("*")
        assert settings["appendonly"] == "yes"
        assert settings["appendfsync"] == "everysec"
        assert settings["maxmemory-policy"] == "noeviction"
        assert settings["port"] == "0"
        assert settings["save"] == ""
        assert server.socket.stat().st_mode & 0o077 == 0
    finally:
        server.stop()
    assert not server.answers()
    assert server.pid is None


def test_a_stop_and_a_start_lose_nothing(directory):
    server = EmbeddedRedis(directory)
    server.start()
    with client(server) as redis:
        redis.rpush("jobs", *range(30))
    server.stop()

    server.start()
    try:
        with client(server) as redis:
            assert redis.llen("jobs") == 30
    finally:
        server.stop()


def test_a_killed_server_comes_back_over_its_stale_socket(directory):
    server = EmbeddedRedis(directory)
    server.start()
    with client(server) as redis:
        redis.set("kept", "1")
        redis.execute_command("WAITAOF", 1, 0, 5000)
    os.kill(server.pid, signal.SIGKILL)
    assert until(lambda: not server.answers())
    assert server.socket.exists()

    server.start()
    try:
        with client(server) as redis:
            assert redis.get("kept") == b"1"
    finally:
        server.stop()


def test_a_second_start_uses_the_same_server_and_leaves_it_running(directory):
    first, second = EmbeddedRedis(directory), EmbeddedRedis(directory)
    first.start()
    try:
        second.start()
        assert second.pid == first.pid
        second.stop()
        assert first.answers()
    finally:
        first.stop()


def test_starts_at_once_make_one_server(directory):
    servers = [EmbeddedRedis(directory) for _ in range(4)]
    threads = [threading.Thread(target=server.start) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    try:
        assert len({server.pid for server in servers}) == 1
    finally:
        for server in servers:
            server.stop()
    assert not servers[0].answers()


def test_a_server_whose_owner_was_killed_is_adopted_and_ended(directory):
    owner = foreground(directory)
    server = EmbeddedRedis(directory)
    assert until(server.answers)
    orphan = server.pid
    owner.kill()
    owner.communicate()

    server.start()

    assert server.pid == orphan
    server.stop()
    assert not server.answers()


def test_a_busy_server_is_waited_for_not_doubled(directory, monkeypatch):
    monkeypatch.setattr(embedded_redis, "START_WITHIN_S", 0.3)
    first, second = EmbeddedRedis(directory), EmbeddedRedis(directory)
    first.start()
    pid = first.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(RuntimeError, match="does not answer"):
            second.start()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert first.pid == pid
    first.stop()


def test_a_directory_that_cannot_be_read_is_said_with_the_servers_own_words(directory):
    (directory / "appendonlydir").mkdir(parents=True)
    (directory / "appendonlydir" / "appendonly.aof.manifest").write_text("spoilt\n")
    server = EmbeddedRedis(directory)

    with pytest.raises(RuntimeError, match=r"ended with code \d+: .*"):
        server.start()
    server.stop()


def test_a_long_path_gets_its_socket_in_a_private_folder(tmp_path):
    server = EmbeddedRedis(tmp_path / ("深" * 40))
    server.start()
    try:
        assert len(os.fsencode(server.socket)) < 100
        assert server.socket.parent.stat().st_mode & 0o777 == 0o700
        assert EmbeddedRedis(tmp_path / ("深" * 40)).socket == server.socket
    finally:
        server.stop()
        server.socket.parent.rmdir()


def test_a_socket_folder_open_to_others_is_refused(tmp_path):
    long = tmp_path / ("x" * 120)
    folder = EmbeddedRedis(long).socket.parent
    folder.chmod(0o777)
    try:
        with pytest.raises(RuntimeError, match="private folder"):
            EmbeddedRedis(long)
    finally:
        folder.rmdir()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_foreground_process_ends_its_server(directory, number):
    process = foreground(directory)
    server = EmbeddedRedis(directory)
    assert until(server.answers)

    process.send_signal(number)

    process.communicate(timeout=10)
    assert process.returncode == 0
    assert not server.answers()


def test_the_foreground_process_ends_when_its_server_dies(directory):
    process = foreground(directory)
    server = EmbeddedRedis(directory)
    assert until(server.answers)

    def has_ended() -> bool:
        # The process may see a server only after this test does, and starts another when the first died too soon.
        if server.answers() and server.pid:
            os.kill(server.pid, signal.SIGKILL)
        return process.poll() is not None

    assert until(has_ended, 40)
    process.communicate()
    assert process.returncode == 1


def test_wrong_use_is_said():
    done = subprocess.run(
        [sys.executable, "-m", "workers.embedded_redis"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")
