"""Turns the bytes of a document into text: what it is encoded in is decided here, not by the parser.

Chinese feeds declare GB2312 and send UTF-8, declare UTF-8 and send GBK, or declare nothing; a parser that
believes them loses every title. Order: BOM, UTF-16 without one, strict UTF-8, HTTP charset, declaration,
GB18030 or Big5 (whichever reads as Chinese), and at last the reading with the fewest losses.
"""

import codecs
import re
from collections.abc import Callable

_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([A-Za-z0-9_.:-]{1,40})""")
_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The first characters of a document without BOM, as each wide encoding writes them.
_SHAPES = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
    (b"{\0", "utf-16-le"),
    (b"\0{", "utf-16-be"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)
_CHINESE = {"gb18030", "gbk", "gb2312", "big5", "big5hkscs", "hz"}
# These decode any bytes at all, so that their success proves nothing.
_ANYTHING_GOES = re.compile(r"iso8859|cp125|latin|ascii|koi8|mac|cp4\d\d|cp8\d\d")
# Transformations such as "hex" are no encodings of text, and UTF-7 only ever hides something.
_CODEC_NAMES = re.compile(r"utf-(?:8|16|32)|gb|hz|big5|cp\d|iso|euc|shift|johab|koi8|mac|tis|ascii|latin")
# What a stateless reading would take for ASCII.
_STATEFUL = ("iso2022_", "hz")
_COMMON = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
    "這個國時來們會發動說產對後學經"
)


def decode(body: bytes, content_type: str = "") -> str:
    """Return the text of a document; never raises. A character cut off at the end is dropped."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    for shape, codec in _SHAPES:
        if body.startswith(shape):
            return body.decode(codec, "replace")
    declared = _declared_codecs(body, content_type)
    for codec in declared:
        if codec.startswith(_STATEFUL) and body.isascii():
            return body.decode(codec, "replace")
    text = _strictly(body, "utf-8")
    return text if text is not None else _not_utf8(body, declared)


def _not_utf8(body: bytes, declared: list[str]) -> str:
    """Return the text of bytes that are no clean UTF-8."""
    believable = [codec for codec in declared if codec not in _CHINESE and codec != "utf-8"]
    for codec in believable:
        text = None if _ANYTHING_GOES.match(codec) else _strictly(body, codec)
        if text is not None:
            return text
    chinese = _best_chinese(body, _strictly)
    for codec in believable:
        if _ANYTHING_GOES.match(codec) and (chinese is None or _commonness(chinese) < 0.02):
            return body.decode(codec, "replace")
    damaged = body.decode("utf-8", "replace")
    # Most UTF-8 is valid GB18030 too, and reads as rare characters; a bad byte or two do not make it so.
    if _losses(damaged) < 0.02 or (chinese is not None and _commonness(damaged) > _commonness(chinese)):
        return damaged
    return chinese if chinese is not None else _fewest_losses(body)


def _declared_codecs(body: bytes, content_type: str) -> list[str]:
    """Return the Python names of what the header and the document declare, unknown ones left out."""
    header, inside = _CHARSET.search(content_type), _DECLARED.search(body[:1000])
    names = [header[1]] if header else []
    names += [inside[1].decode("ascii")] if inside else []
    found = []
    for name in names:
        try:
            info = codecs.lookup(name)
        except (LookupError, ValueError):
            continue
        if _CODEC_NAMES.match(info.name):
            found.append(info.name)
    return found


def _strictly(body: bytes, codec: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(codec)("strict").decode(body, final=False)
    except (UnicodeError, LookupError):
        return None


def _with_losses(body: bytes, codec: str) -> str:
    return body.decode(codec, "replace")


def _best_chinese(body: bytes, read: Callable[[bytes, str], str | None]) -> str | None:
    readings = [text for codec in ("gb18030", "big5hkscs") if (text := read(body, codec)) is not None]
    return max(readings, key=_commonness, default=None)


def _fewest_losses(body: bytes) -> str:
    readings = [_with_losses(body, codec) for codec in ("utf-8", "gb18030", "big5hkscs")]
    return min(readings, key=lambda text: (_losses(text), -_commonness(text)))


def _commonness(text: str) -> float:
    """Return the share of everyday Chinese characters among the non-ASCII ones of a sample."""
    wide = [char for char in text[:20_000] if not char.isascii()]
    return sum(char in _COMMON for char in wide) / len(wide) if wide else 0.0


def _losses(text: str) -> float:
    """Return the share of undecodable places among the non-ASCII characters."""
    wide = sum(not char.isascii() for char in text)
    return text.count("\ufffd") / wide if wide else 0.0
