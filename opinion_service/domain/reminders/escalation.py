"""How pressing a running clock is; the ladder itself stands in `ladder`."""

from datetime import datetime, timedelta
from enum import StrEnum

ONE_DAY_LATE = timedelta(hours=24)


class Urgency(StrEnum):
    """How a running clock stands; the colour is never the only sign of it."""

    CALM = "calm"
    SOON = "soon"
    LATE = "late"
    VERY_LATE = "very_late"

    @property
    def label(self) -> str:
        """Return the word shown."""
        return {"calm": "正常", "soon": "临期", "late": "已超期", "very_late": "严重超期"}[self.value]


def urgency(start: datetime, due: datetime, now: datetime) -> Urgency:
    """Return how the clock stands at `now`; each bound belongs to the graver side."""
    if now >= due + ONE_DAY_LATE:
        return Urgency.VERY_LATE
    if now >= due:
        return Urgency.LATE
    return Urgency.SOON if now >= _warning_at(start, due) else Urgency.CALM


def _warning_at(start: datetime, due: datetime) -> datetime:
    return start + (due - start) * 3 / 4
