"""What a text must lose before an XML parser sees it: its prolog, and the characters XML does not know."""

import re

HEAD = 20_000
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?(?:rss|rdf|feed)[\s>/]", re.IGNORECASE)
_PART = re.compile(r"<(?:[\w.-]{1,40}:)?(?:channel|item|entry)[\s>/]", re.IGNORECASE)
_OPML = re.compile(r"<opml[\s>]", re.IGNORECASE)
_HTML = re.compile(r"<(?:!doctype\s{1,9}html|html|head|body|script|div|meta|title|p|br)\b", re.IGNORECASE)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


_REFERENCE = re.compile(r"&#(?:[xX]0*([0-9A-Fa-f]{1,12})|0*([0-9]{1,12}))[0-9A-Fa-f]*;?")


def without_illegal(text: str) -> str:
    """Return the text without characters that no XML document may hold, be they written out or as references.

    A parser that meets a reference to a lone surrogate gives the whole document up, not the character.
    """
    return _REFERENCE.sub(_legal, _ILLEGAL.sub("", text))


def _legal(reference: re.Match[str]) -> str:
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    is_legal = number in (9, 10, 13) or 0x20 <= number <= 0xD7FF or 0xE000 <= number <= 0xFFFD
    return reference[0] if is_legal or 0x10000 <= number <= 0x10FFFF else "\ufffd"


def feed_start(text: str) -> tuple[int, str | None]:
    """Return where the feed begins in the text, and why it is none, if it is none.

    Warnings of a web server before the root are skipped; a page is told from a feed by its beginning.
    With everything before the root gone, no entity can be declared, expanded or fetched.
    """
    head = _without_comments(text)
    root = _ROOT.search(head)
    if root:
        return root.start(), None
    if _OPML.search(head):
        return 0, "这是信源清单（OPML），请从信源管理导入。"
    page = _HTML.search(head)
    part = _PART.search(text)
    if page and (part is None or page.start() < part.start()):
        return 0, "返回的是网页，不是信息源。"
    return (part.start(), None) if part else (0, "不是可识别的信息源。")


def prolog_end(text: str) -> int:
    """Return where the root of an OPML document begins: the end of the text when there is none in sight."""
    root = _OPML.search(_without_comments(text))
    return root.start() if root else len(text)


def _without_comments(text: str) -> str:
    # Blanked rather than cut, so that positions stay true.
    return _COMMENT.sub(lambda match: " " * len(match[0]), text[:HEAD])
