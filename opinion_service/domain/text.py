"""Text at the border and in comparison: cleaned of markup and control characters, normalised, indexed."""

import hashlib
import re
import unicodedata
from html.parser import HTMLParser

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SPACE = re.compile(r"\s+")
_NOT_WORD = re.compile(r"[\W_]+")
_RUN = re.compile(r"[a-z0-9]+|[^\Wa-z0-9]+")
_HIDDEN = frozenset({"script", "style", "template", "noscript"})
LONGEST_RAW = 200_000


class _Text(HTMLParser):
    """Collects what a reader would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN
        self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN and self._hidden:
            self._hidden -= 1
        self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def clean_text(raw: str, limit: int) -> str:
    """Return `raw` as plain text of at most `limit` characters: no markup, no control characters, NFC."""
    capped = raw[:LONGEST_RAW]
    if "<" in capped or "&" in capped:
        parser = _Text()
        parser.feed(capped)
        parser.close()
        capped = "".join(parser.parts)
    plain = unicodedata.normalize("NFC", _CONTROL.sub("", capped))
    return _SPACE.sub(" ", plain).strip()[:limit].rstrip()


def normalise(text: str) -> str:
    """Return the text for comparison: full and half width, case and punctuation made equal."""
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", text).lower())


def fingerprint(text: str) -> str:
    """Return the SHA-256 (hex) of the normalised text: equal for exact repeats."""
    return hashlib.sha256(normalise(text).encode("utf-8", "replace")).hexdigest()


def bigrams(text: str) -> list[str]:
    """Return the character pairs of Chinese runs and the whole Latin words, in order."""
    found: list[str] = []
    for run in _RUN.findall(unicodedata.normalize("NFKC", text).lower()):
        if run.isascii() or len(run) == 1:
            found.append(run)
        else:
            found.extend(run[i : i + 2] for i in range(len(run) - 1))
    return found
