"""Chat groups that the ladder tells beside its mail: the kinds of robot, their addresses, and what is said there.

A chat service is somebody else's machine: a message there names case, clock and time, never a title or a text.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reminders.ladder_notices import BECAUSE, RungFacts
from opinion_service.domain.reminders.notices import Notice, beijing, safe_name, time_left, unit_prefix

# The smallest room for text is that of 企业微信 robots: 2,048 bytes.
MOST_NAMED = 5
LONGEST_UNIT = 16
LONGEST_ADDRESS = 1000


class GroupKind(StrEnum):
    """What takes the messages of a group."""

    DINGTALK = "dingtalk"
    WECOM = "wecom"
    FEISHU = "feishu"
    WEBHOOK = "webhook"

    @property
    def label(self) -> str:
        """Return the kind's name in Chinese."""
        return GROUP_LABELS[self]


GROUP_LABELS: dict[GroupKind, str] = {
    GroupKind.DINGTALK: "钉钉群机器人",
    GroupKind.WECOM: "企业微信群机器人",
    GroupKind.FEISHU: "飞书群机器人",
    GroupKind.WEBHOOK: "通用 Webhook",
}


def check_address(url: str, private_hosts: Collection[str]) -> str:
    """Return the host of a robot's address; raise InvalidInput for one that the desk would not call.

    The address carries the robot's token, so it is https; plain http only to the desk's own `private_hosts`.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        host = ""
    if not host or len(url) > LONGEST_ADDRESS or "@" in parts.netloc or not url.isascii() or not url.isprintable():
        raise InvalidInput("机器人地址格式不正确，应为完整的 https:// 地址。", "robot_url")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in private_hosts):
        raise InvalidInput("机器人地址须以 https:// 开头；http 仅限 PRIVATE_ROBOT_HOSTS 中的主机。", "robot_url")
    return host


def group_notice(rows: Sequence[RungFacts], link: str, *, now: datetime) -> Notice:
    """Return one message for all that a group is told at once: the worst five by case number, the rest counted.

    link: where the rest is found. Every row has its own proof; the message only rings.
    """
    ordered = sorted(rows, key=lambda one: one.rank)
    lines = [_line(number, one, now) for number, one in enumerate(ordered[:MOST_NAMED], 1)]
    if len(ordered) > MOST_NAMED:
        lines.append(f"其余 {len(ordered) - MOST_NAMED} 项请在工作台查看。")
    listed = "\n".join(lines)
    return Notice(f"【催办】{len(ordered)} 项时限临期或已到期", f"{listed}\n{link}\n{BECAUSE['robot']}")


def test_notice(link: str) -> Notice:
    """Return the message by which somebody sees that a group is reached."""
    return Notice("【测试】工作台可向本群发送催办", f"收到本消息，说明工作群设置有效。\n{link}")


def _line(number: int, facts: RungFacts, now: datetime) -> str:
    unit = unit_prefix(safe_name(facts.department, LONGEST_UNIT))
    left = time_left(facts.due_at, now)
    return (
        f"{number}. {unit}案号 {facts.case_no}，“{facts.clock}”须在 {beijing(facts.due_at)}前完成，"
        f"{left}（{facts.wording['ending'][:LONGEST_UNIT]}）"
    )
