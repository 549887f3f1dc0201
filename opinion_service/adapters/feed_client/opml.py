"""Reads and writes lists of sources as OPML, the format feed readers exchange."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass

from opinion_service.adapters.feed_client.decode import decode
from opinion_service.adapters.feed_client.xml_text import prolog_end, without_illegal
from opinion_service.domain.text import clean_text

MOST_OUTLINES = 5_000
MOST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Outline:
    """One source of a list; `folder` is the path of outlines it lies in, joined by " / "."""

    title: str
    url: str
    folder: str = ""


@dataclass(frozen=True, slots=True)
class OpmlReading:
    """The sources of a list; `skipped` are the outlines with an address the desk cannot listen to."""

    outlines: tuple[Outline, ...] = ()
    skipped: tuple[str, ...] = ()
    problem: str | None = None


def read_opml(body: bytes) -> OpmlReading:
    """Return the sources of an OPML document, each address once; never raises for its content."""
    if len(body) > MOST_BYTES:
        return OpmlReading(problem="清单过大。")
    text = decode(body)
    # Without its prolog a document can declare no entities.
    document = without_illegal(text[prolog_end(text) :])
    try:
        root = ET.fromstring(document)  # noqa: S314 - no DOCTYPE is left in it
    except (ET.ParseError, ValueError):
        return OpmlReading(problem="清单不是可识别的 OPML 文件。")
    if root.tag.lower() != "opml":
        return OpmlReading(problem="清单不是可识别的 OPML 文件。")
    return _collected(root)


def _collected(root: ET.Element) -> OpmlReading:
    found: dict[str, Outline] = {}
    skipped: list[str] = []
    # An explicit stack: nesting as deep as the document likes costs no recursion.
    waiting = [(child, "") for child in reversed(root.findall("./body/*"))]
    while waiting and len(found) + len(skipped) < MOST_OUTLINES:
        element, folder = waiting.pop()
        name = clean_text(element.get("title") or element.get("text"), 120)
        url = (element.get("xmlUrl") or element.get("xmlurl") or element.get("xmlURL") or "").strip()
        if url.lower().startswith(("http://", "https://")) and len(url) <= 2000:
            found.setdefault(url, Outline(name or url[:120], url, folder))
        elif url:
            skipped.append(url[:300])
        inside = folder if url or not name else f"{folder} / {name}".removeprefix(" / ")[:200]
        waiting.extend((child, inside) for child in reversed(element))
    return OpmlReading(tuple(found.values()), tuple(skipped))


def write_opml(outlines: Iterable[Outline], title: str) -> bytes:
    """Return the sources as an OPML 2.0 document in UTF-8; folders become outer outlines."""
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = without_illegal(title)
    body = ET.SubElement(root, "body")
    folders: dict[str, ET.Element] = {"": body}
    for outline in outlines:
        parent = folders.get(outline.folder)
        if parent is None:
            parent = ET.SubElement(body, "outline", text=without_illegal(outline.folder))
            folders[outline.folder] = parent
        name = without_illegal(outline.title)
        ET.SubElement(parent, "outline", type="rss", text=name, title=name, xmlUrl=without_illegal(outline.url))
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document
