"""robots.txt: where it lies, what it forbids, how long it asks to wait. Source: RFC 9309, read with Protego."""

from dataclasses import dataclass
from datetime import timedelta

from protego import Protego

from opinion_service.adapters.feed_client.decode import decode
from opinion_service.adapters.feed_client.fetch import USER_AGENT, Fetched, FetchOutcome
from opinion_service.domain.listening.addresses import origin_of

# RFC 9309 §2.5 asks for at least 500 KiB to be read; what lies behind may be ignored.
MOST_BYTES = 512_000
# RFC 9309 §2.2.1: groups are named after the product token; the words after it would match groups of others.
PRODUCT = USER_AGENT.partition("/")[0]
LONGEST_DELAY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class RobotsAnswer:
    """A robots.txt as read: `state` is read, none (everything is allowed), or unreachable (nothing is)."""

    state: str
    text: str = ""


def robots_url(url: str) -> str:
    """Return where the robots.txt of an address lies."""
    return f"{origin_of(url)}/robots.txt"


def robots_answer(fetched: Fetched) -> RobotsAnswer | None:
    """Return what a fetch of robots.txt says, or None when the network failed before the server spoke.

    Source: RFC 9309 §2.3.1: 4xx means that there are no rules, 5xx that all is forbidden.
    """
    if fetched.outcome is FetchOutcome.OK:
        return RobotsAnswer("read", decode(fetched.body[:MOST_BYTES], fetched.content_type).replace("\0", ""))
    if fetched.outcome is FetchOutcome.TOO_LARGE or fetched.status is None:
        return RobotsAnswer("none") if fetched.outcome is FetchOutcome.TOO_LARGE else None
    return RobotsAnswer("unreachable" if fetched.status >= 500 or fetched.status == 429 else "none")


def may_fetch(robots_text: str, url: str, user_agent: str = PRODUCT) -> bool:
    """Return whether robots.txt lets this desk fetch the address."""
    return bool(Protego.parse(robots_text).can_fetch(url, user_agent))


def crawl_delay(robots_text: str, user_agent: str = PRODUCT) -> timedelta:
    """Return the pause between two requests that robots.txt asks for, from none to one minute."""
    seconds = Protego.parse(robots_text).crawl_delay(user_agent) or 0
    return min(timedelta(seconds=max(float(seconds), 0)), LONGEST_DELAY)
