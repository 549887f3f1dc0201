"""Hot-search months replayed hour by hour through the desk: stored, scored, grouped, routed, opened.

The snapshots are real rows that lie beside the project; without them there is nothing to replay.
"""

import csv
import gzip
import itertools
import json
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from opinion_service import clock, pipeline
from opinion_service.adapters import feed_client, snownlp_model
from opinion_service.domain.people import SYSTEM
from opinion_service.models import Case, Event, Item, RankPoint
from opinion_service.services.listening import ingest
from opinion_service.services.transaction import transaction
from tests.benchmarks.desks import empty_desk
from tests.shared_data import SHARED_DATA

MONTHS = ("hot_search/weibo_hourly_2025-08.csv.gz", "hot_search/weibo_hourly_2025-09.csv.gz")


@dataclass(slots=True)
class Figures:
    """What a replay came to: rows given and kept, and the seconds of each step."""

    snapshots: int = 0
    rows: int = 0
    counts: ingest.Counts = field(default_factory=ingest.Counts)
    seconds: dict[str, float] = field(default_factory=dict)
    stored: dict[str, int] = field(default_factory=dict)

    @property
    def whole(self) -> float:
        """Return the seconds of all steps."""
        return sum(self.seconds.values())


def snapshots(path: Path) -> Iterator[tuple[datetime, bytes]]:
    """Yield (instant, hot list as JSON) of one month, oldest first; the times of the file are Beijing's."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for at, rows in itertools.groupby(csv.DictReader(file), key=lambda row: row["snapshot"]):
            entries = [{"title": row["title"], "rank": int(row["rank"]), "hot": float(row["hot"])} for row in rows]
            moment = datetime.fromisoformat(at).replace(tzinfo=clock.DESK_ZONE)
            yield moment, json.dumps({"data": entries}, ensure_ascii=False).encode()


def replay(given: Sequence[tuple[datetime, bytes]]) -> Figures:
    """Take every snapshot in at its own time, as the jobs would, and return what it came to."""
    first = next(iter(given))
    new = ingest.NewSource("热搜榜（重放）", "https://hot.example/list.json", "hotlist")
    return replay_into(ingest.add_source(new, actor=SYSTEM, now=first[0]), given)


def replay_into(source_id: int, given: Iterable[tuple[datetime, bytes]]) -> Figures:
    """Take the snapshots into a hot list that is there already."""
    figures = Figures()
    for at, body in given:
        _hour(figures, source_id, at, body)
    with transaction() as session:
        for model in (Item, RankPoint, Event, Case):
            figures.stored[model.__tablename__] = session.scalar(select(func.count()).select_from(model)) or 0
    return figures


def _hour(figures: Figures, source_id: int, at: datetime, body: bytes) -> None:
    parsed = _timed(figures, "parse", lambda: feed_client.parse(body, "application/json"))
    haul = ingest.Haul("ok", tuple(pipeline.incoming(entry) for entry in parsed.entries))
    counts = _timed(figures, "store", lambda: ingest.store(source_id, haul, token=None, now=at))
    for name in ("new", "revised", "repeated", "broken", "unmatched"):
        setattr(figures.counts, name, getattr(figures.counts, name) + getattr(counts, name))
    figures.snapshots, figures.rows = figures.snapshots + 1, figures.rows + len(parsed.entries)
    for name, step in (("analyse", pipeline.analyse), ("open", pipeline.open_cases)):
        while _timed(figures, name, lambda step=step: step(now=at)):  # type: ignore[misc]
            pass


def _timed(figures: Figures, name: str, step: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    found = step()
    figures.seconds[name] = figures.seconds.get(name, 0.0) + time.perf_counter() - started
    return found


def run() -> list[str]:
    """Return the lines to print; one line when the rows are not there."""
    paths = [SHARED_DATA / name for name in MONTHS]
    if not all(path.exists() for path in paths):
        return ["hot search: SKIPPED for want of real data"]
    snownlp_model.load()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with empty_desk():
        figures = replay(list(itertools.chain.from_iterable(map(snapshots, paths))))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    steps = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in figures.seconds.items())
    return [
        f"hot search: {figures.snapshots} snapshots, {figures.rows} rows -> " + str(figures.stored),
        f"hot search: {figures.counts}",
        f"hot search: {figures.whole:.0f} s ({steps}); {figures.rows / figures.whole:.0f} rows/s",
        f"hot search: memory grows by {grown / 1024:.0f} MB",
    ]


if __name__ == "__main__":
    print("\n".join(run()))
