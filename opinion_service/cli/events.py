"""Grouping by hand on labelled files: how well it agrees, against the plain way, and which events are hottest."""

import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from opinion_service import clock
from opinion_service.cli.files import FILE, read_rows, text_of
from opinion_service.cli.output import json_option, show
from opinion_service.domain.reading import events
from opinion_service.domain.reading.heat import MOST_SUPPORTERS, Trace, load, peak
from opinion_service.domain.reading.likeness import best_plain_grouping, jaccard

events_group = AppGroup("events", help="Which items tell of one thing.")


@events_group.command("evaluate")
@click.argument("path", type=FILE)
@click.option("--text", "field", default="title")
@click.option("--label", default="event_id")
@click.option("--pairs", type=FILE, help="Look-alikes of different events: title_a, date_a, title_b, date_b.")
@json_option
def evaluate(path: Path, field: str, label: str, pairs: Path | None, as_json: bool) -> None:
    """Group the rows online, in time order, and compare with the labels (B-cubed).

    The same rows are grouped by the likeness of their characters too, at the threshold that is best for these
    labels; its figures carry the prefix plain_. With --pairs, false joins of both ways are counted.
    """
    rows = sorted(read_rows(path), key=_moment)
    titles, truth = [(str(row[field]), _moment(row)) for row in rows], [row[label] for row in rows]
    began = time.perf_counter()
    found = events.evaluate(events.group(titles), truth)
    middle = time.perf_counter()
    threshold, plain = best_plain_grouping(titles, truth)
    figures = {"n": found.n, **_figures(found, "", middle - began)}
    figures |= {"plain_threshold": threshold, **_figures(plain, "plain_", time.perf_counter() - middle)}
    if pairs is not None:
        figures |= _false_joins(list(read_rows(pairs)), threshold)
    show([figures], as_json)


def _figures(found: events.Grouping, prefix: str, seconds: float) -> dict[str, float]:
    figures = {"precision": found.precision, "recall": found.recall, "f1": found.f1}
    rounded = {f"{prefix}{name}": round(value, 4) for name, value in figures.items()}
    return {**rounded, f"{prefix}items_per_s": round(found.n / seconds) if seconds else 0}


def _false_joins(rows: list[dict[str, Any]], threshold: float) -> dict[str, int]:
    """Count the pairs of different events that would be joined: at their dates, and as if they came a day apart."""
    counts: Counter[str] = Counter()
    for row in rows:
        one, other = _at(row["date_a"]), _at(row["date_b"])
        is_alike = jaccard(row["title_a"], row["title_b"]) >= threshold
        for suffix, later in (("", other), ("_day_apart", one + timedelta(days=1))):
            new, old = events.Features.of(row["title_a"], one), events.Features.of(row["title_b"], later)
            counts[f"false_joins{suffix}"] += events.judge(new, old).joins
            counts[f"plain_false_joins{suffix}"] += is_alike and abs(one - later) <= events.WINDOW
    return {"pairs": len(rows), **counts}


@events_group.command("hottest")
@click.argument("path", type=FILE)
@click.option("--text", "fields", default="subject,body", help="Title, then body.")
@click.option("--label", default="issue", help="Rows of a known issue carry its name here.")
@click.option("--value", "values", default="likes,dislikes", help="Public counters, added up.")
@click.option("--top", default=10, show_default=True)
@json_option
def hottest(path: Path, fields: str, label: str, values: str, top: int, as_json: bool) -> None:
    """Show where the known issues of a file stand among its events by the highest heat each reached.

    For each issue: the rank of the event that holds most of it, whether that is among the first --top, the share
    of the event that is of the issue (purity) and the share of the issue that is in the event (recall).
    """
    rows = sorted(read_rows(path), key=_moment)
    members = _grouped(rows, fields)
    peaks = {number: _peak(group, values) for number, group in members.items()}
    ranked = sorted(members, key=lambda number: (-peaks[number], number))
    issues = Counter(str(row[label]) for row in rows if row.get(label))
    standings = [_standing(issue, size, ranked, members, label) for issue, size in issues.items()]
    show([{**one, f"in_top_{top}": one["rank"] <= top} for one in standings], as_json)


def _grouped(rows: Iterable[dict[str, Any]], fields: str) -> dict[int, list[dict[str, Any]]]:
    grouper = events.OnlineGrouper()
    title, _, body = fields.partition(",")
    members: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        number, _judgement = grouper.add(str(row[title]), _moment(row), text_of(row, body) if body else "")
        members.setdefault(number, []).append(row)
    return members


def _peak(group: list[dict[str, Any]], values: str) -> float:
    loads = []
    for row in group:
        value = sum(float(row.get(name) or 0) for name in values.split(","))
        loads.append((_moment(row), load(Trace(_moment(row), value=value or None, full_value=MOST_SUPPORTERS))))
    return peak(loads)


def _standing(
    issue: str, size: int, ranked: list[int], members: dict[int, list[dict[str, Any]]], label: str
) -> dict[str, Any]:
    held = {number: sum(row.get(label) == issue for row in members[number]) for number in ranked}
    best = max(ranked, key=lambda number: held[number])
    return {
        "issue": issue, "rank": ranked.index(best) + 1, "messages": size, "event_size": len(members[best]),
        "purity": round(held[best] / len(members[best]), 3), "recall": round(held[best] / size, 3),
    }  # fmt: skip


def _moment(row: dict[str, Any]) -> datetime:
    for name in ("at", "published_at", "first_seen", "time", "date"):
        try:
            return _at(str(row.get(name) or ""))
        except ValueError:
            continue
    return datetime(1970, 1, 1, tzinfo=UTC)


def _at(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=clock.DESK_ZONE)


COMMANDS = (events_group,)
