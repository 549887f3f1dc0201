"""What the operations page says of each thing that is looked at."""

from typing import Any

from flask import url_for
from flask_babel import gettext

from opinion_service.config import Settings
from opinion_service.queries.operations import Backlog, Check


def check(one: Check) -> tuple[str, str, str]:
    """Return the name of a check, what to do when it is not well, and where (an address, or empty)."""
    found = {
        "users": (gettext("在用账号"), gettext("没有可登录的账号，请用 flask users add 新建。"), ""),
        "sweeper": (gettext("巡检进程"), gettext("超过 1 分钟没有响应：抓取、催办和邮件都会停，请重启 sweeper。"), ""),
        "auditor": (gettext("催办核查进程"), gettext("超过 2 分钟没有响应：催办照发但无人核查，请重启 auditor。"), ""),
        "calendar": (gettext("工作日历"), gettext("缺 %(years)s 年放假安排，请在工作日历页导入。", years=one.figure),
                     url_for("limits.calendar")),
        "sources": (gettext("信源"), gettext("%(n)s 个信源采集异常。", n=one.figure), url_for("sources.listed")),
        "mail": (gettext("邮件"), gettext("%(n)s 封滞留、失败、暂扣或被退回。", n=one.figure),
                 url_for("mailroom.listed", state="trouble", sort="next")),
    }  # fmt: skip
    return found[one.code]


def backlog(one: Backlog) -> tuple[str, str]:
    """Return the name of what waits, and where it can be looked at (an address, or empty)."""
    found = {
        "fetch": (gettext("到期未抓取的信源"), url_for("sources.listed")),
        "read": (gettext("待分析的条目"), ""),
        "mail": (gettext("待发邮件"), url_for("mailroom.listed", state="pending", sort="next")),
        "import": (gettext("导入中的文件"), url_for("imports.listed")),
        "simulation": (gettext("规则试算"), url_for("simulations.listed")),
        "quarantine": (gettext("近 24 小时无法读取的内容"), url_for("sources.listed")),
    }
    return found[one.code]


def settings(desk: Settings, database: str) -> tuple[tuple[str, Any], ...]:
    """Return how the desk is set up, without anything secret."""
    return (
        (gettext("环境"), gettext("生产") if desk.is_production else gettext("试用")),
        (gettext("数据库"), {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(database, database)),
        (gettext("任务队列"), "Redis" if desk.redis_url else gettext("未设置，由巡检进程直接处理")),
        (gettext("邮件投递"), "SMTP" if desk.smtp_url else gettext("未设置 SMTP_URL，邮件写入本机 spool 目录")),
        (gettext("自动交办阈值"), f"{desk.dispatch_threshold:.2f}"),
    )
