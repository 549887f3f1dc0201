"""Cuts Chinese text into words exactly as snownlp's segmenter does, some forty times faster."""

import re

from opinion_service.adapters.snownlp_model.tables import SegTables
from opinion_service.adapters.snownlp_model.tagger import END, MIDDLE, Tagger

_HAN = re.compile("([\u4e00-\u9fa5]+)")


class Segmenter:
    """Cuts text into words with one set of tables; may be shared between threads."""

    def __init__(self, tables: SegTables) -> None:
        self._tagger = Tagger(tables)

    def words(self, text: str) -> list[str]:
        """Return the words of a text as `snownlp.seg.seg` does; spaces part words and are dropped."""
        words: list[str] = []
        is_han = False
        for part in _HAN.split(text):
            if not is_han:
                words += part.split()
            elif len(part) == 1:
                words.append(part)
            else:
                words += _cut(part, self._tagger.tags(part))
            is_han = not is_han
        return words


def _cut(run: str, tags: list[int]) -> list[str]:
    words: list[str] = []
    begin = 0
    for at, tag in enumerate(tags):
        if tag == END:
            words.append(run[begin : at + 1])
            begin = at + 1
        elif tag != MIDDLE and begin < at:
            words.append(run[begin:at])
            begin = at
    if begin < len(run):
        words.append(run[begin:])
    return words
