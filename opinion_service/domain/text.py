"""Text at the border and in comparison: cleaned of markup and control characters, normalised, indexed.

Everything here takes time in proportion to the length of the text, whatever the text is.
"""

import hashlib
import html
import re
import unicodedata

LONGEST_RAW = 200_000
MOST_SEARCH_TOKENS = 32
# Feeds often escape their markup twice; more than that is somebody's joke and stays visible.
_PASSES = 3

# Control characters (C0, C1, NUL), lone surrogates, what is not a character at all, and the marks that
# reorder or hide text: databases, spreadsheets and the eye refuse one or the other.
_CONTROL = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_SPACE = re.compile(r"\s+")

# html.parser takes quadratic time for unclosed tags, so markup is cut by patterns that never look twice
# past the next "<". What is hidden from a reader goes first, with its content.
_HIDDEN = re.compile(
    r"<(script|style|template|noscript)(?![\w:-])[^<>]*+>.*?(?:</\1\s*+>|\Z)", re.IGNORECASE | re.DOTALL
)
_TAG = re.compile(
    r"""<!--.*?(?:-->|\Z)"""
    r"""|</?+(?P<name>[A-Za-z][A-Za-z0-9:-]*+)(?:(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>|[^<>]*+>)"""
    r"""|<!\[CDATA\[|\]\]>|<[!?][^<>]*+>""",
    re.DOTALL,
)
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# A number too long for a character; html.unescape would raise on thousands of digits.
_HUGE_REFERENCE = re.compile(r"&#(?:[0-9]{8,}+|[xX][0-9A-Fa-f]{7,}+);?")
# Marks inside a sentence: 益<em>阳</em>市 stays one word, while <p> and <br> part words.
_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "dfn", "em", "font", "i", "ins", "kbd", "mark", "q", "s",
    "small", "span", "strong", "sub", "sup", "tt", "u", "var", "wbr",
})  # fmt: skip

_NOT_WORD = re.compile(r"[\W_]+")
_NUMBER_MARK = re.compile(r"(?<=[0-9])[.:/\-](?=[0-9])")
_RUN = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")


def clean_text(raw: str | None, limit: int) -> str:
    """Return `raw` as plain text of at most `limit` characters: no markup, no control characters, NFC.

    White space is collapsed to single spaces; at most the first 200,000 characters are read.
    Cleaning cleaned text changes nothing, unless it was escaped more than three times.
    """
    text = (raw or "")[:LONGEST_RAW]
    for _ in range(_PASSES):
        if not (_TAG.search(text) or _REFERENCE.search(text) or _HUGE_REFERENCE.search(text)):
            break
        text = _without_markup(text)
    plain = unicodedata.normalize("NFC", _CONTROL.sub("", text))
    return _SPACE.sub(" ", plain).strip()[:limit].rstrip()


def normalise(text: str) -> str:
    """Return the text for comparison: full and half width, case and punctuation made equal.

    A mark between digits stays, so that 1.2% and 12%, or 2:1 and 21, remain different.
    """
    folded = unicodedata.normalize("NFKC", text).lower()
    return _NOT_WORD.sub("", _NUMBER_MARK.sub("点", folded))


def fingerprint(text: str) -> str:
    """Return the SHA-256 (hex) of the normalised text: equal for exact repeats.

    Text without any letter or digit (only signs) is told apart by the signs themselves.
    """
    basis = normalise(text) or "".join(text.split())
    return hashlib.sha256(basis.encode("utf-8", "replace")).hexdigest()


def bigrams(text: str) -> list[str]:
    """Return the character pairs of Chinese runs and the whole Latin words and numbers, in order."""
    found: list[str] = []
    for run in _RUN.findall(unicodedata.normalize("NFKC", text).lower()):
        if run.isascii() or len(run) == 1:
            found.append(run)
        else:
            found.extend(run[i : i + 2] for i in range(len(run) - 1))
    return found


def search_tokens(text: str) -> str:
    """Return what a full-text index is fed with: the tokens of `text`, parted by single spaces."""
    return " ".join(bigrams(text))


def run_ends(text: str) -> list[str]:
    """Return the last character of each Chinese run of two or more: it begins no pair and would not be found alone."""
    runs = _RUN.findall(unicodedata.normalize("NFKC", text).lower())
    return [run[-1] for run in runs if len(run) > 1 and not run.isascii()]


def search_query(text: str) -> tuple[str, ...]:
    """Return the tokens that all have to be found; at most 32, without repeats, in order.

    A single Chinese character comes as `字*`: the beginning of a token. No token means nothing to look for.
    """
    tokens = dict.fromkeys(bigrams(text))
    return tuple(_as_prefix(token) for token in tokens)[:MOST_SEARCH_TOKENS]


def _as_prefix(token: str) -> str:
    return f"{token}*" if len(token) == 1 and not token.isascii() else token


def _without_markup(text: str) -> str:
    visible = _TAG.sub(_gap, _HIDDEN.sub(" ", text))
    return html.unescape(_HUGE_REFERENCE.sub("\ufffd", visible))


def _gap(tag: re.Match[str]) -> str:
    name = (tag["name"] or "").lower()
    if name:
        return "" if name in _INLINE else " "
    return "" if tag[0].startswith(("<![CDATA[", "]]>", "<!--")) else " "
