"""The engines by hand: events, deadlines; scored on labelled files."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select

from opinion_service import clock
from opinion_service.cli.files import FILE, read_rows
from opinion_service.cli.output import json_option, show
from opinion_service.domain import events
from opinion_service.domain.deadlines import due_line
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.sla import ClockKind
from opinion_service.models import Case, Clock
from opinion_service.services import rulebook
from opinion_service.services.transaction import transaction

events_group = AppGroup("events", help="Which items tell of one thing.")
deadlines_group = AppGroup("deadlines", help="When something is due, and why.")


@events_group.command("evaluate")
@click.argument("path", type=FILE)
@click.option("--text", "field", default="title")
@click.option("--label", default="event_id")
@json_option
def events_evaluate(path: Path, field: str, label: str, as_json: bool) -> None:
    """Group the rows online, in time order, and compare with the labels (B-cubed)."""
    rows = sorted(read_rows(path), key=_moment)
    found = events.group([(str(row[field]), _moment(row)) for row in rows])
    result = events.evaluate(found, [row[label] for row in rows])
    figures = {"precision": result.precision, "recall": result.recall, "f1": result.f1}
    show([{"n": result.n, **{name: round(value, 4) for name, value in figures.items()}}], as_json)


@deadlines_group.command("due")
@click.argument("path", type=FILE, required=False)
def deadlines_due(path: Path | None) -> None:
    """Print when each line's allowance ends; lines are {"start": ISO, "allow": "48h" | "4wh" | "5wd"}."""
    with transaction() as session:
        calendar = rulebook.calendar(session)
    wrong = 0
    for number, line in enumerate(path.open(encoding="utf-8") if path else sys.stdin, 1):
        if not line.strip():
            continue
        try:
            click.echo(json.dumps(due_line(json.loads(line), calendar), ensure_ascii=False))
        except (InvalidInput, ValueError) as problem:
            wrong += 1
            click.echo(json.dumps({"error": f"line {number}: {problem}"}, ensure_ascii=False))
    sys.exit(1 if wrong else 0)


@deadlines_group.command("explain")
@click.argument("number")
@json_option
def deadlines_explain(number: str, as_json: bool) -> None:
    """Show how each clock of a case came about."""
    with transaction() as session:
        case_id = session.scalar(select(Case.id).where(Case.number == number))
        if case_id is None:
            raise click.ClickException(f"There is no case {number}.")
        rows = [
            {
                "clock": ClockKind(clock_row.kind).label, "state": clock_row.state, "allowance": clock_row.allowance,
                "due": clock_row.due_at, "basis": clock_row.basis,
                "steps": " → ".join(clock_row.computation["steps"]),
            }
            for clock_row in session.scalars(select(Clock).where(Clock.case_id == case_id).order_by(Clock.id))
        ]  # fmt: skip
    show(rows, as_json)


def _moment(row: dict[str, Any]) -> datetime:
    for name in ("at", "published_at", "first_seen", "time", "date"):
        try:
            at = datetime.fromisoformat(str(row.get(name) or ""))
        except ValueError:
            continue
        return at if at.tzinfo else at.replace(tzinfo=clock.DESK_ZONE)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0)


COMMANDS = (events_group, deadlines_group)
