"""One worker process: `python -m workers QUEUE`. Loads what is slow to load once, then forks a job at a time."""

import logging
import sys
import time

from redis.exceptions import RedisError
from rq import Worker
from rq.serializers import JSONSerializer

from opinion_service.adapters import killable, snownlp_model
from workers.jobs import QUEUES, application
from workers.queues import DeskJob, connect, queue


def main() -> int:
    """Work on one queue for ever; return 2 for wrong use. Redis being away is waited for."""
    if len(sys.argv) != 2 or sys.argv[1] not in QUEUES:
        sys.stderr.write(f"usage: python -m workers {{{','.join(QUEUES)}}}\n")
        return 2
    name = sys.argv[1]
    settings = application().config["DESK"]
    if not settings.redis_url:
        sys.stderr.write("REDIS_URL is not set; the sweeper does the work.\n")
        return 2
    logging.getLogger("rq.worker").setLevel(logging.WARNING)
    if name == "analyse":
        snownlp_model.load()
    if name == "ingest":
        killable.start()
    while True:
        try:
            connection = connect(settings.redis_url)
            Worker([queue(name, connection)], connection=connection, serializer=JSONSerializer, job_class=DeskJob).work(
                logging_level="WARNING"
            )
        except (RedisError, OSError):
            time.sleep(2)
        else:
            return 0


if __name__ == "__main__":
    sys.exit(main())
