"""Filters, tabs and charts of the source pages, with the numbers beside each chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext
from markupsafe import Markup

from opinion_service.adapters.hour_grid import GridRow, hour_grid
from opinion_service.clock import DESK_ZONE
from opinion_service.domain.listening.hearing import STATE_LABELS, SourceState
from opinion_service.queries.listening.hearing import SourceFilter, SourcePage, SourceRow
from opinion_service.queries.listening.source_page import DAYS, SourceStoryPage

CHARTED = 12


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers beside a chart."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def filters(wanted: SourceFilter, folders: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """Return the fields of the filter bar; the state is chosen by the tabs."""
    kinds = (("feed", gettext("订阅源")), ("hotlist", gettext("热搜榜")), ("import", gettext("导入")))
    found: list[dict[str, Any]] = [
        {"name": "q", "label": gettext("名称或地址"), "kind": "search", "value": wanted.text},
        {"name": "kind", "label": gettext("类型"), "kind": "select", "value": wanted.kind, "options": kinds},
    ]
    if folders:
        options = tuple((folder, folder) for folder in folders)
        found.append(
            {"name": "folder", "label": gettext("分组"), "kind": "select", "value": wanted.folder, "options": options}
        )
    return tuple(found)


def tabs(wanted: SourceFilter, page: SourcePage) -> tuple[dict[str, Any], ...]:
    """Return a tab for all sources and one for each state that occurs."""
    everything = {
        "label": gettext("全部"), "url": url_for("sources.listed"), "current": not wanted.state,
        "count": sum(page.counts.values()),
    }  # fmt: skip
    states = [
        {
            "label": gettext(STATE_LABELS[state]), "url": url_for("sources.listed", state=state.value),
            "current": wanted.state == state.value, "count": page.counts.get(state.value, 0),
        }
        for state in SourceState
        if page.counts.get(state.value) or wanted.state == state.value
    ]  # fmt: skip
    return (everything, *states)


def list_chart(rows: Sequence[SourceRow]) -> Markup:
    """Return the last 48 hours of the first sources shown that are asked at all."""
    return hour_grid([GridRow(row.name, row.hours) for row in _charted(rows)], gettext("近 48 小时各信源采集情况"))


def list_table(rows: Sequence[SourceRow]) -> Table:
    """Return the numbers of `list_chart`: hours by source."""
    columns = (gettext("信源"), *_hour_words())
    return Table(columns, tuple((row.name, *_hours_in(row.hours)) for row in _charted(rows)))


def day_grid(page: SourceStoryPage) -> Markup:
    """Return the last seven days of one source, a row for each 24 hours, the latest first."""
    rows = [GridRow(label, cells) for label, cells, _ in _days(page)]
    return hour_grid(rows, gettext("近 7 天每小时采集情况"))


def day_table(page: SourceStoryPage) -> Table:
    """Return the numbers of `day_grid`: hours by day."""
    columns = (gettext("截至"), *_hour_words())
    return Table(columns, tuple((label, *_hours_in(cells)) for label, cells, _ in _days(page)))


def days_table(page: SourceStoryPage) -> Table:
    """Return the new items of each 24 hours, the latest first."""
    return Table((gettext("截至"), gettext("新增条数")), tuple((label, str(count)) for label, _, count in _days(page)))


def _days(page: SourceStoryPage) -> list[tuple[str, Sequence[tuple[int, int]], int]]:
    found: list[tuple[str, Sequence[tuple[int, int]], int]] = []
    for number in reversed(range(DAYS)):
        part = slice(number * 24, number * 24 + 24)
        end = page.hours[part][-1][0] + timedelta(hours=1)
        new = int(sum(count for _, count in page.hours[part]))
        found.append((f"{end.astimezone(DESK_ZONE):%m-%d %H:%M}", page.grid[part], new))
    return found


def _charted(rows: Sequence[SourceRow]) -> list[SourceRow]:
    asked = [row for row in rows if row.state not in (SourceState.IMPORT, SourceState.PAUSED)]
    return asked[:CHARTED]


def _hour_words() -> tuple[str, ...]:
    return (gettext("采集成功的小时"), gettext("部分采集"), gettext("采集失败"), gettext("未检查"))


def _hours_in(cells: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    heard = sum(1 for checks, ok in cells if checks and ok == checks)
    part = sum(1 for checks, ok in cells if 0 < ok < checks)
    deaf = sum(1 for checks, ok in cells if checks and not ok)
    return (str(heard), str(part), str(deaf), str(len(cells) - heard - part - deaf))
