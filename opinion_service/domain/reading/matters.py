"""Whether two messages from people are about the same matter: a named thing and its trouble, weeks apart.

News tells of a happening, which is over after days. People write about what lasts - the mixing plant beside an estate -
for as long as it lasts, and each in words of their own. Two messages belong together when both name the same thing
(three characters in a row that are no word of everywhere), and their headings and their bodies are kindred enough. The
bounds were set on messages of other towns than those they are measured on (docs/decisions.md).
"""

import math
from collections.abc import Mapping
from datetime import timedelta

from opinion_service.domain.reading.common_pairs import is_common
from opinion_service.domain.reading.event_features import Features
from opinion_service.domain.text import bigrams

MATTER_WINDOW = timedelta(days=30)
# Twice the likeness of the headings and four times that of the bodies must together reach this.
_CLOSE_FROM = 1.0
_BY_TITLE, _BY_BODY = 2.0, 4.0
_LEAST_KINSHIP = 0.02
_NAME_PAIRS = 2
# Closeness that only just suffices is as sure as any other judgement that only just joins.
_AT_BOUND = 0.65


def are_messages(new: Features, old: Features) -> bool:
    """Return whether both are messages of people with something to compare beside their headings."""
    return new.asks and old.asks and bool(new.body and old.body)


def closeness(new: Features, old: Features, kinship: float) -> tuple[float, str]:
    """Return how sure (0-1) two messages are about one matter, and the name they share; 0 and no name when not.

    kinship: the share (0-1) of the rarer pairs that the bodies have in common.
    """
    if kinship < _LEAST_KINSHIP:
        return 0.0, ""
    name = shared_name(new, old)
    if not name:
        return 0.0, ""
    close = _BY_TITLE * cosine(new.pairs, old.pairs) + _BY_BODY * kinship
    return min(0.99, round(_AT_BOUND * close / _CLOSE_FROM, 3)), name


def shared_name(new: Features, old: Features) -> str:
    """Return the longest stretch of the new heading that names something and stands in the old one too, or ""."""
    best = found = ""
    naming = most = 0
    for pair in bigrams(new.title):
        if pair.isascii() or pair not in new.pairs or pair not in old.pairs:
            found, naming = "", 0
            continue
        follows = bool(found) and found[-1] == pair[0]
        found = found + pair[1:] if follows else pair
        naming = (naming if follows else 0) + (not is_common(pair))
        if naming > most:
            best, most = found, naming
    return best if most >= _NAME_PAIRS else ""


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Return the likeness (0-1) of two bags of weighted terms."""
    inner = sum(one[key] * other[key] for key in one.keys() & other.keys())
    return inner / math.sqrt(_square(one) * _square(other)) if inner else 0.0


def _square(vector: Mapping[str, float]) -> float:
    return sum(weight * weight for weight in vector.values())
