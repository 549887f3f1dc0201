"""Puts the feed client and the evidence together: claim an order, ask each page under guard, note what it says.

Nothing here holds a transaction while it talks to the network; every function may run twice.
"""

import time
from dataclasses import replace
from datetime import datetime

from opinion_service import listening
from opinion_service.adapters import feed_client
from opinion_service.adapters.feed_client import Fetched, FetchOutcome, FetchPolicy, FetchRequest
from opinion_service.adapters.feed_client.decode import decode
from opinion_service.domain.casework.evidence import Found, Outcome, compare
from opinion_service.domain.listening.scrub import scrub
from opinion_service.domain.text import clean_text
from opinion_service.services.casework import rechecks
from opinion_service.services.casework.rechecks import Look, Order
from opinion_service.services.listening.haul import Haul, RobotsCopy, SourceLease

LONGEST_PAGE = 200_000
_READABLE = ("text/", "application/xhtml", "application/xml")


def recheck(*, now: datetime, policy: FetchPolicy = listening.DEFAULT) -> int:
    """Go on with the order that waits longest, after ordering the looks of the day; return how many were written."""
    rechecks.order_due(now=now)
    order = rechecks.claim(now=now)
    if order is None:
        return 0
    written = sum(_look(order, look, now, policy) for look in order.looks)
    # An order without anything left is written off as well, so that the next one gets its turn.
    return written + rechecks.settle(order, now=now)


def _look(order: Order, look: Look, now: datetime, policy: FetchPolicy) -> bool:
    if not look.host:
        return rechecks.note(order, look, _by_its_source(look, Found(Outcome.NO_ADDRESS)), None, now=now)
    robots = rechecks.take_host(order, look, now=now)
    if robots is None:
        if not order.is_late:
            return False
        busy = Found(Outcome.UNREACHABLE, detail="该网站一小时内轮不到访问，本次未查。")
        return rechecks.note(order, look, busy, None, now=now)
    started = time.monotonic()
    found, manners = _asked(look, robots, now, policy)
    took = round((time.monotonic() - started) * 1000)
    haul = Haul("ok", robots=manners.read, host_delay=manners.delay, took_ms=took)
    return rechecks.note(order, look, _by_its_source(look, found), haul, now=now)


def _asked(look: Look, robots: RobotsCopy, now: datetime, policy: FetchPolicy) -> tuple[Found, listening.Manners]:
    lease = SourceLease(0, "", look.url, "", "", robots=robots)
    # Links are foreign text: only a source that lies inward itself may send the desk to its own host.
    allowed = listening.private_hosts() if look.host == look.home else frozenset[str]()
    manners = listening.manners(lease, allowed, now=now, policy=policy)
    if manners.refusal is not None:
        return Found(Outcome.UNREACHABLE, detail=manners.refusal.detail), manners
    may_go = listening.leave_to_go(lease, allowed, now=now, policy=policy)
    fetched = feed_client.fetch(FetchRequest(look.url, allow_private_hosts=allowed, may_go=may_go), policy)
    return said_by(fetched, look.title, look.body), manners


def said_by(fetched: Fetched, title: str, body: str) -> Found:
    """Return what the answer to a second look says of an item; what cannot be read says so with the server's status."""
    if fetched.status in (404, 410):
        return Found(Outcome.GONE, fetched.status, f"服务器返回 {fetched.status}，页面已不存在。")
    if fetched.outcome is not FetchOutcome.OK:
        return Found(Outcome.UNREACHABLE, fetched.status, fetched.detail)
    if fetched.content_type and not fetched.content_type.lower().startswith(_READABLE):
        return Found(Outcome.UNCLEAR, fetched.status, "不是网页，无法比对。")
    page = scrub(clean_text(decode(fetched.body, fetched.content_type), LONGEST_PAGE)).text
    return replace(compare(title, body, page), status=fetched.status)


def _by_its_source(look: Look, found: Found) -> Found:
    """Return what was found, or where the page does not tell, that the source itself sent another text since."""
    revision, title, body = look.today
    if found.outcome not in (Outcome.UNCLEAR, Outcome.NO_ADDRESS) or revision <= look.revision:
        return found
    return replace(found, outcome=Outcome.EDITED, detail="信源推送了修改后的内容。", text=f"{title}\n{body}")
