"""What a reader does with a table (`adapters.killable`): its rows as JSON can carry them."""

from dataclasses import asdict
from typing import Any

from opinion_service.adapters.tables.reading import read


def read_table(body: bytes, order: dict[str, Any]) -> dict[str, Any]:
    """Return the table in `body`; order: `kind`, `encoding` and `most`, as `read` takes them."""
    return asdict(read(body, order["kind"], order["encoding"], int(order["most"])))
