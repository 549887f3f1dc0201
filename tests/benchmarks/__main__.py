"""`make bench`: what the desk does against the naive way in the same run, as ratios; and what it weighs."""

import importlib
import sys

MODULES = (
    "line",
    "lists",
    "events",
    "growth",
    "replay",
    "sentiment",
    "routing",
    "ladder",
    "latency",
    "feeds",
    "sources",
)


def main() -> int:
    """Run every benchmark and print its lines."""
    for name in MODULES:
        print(f"\n{name}", flush=True)
        for line in importlib.import_module(f"tests.benchmarks.{name}").run():
            print("  " + line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
