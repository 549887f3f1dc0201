"""Charts as SVG made on the server: no script, no inline style, every text escaped, colours from desk.css.

Places along the width are percentages and the line is stretched, so that the words keep one size from
a phone to a wide screen.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

DESK_ZONE = ZoneInfo("Asia/Shanghai")
SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 84, 24, 2
BAR_ROW, BAR_FROM, BAR_TRACK, BAR_GAP = 26, 36, 46, 2
LABEL_CHARACTERS = 10
SERIES_HEIGHT, AXIS_TOP, AXIS_BOTTOM = 180, 18, 22
FLOOR = SERIES_HEIGHT - AXIS_BOTTOM
PLOT = FLOOR - AXIS_TOP
LINE_WIDTH = 1000
DATES_SHOWN = 4
STEPS = (1, 2, 2.5, 5, 10)
TONES = frozenset({"", "late", "soon", "ok", "quiet"})


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

    The scale begins at zero and reaches at least one, so that a flat quiet line does not look like a
    storm. Fewer than two values make a flat line.
    """
    points = list(values) if len(values) > 1 else [*values, *values] or [0.0, 0.0]
    top = max(*points, 1)
    room_x, room_y = SPARK_WIDTH - 2 * SPARK_EDGE, SPARK_HEIGHT - 2 * SPARK_EDGE
    line = _points(
        (SPARK_EDGE + room_x * i / (len(points) - 1), SPARK_HEIGHT - SPARK_EDGE - room_y * max(v, 0) / top)
        for i, v in enumerate(points)
    )
    return Markup(
        '<svg class="spark{}" viewBox="0 0 {} {}" role="img" aria-label="{}"><polyline class="line" points="{}"/></svg>'
    ).format(_tone(tone), SPARK_WIDTH, SPARK_HEIGHT, label, line)


def bars(rows: Sequence[Bar], label: str) -> Markup:
    """Return horizontal bars in the order given, the longest filling its track; long names are cut.

    The whole name stands in a `<title>` and in the data table beside the chart.
    """
    top = max((row.value for row in rows), default=0) or 1
    body = Markup("").join(_bar(i * BAR_ROW, row, top) for i, row in enumerate(rows))
    return _svg(label, max(len(rows), 1) * BAR_ROW, body)


def _bar(y: int, row: Bar, top: float) -> Markup:
    name = Markup('<title>{}</title><text x="{}%" y="{}" text-anchor="end">{}</text>').format(
        f"{row.label} {_shown(row)}", BAR_FROM - BAR_GAP, y + 17, _cut(row.label)
    )
    track = Markup('<rect class="bar-track" x="{}%" y="{}" width="{}%" height="14" rx="3"/>').format(
        BAR_FROM, y + 6, BAR_TRACK
    )
    fill = Markup('<rect class="bar-fill{}" x="{}%" y="{}" width="{}%" height="14" rx="3"/>').format(
        _tone(row.tone), BAR_FROM, y + 6, _fix(BAR_TRACK * max(row.value, 0) / top)
    )
    value = Markup('<text class="value" x="{}%" y="{}">{}</text>').format(
        BAR_FROM + BAR_TRACK + BAR_GAP, y + 17, _shown(row)
    )
    return Markup("<g>{}{}{}{}</g>").format(name, track, fill, value)


def hourly_series(
    points: Sequence[tuple[datetime, float]],
    label: str,
    marks: Sequence[Mark] = (),
    tone: str = "",
    *,
    shown: Callable[[float], str] = "{:g}".format,
) -> Markup:
    """Return a line over time with its axis; `points` ascend in time, aware; dates are read in desk time.

    A mark outside the span of the points is left out. No points make an empty frame, which the page
    should not show: it has an empty state for that. shown: how a height reads beside the axis.
    """
    top = _nice_top(max((value for _, value in points), default=0))
    frame = _grid(top, shown)
    if not points:
        return _svg(label, SERIES_HEIGHT, frame, tone)
    span = _Span(points[0][0], points[-1][0])
    line = _line([(span.share(at), value / top) for at, value in points])
    pointed = Markup("").join(_mark(span, mark) for mark in marks if span.first <= mark.at <= span.last)
    return _svg(label, SERIES_HEIGHT, frame + line + pointed + _dates(span), tone)


@dataclass(frozen=True, slots=True)
class _Span:
    first: datetime
    last: datetime

    def share(self, at: datetime) -> float:
        """Return where `at` lies, from 0 to 1."""
        return (at - self.first) / (self.last - self.first) if self.last > self.first else 0.0


def _line(spots: Sequence[tuple[float, float]]) -> Markup:
    placed = [(LINE_WIDTH * x, PLOT * (1 - y)) for x, y in spots]
    area = [(placed[0][0], PLOT), *placed, (placed[-1][0], PLOT)]
    return Markup(
        '<svg y="{}" width="100%" height="{}" viewBox="0 0 {} {}" preserveAspectRatio="none">'
        '<polygon class="area" points="{}"/><polyline class="line" points="{}"/></svg>'
    ).format(AXIS_TOP, PLOT, LINE_WIDTH, PLOT, _points(area), _points(placed))


def _grid(top: float, shown: Callable[[float], str]) -> Markup:
    lines = Markup("")
    for part in (0.0, 0.5, 1.0):
        y = FLOOR - PLOT * part
        lines += Markup('<line class="grid" x1="0" x2="100%" y1="{0}" y2="{0}"/>').format(_fix(y))
        if part:
            lines += Markup('<text x="0" y="{}">{}</text>').format(_fix(y - 4), shown(top * part))
    return lines


def _mark(span: _Span, mark: Mark) -> Markup:
    x = 100 * span.share(mark.at)
    side = "end" if x > 50 else "start"
    return Markup(
        '<line class="mark" x1="{0}%" x2="{0}%" y1="{1}" y2="{2}"/>'
        '<text class="value" x="{0}%" y="{3}" text-anchor="{4}">{5}</text>'
    ).format(_fix(x), AXIS_TOP, FLOOR, AXIS_TOP - 4, side, mark.label)


def _dates(span: _Span) -> Markup:
    """Return the dates under the axis at even distances; with the hour when all lies within three days."""
    pattern = "%d日%H时" if (span.last - span.first).days < 3 else "%m-%d"
    count = DATES_SHOWN if span.last > span.first else 1
    texts = Markup("")
    for i in range(count):
        share = i / (DATES_SHOWN - 1)
        side = "start" if i == 0 else "end" if i == DATES_SHOWN - 1 else "middle"
        at = (span.first + (span.last - span.first) * share).astimezone(DESK_ZONE)
        texts += Markup('<text x="{}%" y="{}" text-anchor="{}">{}</text>').format(
            _fix(100 * share), SERIES_HEIGHT - 6, side, at.strftime(pattern)
        )
    return texts


def _svg(label: str, height: int, body: Markup, tone: str = "") -> Markup:
    return Markup('<svg class="chart{}" width="100%" height="{}" role="img" aria-label="{}">{}</svg>').format(
        _tone(tone), height, label, body
    )


def _nice_top(value: float) -> float:
    """Return the next round figure at or above `value`, so that axis labels are readable; at least 1."""
    if value <= 1:
        return 1.0
    magnitude = 10.0 ** (len(str(int(value))) - 1)
    return next(step * magnitude for step in STEPS if step * magnitude >= value)


def _points(spots: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_fix(x)},{_fix(y)}" for x, y in spots)


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
