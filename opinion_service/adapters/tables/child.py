"""The process that reads one table: limits first, then the file from standard input, JSON out."""

import json
import math
import resource
import sys

from opinion_service.adapters.tables.killable import OUT_OF_MEMORY, record_of
from opinion_service.adapters.tables.reading import read


def main(order_text: str) -> None:
    """Bind this process to the limits of the order and write the table to standard output."""
    order = json.loads(order_text)
    memory = int(order["memory_mb"]) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    seconds = math.ceil(order["cpu_s"])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A reader never writes a file.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        table = read(sys.stdin.buffer.read(), order["kind"], order["encoding"], int(order["most"]))
        sys.stdout.write(json.dumps(record_of(table), ensure_ascii=True))
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)


if __name__ == "__main__":
    main(sys.argv[1])
