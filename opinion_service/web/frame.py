"""What every page shows around its content: the rail with its counts, the language, the names."""

from typing import Any

from flask import Flask, current_app, g, request, session, url_for
from flask_babel import Babel, gettext

from opinion_service.domain.people import Role
from opinion_service.models import db
from opinion_service.queries import desk
from opinion_service.web.access import ACCESS

# Each section has a label and its links: text, endpoint, icon, key.
LINKS: tuple[tuple[str, tuple[tuple[str, str, str, str], ...]], ...] = (
    # The first section is also the bar at the foot of a phone.
    (
        "",
        (
            ("今日要办", "desk.home", "house", "g h"),
            ("热点研判", "inbox.shown", "inbox", "g t"),
            ("案件", "cases.listed", "folder2-open", "g q"),
            ("我的任务", "beside.own_tasks", "list-check", "g k"),
        ),
    ),
    (
        "办理",
        (
            ("事件", "events.listed", "collection", "g e"),
            ("在办负荷", "load.shown", "bar-chart", ""),
            ("逾期风险", "forecast.listed", "hourglass-split", ""),
            ("裁定先例", "rulings.listed", "bank", ""),
            ("值班与请假", "duty.shown", "calendar-week", ""),
            ("热搜榜", "hotlists.shown", "bar-chart-steps", "g r"),
            ("催办文书", "papers.listed", "file-earmark-text", ""),
            ("定级建议", "proposals.listed", "bar-chart-line", ""),
            ("承诺事项", "aftermath.promises", "calendar-check", ""),
            ("办结评估", "evaluations.listed", "award", ""),
            ("政策评估", "policies.listed", "clipboard2-pulse", "g p"),
        ),
    ),
    ("公开", (("回应公开页", "public.responses", "megaphone", ""),)),
    (
        "管理",
        (
            ("交办规则", "rules.shown", "signpost-split", ""),
            ("立案规则", "opening.shown", "funnel", ""),
            ("类型规则", "kinds.shown", "chat-left-text", ""),
            ("判读模型", "models.listed", "cpu", ""),
            ("信源", "sources.listed", "broadcast", ""),
            ("工作日历", "limits.calendar", "calendar3", ""),
            ("时限规则", "limits.profile", "stopwatch", ""),
            ("文件导入", "imports.listed", "upload", ""),
            ("回应模板", "reply_templates.listed", "file-text", ""),
            ("审签流程", "answers.routes", "signpost-2", ""),
            ("邮件", "mailroom.listed", "envelope", ""),
            ("催办规则", "ladder.rules", "bar-chart-steps", ""),
            ("工作群", "groups.listed", "chat-dots", ""),
            ("暂停提醒", "ladder.silences", "bell-slash", ""),
            ("运行状态", "office.operations", "activity", ""),
            ("用户", "office.users", "people", ""),
            ("操作日志", "office.journal", "journal-check", ""),
        ),
    ),
)


def init_app(app: Flask) -> None:
    """Give every template its frame."""
    Babel(app, default_locale="zh_Hans_CN", default_timezone="Asia/Shanghai", locale_selector=_locale)
    app.context_processor(_frame)


def _locale() -> str:
    return "en" if session.get("language") == "en" else "zh_Hans_CN"


def _frame() -> dict[str, Any]:
    is_english = session.get("language") == "en"
    return {
        "actor": g.get("actor"),
        "now": g.get("now"),
        "nav": _nav(),
        "product_name": gettext("舆情回应工作台"),
        "city_name": current_app.config["DESK"].city_name,
        "keys_off": bool(session.get("keys_off")),
        "html_lang": "en" if is_english else "zh-CN",
        "language_url": url_for("account.language", code="zh" if is_english else "en"),
        "language_code": "zh-CN" if is_english else "en",
        "language_label": "中文" if is_english else "English",
        "account_url": url_for("account.password"),
        "sign_out_url": url_for("account.sign_out"),
        "public_home_url": url_for("public.responses"),
    }


def _nav() -> tuple[dict[str, Any], ...]:
    actor = g.get("actor")
    if actor is None:
        return ()
    waiting = sum(todo.count for todo in desk.todos(db.session(), actor, now=g.now) if todo.counts_as_work)
    sections = []
    for label, links in LINKS:
        shown = [
            {
                "label": gettext(text),
                "url": url_for(endpoint),
                "icon": icon,
                "key": key,
                "count": waiting if endpoint == "desk.home" else 0,
                "current": request.endpoint == endpoint,
            }
            for text, endpoint, icon, key in links
            if (ACCESS[endpoint] or frozenset(Role)) & {actor.role}
        ]
        if shown:
            sections.append({"label": gettext(label) if label else "", "links": shown})
    return tuple(sections)
