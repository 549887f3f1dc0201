"""The server of readers: `python -m opinion_service.adapters.killable.server FD`, started by `client.py` alone.

It waits on one channel, forks a reader for every document that is handed over, and says how the reader ended. It has
one thread and reads no document itself, so that forking it is safe and nothing of one document reaches another.
"""

import gc
import importlib
import json
import math
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, NoReturn

OUT_OF_MEMORY = 3
# What a document may be read as: name -> function of (body, order) that returns what JSON can carry.
WORK = {
    "feed": ("opinion_service.adapters.feed_client.child", "read_feed"),
    "table": ("opinion_service.adapters.tables.child", "read_table"),
}
# Loaded before the first fork; what is rarely wanted is loaded by the reader that wants it.
_WARM = ("feed",)
_TIME_SIGNALS = (signal.SIGALRM, signal.SIGXCPU, signal.SIGKILL)


def main(descriptor: int) -> None:
    """Serve until nobody holds the other end of the channel."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = socket.socket(fileno=descriptor)
    for name in _WARM:
        _work(name)
    # What is here now stays; the collector of a reader need not touch, and thereby copy, it.
    gc.collect()
    gc.freeze()
    readers: dict[int, tuple[int, socket.socket]] = {}
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    while True:
        for ready, _event in poll.poll():
            if ready != channel.fileno():
                poll.unregister(ready)
                _bury(ready, *readers.pop(ready))
                continue
            _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
            if not descriptors:
                return
            connection = socket.socket(fileno=descriptors[0])
            pid = _fork(channel, connection)
            watched = os.pidfd_open(pid)
            readers[watched] = (pid, connection)
            poll.register(watched, select.POLLIN)


def _fork(channel: socket.socket, connection: socket.socket) -> int:
    pid = os.fork()
    if pid == 0:
        channel.close()
        _read(connection)
    return pid


def _bury(watched: int, pid: int, connection: socket.socket) -> None:
    """Tell the other side, in one byte, why a reader gave no answer."""
    os.close(watched)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    with connection:
        if code == 0:
            return
        connection.setblocking(False)
        try:
            connection.send(b"m" if code == OUT_OF_MEMORY else b"t" if -code in _TIME_SIGNALS else b"x")
        except OSError:
            # Nobody waits for it any more.
            return


def _read(connection: socket.socket) -> NoReturn:
    """Read one document under its limits and end; 0 is done, 3 is too little memory."""
    code = 1
    try:
        with connection.makefile("rb") as sent:
            head = json.loads(sent.read(int.from_bytes(sent.read(4), "big")))
            _bind(float(head["seconds"]), int(head["megabytes"]))
            answer = _work(head["work"])(sent.read(), head["order"])
        # Lone surrogates pass as escapes.
        text = json.dumps(answer, ensure_ascii=True).encode("ascii")
        connection.sendall(len(text).to_bytes(8, "big") + text)
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    finally:
        os._exit(code)


def _bind(seconds: float, megabytes: int) -> None:
    """Bind this process to its limits; the default action of both clocks' signals ends it."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    whole = math.ceil(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 1))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A reader never writes a file.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _work(name: str) -> Callable[[bytes, dict[str, Any]], Any]:
    module, function = WORK[name]
    found: Callable[[bytes, dict[str, Any]], Any] = getattr(importlib.import_module(module), function)
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]))
