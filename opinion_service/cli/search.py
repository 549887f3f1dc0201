"""Search from the command line: lay its text anew."""

import click
from flask.cli import AppGroup

from opinion_service.services.reading import search_book
from opinion_service.services.transaction import transaction

search_group = AppGroup("search", help="What search looks through.")


@search_group.command("reindex")
def reindex() -> None:
    """Lay the search text of every item, event, case and response anew; may be stopped and run again.

    Each page of rows is one transaction, so that the desk goes on working meanwhile.
    """
    for kind in search_book.KINDS:
        done, last = 0, 0
        while True:
            with transaction() as session:
                count, last = search_book.rebuild(session, kind, last)
            if not count:
                break
            done += count
        click.echo(f"{kind}: {done}")


COMMANDS = (search_group,)
