"""The auditor: a process of its own that looks whether the ladders did what they should, and mends it.

It shares nothing with the sweeper but the tables, so that the one going down is seen by the other.
"""

import signal
import threading
import uuid
from datetime import timedelta

import structlog
from flask import Flask
from sqlalchemy.exc import OperationalError

from opinion_service import clock, pipeline
from opinion_service.services.reminders import ladder_audit
from workers.jobs import application

PASS_S = 30.0
LEASE = timedelta(seconds=120)
log = structlog.get_logger()


def look(token: str) -> str:
    """Do one pass under the auditor's lease and return what was found; *held* when another auditor has it."""
    now = clock.now()
    if not ladder_audit.take_lease("auditor", token, now=now, until=now + LEASE):
        return "held"
    found = pipeline.audit(now=now)
    if not found.is_clean:
        log.warning("ladder_not_clean", found=found.words)
    return found.words


def run(app: Flask, stop: threading.Event) -> None:
    """Look every thirty seconds until `stop` is set; a database that cannot be reached is waited for."""
    token = str(uuid.uuid4())
    while not stop.is_set():
        try:
            with app.app_context():
                look(token)
        except OperationalError:
            log.warning("audit_postponed", reason="database")
        stop.wait(PASS_S)


def main() -> None:
    """Run the auditor until it is told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run(application(), stop)


if __name__ == "__main__":
    main()
