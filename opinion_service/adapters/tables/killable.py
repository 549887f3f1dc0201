"""Reads a table in a process of its own, which can be killed: a file made to fill memory costs that process."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from opinion_service.adapters.tables.reading import MOST_ROWS, Table

TIMEOUT_S = 120.0
MEMORY_MB = 1_024
OUT_OF_MEMORY = 3
_ROOT = Path(__file__).resolve().parents[3]
_CHILD = "opinion_service.adapters.tables.child"


def read_killable(
    body: bytes, kind: str, encoding: str = "", most: int = MOST_ROWS, *, timeout_s: float = TIMEOUT_S
) -> Table:
    """Return what `read` would return, or a table whose `problem` says that its limits were reached.

    timeout_s: of wall time and of processor time. The child sees neither the environment nor the open files
    of this process.
    """
    order = json.dumps({"kind": kind, "encoding": encoding, "most": most, "cpu_s": timeout_s, "memory_mb": MEMORY_MB})
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter and a module of this package
            [sys.executable, "-m", _CHILD, order],
            input=body,
            capture_output=True,
            timeout=timeout_s,
            cwd=_ROOT,
            env={"PYTHONPATH": str(_ROOT), "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Table(problem=f"{timeout_s:g} 秒内未能读完，已中止。请分成几个文件，或另存为 CSV。")
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return Table(problem=f"{timeout_s:g} 秒内未能读完，已中止。请分成几个文件，或另存为 CSV。")
    if done.returncode:
        return Table(problem="读取该文件所需的内存过大，已中止。请分成几个文件，或另存为 CSV。")
    return table_from_record(json.loads(done.stdout))


def record_of(table: Table) -> dict[str, Any]:
    """Return the table as JSON can carry it."""
    return asdict(table)


def table_from_record(record: dict[str, Any]) -> Table:
    """Return the table that `record_of` was given."""
    return Table(
        columns=tuple(record["columns"]),
        rows=tuple((number, tuple(cells)) for number, cells in record["rows"]),
        broken=tuple((number, reason, excerpt) for number, reason, excerpt in record["broken"]),
        encoding=record["encoding"],
        problem=record["problem"],
    )
