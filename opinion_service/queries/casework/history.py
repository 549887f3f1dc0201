"""The history of a case as people read it, narrowed by kind, person and round, the latest part first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, not_, select
from sqlalchemy.orm import Session

from opinion_service.models import AuditEvent
from opinion_service.queries import paging

PAGE = 60
MOST_PEOPLE = 100
REOPENED = "case_reopen"
# What changed what the public reads.
PUBLISHED = ("case_publish", "publication_withdrawn", "correction_confirmed", "channel_added")
_IS = {
    "public": AuditEvent.kind.in_(PUBLISHED),
    "internal": AuditEvent.kind == "case_note",
    "system": AuditEvent.actor_role == "system",
}
KINDS: dict[str, Any] = {
    "public": _IS["public"],
    "internal": _IS["internal"],
    "person": and_(not_(_IS["system"]), not_(_IS["internal"]), not_(_IS["public"])),
    "system": and_(_IS["system"], not_(_IS["public"])),
}


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What the history is narrowed to; `before` is the id of the earliest row seen, empty for the latest part."""

    kind: str = ""
    person_id: int = 0
    round: int = 0
    before: str = ""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line; `code` and `hash` are what the journal holds, `states` the move as codes."""

    id: int
    at: datetime
    kind: str
    actor_name: str
    text: str
    note: str
    code: str
    states: str
    hash: str


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One part of the history, oldest first; `earlier` is the key of the part before, empty when there is none."""

    entries: tuple[HistoryEntry, ...]
    earlier: str
    people: tuple[tuple[int, str], ...]
    rounds: int
    wanted: HistoryFilter


def history(session: Session, case_id: int, wanted: HistoryFilter) -> HistoryPage:
    """Return a part of the history of a case that the caller has been allowed to see; three statements."""
    begins = list(
        session.scalars(
            select(AuditEvent.id)
            .where(AuditEvent.case_id == case_id, AuditEvent.kind == REOPENED)
            .order_by(AuditEvent.id)
        )
    )
    people = session.execute(
        select(AuditEvent.actor_id, AuditEvent.actor_name)
        .where(AuditEvent.case_id == case_id, AuditEvent.actor_id.is_not(None))
        .distinct()
        .order_by(AuditEvent.actor_name, AuditEvent.actor_id)
        .limit(MOST_PEOPLE)
    )
    statement = select(AuditEvent).where(AuditEvent.case_id == case_id, *_conditions(wanted, [0, *begins]))
    found, last = paging.Order(AuditEvent.id, descending=True).page(session, statement, wanted.before, PAGE)
    shown = tuple(_entry(row) for (row,) in reversed(found))
    return HistoryPage(
        shown, str(last.AuditEvent.id) if last else "", tuple((row.actor_id, row.actor_name) for row in people),
        len(begins) + 1, wanted,
    )  # fmt: skip


def _conditions(wanted: HistoryFilter, begins: list[int]) -> list[Any]:
    """Return the conditions; a round lasts from the row that reopened the case to before the next such row."""
    conditions: list[Any] = [KINDS[wanted.kind]] if wanted.kind in KINDS else []
    if wanted.person_id:
        conditions.append(AuditEvent.actor_id == wanted.person_id)
    if 1 <= wanted.round <= len(begins):
        conditions.append(AuditEvent.id >= begins[wanted.round - 1])
        if wanted.round < len(begins):
            conditions.append(AuditEvent.id < begins[wanted.round])
    return conditions


def _entry(row: AuditEvent) -> HistoryEntry:
    states = " → ".join(dict.fromkeys(filter(None, (row.from_state, row.to_state))))
    return HistoryEntry(row.id, row.at, _kind(row), row.actor_name, row.summary, row.reason, row.kind, states, row.hash)


def _kind(row: AuditEvent) -> str:
    if row.kind in PUBLISHED:
        return "public"
    if row.kind == "case_note":
        return "internal"
    return "system" if row.actor_role == "system" else "person"
