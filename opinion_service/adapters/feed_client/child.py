"""The process that parses one document: limits first, then the document from standard input, JSON out."""

import json
import math
import resource
import sys

from opinion_service.adapters.feed_client.killable import OUT_OF_MEMORY, record_of
from opinion_service.adapters.feed_client.parse import parse


def main(order_text: str) -> None:
    """Bind this process to the limits of the order and write the parsed feed to standard output."""
    order = json.loads(order_text)
    memory = int(order["memory_mb"]) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    seconds = math.ceil(order["cpu_s"])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A parser never writes a file.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        feed = parse(sys.stdin.buffer.read(), order["content_type"], base_url=order["base_url"])
        # Lone surrogates pass as escapes.
        sys.stdout.write(json.dumps(record_of(feed), ensure_ascii=True))
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)


if __name__ == "__main__":
    main(sys.argv[1])
