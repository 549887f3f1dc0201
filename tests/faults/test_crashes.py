"""A process may die at any of its commits: what it leaves is taken up by the next, once, and nothing is missing."""

import os
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, event

from opinion_service.models import db
from tests.faults.test_jobs import ENTRIES, LATER, ORDER, desk, holds_together, ref_of, run, state_of
from tests.story import NOW
from workers.jobs import JOBS

__all__ = ["desk"]
KILLED = 137
MOST_POINTS = 6
PAST_EVERY_LEASE = timedelta(hours=2)


def _dies(app: Flask, name: str, commit: int, edge: str, now: datetime) -> bool:
    """Do a job in a process of its own that ends like one killed at this commit; return whether it came so far."""
    with app.app_context():
        ref = ref_of(name)
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED
    try:
        with app.app_context():
            db.engine.dispose(close=False)
            _kill_at(commit, edge)
            JOBS[name][1](ref, now=lambda: now)
    finally:
        # Neither handlers nor buffers of the parent are the child's to end.
        os._exit(0)


def _kill_at(commit: int, edge: str) -> None:
    seen = 0

    def committing(connection: Connection) -> None:
        nonlocal seen
        seen += 1
        if seen == commit:
            if edge == "after":
                connection.connection.dbapi_connection.commit()
            os._exit(KILLED)

    event.listen(db.engine, "commit", committing)


@pytest.mark.parametrize("edge", ["before", "after"])
def test_a_death_at_any_commit_costs_only_time(desk: Flask, edge: str) -> None:
    now, points = NOW, 0
    for name in ORDER:
        now = max(now, LATER) if name == "escalate" else now
        for commit in range(1, MOST_POINTS + 1):
            points += _dies(desk, name, commit, edge, now)
            now += PAST_EVERY_LEASE
        run(desk, name, now)
    assert points >= 2 * len(ORDER)
    for _ in range(2):
        now += PAST_EVERY_LEASE
        for name in ORDER:
            run(desk, name, now)
    state = state_of(desk)
    assert state["items"] == state["analysed"] == len(ENTRIES) + 2
    assert state["due"] == 0
    assert state["applied"] == 1
    assert state["sent"] == state["mails"] > 0
    assert state["attempts"] >= state["sent"]
    holds_together(state | {"attempts": state["sent"]})
