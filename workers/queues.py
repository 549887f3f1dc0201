"""The queue in Redis: JSON only, one allowed function. Losing, repeating or delaying a job costs seconds."""

from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from workers.jobs import JOBS, perform

ALLOWED = "workers.jobs.perform"
# One mail may wait 90 s for its last reply, and a job sends a batch; leases guard what takes longer.
JOB_TIMEOUT_S = 600


class DeskJob(Job):
    """A job that can only ever call `perform`, whatever was written into Redis."""

    @property
    def func(self) -> Any:
        """Return the one allowed function; raise PermissionError for any other name."""
        if self.func_name != ALLOWED:
            raise PermissionError("this worker runs one function only")
        return perform


def connect(url: str) -> Redis:
    """Return a connection that gives up after two seconds."""
    # No retries: the sweeper does the work itself rather than wait for the bell.
    return Redis.from_url(
        url, socket_timeout=2, socket_connect_timeout=2, health_check_interval=30, retry=Retry(NoBackoff(), 0)
    )


def queue(name: str, connection: Redis) -> Queue:
    """Return the queue called `name`."""
    return Queue(name, connection=connection, serializer=JSONSerializer, job_class=DeskJob)


def ring(connection: Redis, task: str, ref: int = 0, *, on: str = "") -> bool:
    """Put a job into its queue unless it waits there by the hundred; return whether Redis took it."""
    name = on or JOBS[task][0]
    try:
        target = queue(name, connection)
        if target.count < 200:
            target.enqueue(ALLOWED, task, ref, job_timeout=JOB_TIMEOUT_S, result_ttl=0, failure_ttl=86_400)
    except (RedisError, OSError):
        return False
    return True
