"""How long somebody counts as having a case open after the last sign of life."""

from datetime import timedelta

# The page gives a sign every 25 seconds; two may get lost.
LOOKS_FOR = timedelta(seconds=75)
