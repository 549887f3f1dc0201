"""Labelled texts, and what comes of learning from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opinion_service.adapters.reading_model.comparison import Figures, figures
from opinion_service.adapters.reading_model.model import Judgement, Text
from opinion_service.adapters.reading_model.record import Record
from opinion_service.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text and how it sounds to people: -1, 0 or 1."""

    text: Text
    polarity: int


@dataclass(frozen=True, slots=True)
class Trained:
    """What training made: the record with its version, and the out-of-fold figures of both opinions.

    truth, read: the labels and what a model that had not met the row read in it, in the order of the rows.
    """

    record: Record
    version: str
    rows: int
    words: Figures
    second: Figures
    offers_second: bool
    truth: tuple[int, ...] = ()
    read: tuple[Judgement, ...] = ()

    def on(self, places: Sequence[int]) -> Figures:
        """Return the out-of-fold figures of the words on some of the rows only."""
        return figures([self.truth[at] for at in places], [self.read[at] for at in places])


def labelled(rows: Iterable[Mapping[str, Any]], field: str = "text", label: str = "polarity") -> list[Labelled]:
    """Return the rows that carry a label -1/0/1; labels 0/1 alone are read as -1/1, rows without one are left out.

    `field` may name several fields with commas: the first is the title. Raises InvalidInput for another label.
    """
    found = []
    for row in rows:
        given = row.get(label)
        if given not in (None, ""):
            whole = "\n".join(str(row.get(name) or "") for name in field.split(","))
            found.append(Labelled(Text.of(whole), _polarity(given)))
    if {one.polarity for one in found} == {0, 1}:
        return [Labelled(one.text, 1 if one.polarity else -1) for one in found]
    return found


def _polarity(given: object) -> int:
    try:
        value = int(float(str(given)))
    except ValueError:
        value = 9
    if value not in (-1, 0, 1):
        raise InvalidInput(f"标注 {given!r} 不是 -1、0、1。")
    return value
