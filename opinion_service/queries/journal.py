"""The journal as the auditor reads it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from opinion_service.models import AuditEvent, Case
from opinion_service.queries import paging

PAGE = 50


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """What is shown: words of the act or the person, the role ("system" for the desk itself), a case, an hour."""

    text: str = ""
    role: str = ""
    number: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: str = ""


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One act as the list shows it; `number` is empty when it concerned no case."""

    id: int
    at: datetime
    actor_name: str
    kind: str
    summary: str
    reason: str
    number: str
    detail: dict[str, Any]
    previous_hash: str
    hash: str


def list_acts(session: Session, wanted: JournalFilter) -> tuple[tuple[JournalRow, ...], str]:
    """Return a page of acts, the newest first, and the key of the next page (empty: there is none); one statement."""
    statement = (
        select(AuditEvent, Case.number).outerjoin(Case, Case.id == AuditEvent.case_id).where(*_conditions(wanted))
    )
    found, last = paging.Order(AuditEvent.id, descending=True).page(session, statement, wanted.after, PAGE)
    return tuple(_row(row) for row in found), str(last.AuditEvent.id) if last else ""


def _conditions(wanted: JournalFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.text:
        columns = (AuditEvent.summary, AuditEvent.actor_name, AuditEvent.reason)
        conditions.append(or_(*(column.contains(wanted.text, autoescape=True) for column in columns)))
    if wanted.role:
        conditions.append(AuditEvent.actor_role == wanted.role)
    if wanted.number:
        conditions.append(Case.number == wanted.number)
    if wanted.since:
        conditions.append(AuditEvent.at >= wanted.since)
    if wanted.until:
        conditions.append(AuditEvent.at < wanted.until)
    return conditions


def _row(row: Any) -> JournalRow:
    act = row.AuditEvent
    return JournalRow(
        act.id, act.at, act.actor_name, act.kind, act.summary, act.reason, row.number or "", act.detail,
        act.previous_hash, act.hash,
    )  # fmt: skip
