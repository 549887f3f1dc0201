"""A chart of hours: one row for each source or day, one cell for each hour, telling heard from deaf without colour.

A full bar is an hour that was heard throughout, a half bar one that was heard in part, a low bar one in which
nothing was heard although it was asked; an hour in which nobody asked has a line only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

ROW, TOP = 34, 16
LABEL_CHARACTERS = 24
BAR, LINE = 14, 2
# state: share of the height, tone of desk.css
CELLS = {"heard": (1.0, "tone-ok"), "part": (0.6, "tone-soon"), "deaf": (0.3, "tone-late")}


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row: its name and its cells, oldest first; a cell is (checks, heard)."""

    label: str
    cells: Sequence[tuple[int, int]]


def cell_state(checks: int, heard: int) -> str:
    """Return heard, part, deaf, or none when nobody asked."""
    if not checks:
        return "none"
    return "heard" if heard == checks else "part" if heard else "deaf"


def hour_grid(rows: Sequence[GridRow], label: str) -> Markup:
    """Return the chart; every row has as many cells as the first, names are cut to 24 characters."""
    body = Markup("").join(_row(number * ROW, row) for number, row in enumerate(rows))
    return Markup('<svg class="chart" width="100%" height="{}" role="img" aria-label="{}">{}</svg>').format(
        max(len(rows), 1) * ROW, label, body
    )


def _row(y: int, row: GridRow) -> Markup:
    short = row.label if len(row.label) <= LABEL_CHARACTERS else f"{row.label[: LABEL_CHARACTERS - 1]}…"
    name = Markup('<title>{}</title><text x="0" y="{}">{}</text>').format(row.label, y + TOP - 4, short)
    width = 100 / max(len(row.cells), 1)
    floor = Markup('<rect class="bar-track" x="0" y="{}" width="100%" height="{}"/>').format(y + TOP + BAR - LINE, LINE)
    cells = Markup("").join(
        _cell(number * width, width, y + TOP, cell_state(*cell)) for number, cell in enumerate(row.cells)
    )
    return Markup("<g>{}{}{}</g>").format(name, floor, cells)


def _cell(x: float, width: float, y: int, state: str) -> Markup:
    if state == "none":
        return Markup("")
    share, tone = CELLS[state]
    height = round(BAR * share, 1)
    return Markup('<rect class="bar-fill {}" x="{}%" y="{}" width="{}%" height="{}"/>').format(
        tone, f"{x:.2f}", y + BAR - height, f"{width * 0.86:.2f}", height
    )
