"""The scope of a source inside a transaction: its watch expression, ready to judge entries, and what it passes over.

Patterns are run by RE2, which takes linear time whatever the pattern; its programs are bounded in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import re2
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.listening.watch import Subject, TermKind, Verdict, Watch, judge, problems
from opinion_service.domain.routing.territory import Gazetteer
from opinion_service.models import PassedOver, Source, SourceWatch
from opinion_service.services.listening.haul import Incoming
from opinion_service.services.routing import rulebook
from opinion_service.services.transaction import transaction

# How long an entry that was passed over is remembered after it was last seen.
REMEMBERED = timedelta(days=7)
MOST_REMEMBERED = 3_000
_SEEN_AGAIN_AFTER = timedelta(days=1)
_MOST_MEMORY = 1 << 20
_CHUNK = 400


@dataclass(frozen=True, slots=True)
class Scope:
    """An expression with the list of places it may name; it judges entries without the database."""

    watch: Watch
    places: Gazetteer | None = None

    def judge(self, title: str, body: str) -> Verdict:
        """Return whether an entry of plain text is wanted, and why."""
        named = self.places.named(f"{title}\n{body}") if self.places is not None else frozenset()
        return judge(self.watch, Subject(title, body, named), find)


def scope_of(session: Session, source: Source) -> Scope | None:
    """Return the scope of a source that is to bring only what matches, or None when it brings everything."""
    return ready(session, watch_of(session, source.id)) if source.scope == "match" else None


def watch_of(session: Session, source_id: int) -> Watch:
    """Return the expression that is written down for a source, in force or not."""
    row = session.get(SourceWatch, source_id)
    return row.expression if row is not None else Watch()


def ready(session: Session, watch: Watch) -> Scope:
    """Return the scope of an expression; the list of places is read only when the expression names some."""
    if not any(term.kind is TermKind.PLACE for term in watch.terms):
        return Scope(watch)
    record = rulebook.active_record(session, "routing")
    return Scope(watch, Gazetteer.from_record(record.get("places", {}), record.get("not_places", ())))


def place_names() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the areas of the list of places in force, each with the other names an expression may have for it."""
    with transaction() as session:
        places = rulebook.active_record(session, "routing").get("places", {})
    return tuple((area, tuple(name for name in names if name != area)) for area, names in places.items())


def tried(watch: Watch) -> Scope:
    """Return the scope of an expression that is only tried out; raise InvalidInput when it cannot be used."""
    with transaction() as session:
        check(session, watch)
        return ready(session, watch)


def check(session: Session, watch: Watch) -> None:
    """Raise InvalidInput for the first line that cannot be used."""
    for problem in problems(watch):
        raise InvalidInput(problem, "any_terms")
    scope = ready(session, watch)
    for term in sorted(watch.terms, key=lambda one: one.text):
        if term.kind is TermKind.PATTERN:
            _check_pattern(term.text)
        if term.kind is TermKind.PLACE and scope.places is not None and not scope.places.knows(term.text):
            raise InvalidInput(f"属地名单中没有“{term.text}”。", "any_terms")


def write(session: Session, source_id: int, watch: Watch, *, by: int | None, now: datetime) -> None:
    """Write the expression of a source down; its version counts the changes."""
    row = session.get(SourceWatch, source_id)
    if row is None:
        if not watch.lines:
            return
        row = SourceWatch(source_id=source_id, version=0)
        session.add(row)
    elif watch == row.expression:
        return
    row.any_terms, row.must_terms, row.not_terms = (
        list(watch.any_terms), list(watch.must_terms), list(watch.not_terms),
    )  # fmt: skip
    row.version, row.updated_at, row.updated_by_id = row.version + 1, now, by
    session.flush()


def find(pattern: str, text: str) -> tuple[int, int] | None:
    """Return where a pattern is found first, or None; an expression RE2 cannot run finds nothing."""
    compiled = _compiled(pattern)
    match = compiled.search(text) if compiled is not None else None
    return (match.start(), match.end()) if match is not None else None


def pass_over(session: Session, source: Source, entries: Sequence[tuple[Incoming, Verdict]], *, now: datetime) -> None:
    """Remember the entries that are not wanted; each is one row, however often it is seen.

    Their text is scrubbed like that of items. At most 3,000 rows of a source are kept: what comes beyond stands in
    the counts of the ledger alone.
    """
    unique = {entry.identity: (entry, verdict) for entry, verdict in entries}
    known = _touch(session, source.id, list(unique), now)
    fresh = [pair for identity, pair in unique.items() if identity not in known]
    if not fresh:
        return
    stored = session.scalar(select(func.count(PassedOver.id)).where(PassedOver.source_id == source.id)) or 0
    rows = [_row(source.id, entry, verdict, now) for entry, verdict in fresh[: max(MOST_REMEMBERED - stored, 0)]]
    if rows:
        session.execute(insert(PassedOver), rows)


def wanted_again(session: Session, source: Source, *, now: datetime) -> list[Incoming]:
    """Return what was passed over in the last seven days and the scope of the source wants now."""
    wanted = scope_of(session, source)
    rows = session.scalars(
        select(PassedOver)
        .where(PassedOver.source_id == source.id, PassedOver.first_seen_at > now - REMEMBERED)
        .order_by(PassedOver.first_seen_at, PassedOver.id)
        .limit(MOST_REMEMBERED)
    ).all()
    return [
        Incoming(row.identity, row.title, row.body, row.url, row.published_at)
        for row in rows
        if wanted is None or wanted.judge(row.title, row.body).is_wanted
    ]


def forget(session: Session, source_id: int, identities: Sequence[str]) -> None:
    """Forget entries that were passed over and have become items."""
    for start in range(0, len(identities), _CHUNK):
        wanted = PassedOver.identity.in_(identities[start : start + _CHUNK])
        session.execute(delete(PassedOver).where(PassedOver.source_id == source_id, wanted))


def _touch(session: Session, source_id: int, identities: Sequence[str], now: datetime) -> set[str]:
    """Return which of the entries are remembered, their last sight brought up to the day."""
    known: set[str] = set()
    for start in range(0, len(identities), _CHUNK):
        which = (PassedOver.source_id == source_id, PassedOver.identity.in_(identities[start : start + _CHUNK]))
        known |= set(session.scalars(select(PassedOver.identity).where(*which)))
        stale = PassedOver.last_seen_at < now - _SEEN_AGAIN_AFTER
        session.execute(update(PassedOver).where(*which, stale).values(last_seen_at=now))
    return known


def _row(source_id: int, entry: Incoming, verdict: Verdict, now: datetime) -> dict[str, Any]:
    return {
        "source_id": source_id, "identity": entry.identity, "title": entry.title,
        "body": entry.body, "url": entry.url, "published_at": entry.published_at,
        "first_seen_at": now, "last_seen_at": now, "grounds": verdict.grounds.value, "line": verdict.line,
    }  # fmt: skip


def _check_pattern(pattern: str) -> None:
    try:
        _compile(pattern)
    except re2.error as error:
        # RE2 speaks bytes; its words are for people who write expressions.
        said = error.args[0] if error.args else b""
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise InvalidInput(f"正则表达式“{pattern[:40]}”无法使用：{words[:80]}", "any_terms") from error


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    try:
        return _compile(pattern)
    except re2.error:
        return None


def _compile(pattern: str) -> Any:
    options = re2.Options()
    options.case_sensitive, options.max_mem, options.log_errors = False, _MOST_MEMORY, False
    return re2.compile(pattern, options=options)
