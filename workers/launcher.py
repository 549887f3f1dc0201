"""`make run`: everything on one machine, from an empty checkout to a desk with something on it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from opinion_service.config import ROOT, BadSetting, Settings, load_settings
from workers.embedded_redis import EmbeddedRedis

RESTART_AFTER_S = 2.0


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _flask(*arguments: str, environ: dict[str, str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "flask", *arguments], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    if result.returncode:
        if "OperationalError" in result.stderr:
            sys.exit("Cannot start: the database cannot be reached. Check DATABASE_URL, then run flask doctor.")
        lines = (result.stderr or result.stdout).strip().splitlines() or ["no message"]
        sys.exit(f"Cannot start: flask {' '.join(arguments)} failed: {lines[-1]}")
    if result.stdout.strip() and arguments[0] == "demo":
        print(result.stdout.strip())


class _Keeper:
    """Keeps one line of the Procfile running and starts it again when it ends by itself."""

    def __init__(self, name: str, command: str, environ: dict[str, str]) -> None:
        self.name, self._command, self._environ = name, command, environ
        self.process = self._start()
        self._ended_at = 0.0

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(["/bin/sh", "-c", self._command], cwd=ROOT, env=self._environ, start_new_session=True)

    def look(self) -> None:
        """Start the process again two seconds after it ended."""
        if self.process.poll() is None:
            self._ended_at = 0.0
        elif not self._ended_at:
            self._ended_at = time.monotonic()
        elif time.monotonic() - self._ended_at >= RESTART_AFTER_S:
            self._ended_at, self.process = 0.0, self._start()

    def end(self, number: int) -> None:
        """Send a signal to the process and everything it started."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return


def main() -> int:
    """Bring the desk up, keep it up, and take it down on Ctrl-C; return the exit code."""
    try:
        settings = load_settings()
    except BadSetting as problem:
        sys.exit(f"Cannot start: {problem}")
    if not _is_free(settings.host, settings.port):
        sys.exit(f"Cannot start: port {settings.port} on {settings.host} is taken. Choose another: make run PORT=8001")
    environ = {**os.environ, "FLASK_APP": "wsgi.py"}
    redis = None if settings.redis_url else EmbeddedRedis(settings.instance_dir / "redis")
    if redis is not None:
        environ["REDIS_URL"] = redis.start()
    elif not _redis_answers(settings.redis_url):
        sys.exit("Cannot start: the server named by REDIS_URL does not answer.")
    try:
        _flask("db", "upgrade", environ=environ)
        _flask("setup", environ=environ)
        if not settings.is_production:
            _flask("demo", "load", environ=environ)
        return _keep_running(settings, environ)
    finally:
        if redis is not None:
            redis.stop()


def _redis_answers(url: str) -> bool:
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        return bool(Redis.from_url(url, socket_connect_timeout=3).ping())
    except (RedisError, ValueError, OSError):
        return False


def _keep_running(settings: Settings, environ: dict[str, str]) -> int:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    lines = [line.split(": ", 1) for line in Path(ROOT / "Procfile").read_text().splitlines() if ": " in line]
    keepers = [_Keeper(name, command, environ) for name, command in lines]
    print(f"\n  The desk is open at http://{settings.host}:{settings.port}/   (Ctrl-C closes it)\n")
    sys.stdout.flush()
    while not stop.wait(1.0):
        for keeper in keepers:
            keeper.look()
    for keeper in keepers:
        keeper.end(signal.SIGTERM)
    deadline = time.monotonic() + 15
    for keeper in keepers:
        try:
            keeper.process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            keeper.end(signal.SIGKILL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
