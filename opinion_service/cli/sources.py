"""Sources and what comes from them."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from opinion_service import clock, pipeline
from opinion_service.cli.output import json_option, show
from opinion_service.domain.errors import DomainError
from opinion_service.domain.listening.watch import Watch
from opinion_service.domain.people import SYSTEM
from opinion_service.models import Source
from opinion_service.services.listening import ingest
from opinion_service.services.transaction import transaction

sources_group = AppGroup("sources", help="Where the desk listens.")


@sources_group.command("add")
@click.argument("url")
@click.option("--name", required=True)
@click.option("--kind", type=click.Choice(["feed", "hotlist"]), default="feed")
@click.option("--scope", type=click.Choice(["all", "match"]), default="all")
@click.option("--match", "any_terms", multiple=True, help="A line of which one must match; may be repeated.")
@click.option("--must", "must_terms", multiple=True, help="A line that must match; may be repeated.")
@click.option("--not", "not_terms", multiple=True, help="A line that must not match; may be repeated.")
def sources_add(url: str, name: str, kind: str, scope: str, **lines: tuple[str, ...]) -> None:
    """Listen to a feed or a hot list."""
    try:
        new = ingest.NewSource(name, url, kind, scope, Watch(**lines))
        source_id = ingest.add_source(new, actor=SYSTEM, now=clock.now())
    except DomainError as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"Source {source_id} is added.")


@sources_group.command("list")
@json_option
def sources_list(as_json: bool) -> None:
    """Show every source, the failing first."""
    with transaction() as session:
        rows = [
            {
                "id": row.id, "name": row.name, "kind": row.kind, "active": row.is_active, "failures": row.failures,
                "last_ok": row.last_ok_at, "next_check": row.next_check_at, "error": row.last_error,
            }
            for row in session.scalars(select(Source).order_by(Source.failures.desc(), Source.id))
        ]  # fmt: skip
    show(rows, as_json)


@click.command("ingest")
@click.option("--source", "source_id", type=int)
@click.option("--file", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@with_appcontext
def ingest_command(source_id: int | None, path: Path | None, as_json: bool) -> None:
    """Fetch what is due, or read one feed document from a file."""
    now = clock.now()
    if path is not None:
        source_id = source_id or _import_source(path.stem, now)
        counts, problem = pipeline.ingest_file(source_id, path, now=now)
        show([_row(source_id, counts, problem)], as_json)
        sys.exit(1 if problem else 0)
    if source_id:
        fetched = {source_id: pipeline.fetch_source(source_id, now=now)}
    else:
        fetched = pipeline.fetch_due(1000, now=clock.now)
    show([_row(one, counts, "") for one, counts in fetched.items()], as_json)


def _import_source(name: str, now: datetime) -> int:
    with transaction() as session:
        found = session.scalar(select(Source.id).where(Source.name == name[:120]))
    return found or ingest.add_source(ingest.NewSource(name[:120], kind="import"), actor=SYSTEM, now=now)


def _row(source_id: int, counts: ingest.Counts, problem: str) -> dict[str, Any]:
    return {
        "source": source_id, "new": counts.new, "revised": counts.revised, "repeated": counts.repeated,
        "broken": counts.broken, "unmatched": counts.unmatched, "problem": problem,
    }  # fmt: skip


COMMANDS = (sources_group, ingest_command)
