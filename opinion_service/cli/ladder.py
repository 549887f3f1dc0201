"""The ladder by hand: show and change its rules, audit it, take in mail that came back."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import AppGroup

from opinion_service import clock, pipeline
from opinion_service.cli.output import json_option, show
from opinion_service.domain.errors import DomainError
from opinion_service.domain.people import SYSTEM
from opinion_service.domain.reminders.ladder import offset_words
from opinion_service.services.reminders import ladder_audit, ladder_book
from opinion_service.services.transaction import transaction

ladder_group = AppGroup("ladder", help="Reminders: their rules, and whether they went out.")


@ladder_group.command("show")
@json_option
def ladder_show(as_json: bool) -> None:
    """Show the rungs in force, a line each."""
    with transaction() as session:
        ladder = ladder_book.in_force(session)
    rows = [
        {
            "version": ladder.version, "clock": kind, "level": rule.level, "name": rule.name, "offset": rule.offset,
            "when": offset_words(rule.offset), "tells": ",".join(rule.recipients), "by": ",".join(rule.channels),
            "waits": rule.waits, "paper": rule.document,
        }
        for kind, rules in ladder.rungs.items()
        for rule in rules
    ]  # fmt: skip
    show(rows, as_json)


@ladder_group.command("load")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--note", required=True, help="Why the rules change.")
def ladder_load(path: Path, note: str) -> None:
    """Put a new version of the rules into force; clocks that run keep theirs. The shipped file is the pattern."""
    try:
        version = ladder_book.publish(json.loads(path.read_text(encoding="utf-8")), note, actor=SYSTEM, now=clock.now())
    except (DomainError, ValueError) as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"Ladder {version} is in force.")


@ladder_group.command("audit")
@click.option("--repair", is_flag=True, help="Mend what is found, as the auditor does.")
@json_option
def ladder_audit_command(repair: bool, as_json: bool) -> None:
    """Compare what the ladders should have done with what they did; exit 1 when something is wrong."""
    found = pipeline.audit(now=clock.now()) if repair else ladder_audit.examine(now=clock.now())
    show([asdict(found)], as_json)
    if not found.is_clean:
        sys.exit(1)


@ladder_group.command("bounces")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def ladder_bounces(folder: Path, as_json: bool) -> None:
    """Take in the delivery reports of a maildir; each is read once and moved from new to cur."""
    show([pipeline.take_bounces(folder, now=clock.now())], as_json)


COMMANDS = (ladder_group,)
