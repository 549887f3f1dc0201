"""Lists with their filters kept under a name, for oneself or for everybody of one's role (and department)."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import func, select

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import Actor
from opinion_service.models import SavedView
from opinion_service.services import journal
from opinion_service.services.transaction import transaction

PAGES = ("cases", "triage")
# Where one stands in a list is no part of the view.
NOT_KEPT = frozenset({"after", "before", "event"})
MOST_VIEWS = 20
LONGEST_NAME, LONGEST_QUERY = 40, 500


@dataclass(frozen=True, slots=True)
class NewView:
    """A view to be kept: the page it belongs to, its name, the query of the address, and whether the role sees it."""

    page: str
    name: str
    query: str
    is_shared: bool


def save(new: NewView, *, actor: Actor, now: datetime) -> None:
    """Keep the filters under a name; an own view of that page and name is replaced.

    A view shared by somebody of a department is shared with that department's people of the role only.
    Raise InvalidInput for an empty name, filters that are too long, or a twenty-first view.
    """
    name, query = new.name.strip()[:LONGEST_NAME], kept_query(new.query)
    if new.page not in PAGES or not name:
        raise InvalidInput("请填写视图名称。", "name")
    if new.page == "triage" and not actor.sees_every_case:
        raise Forbidden("研判列表的视图由联络员、督查和审计员保存。")
    if len(query) > LONGEST_QUERY:
        raise InvalidInput("筛选条件过长，视图没有保存。", "name")
    with transaction() as session:
        own = SavedView.owner_id == actor.user_id
        row = session.scalar(select(SavedView).where(own, SavedView.page == new.page, SavedView.name == name))
        if row is None and (session.scalar(select(func.count(SavedView.id)).where(own)) or 0) >= MOST_VIEWS:
            raise InvalidInput("最多保存 20 个视图，请先删除不用的。", "name")
        row = row or SavedView(owner_id=actor.user_id, page=new.page, name=name)
        row.query, row.role = query, actor.role.value if new.is_shared else ""
        row.department_id = actor.department_id if new.is_shared else None
        session.add(row)
        detail = {"page": new.page, "query": query, "role": row.role, "department_id": row.department_id}
        entry = journal.Entry("view_saved", f"保存视图：{name}", detail=detail)
        journal.record(session, entry, actor=actor, now=now)


def drop(view_id: int, *, actor: Actor, now: datetime) -> str:
    """Delete one of the actor's own views and return the page it belonged to."""
    with transaction() as session:
        row = session.get(SavedView, view_id, with_for_update=True)
        if row is None:
            raise NotFound("视图不存在。")
        if row.owner_id != actor.user_id:
            raise Forbidden("只能删除自己保存的视图。")
        page = row.page
        session.delete(row)
        journal.record(session, journal.Entry("view_dropped", f"删除视图：{row.name}"), actor=actor, now=now)
        return page


def kept_query(query: str) -> str:
    """Return the query of an address without empty filters and without where one stands in the list, in one order."""
    pairs = [(key, value) for key, value in parse_qsl(query) if key not in NOT_KEPT]
    return urlencode(sorted(pairs))
