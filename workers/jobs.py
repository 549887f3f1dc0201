"""The jobs: each name in one table with its queue; a job from Redis carries a name and a number, no more."""

import os
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

import structlog
from flask import Flask

from opinion_service import clock, intake, pipeline, routing_training
from opinion_service.app import create_app
from opinion_service.models import db
from opinion_service.services import maintenance

QUEUES = ("ingest", "analyse", "clocks", "mail")
# What is looked at in every round, in this order.
EVERY_ROUND = (
    "analyse", "open_cases", "move_clocks", "escalate", "deliver", "simulate", "reread", "watch_policies",
    "look_after", "recheck",
)  # fmt: skip
log = structlog.get_logger()
_pid = os.getpid()


def _again(step: Callable[..., int]) -> Callable[..., None]:
    """Return a job that repeats `step` until nothing is left, at most fifty times."""

    def run(_ref: int, *, now: Callable[[], datetime]) -> None:
        for _ in range(50):
            if not step(now=now()):
                return

    return run


def _fetch(ref: int, *, now: Callable[[], datetime]) -> None:
    pipeline.fetch_source(ref, now=now())


def _import(ref: int, *, now: Callable[[], datetime]) -> None:
    intake.import_file(ref, now=now)


def _train(_ref: int, *, now: Callable[[], datetime]) -> None:
    routing_training.train_waiting(now=now)


def _beat(ref: int, *, now: Callable[[], datetime]) -> None:
    maintenance.beat(f"queue-{QUEUES[ref]}", "worker", now=now())


def _round(ref: int, *, now: Callable[[], datetime]) -> None:
    """Do everything periodic of one queue in one job: each job is a fork, and most find nothing to do.

    What fails does not keep the rest from its turn; the first failure is raised at the end, so that RQ shows it.
    """
    _beat(ref, now=now)
    failures: list[Exception] = []
    for task in EVERY_ROUND:
        queue, step = JOBS[task]
        if queue == QUEUES[ref]:
            try:
                step(0, now=now)
            except Exception as error:
                log.exception("task_failed", task=task)
                failures.append(error)
    if failures:
        raise failures[0]


JOBS: dict[str, tuple[str, Callable[..., None]]] = {
    "fetch_source": ("ingest", _fetch),
    "import_file": ("ingest", _import),
    "recheck": ("ingest", _again(pipeline.recheck)),
    "analyse": ("analyse", _again(pipeline.analyse)),
    "open_cases": ("analyse", _again(pipeline.open_cases)),
    "escalate": ("clocks", _again(pipeline.escalate)),
    "move_clocks": ("clocks", _again(pipeline.move_clocks)),
    "deliver": ("mail", _again(pipeline.deliver)),
    "look_after": ("clocks", _again(pipeline.look_after)),
    "watch_policies": ("analyse", _again(pipeline.watch_policies)),
    "simulate": ("analyse", _again(pipeline.simulate)),
    "train_model": ("analyse", _train),
    "reread": ("analyse", _again(pipeline.reread)),
    "beat": ("", _beat),
    "round": ("", _round),
}


@lru_cache(maxsize=1)
def application() -> Flask:
    """Return the application of this process."""
    return create_app()


def perform(task: str, ref: int = 0) -> None:
    """Run one job by its name; an unknown name does nothing, for it comes from another version."""
    global _pid
    if task not in JOBS:
        return
    with application().app_context():
        if os.getpid() != _pid:
            # A connection opened before the fork must not be shared with the parent.
            db.engine.dispose(close=False)
            _pid = os.getpid()
        JOBS[task][1](ref, now=clock.now)
