"""Deadlines by hand: when something is due, and why."""

import json
import sys
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select

from opinion_service.cli.files import FILE
from opinion_service.cli.output import json_option, show
from opinion_service.domain.clocks.deadlines import due_line
from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.errors import InvalidInput
from opinion_service.models import Case, Clock
from opinion_service.services.routing import rulebook
from opinion_service.services.transaction import transaction

deadlines_group = AppGroup("deadlines", help="When something is due, and why.")


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


COMMANDS = (deadlines_group,)
