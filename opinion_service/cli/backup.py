"""Keeping a copy of the desk, and putting it back."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from opinion_service import backup, clock
from opinion_service.adapters.database_copy import CopyFailed
from opinion_service.cli.output import json_option, show


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@with_appcontext
def backup_command(file: Path, as_json: bool) -> None:
    """Write database and spool to FILE while the desk runs; the secret key is not in it."""
    if file.exists():
        raise click.UsageError(f"{file} is there already; name a new file.")
    if not file.absolute().parent.is_dir():
        raise click.UsageError(f"There is no folder {file.absolute().parent}.")
    try:
        report = backup.write(file.absolute(), now=clock.now())
    except (CopyFailed, OSError) as problem:
        raise click.ClickException(f"No backup was made. {problem}") from problem
    _show(report, as_json)


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@with_appcontext
def restore_command(file: Path, yes: bool, as_json: bool) -> None:
    """Replace everything on this desk by FILE; refused while it runs and for a newer schema."""
    if not yes:
        click.confirm("This replaces every row of this desk. Go on?", abort=True)
    try:
        report = backup.restore(file, now=clock.now())
    except backup.RestoreRefused as problem:
        raise click.ClickException(f"Nothing was changed. {problem}") from problem
    except CopyFailed as problem:
        raise click.ClickException(str(problem)) from problem
    _show(report, as_json)


def _show(report: backup.Report, as_json: bool) -> None:
    row = {
        "made_at": report.made_at,
        "schema": report.schema,
        "tables": len(report.rows),
        "rows": sum(report.rows.values()),
        "spooled": report.spooled,
    }
    show([row], as_json)


COMMANDS = (backup_command, restore_command)
