"""What the pages of events offer beside the rows: filters, sort links, curves, the parts of the heat."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import g
from flask_babel import gettext
from markupsafe import Markup

from opinion_service.adapters import charts
from opinion_service.domain.reading.heat import SCALE
from opinion_service.domain.reading.sentiment import Nature
from opinion_service.queries.reading.event_page import EventView
from opinion_service.queries.reading.events import CURVE_HOURS, STATES, EventFilter, EventPage
from opinion_service.web.formats import number, short_stamp, translated, with_args

SORT_WORDS = (("heat", "按热度"), ("new", "最新"), ("last", "最近有新条目"), ("count", "条数最多"))
PERIODS = (("1", "最近 24 小时"), ("7", "最近 7 天"), ("30", "最近 30 天"))
TOPICS = (
    "减税降费", "金融安全", "生态环境", "脱贫攻坚", "教育改革", "食品药品", "卫生健康", "养老服务", "公正监管",
    "社会保障", "社会治安", "房地产市场", "堵点痛点", "突发事件", "其他",
)  # fmt: skip
NATURES: Mapping[str, str] = {kind.value: kind.label for kind in Nature}


@dataclass(frozen=True, slots=True)
class EventList:
    """What a list of events shows around its rows."""

    filters: tuple[dict[str, Any], ...]
    sorts: tuple[dict[str, Any], ...]
    kept: tuple[tuple[str, str], ...]
    curves: Mapping[int, Markup]
    natures: Mapping[str, str]
    states: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EventForms:
    """What the event page shows beside the rows; a chart or table is None when there is nothing to show."""

    state: str
    nature: str
    natures: Mapping[str, str]
    scale: str
    parts: dict[str, Any]
    heat_chart: Markup | None
    heat_table: dict[str, Any]
    heat_note: str
    rank_chart: Markup | None
    rank_table: dict[str, Any] | None
    rank_note: str
    kin: tuple[tuple[int, str], ...]


def wanted_from(args: Mapping[str, str], *, state: str = "") -> EventFilter:
    """Return the filter that the address asks for; what is not understood is left out."""
    days = args.get("days", "")
    return EventFilter(
        state=state or args.get("state", ""),
        nature=args.get("nature", ""),
        topic=args.get("topic", ""),
        text=args.get("q", "").strip()[:100],
        is_rising=args.get("rising") == "1",
        since=g.now - timedelta(days=int(days)) if days in dict(PERIODS) else None,
        sort=args.get("sort", "heat"),
        is_ascending=args.get("dir") == "asc",
        after=args.get("after", ""),
    )


def list_of(page: EventPage, wanted: EventFilter, *, has_states: bool, days: str = "") -> EventList:
    """Return the frame of a list of events."""
    filters = (
        {"name": "q", "label": gettext("标题"), "kind": "search", "value": wanted.text},
        {"name": "state", "label": gettext("状态"), "kind": "select", "value": wanted.state,
         "options": tuple((code, translated(text)) for code, text in STATES.items())},
        {"name": "nature", "label": gettext("诉求类型"), "kind": "select", "value": wanted.nature,
         "options": tuple((code, translated(text)) for code, text in NATURES.items())},
        {"name": "topic", "label": gettext("热点"), "kind": "select", "value": wanted.topic,
         "options": tuple((topic, translated(topic)) for topic in TOPICS)},
        {"name": "days", "label": gettext("首次发现"), "kind": "select", "value": days,
         "options": tuple((code, translated(text)) for code, text in PERIODS)},
        {"name": "rising", "label": gettext("趋势"), "kind": "select", "value": "1" if wanted.is_rising else "",
         "options": (("1", gettext("上升")),)},
    )  # fmt: skip
    return EventList(
        filters=tuple(one for one in filters if has_states or one["name"] != "state"),
        sorts=tuple(_sort(code, text, page.sort) for code, text in SORT_WORDS),
        kept=(("sort", page.sort),) if page.sort != "heat" else (),
        curves={row.id: charts.sparkline(row.curve, _curve_words(row.curve, row.is_rising)) for row in page.rows},
        natures=NATURES,
        states=STATES,
    )


def _sort(code: str, text: str, here: str) -> dict[str, Any]:
    url = with_args(sort=code, dir=None, after=None)
    return {"label": translated(text), "url": url, "current": here == code}


def _curve_words(curve: tuple[int, ...], is_rising: bool) -> str:
    words = gettext("最近 %(h)s 小时 %(n)s 条", h=CURVE_HOURS, n=sum(curve))
    return f"{words}{gettext('，正在上升') if is_rising else ''}"


def page_of(view: EventView) -> EventForms:
    """Return the charts, tables and choices of one event."""
    event = view.event
    parts = [(translated(str(name)), f"{float(value):.2f}") for name, value in event.heat_parts]
    total = sum(float(value) for _, value in event.heat_parts)
    parts += [("x", f"{total:.2f}"), (gettext("热度"), f"{event.heat:.1f}")]
    return EventForms(
        state=STATES[event.state],
        nature=translated(NATURES.get(event.nature, "")),
        natures=NATURES,
        scale=f"{SCALE:g}",
        parts={"columns": (gettext("组成"), gettext("数值")), "rows": parts},
        heat_chart=_heat_chart(view),
        heat_table=_heat_table(view),
        heat_note=gettext("共 %(n)s 小时有记录", n=sum(bool(count) for _, count, _ in view.hours)),
        rank_chart=_rank_chart(view),
        rank_table=_rank_table(view),
        rank_note=_rank_note(view),
        kin=tuple((one, f"{one} {title[:40]}") for one, title, _ in view.kin),
    )


def _heat_chart(view: EventView) -> Markup | None:
    if not view.hours:
        return None
    marks = [charts.Mark(_hour(view.event.first_seen_at), gettext("首次发现"))]
    return charts.hourly_series([(at, load) for at, _, load in view.hours], gettext("每小时热度分量"), marks)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _heat_table(view: EventView) -> dict[str, Any]:
    columns = (gettext("时间"), gettext("条数"), gettext("热度分量"))
    rows = [(short_stamp(at), count, f"{load:.2f}") for at, count, load in view.hours if count]
    return {"columns": columns, "rows": rows}


def _rank_chart(view: EventView) -> Markup | None:
    points = [(one.at, one.value) for one in view.standings if one.value is not None]
    return charts.hourly_series(points, gettext("公开热度值")) if len(points) > 1 else None


def _rank_table(view: EventView) -> dict[str, Any] | None:
    if not view.standings:
        return None
    columns = (gettext("时间"), gettext("榜单排名"), gettext("公开热度值"))
    rows = [(short_stamp(one.at), one.rank or "—", number(one.value)) for one in view.standings]
    return {"columns": columns, "rows": rows}


def _rank_note(view: EventView) -> str:
    if view.best_rank is None:
        return ""
    return str(gettext("榜单最高第 %(n)s 位，共 %(m)s 次快照", n=view.best_rank, m=len(view.standings)))
