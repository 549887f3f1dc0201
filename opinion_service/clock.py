"""The one reader of the clock, and the zone in which the desk works."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

DESK_ZONE = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """Return the present instant, aware, in UTC, to the microsecond."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place that may read the clock
