"""Lists of sources as OPML, and a second reading of kept documents."""

import sys
from datetime import timedelta
from pathlib import Path

import click
from sqlalchemy import select

from opinion_service import clock, listening
from opinion_service.adapters.feed_client import Outline, read_opml, write_opml
from opinion_service.cli.output import json_option, show
from opinion_service.cli.sources import sources_group
from opinion_service.domain.listening.hearing import RAW_KEPT
from opinion_service.domain.people import SYSTEM
from opinion_service.models import RawBody, Source
from opinion_service.services.listening import source_book
from opinion_service.services.listening.source_book import NewSource
from opinion_service.services.transaction import transaction


@sources_group.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def sources_import(path: Path, as_json: bool) -> None:
    """Listen to every source of an OPML list; importing again changes nothing."""
    reading = read_opml(path.read_bytes())
    if reading.problem:
        raise click.ClickException(reading.problem)
    listed = [NewSource(one.title, one.url, folder=one.folder) for one in reading.outlines]
    counts = source_book.add_listed(listed, actor=SYSTEM, now=clock.now())
    refused = [*counts.refused, *((url, "地址无法采集。") for url in reading.skipped)]
    show([{"added": counts.added, "known": counts.known, "refused": len(refused)}], as_json)
    for url, reason in refused:
        click.echo(f"{url}: {reason}", err=True)


@sources_group.command("export")
@click.argument("path", type=click.Path(dir_okay=False, writable=True, path_type=Path), required=False)
def sources_export(path: Path | None) -> None:
    """Write the sources as OPML, to a file or to standard output; credentials are never in it."""
    with transaction() as session:
        rows = session.execute(
            select(Source.name, Source.url, Source.folder).where(Source.url != "").order_by(Source.folder, Source.name)
        ).all()
    document = write_opml([Outline(row.name, row.url, row.folder) for row in rows], "舆情回应工作台信源")
    if path is None:
        sys.stdout.buffer.write(document)
    else:
        path.write_bytes(document)
        click.echo(f"{len(rows)} sources are written.")


@sources_group.command("reparse")
@click.option("--source", "source_id", type=int, help="One source; all of them otherwise.")
@click.option("--days", type=click.IntRange(1, RAW_KEPT.days), default=RAW_KEPT.days, help="How far back.")
@json_option
def sources_reparse(source_id: int | None, days: int, as_json: bool) -> None:
    """Read kept documents again and keep what was missed or misread."""
    now = clock.now()
    with transaction() as session:
        wanted = select(RawBody.source_id).distinct().order_by(RawBody.source_id)
        ids = list(session.scalars(wanted.where(RawBody.source_id == source_id) if source_id else wanted))
    rows = []
    for one in ids:
        counts = listening.reparse(one, since=now - timedelta(days=days), now=now)
        rows.append(
            {
                "source": one, "new": counts.new, "revised": counts.revised, "repeated": counts.repeated,
                "broken": counts.broken, "unmatched": counts.unmatched,
            }
        )  # fmt: skip
    show(rows, as_json)


COMMANDS: tuple[click.Command, ...] = ()
