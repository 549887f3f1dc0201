"""How well headlines with known events are grouped, and how seldom look-alikes are mixed up."""

import gzip
import json
from datetime import datetime, timedelta
from typing import Any

from opinion_service.domain.reading.events import Features, evaluate, group, index_keys, judge
from tests.shared_data import shared


def _rows(name: str) -> list[dict[str, Any]]:
    with gzip.open(shared(name), "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_grouping_is_precise_and_finds_most() -> None:
    rows = _rows("events/same_event_titles.jsonl.gz")
    rows.sort(key=lambda row: (row["first_seen"], row["id"]))
    found = group((row["title"], _at(row["first_seen"])) for row in rows)
    figures = evaluate(found, [row["event_id"] for row in rows])
    assert figures.precision >= 0.97, figures
    assert figures.recall >= 0.78, figures


def test_look_alikes_of_other_months_are_never_joined() -> None:
    rows = _rows("events/different_event_pairs.jsonl.gz")
    joined = [
        row["id"]
        for row in rows
        if judge(Features.of(row["title_a"], _at(row["date_a"])), Features.of(row["title_b"], _at(row["date_b"]))).joins
    ]
    assert joined == []


def test_look_alikes_a_day_apart_are_seldom_joined() -> None:
    """The same pairs, as if they had come a day apart: the words alone must not join them."""
    rows = _rows("events/different_event_pairs.jsonl.gz")
    at = datetime(2025, 1, 1)  # noqa: DTZ001 - the dates of these rows have no zone either
    later = at + timedelta(days=1)
    joined = sum(judge(Features.of(r["title_a"], at), Features.of(r["title_b"], later)).joins for r in rows)
    assert joined <= 0.03 * len(rows)


def test_what_joins_is_found_through_the_keys() -> None:
    """Pairs that would be joined and share no key are lost to the database; they must be few."""
    rows = _rows("events/same_event_titles.jsonl.gz")
    events: dict[str, list[Features]] = {}
    for row in rows:
        events.setdefault(row["event_id"], []).append(Features.of(row["title"], _at(row["first_seen"])))
    joined = reached = 0
    for members in events.values():
        first = members[0]
        for other in members[1:]:
            if judge(other, first).joins:
                joined += 1
                reached += bool(set(index_keys(other)) & set(index_keys(first)))
    assert reached >= 0.95 * joined
