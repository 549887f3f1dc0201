"""Reads a feed document of any kind; never raises for what is in it."""

from opinion_service.adapters.feed_client.decode import decode
from opinion_service.adapters.feed_client.entries import ParsedFeed
from opinion_service.adapters.feed_client.json_feed import read_json
from opinion_service.adapters.feed_client.xml_feed import read_xml

MOST_BYTES = 4_000_000


def parse(body: bytes, content_type: str = "", *, base_url: str = "") -> ParsedFeed:
    """Return the entries of an RSS, Atom, RDF, JSON Feed or hot-list document.

    content_type: the HTTP header, for its charset. base_url: what relative addresses are relative to.
    What takes too long or too much memory is not bounded here: `parse_killable` is for documents from outside.
    """
    if len(body) > MOST_BYTES:
        return ParsedFeed(problem=f"文档超过 {MOST_BYTES // 1_000_000} MB。")
    text = decode(body, content_type)
    first = text.lstrip("\ufeff\0 \t\r\n")[:1]
    if not first:
        return ParsedFeed(problem="内容为空。")
    return read_json(text.strip("\ufeff\0 \t\r\n")) if first in "{[" else read_xml(text, base_url)
