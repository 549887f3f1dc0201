"""Reads a table in a process of its own, which can be killed: a file made to fill memory costs that process."""

import json
from typing import Any

from opinion_service.adapters import killable
from opinion_service.adapters.tables.reading import MOST_ROWS, Table

TIMEOUT_S = 120.0
MEMORY_MB = 1_024


def read_killable(
    body: bytes, kind: str, encoding: str = "", most: int = MOST_ROWS, *, timeout_s: float = TIMEOUT_S
) -> Table:
    """Return what `read` would return, or a table whose `problem` says that its limits were reached.

    timeout_s: of wall time and of processor time.
    """
    order = {"kind": kind, "encoding": encoding, "most": most}
    ended = killable.run("table", order, body, killable.Limits(timeout_s, MEMORY_MB))
    if ended.how is killable.Ending.TIME:
        return Table(problem=f"{timeout_s:g} 秒内未能读完，已中止。请分成几个文件，或另存为 CSV。")
    if ended.how is not killable.Ending.DONE:
        return Table(problem="读取该文件所需的内存过大，已中止。请分成几个文件，或另存为 CSV。")
    return _table(json.loads(ended.answer))


def _table(record: dict[str, Any]) -> Table:
    return Table(
        columns=tuple(record["columns"]),
        rows=tuple((number, tuple(cells)) for number, cells in record["rows"]),
        broken=tuple((number, reason, excerpt) for number, reason, excerpt in record["broken"]),
        encoding=record["encoding"],
        problem=record["problem"],
    )
