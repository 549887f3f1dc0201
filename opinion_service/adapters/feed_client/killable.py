"""Parses in a process of its own, which can be killed: the last wall against documents made to hang a parser."""

import json

from opinion_service.adapters import killable
from opinion_service.adapters.feed_client.entries import ParsedFeed
from opinion_service.adapters.feed_client.record import feed_from_record

TIMEOUT_S = 15.0
MEMORY_MB = 512


def parse_killable(
    body: bytes,
    content_type: str = "",
    timeout_s: float = TIMEOUT_S,
    memory_mb: int = MEMORY_MB,
    *,
    base_url: str = "",
) -> ParsedFeed:
    """Return what `parse` would return, or a feed whose `problem` says that its limits were reached.

    timeout_s: of wall time and of processor time. memory_mb: address space of the reader, the loaded parsers
    (about 150 MB) included.
    """
    order = {"content_type": content_type, "base_url": base_url}
    ended = killable.run("feed", order, body, killable.Limits(timeout_s, memory_mb))
    if ended.how is killable.Ending.TIME:
        return ParsedFeed(problem=f"{timeout_s:g} 秒内未能解析完，已中止。")
    if ended.how is killable.Ending.MEMORY:
        return ParsedFeed(problem=f"解析所需内存超过 {memory_mb} MB，已中止。")
    if ended.how is killable.Ending.CRASHED:
        return ParsedFeed(problem="解析进程异常退出。")
    return feed_from_record(json.loads(ended.answer))
