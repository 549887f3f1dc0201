"""The sweeper: a plain loop that finds due rows and rings for a worker, or does the work itself.

It needs no Redis: when the queue is gone or no worker has answered for a minute, it works inline.
"""

from datetime import timedelta
from functools import partial

from sqlalchemy import select

from opinion_service import clock, pipeline
from opinion_service.models import Heartbeat
from opinion_service.services import maintenance
from opinion_service.services.casework import attachments, presence
from opinion_service.services.clocks import forecasts
from opinion_service.services.listening import alarms, archive, import_work, ingest
from opinion_service.services.routing import routing_training
from opinion_service.services.transaction import transaction
from workers.jobs import QUEUES, application
from workers.queues import connect, ring
from workers.rounds import run_process

TICK_S = 10.0
SILENT_AFTER = timedelta(seconds=60)


def tick(redis_url: str) -> str:
    """Do one round and return how: *queued* or *inline*."""
    now = clock.now()
    connection = connect(redis_url) if redis_url else None
    is_answered = connection is not None and _workers_answer()
    # A worker that has not answered is only asked for a sign of life; its work is done here meanwhile.
    task = "round" if is_answered else "beat"
    rung = connection is not None and all(ring(connection, task, number, on=name) for number, name in enumerate(QUEUES))
    if connection is not None and is_answered and rung:
        for source_id in ingest.due_sources(50, now=now):
            ring(connection, "fetch_source", source_id)
        for run_id in import_work.waiting(now=now):
            ring(connection, "import_file", run_id)
        if routing_training.waits(now=now):
            ring(connection, "train_model")
        how = "queued"
    else:
        pipeline.drain(clock.now, most_rounds=5)
        pipeline.recheck(now=clock.now())
        how = "inline"
    pipeline.cool(now=now)
    alarms.raise_alarms(now=clock.now())
    archive.purge(now=clock.now())
    forecasts.refresh(now=clock.now())
    attachments.sweep(now=clock.now())
    presence.forget_gone(now=clock.now())
    maintenance.beat("sweeper", "sweeper", how, now=clock.now())
    return how


def _workers_answer() -> bool:
    with transaction() as session:
        since = clock.now() - SILENT_AFTER
        alive = session.scalars(select(Heartbeat.name).where(Heartbeat.kind == "worker", Heartbeat.at > since))
        return {f"queue-{name}" for name in QUEUES} <= set(alive)


def main() -> None:
    """Run the sweeper until it is told to stop."""
    run_process(partial(tick, application().config["DESK"].redis_url), TICK_S)


if __name__ == "__main__":
    main()
