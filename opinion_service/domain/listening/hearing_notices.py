"""The letters about sources: which of them cannot be heard, since when and why; and that they are heard again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from opinion_service.domain.reminders.notices import CLOSING, Notice, beijing, safe_name

MOST_LISTED = 20
_WHY = "您收到本邮件，是因为您负责维护或使用信源。未恢复前每天提醒一次。"


@dataclass(frozen=True, slots=True)
class Deaf:
    """One source that is not heard: since when, how many checks in a row failed, and what the last one said."""

    name: str
    heard_at: datetime | None
    failures: int
    reason: str


def alarm_notice(rows: Sequence[Deaf], link: str) -> Notice:
    """Return the letter about the sources that are not heard, the longest silence first; `rows` is not empty."""
    ordered = sorted(rows, key=lambda row: (row.heard_at is not None, row.heard_at or 0, row.name))
    head = f"【信源告警】{len(rows)} 个信源采集异常：{safe_name(ordered[0].name)}{' 等' if len(rows) > 1 else ''}"
    listed = [_line(row) for row in ordered[:MOST_LISTED]]
    if len(ordered) > MOST_LISTED:
        listed.append(f"……另有 {len(ordered) - MOST_LISTED} 个，见信源页面。")
    sentence = f"以下 {len(rows)} 个信源目前采集异常，期间发布的内容可能漏收："
    return Notice(head, "\n\n".join((sentence, "\n".join(listed), f"请登录处理：{link}", _WHY, CLOSING)) + "\n")


def flood_notice(name: str, most: int, link: str) -> Notice:
    """Return the letter about a source that brings more than `most` new entries within a day."""
    sentence = f"信源 {safe_name(name)} 24 小时内新增已达 {most} 条，其余暂不收录，以免淹没其他内容。原文已保存 30 天。"
    do = f"请查看该信源是否异常，必要时暂停或改为只收匹配的内容；如属正常，可用 flask sources reparse 收回：{link}"
    return Notice(f"【信源告警】内容异常增多：{safe_name(name)}", "\n\n".join((sentence, do, _WHY, CLOSING)) + "\n")


def mended_notice(names: Sequence[str], link: str) -> Notice:
    """Return the letter that sources are heard again; `names` is not empty."""
    head = f"【信源恢复】{len(names)} 个信源已恢复：{safe_name(names[0])}{' 等' if len(names) > 1 else ''}"
    listed = "\n".join(f"- {safe_name(name)}" for name in names[:MOST_LISTED])
    return Notice(head, "\n\n".join(("以下信源已恢复采集：", listed, f"漏采时段见：{link}", CLOSING)) + "\n")


def _line(row: Deaf) -> str:
    since = f"最近采集成功：{beijing(row.heard_at)}" if row.heard_at else "从未采集成功"
    failed = f"，连续失败 {row.failures} 次" if row.failures else ""
    return f"- {safe_name(row.name)}：{since}{failed}。{safe_name(row.reason, 200)}"
