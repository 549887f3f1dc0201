"""Parses in a process of its own, which can be killed: the last wall against documents made to hang a parser."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from opinion_service.adapters.feed_client.entries import BrokenEntry, IdentityBasis, ParsedEntry, ParsedFeed

TIMEOUT_S = 15.0
MEMORY_MB = 512
OUT_OF_MEMORY = 3
_ROOT = Path(__file__).resolve().parents[3]
_CHILD = "opinion_service.adapters.feed_client.child"


def parse_killable(
    body: bytes,
    content_type: str = "",
    timeout_s: float = TIMEOUT_S,
    memory_mb: int = MEMORY_MB,
    *,
    base_url: str = "",
) -> ParsedFeed:
    """Return what `parse` would return, or a feed whose `problem` says that its limits were reached.

    timeout_s: of wall time and of processor time. memory_mb: address space of the child, its interpreter
    (about 100 MB) included. The child sees neither the environment nor the open files of this process.
    """
    # Started afresh instead of forked: a fork would carry threads' locks, connections and secrets along.
    order = json.dumps({"content_type": content_type, "base_url": base_url, "cpu_s": timeout_s, "memory_mb": memory_mb})
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
        return ParsedFeed(problem=f"{timeout_s:g} 秒内未能解析完，已中止。")
    if done.returncode == -signal.SIGXCPU or done.returncode == -signal.SIGKILL:
        return ParsedFeed(problem=f"{timeout_s:g} 秒内未能解析完，已中止。")
    if done.returncode == OUT_OF_MEMORY:
        return ParsedFeed(problem=f"解析所需内存超过 {memory_mb} MB，已中止。")
    if done.returncode:
        return ParsedFeed(problem=f"解析进程异常退出（{done.returncode}）。")
    return feed_from_record(json.loads(done.stdout))


def record_of(feed: ParsedFeed) -> dict[str, Any]:
    """Return the feed as JSON can carry it."""
    return asdict(feed)


def feed_from_record(record: dict[str, Any]) -> ParsedFeed:
    """Return the feed that `record_of` was given."""
    return ParsedFeed(
        title=record["title"],
        ttl_minutes=record["ttl_minutes"],
        entries=tuple(_entry(row) for row in record["entries"]),
        broken=tuple(BrokenEntry(**row) for row in record["broken"]),
        problem=record["problem"],
    )


def _entry(row: dict[str, Any]) -> ParsedEntry:
    basis = row.pop("identity_by")
    categories = tuple(row.pop("categories"))
    return ParsedEntry(**row, categories=categories, identity_by=IdentityBasis(basis) if basis else None)
