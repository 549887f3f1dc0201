"""When offices are open: outside of these hours mail goes to the duty person only."""

from datetime import datetime, timedelta

from opinion_service.domain.clocks.calendar import WorkCalendar
from opinion_service.domain.clocks.walk import ZONE

_LONGEST_BREAK_DAYS = 30


def is_open(calendar: WorkCalendar, at: datetime) -> bool:
    """Return whether offices are open at `at` (aware): from the first to the last hour of a working day.

    The midday break counts as open: whoever is at lunch reads the mail an hour later, which is soon enough.
    """
    local = at.astimezone(ZONE)
    opens, closes = calendar.hours[0][0], calendar.hours[-1][1]
    return calendar.is_workday(local.date()) and opens <= local.time() < closes


def next_opening(calendar: WorkCalendar, at: datetime) -> datetime:
    """Return `at` when offices are open then, else the instant at which they open next."""
    if is_open(calendar, at):
        return at
    local, opens = at.astimezone(ZONE), calendar.hours[0][0]
    for days in range(_LONGEST_BREAK_DAYS):
        opening = datetime.combine(local.date() + timedelta(days=days), opens, tzinfo=ZONE)
        if opening >= local and calendar.is_workday(opening.date()):
            return opening.astimezone(at.tzinfo)
    return at
