"""One thing to do, as every part of the desk reports it to the home page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Todo:
    """One sentence of the home page with its one call to action.

    counts_as_work: whether the rail counts it; what may be looked at, but need not be, does not.
    """

    count: int
    text: str
    url: str
    label: str
    urgency: str
    counts_as_work: bool = True
