"""Rules of time: calendar, deadlines, limits, pauses, and how each result was found."""
