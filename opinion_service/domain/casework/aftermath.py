"""The time after an answer: 72 hours of watching, complaints about the answer, a re-surge, reminders of promises."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from opinion_service.domain.casework.grading import ProposalKind, Suggestion
from opinion_service.domain.reading.heat import SCALE, decay, surged

WATCH = timedelta(hours=72)
WINDOW = timedelta(hours=24)
MOST_QUESTIONS = 10
SURGE_FACTOR, SURGE_ITEMS = 2.0, 3
_ABOUT_ANSWER = ("回应", "答复", "回复", "通报", "说法", "解释")
_DISSATISFIED = (
    "敷衍", "不满意", "避重就轻", "没有解决", "没解决", "踢皮球", "答非所问", "打太极", "不认可", "糊弄", "没有下文",
    "换汤不换药", "官话", "套话",
)  # fmt: skip
# Days before (negative: after) the due day on which somebody is reminded, in order.
REMINDERS = (3, 0, -1)


def is_complaint_about_answer(text: str) -> bool:
    """Return whether a text that came after an answer says that the answer does not answer."""
    return any(word in text for word in _ABOUT_ANSWER) and any(word in text for word in _DISSATISFIED)


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What came after a publication; heats are 0-100, `heat` the present one."""

    heat_before: float
    heat: float
    items_after: int
    complaints_after: int


def suggest_round(found: Aftermath) -> Suggestion | None:
    """Return the proposal of a new round after a re-surge or complaints about the answer, or None."""
    reasons, basis = [], []
    is_surge = found.items_after >= SURGE_ITEMS and surged(found.heat_before, found.heat, SURGE_FACTOR)
    if is_surge:
        reasons.append(f"发布后复燃：热度 {found.heat_before:.0f} → {found.heat:.0f}，新增 {found.items_after} 条")
        basis.append("surge")
    if found.complaints_after >= SURGE_ITEMS:
        reasons.append(f"公众对回应提出 {found.complaints_after} 条不满")
        basis.append(f"complaints-{found.complaints_after // SURGE_ITEMS}")
    return Suggestion(ProposalKind.ROUND, "", tuple(reasons), tuple(basis)) if reasons else None


def reminders_owed(due_on: date, today: date, *, told: int) -> int:
    """Return how many reminders of a promise should have been given by `today`, at least `told`."""
    return max(told, sum((due_on - today).days <= days for days in REMINDERS))


def heat_line(
    hours: Sequence[tuple[datetime, float]], first: datetime, count: int
) -> tuple[tuple[datetime, float], ...]:
    """Return the heat (0-100) at `count` successive hours from `first`, from the loads that came in each hour.

    hours: (hour, load) ascending, also those before `first`; what came earlier has decayed by then.
    """
    loads = dict(hours)
    stock, at = 0.0, min([first, *loads])
    line = []
    for _ in range(count + int((first - at) / timedelta(hours=1))):
        stock = stock * decay(timedelta(hours=1)) + loads.get(at, 0.0)
        if at >= first:
            line.append((at, _height(stock)))
        at += timedelta(hours=1)
    return tuple(line)


def _height(stock: float) -> float:
    return round(100 * -math.expm1(-stock / SCALE), 1)
