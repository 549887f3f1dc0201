"""Whether a source is heard: the outcomes of a check, the states of a source, and when somebody must be told."""

from datetime import timedelta
from enum import StrEnum

# Source: the users of changedetection, who were told of every hiccup until an alarm waited for several in a row.
ALARM_AFTER = 3
ALARM_AGAIN = timedelta(hours=24)
# Several sources usually fail together; their alarm is one letter an hour at most.
LETTERS_APART = timedelta(hours=1)
EMPTY_AFTER = 3
# What one source may bring in a day; two thousand entries at every visit would hide all others.
MOST_NEW_A_DAY = 20_000
LATE_AFTER = timedelta(minutes=15)
UNCHECKED_ALARM = timedelta(hours=1)
RAW_KEPT = timedelta(days=30)
LEDGER_KEPT = timedelta(days=400)
ROBOTS_FRESH = timedelta(hours=24)
# RFC 9309 §2.3.1.4: a robots.txt that cannot be reached forbids everything, but not for ever.
ROBOTS_PATIENCE = timedelta(hours=24)
HOST_DELAY = timedelta(seconds=1)
LONGEST_HOST_DELAY = timedelta(seconds=60)

HEARD = frozenset({"ok", "same", "not_modified", "empty"})
OUTCOME_LABELS: dict[str, str] = {
    "ok": "采集成功",
    "same": "内容未变",
    "not_modified": "未更新（304）",
    "empty": "空列表",
    "no_feed": "不是信息源",
    "gone": "已停用（410）",
    "http_error": "服务器报错",
    "refused_private": "内部网络，已拒绝",
    "refused": "地址不允许",
    "robots_refused": "robots.txt 不允许",
    "robots_unreachable": "robots.txt 无法读取",
    "too_large": "内容过大",
    "timeout": "超时",
    "network_error": "网络错误",
    "lost": "检查中断",
    "reparsed": "重新解析",
    "not_checked": "未按时检查",
}
REASON_LABELS: dict[str, str] = {
    "rhythm": "按信源节奏",
    "usual": "按常规间隔",
    "cache": "服务器要求（缓存）",
    "retry_after": "服务器要求（Retry-After）",
    "backoff": "失败后退避",
    "gone": "信源已停用，每天一试",
    "": "",
}


class SourceState(StrEnum):
    """How a source stands, the worst first: this order is the order of the list."""

    FAILING = "failing"
    UNCHECKED = "unchecked"
    EMPTY = "empty"
    TROUBLED = "troubled"
    QUIET = "quiet"
    OK = "ok"
    PAUSED = "paused"
    IMPORT = "import"

    @property
    def label(self) -> str:
        """Return the state's name in Chinese."""
        return STATE_LABELS[self]


STATE_LABELS: dict[SourceState, str] = {
    SourceState.FAILING: "采集异常",
    SourceState.UNCHECKED: "未按时检查",
    SourceState.EMPTY: "返回空列表",
    SourceState.TROUBLED: "偶有失败",
    SourceState.QUIET: "异常安静",
    SourceState.OK: "正常",
    SourceState.PAUSED: "已暂停",
    SourceState.IMPORT: "导入",
}
