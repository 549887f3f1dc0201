"""Keeps the text that search looks through in step with what is written, in the same transaction.

`FollowedSession` watches: whoever writes an item, an event, a case, a concern or a publication need not know of
the search. `rebuild` lays everything anew, for rows that came past the session.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import event as hooks
from sqlalchemy import inspect, select, tuple_
from sqlalchemy.orm import Session

from opinion_service.domain.text import run_ends, search_tokens
from opinion_service.models import Case, Concern, Event, Item, Publication, SearchText

LONGEST_TEXT = 20_000
PAGE = 500
_WATCHED: dict[type, frozenset[str]] = {
    Item: frozenset({"title", "body", "url", "external_id"}),
    Event: frozenset({"title", "hot_topic", "territory"}),
    Case: frozenset({"number", "title", "summary", "hot_topic", "territory"}),
    Concern: frozenset({"question"}),
    Publication: frozenset({"title", "body", "questions"}),
}
_CHANGED = "search_changed"


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is to be found of one thing."""

    kind: str
    ref_id: int
    number: str
    reference: str
    at: datetime
    text: str


class FollowedSession(Session):
    """A session that keeps the search text of what it writes, up to its commit."""


@hooks.listens_for(FollowedSession, "before_flush")
def _collect(session: Session, _context: Any, _instances: Any) -> None:
    changed: dict[int, Any] = session.info.setdefault(_CHANGED, {})
    for row in session.new:
        if type(row) in _WATCHED:
            changed[id(row)] = row
    for row in session.dirty:
        watched = _WATCHED.get(type(row))
        if watched and any(inspect(row).attrs[name].history.has_changes() for name in watched):
            changed[id(row)] = row
    for row in session.deleted:
        if isinstance(row, Concern):
            changed[id(row)] = row


@hooks.listens_for(FollowedSession, "before_commit")
def _write(session: Session) -> None:
    session.flush()
    # What was new and went with a savepoint is in no session any more.
    changed = [row for row in session.info.pop(_CHANGED, {}).values() if not inspect(row).transient]
    case_ids = {row.id for row in changed if isinstance(row, Case)}
    case_ids |= {row.case_id for row in changed if isinstance(row, Concern)}
    entries = [_of_item(row) for row in changed if isinstance(row, Item)]
    entries += [_of_event(row) for row in changed if isinstance(row, Event)]
    entries += [_of_response(row) for row in changed if isinstance(row, Publication)]
    entries += _of_cases(session, case_ids)
    _keep(session, entries)


def rebuild(session: Session, kind: str, after: int) -> tuple[int, int]:
    """Lay the search text of one page of a kind anew; return (rows done, last id), 0 rows at the end.

    kind: `item`, `event`, `case` or `response`; after: the last id done.
    """
    model, entries_of = _SOURCES[kind]
    rows = list(session.scalars(select(model).where(model.id > after).order_by(model.id).limit(PAGE)))
    _keep(session, entries_of(session, rows))
    return len(rows), rows[-1].id if rows else after


def _keep(session: Session, entries: Iterable[_Entry]) -> None:
    for chunk in _chunks(list(entries)):
        keys = [(entry.kind, entry.ref_id) for entry in chunk]
        known = session.scalars(select(SearchText).where(tuple_(SearchText.kind, SearchText.ref_id).in_(keys)))
        rows = {(row.kind, row.ref_id): row for row in known}
        for entry in chunk:
            row = rows.get((entry.kind, entry.ref_id))
            if row is None:
                row = SearchText(kind=entry.kind, ref_id=entry.ref_id)
                session.add(row)
            row.number, row.reference, row.at = entry.number, entry.reference, entry.at
            row.tokens = tokens_of(entry.text)
    session.flush()


def tokens_of(text: str) -> str:
    """Return the tokens of the text as it is stored: each once, at most of the first 20 000 characters.

    A token is at most 64 characters long: PostgreSQL refuses lexemes of more than 2 kB.
    """
    read = text[:LONGEST_TEXT]
    return " ".join(dict.fromkeys(token[:64] for token in [*search_tokens(read).split(), *run_ends(read)]))


def _chunks(entries: list[_Entry]) -> Iterator[list[_Entry]]:
    for start in range(0, len(entries), PAGE):
        yield entries[start : start + PAGE]


def _of_item(row: Item) -> _Entry:
    text = f"{row.title}\n{row.url}\n{row.external_id}\n{row.body}"
    return _Entry("item", row.id, str(row.id), row.external_id, row.first_seen_at, text)


def _of_event(row: Event) -> _Entry:
    text = f"{row.title}\n{row.hot_topic}\n{row.territory}"
    return _Entry("event", row.id, str(row.id), "", row.first_seen_at, text)


def _of_response(row: Publication) -> _Entry:
    return _Entry("response", row.id, str(row.id), "", row.published_at, f"{row.title}\n{row.questions}\n{row.body}")


def _of_cases(session: Session, case_ids: Iterable[int]) -> list[_Entry]:
    ids = sorted(case_ids)
    questions: dict[int, list[str]] = {}
    asked = select(Concern.case_id, Concern.question).where(Concern.case_id.in_(ids)).order_by(Concern.id)
    for row in session.execute(asked) if ids else ():
        questions.setdefault(row.case_id, []).append(row.question)
    cases = session.scalars(select(Case).where(Case.id.in_(ids)).order_by(Case.id)) if ids else ()
    return [_of_case(case, questions.get(case.id, [])) for case in cases]


def _of_case(row: Case, questions: list[str]) -> _Entry:
    parts = (row.number, row.title, row.hot_topic, row.territory, row.summary, *questions)
    return _Entry("case", row.id, row.number, "", row.opened_at, "\n".join(parts))


_SOURCES: dict[str, tuple[Any, Callable[[Session, list[Any]], list[_Entry]]]] = {
    "item": (Item, lambda _session, rows: [_of_item(row) for row in rows]),
    "event": (Event, lambda _session, rows: [_of_event(row) for row in rows]),
    "case": (Case, lambda session, rows: _of_cases(session, [row.id for row in rows])),
    "response": (Publication, lambda _session, rows: [_of_response(row) for row in rows]),
}
KINDS = tuple(_SOURCES)
