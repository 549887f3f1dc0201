"""What the sweeper and the auditor share: the same step again and again, until the process is told to stop."""

import signal
import threading
from collections.abc import Callable

import structlog
from flask import Flask
from sqlalchemy.exc import OperationalError

from workers.jobs import application

log = structlog.get_logger()


def keep_on(app: Flask, step: Callable[[], object], pause_s: float, stop: threading.Event) -> None:
    """Do `step` inside the application, wait `pause_s`, and again until `stop` is set.

    A database that cannot be reached is waited for: the step is taken up with the next round.
    """
    while not stop.is_set():
        try:
            with app.app_context():
                step()
        except OperationalError:
            log.warning("round_postponed", reason="database")
        stop.wait(pause_s)


def run_process(step: Callable[[], object], pause_s: float) -> None:
    """Keep on with `step` until this process is told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    keep_on(application(), step, pause_s, stop)
