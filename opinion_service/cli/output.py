"""One way to print: a JSON object a line with --json, aligned columns otherwise."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

json_option: Callable[..., Any] = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")


def show(rows: Iterable[Mapping[str, Any]], as_json: bool) -> None:
    """Print the rows."""
    listed = list(rows)
    if as_json:
        for row in listed:
            click.echo(json.dumps(row, ensure_ascii=False, default=str))
        return
    if not listed:
        click.echo("(nothing)")
        return
    names = list(listed[0])
    cells = [[str(row.get(name, "")) for name in names] for row in listed]
    widths = [max(len(name), *(len(row[i]) for row in cells)) for i, name in enumerate(names)]
    for line in (names, *cells):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
