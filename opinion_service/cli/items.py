"""What is handed in as a file."""

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from opinion_service import clock, intake
from opinion_service.cli.output import json_option, show
from opinion_service.domain.errors import DomainError
from opinion_service.domain.people import SYSTEM
from opinion_service.models import ImportRun
from opinion_service.services.listening import imports
from opinion_service.services.transaction import transaction

LARGEST = 64_000_000
items_group = AppGroup("items", help="What was collected.")


@items_group.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", "name", required=True)
@click.option("--encoding", default="", help="utf-8-sig, gb18030, big5 or utf-16; found out when left out.")
@click.option("--dry-run", is_flag=True, help="Count only; store nothing.")
@json_option
def items_import(path: Path, name: str, encoding: str, dry_run: bool, as_json: bool) -> None:
    """Import petitions or tickets from CSV, JSONL or XLSX; importing again changes nothing.

    Columns are known by their headings: title, content, url, published_at, external_id, territory, or the
    Chinese ones of ticket systems; rank, heat_value and snapshot for the past of a hot list.
    """
    try:
        new = intake.look_at(name, path.name, path.read_bytes(), encoding, most_bytes=LARGEST)
        run_id = imports.receive(new, actor=SYSTEM, now=clock.now())
        imports.start(run_id, is_rehearsal=dry_run, actor=SYSTEM, now=clock.now())
        intake.import_file(run_id, now=clock.now)
        row = _row(run_id)
        if dry_run:
            imports.cancel(run_id, actor=SYSTEM, now=clock.now())
    except DomainError as problem:
        raise click.ClickException(str(problem)) from problem
    show([row], as_json)
    if row["problem"]:
        sys.exit(1)


def _row(run_id: int) -> dict[str, object]:
    with transaction() as session:
        run = session.get_one(ImportRun, run_id)
        return {
            "source": run.source_id, "new": run.new_count, "revised": run.revised_count,
            "repeated": run.repeated_count, "broken": run.broken_count, "unmatched": run.unmatched_count,
            "problem": run.problem, "run": run.id, "rows": run.row_count,
        }  # fmt: skip


COMMANDS = (items_group,)
