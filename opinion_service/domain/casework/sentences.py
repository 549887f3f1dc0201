"""Sentences and what two of them have in common, for questions, passages and checks. Linear in the text."""

import re

from opinion_service.domain.text import bigrams

_END = re.compile(r"(?<=[。！？!?；;])|\n+")
_CLAUSE = re.compile(r"[，。；：、！？,;!?\n（）()“”]")


def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text in their order, each with the mark that ends it."""
    return tuple(part.strip() for part in _END.split(text) if part and part.strip())


def clauses(text: str) -> tuple[str, ...]:
    """Return the clauses of a text, without punctuation."""
    return tuple(part.strip() for part in _CLAUSE.split(text) if part.strip())


def overlap(wanted: str, found: str) -> float:
    """Return which share (0-1) of the character pairs of `wanted` stand in `found`; 0 for an empty text."""
    pairs = set(bigrams(wanted))
    return len(pairs & set(bigrams(found))) / len(pairs) if pairs else 0.0


def likeness(one: str, other: str) -> float:
    """Return the share (0-1) of their character pairs that two texts have in common (Jaccard)."""
    here, there = set(bigrams(one)), set(bigrams(other))
    return len(here & there) / len(here | there) if here or there else 0.0
