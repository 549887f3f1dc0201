"""Charts as SVG made on the server: no script, no inline style, every text escaped, colours from desk.css."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

DESK_ZONE = ZoneInfo("Asia/Shanghai")
SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 84, 24, 2
CHART_WIDTH = 640
BAR_ROW, BAR_LABEL, BAR_VALUE, CHARACTER = 26, 150, 64, 12
LABEL_CHARACTERS = 12
SERIES_HEIGHT, AXIS_LEFT, AXIS_BOTTOM, AXIS_TOP = 180, 40, 22, 12
STEPS = (1, 2, 2.5, 5, 10)
TONES = frozenset({"", "late", "soon", "ok", "quiet"})
DATES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its value (0 or more), the value as people read it, and a tone of desk.css."""

    label: str
    value: float
    shown: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment to be pointed out on a time axis, such as the first publication."""

    at: datetime
    label: str


def sparkline(values: Sequence[float], label: str, tone: str = "") -> Markup:
    """Return a small line of `values`, oldest first, 84 by 24; `label` is what a screen reader says.

    The scale begins at zero, so that a flat quiet line does not look like a storm. Fewer than two
    values make a flat line.
    """
    points = list(values) if len(values) > 1 else [*values, *values] or [0, 0]
    top = max(max(points), 1)
    room_x, room_y = SPARK_WIDTH - 2 * SPARK_EDGE, SPARK_HEIGHT - 2 * SPARK_EDGE
    line = _points(
        (SPARK_EDGE + room_x * i / (len(points) - 1), SPARK_HEIGHT - SPARK_EDGE - room_y * max(v, 0) / top)
        for i, v in enumerate(points)
    )
    return Markup(
        '<svg class="spark{}" viewBox="0 0 {} {}" role="img" aria-label="{}"><polyline class="line" points="{}"/></svg>'
    ).format(_tone(tone), SPARK_WIDTH, SPARK_HEIGHT, label, line)


def bars(rows: Sequence[Bar], label: str) -> Markup:
    """Return horizontal bars in the order given, the longest filling its track; names are cut at 12 characters.

    The whole name stands in a `<title>` and in the data table beside the chart.
    """
    top = max((row.value for row in rows), default=0) or 1
    body = Markup("").join(_bar(i, row, top) for i, row in enumerate(rows))
    return _svg(label, max(len(rows), 1) * BAR_ROW, body)


def _bar(index: int, row: Bar, top: float) -> Markup:
    y = index * BAR_ROW
    track = CHART_WIDTH - BAR_LABEL - BAR_VALUE
    return Markup(
        '<g><title>{}</title><text x="{}" y="{}" text-anchor="end">{}</text>'
        '<rect class="bar-track" x="{}" y="{}" width="{}" height="14" rx="3"/>'
        '<rect class="bar-fill{}" x="{}" y="{}" width="{}" height="14" rx="3"/>'
        '<text class="value" x="{}" y="{}">{}</text></g>'
    ).format(
        f"{row.label} {_shown(row)}", BAR_LABEL - 10, y + 17, _cut(row.label),
        BAR_LABEL, y + 6, track,
        _tone(row.tone), BAR_LABEL, y + 6, _fix(track * max(row.value, 0) / top),
        BAR_LABEL + track + 8, y + 17, _shown(row),
    )  # fmt: skip


def hourly_series(
    points: Sequence[tuple[datetime, float]], label: str, marks: Sequence[Mark] = (), tone: str = ""
) -> Markup:
    """Return a line over time with its axis; `points` ascend in time, aware; dates are read in desk time.

    A mark outside the span of the points is left out. No points make an empty frame, which the page
    should not show: it has an empty state for that.
    """
    top = _nice_top(max((value for _, value in points), default=0))
    frame = _grid(top)
    if not points:
        return _svg(label, SERIES_HEIGHT, frame, tone)
    place = _Place(points[0][0], points[-1][0], top)
    spots = [(place.x(at), place.y(value)) for at, value in points]
    floor = SERIES_HEIGHT - AXIS_BOTTOM
    area = [(spots[0][0], floor), *spots, (spots[-1][0], floor)]
    body = frame + Markup('<polygon class="area" points="{}"/><polyline class="line" points="{}"/>').format(
        _points(area), _points(spots)
    )
    shown = [mark for mark in marks if place.first <= mark.at <= place.last]
    body += Markup("").join(_mark(place, mark) for mark in shown)
    return _svg(label, SERIES_HEIGHT, body + _dates(place, points), tone)


@dataclass(frozen=True, slots=True)
class _Place:
    first: datetime
    last: datetime
    top: float

    def x(self, at: datetime) -> float:
        span = (self.last - self.first).total_seconds() or 1.0
        return AXIS_LEFT + (CHART_WIDTH - AXIS_LEFT - 8) * (at - self.first).total_seconds() / span

    def y(self, value: float) -> float:
        return SERIES_HEIGHT - AXIS_BOTTOM - (SERIES_HEIGHT - AXIS_BOTTOM - AXIS_TOP) * value / self.top


def _grid(top: float) -> Markup:
    lines = []
    for part in (0.0, 0.5, 1.0):
        y = SERIES_HEIGHT - AXIS_BOTTOM - (SERIES_HEIGHT - AXIS_BOTTOM - AXIS_TOP) * part
        lines.append(
            Markup(
                '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>'
            ).format(AXIS_LEFT, CHART_WIDTH, _fix(y), _fix(y), AXIS_LEFT - 6, _fix(y + 4), f"{top * part:g}")
        )
    return Markup("").join(lines)


def _mark(place: _Place, mark: Mark) -> Markup:
    x = place.x(mark.at)
    side = "end" if x > CHART_WIDTH / 2 else "start"
    return Markup(
        '<line class="mark" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/><text x="{3}" y="{4}" text-anchor="{5}">{6}</text>'
    ).format(
        _fix(x), AXIS_TOP, SERIES_HEIGHT - AXIS_BOTTOM,
        _fix(x + (-4 if side == "end" else 4)), AXIS_TOP + 4, side, mark.label,
    )  # fmt: skip


def _dates(place: _Place, points: Sequence[tuple[datetime, float]]) -> Markup:
    """Return at most six dates under the axis; hours are shown when all points are within two days."""
    short = (place.last - place.first).days < 2
    stride = max(1, -(-len(points) // DATES_SHOWN))
    chosen = [at for at, _ in points[::stride]]
    texts = []
    for i, at in enumerate(chosen):
        local = at.astimezone(DESK_ZONE)
        side = "start" if i == 0 else "end" if i == len(chosen) - 1 and i * stride == len(points) - 1 else "middle"
        texts.append(
            Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
                _fix(place.x(at)), SERIES_HEIGHT - 6, side, f"{local:%d日 %H:%M}" if short else f"{local:%m-%d}"
            )
        )
    return Markup("").join(texts)


def _svg(label: str, height: int, body: Markup, tone: str = "") -> Markup:
    return Markup('<svg class="chart{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _tone(tone), CHART_WIDTH, height, label, body
    )


def _nice_top(value: float) -> float:
    """Return the next round figure at or above `value`, so that axis labels are readable; at least 1."""
    if value <= 1:
        return 1.0
    magnitude = 10.0 ** (len(str(int(value))) - 1)
    return next(step * magnitude for step in STEPS if step * magnitude >= value)


def _points(spots: object) -> str:
    return " ".join(f"{_fix(x)},{_fix(y)}" for x, y in spots)  # type: ignore[attr-defined]


def _fix(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _cut(label: str) -> str:
    return label if len(label) <= LABEL_CHARACTERS else label[: LABEL_CHARACTERS - 1] + "…"


def _shown(row: Bar) -> str:
    return row.shown or f"{row.value:g}"


def _tone(tone: str) -> str:
    if tone not in TONES:
        raise ValueError(f"no such tone: {tone}")
    return f" tone-{tone}" if tone else ""
