"""What a reader does with a feed document (`adapters.killable`): the parsed feed as JSON can carry it."""

from typing import Any

from opinion_service.adapters.feed_client.parse import parse
from opinion_service.adapters.feed_client.record import record_of


def read_feed(body: bytes, order: dict[str, Any]) -> dict[str, Any]:
    """Return the feed in `body`; order: `content_type` and `base_url` of the document."""
    return record_of(parse(body, order["content_type"], base_url=order["base_url"]))
