"""Reading the files that commands are given."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a JSONL file, gzipped when its name ends in .gz; raise ClickException for a broken line."""
    open_file = gzip.open if path.suffix == ".gz" else open
    with open_file(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except ValueError as problem:
                raise click.ClickException(f"{path.name}, line {number} is no JSON: {problem}") from problem


def text_of(row: dict[str, Any], fields: str) -> str:
    """Return the named fields (separated by commas) of a row, one a line."""
    return "\n".join(str(row.get(field) or "") for field in fields.split(","))
