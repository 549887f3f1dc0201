"""The auditor: a process of its own that looks whether the ladders did what they should, and mends it.

It shares nothing with the sweeper but the tables, so that the one going down is seen by the other.
"""

import uuid
from datetime import timedelta
from functools import partial

import structlog

from opinion_service import clock, pipeline
from opinion_service.services.reminders import ladder_audit
from workers.rounds import run_process

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


def main() -> None:
    """Run the auditor until it is told to stop."""
    run_process(partial(look, str(uuid.uuid4())), PASS_S)


if __name__ == "__main__":
    main()
