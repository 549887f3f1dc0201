"""Full-text search over items, events, cases and responses, scoped to the person who asks, paged by key.

The tokens are our own pairs of characters (domain.text), so that both databases find the same: SQLite through
FTS5, PostgreSQL through a tsvector made of the tokens as they are. Newest first within each kind.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, func, literal_column, select, text, true
from sqlalchemy.orm import Session

from opinion_service.domain.people import Actor, Role
from opinion_service.domain.text import search_query
from opinion_service.models import Case, Event, Item, Publication, SearchText, Source
from opinion_service.queries import paging
from opinion_service.queries.scope import visible_to

PAGE, PREVIEW, MOST_COUNTED = 20, 5, 1_000
KINDS: Mapping[str, str] = {"case": "案件", "event": "事件", "item": "条目", "response": "回应"}
LONGEST_QUERY = 200
_TSVECTOR = "array_to_tsvector(string_to_array(search_text.tokens, ' '))"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: words, or with `id:` a number of the desk, with `ref:` the number of the source.

    kind: one of KINDS, or empty for the first few of each; since and until bound the time; `after` is the
    id of the last row seen.
    """

    query: str
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found; `key` is what the next page begins after, `case_number` where a department finds it."""

    key: int
    kind: str
    ref_id: int
    title: str
    body: str
    at: datetime
    note: str
    case_number: str


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind; `count` goes up to a thousand, `after` leads on, empty at the end."""

    kind: str
    count: int
    hits: tuple[Hit, ...]
    after: str


def search(session: Session, actor: Actor, wanted: Wanted) -> tuple[Group, ...]:
    """Return the groups in which something was found; an empty query, or one without words, finds nothing.

    A fixed number of statements: three for each kind.
    """
    condition = _condition(session, wanted.query)
    if condition is None:
        return ()
    kinds = [one for one in KINDS if _may(actor, one) and (not wanted.kind or one == wanted.kind)]
    groups = [_group(session, actor, wanted, one, condition) for one in kinds]
    return tuple(group for group in groups if group.count)


def _may(actor: Actor, kind: str) -> bool:
    if actor.role is Role.ADMIN:
        return kind == "response"
    return kind != "event" or actor.sees_every_case


def _group(session: Session, actor: Actor, wanted: Wanted, kind: str, condition: ColumnElement[bool]) -> Group:
    conditions = [SearchText.kind == kind, condition, _scope(actor, kind)]
    if wanted.since is not None:
        conditions.append(SearchText.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(SearchText.at < wanted.until)
    counted = select(SearchText.id).where(*conditions).limit(MOST_COUNTED).subquery()
    count = session.scalar(select(func.count()).select_from(counted)) or 0
    statement = select(SearchText.id, SearchText.ref_id).where(*conditions)
    order = paging.Order(SearchText.id, descending=True)
    rows, last = order.page(session, statement, wanted.after, PAGE if wanted.kind else PREVIEW)
    hits = _READERS[kind](session, {row.ref_id: row.id for row in rows})
    return Group(kind, count, tuple(sorted(hits, key=lambda hit: -hit.key)), str(last.id) if last else "")


def _condition(session: Session, query: str) -> ColumnElement[bool] | None:
    """Return the condition on SearchText for the words, the `id:` or the `ref:`; None when there is nothing to find."""
    asked = query.strip()[:LONGEST_QUERY]
    prefix, _, rest = asked.replace("：", ":", 1).partition(":")
    rest = rest.strip()
    if prefix.lower() == "id" and rest:
        return SearchText.number == rest
    if prefix.lower() == "ref" and rest:
        return SearchText.reference == rest
    tokens = search_query(asked)
    if not tokens:
        return None
    if session.get_bind().dialect.name == "sqlite":
        return _in_fts5(tokens)
    return _in_tsvector(tokens)


def _in_fts5(tokens: Iterable[str]) -> ColumnElement[bool]:
    words = " AND ".join(f'"{one[:-1]}" *' if one.endswith("*") else f'"{one}"' for one in tokens)
    matched = text("SELECT rowid FROM search_index WHERE search_index MATCH :words").bindparams(
        words=f"tokens : ({words})"
    )
    return SearchText.id.in_(matched.columns(literal_column("rowid")))


def _in_tsvector(tokens: Iterable[str]) -> ColumnElement[bool]:
    words = " & ".join(f"'{one[:-1]}':*" if one.endswith("*") else f"'{one}'" for one in tokens)
    return text(f"{_TSVECTOR} @@ CAST(:words AS tsquery)").bindparams(bindparam("words", words))  # type: ignore[return-value]


def _scope(actor: Actor, kind: str) -> ColumnElement[bool]:
    """Return what of a kind the actor may know: a department its own cases and what was said about them."""
    if kind == "response" or actor.sees_every_case:
        return true()
    cases = select(Case.id).where(visible_to(actor))
    if kind == "case":
        return SearchText.ref_id.in_(cases)
    events = select(Case.event_id).where(visible_to(actor), Case.event_id.is_not(None))
    return SearchText.ref_id.in_(select(Item.id).where(Item.event_id.in_(events)))


def _items(session: Session, keys: Mapping[int, int]) -> list[Hit]:
    rows = session.execute(
        select(Item.id, Item.title, Item.body, Item.first_seen_at, Source.name, Case.number, Item.event_id)
        .join(Source, Source.id == Item.source_id)
        .outerjoin(Case, Case.event_id == Item.event_id)
        .where(Item.id.in_(keys))
    )
    return [
        Hit(keys[row.id], "item", row.event_id or 0, row.title, row.body, row.first_seen_at, row.name, row.number or "")
        for row in rows
    ]


def _events(session: Session, keys: Mapping[int, int]) -> list[Hit]:
    rows = session.execute(
        select(Event.id, Event.title, Event.first_seen_at, Event.hot_topic, Case.number)
        .outerjoin(Case, Case.event_id == Event.id)
        .where(Event.id.in_(keys))
    )
    return [
        Hit(keys[row.id], "event", row.id, row.title, "", row.first_seen_at, row.hot_topic, row.number or "")
        for row in rows
    ]


def _cases(session: Session, keys: Mapping[int, int]) -> list[Hit]:
    rows = session.execute(
        select(Case.id, Case.number, Case.title, Case.summary, Case.opened_at).where(Case.id.in_(keys))
    )
    return [
        Hit(keys[row.id], "case", row.id, row.title, row.summary, row.opened_at, row.number, row.number) for row in rows
    ]


def _responses(session: Session, keys: Mapping[int, int]) -> list[Hit]:
    rows = session.execute(
        select(Publication.id, Publication.title, Publication.body, Publication.published_at, Publication.withdrawn_at)
        .where(Publication.id.in_(keys))
    )  # fmt: skip
    return [
        Hit(keys[row.id], "response", row.id, row.title, row.body, row.published_at,
            "已撤回" if row.withdrawn_at else "", "")
        for row in rows
    ]  # fmt: skip


_READERS: Mapping[str, Callable[[Session, Mapping[int, int]], list[Hit]]] = {
    "item": _items,
    "event": _events,
    "case": _cases,
    "response": _responses,
}
