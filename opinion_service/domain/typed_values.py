"""What people type into addresses and forms, read into values that every database and every zone can hold."""

from datetime import date, datetime

FIRST_YEAR, LAST_YEAR = 1970, 2200
MOST_DIGITS = 18  # what a column of 64 bits holds, whatever the digits are


def whole_number(text: str) -> int | None:
    """Return an unsigned whole number of at most 18 ASCII digits, or None; `²` and `٣` are digits to Python only."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def day(text: str) -> date:
    """Return an ISO day of the years 1970 to 2200; raise ValueError for anything else."""
    found = date.fromisoformat(text)
    _refuse_far(found)
    return found


def moment(text: str) -> datetime:
    """Return an ISO time, aware or not, of the years 1970 to 2200; raise ValueError for anything else.

    Nearer to the ends of the calendar a change of zone would overflow.
    """
    found = datetime.fromisoformat(text)
    _refuse_far(found)
    return found


def _refuse_far(found: date) -> None:
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"year out of range: {found.year}")
