"""The working calendar by hand: a new year from a file, seen and then applied."""

from pathlib import Path

import click

from opinion_service import clock
from opinion_service.adapters import calendar_file
from opinion_service.cli.desk import calendar_group
from opinion_service.cli.output import json_option, show
from opinion_service.domain.errors import DomainError
from opinion_service.domain.people import SYSTEM
from opinion_service.models import db
from opinion_service.queries.clocks import limits as queries
from opinion_service.services.clocks import limit_changes

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@calendar_group.command("import")
@click.argument("path", type=FILE)
@click.option("--notice", required=True, help="Number or name of the notice, for rows that name none.")
@click.option("--apply", "is_applied", is_flag=True, help="Put it into force; without it the change only waits.")
@json_option
def calendar_import(path: Path, notice: str, is_applied: bool, as_json: bool) -> None:
    """Propose a year of holidays from a CSV or ICS file and show the clocks it moves."""
    now = clock.now()
    try:
        days = calendar_file.read(path.name, path.read_bytes(), notice)
        change_id = limit_changes.propose_days(days, actor=SYSTEM, now=now)
    except DomainError as problem:
        raise click.ClickException(str(problem)) from problem
    shown = queries.change(db.session(), change_id)
    if shown is None:
        raise click.ClickException("The change is gone.")
    page = queries.moved(db.session(), SYSTEM, shown, now=now)
    db.session.rollback()
    rows = [
        {"case": row.number, "clock": row.clock, "before": row.old_due, "after": row.new_due, "minutes": row.minutes}
        for row in page.rows
    ]
    summary = {"change": change_id, "days": len(shown.days), "state": "proposed", "clocks_moved": len(rows)}
    if is_applied:
        limit_changes.apply(change_id, actor=SYSTEM, now=now)
        while limit_changes.carry_on(now=now):
            pass
        summary["state"] = "applied"
    show(rows, as_json)
    show([summary], as_json)


@calendar_group.command("apply")
@click.argument("change_id", type=int)
def calendar_apply(change_id: int) -> None:
    """Put a proposed change into force and carry it to the open cases."""
    try:
        limit_changes.apply(change_id, actor=SYSTEM, now=clock.now())
    except DomainError as problem:
        raise click.ClickException(str(problem)) from problem
    while limit_changes.carry_on(now=clock.now()):
        pass
    click.echo(f"Change {change_id} is in force.")


COMMANDS = (calendar_group,)
