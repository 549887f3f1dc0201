"""Rulings as precedents: searched, shown beside similar cases; and the disputes of one case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from opinion_service.domain.people import DEPARTMENT_ROLES, Actor
from opinion_service.domain.routing import duty_words
from opinion_service.domain.routing.disputes import REASON_LABELS, ReturnReason
from opinion_service.models import Case, Department, Dispute, Ruling, RulingWord, User
from opinion_service.queries import paging
from opinion_service.queries.routing.rules import rule_desk
from opinion_service.queries.scope import visible_to

Duties = tuple[tuple[str, str], ...]
PAGE = 30
MOST_SIMILAR = 3
LEAST_SHARED = 2  # words of duty that two cases must share to be called similar


@dataclass(frozen=True, slots=True)
class RulingRow:
    """One precedent; `number` is empty where the actor may not see the case itself."""

    id: int
    number: str
    title: str
    returned_by: str
    reason: str
    cited: str
    note: str
    proposed: str
    decided: str
    duty: str
    ground: str
    level: str
    decided_by: str
    decided_at: datetime
    rule_id: str
    shared: int = 0


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """One return of a case, with the ruling on it (detached, read only) and the department that it names."""

    ordinal: int
    unit: str
    reason: str
    duty: str
    note: str
    proposed: str
    at: datetime
    ruling: Ruling | None
    decided: str

    @property
    def is_ruled(self) -> bool:
        """Return whether somebody has ruled on it."""
        return self.ruling is not None


@dataclass(frozen=True, slots=True)
class RulingFilter:
    """What the precedents are narrowed to; `before` is the id of the last one seen."""

    text: str = ""
    department_id: int | None = None
    returned_by_id: int | None = None
    reason: str = ""
    only: int = 0
    before: str = ""


def rulings(session: Session, actor: Actor, wanted: RulingFilter) -> tuple[tuple[RulingRow, ...], str]:
    """Return a page of precedents, the newest first, and the key of the next page (empty: none); one statement.

    Every desk role reads all of them; a department those on its own cases and those that named it.
    """
    statement = _rows(actor).where(*_conditions(wanted))
    found, last = paging.Order(Ruling.id, descending=True).page(session, statement, wanted.before, PAGE)
    return tuple(_row(row) for row in found), str(last.Ruling.id) if last else ""


def similar(session: Session, actor: Actor, case_id: int, decision: Mapping[str, Any]) -> tuple[RulingRow, ...]:
    """Return the rulings on other cases (`case_id` 0: on any) that share the most words of duty with the decision."""
    words = duty_words(decision)
    if not words:
        return ()
    shared = func.count().label("shared")
    near = (
        select(RulingWord.ruling_id, shared)
        .join(Ruling, Ruling.id == RulingWord.ruling_id)
        .where(RulingWord.word.in_(sorted(words)), Ruling.case_id != case_id)
        .group_by(RulingWord.ruling_id)
        .having(func.count() >= min(LEAST_SHARED, len(words)))
        .order_by(shared.desc(), RulingWord.ruling_id.desc())
        .limit(MOST_SIMILAR)
        .subquery()
    )
    statement = _rows(actor).add_columns(near.c.shared).join(near, near.c.ruling_id == Ruling.id)
    rows = session.execute(statement.order_by(near.c.shared.desc(), Ruling.id.desc()))
    return tuple(_row(row, row.shared) for row in rows)


def disputes(session: Session, case_id: int) -> tuple[DisputeRow, ...]:
    """Return the returns of a case in order."""
    unit, proposed, decided = aliased(Department), aliased(Department), aliased(Department)
    rows = session.execute(
        select(Dispute, unit.name, proposed.name, Ruling, decided.name)
        .join(unit, unit.id == Dispute.department_id)
        .outerjoin(proposed, proposed.id == Dispute.proposed_department_id)
        .outerjoin(Ruling, Ruling.dispute_id == Dispute.id)
        .outerjoin(decided, decided.id == Ruling.department_id)
        .where(Dispute.case_id == case_id)
        .order_by(Dispute.id)
    )
    return tuple(
        DisputeRow(
            one.ordinal, name, ReturnReason(one.reason_code).label, one.duty_text, one.note, other or "",
            one.returned_at, ruling, decided_name or "",
        )
        for one, name, other, ruling, decided_name in rows
    )  # fmt: skip


def duty_choices(session: Session, actor: Actor) -> tuple[Duties, tuple[tuple[str, Duties], ...]]:
    """Return the duties of the actor's own department, and those of all by the department's name."""
    desk = rule_desk(session)
    if desk is None:
        return (), ()
    codes = select(Department.code, Department.name, Department.id).where(Department.is_active).order_by(Department.id)
    listed = desk.record["duties"]
    found = [
        (row.id, row.name, tuple((one["id"], one["text"]) for one in listed.get(row.code, ())))
        for row in session.execute(codes)
    ]
    own = next((duties for key, _name, duties in found if key == actor.department_id), ())
    return own, tuple((name, duties) for _key, name, duties in found)


def reasons() -> Duties:
    """Return (code, words) of the grounds of a return."""
    return tuple((code.value, label) for code, label in REASON_LABELS.items())


def _rows(actor: Actor) -> Any:
    unit, proposed, decided = aliased(Department), aliased(Department), aliased(Department)
    statement = (
        select(
            Ruling, Dispute, visible_to(actor).label("is_visible"), Case.number, unit.name.label("unit"),
            proposed.name.label("proposed"), decided.name.label("decided"), User.name.label("who"),
        )
        .join(Dispute, Dispute.id == Ruling.dispute_id)
        .join(Case, Case.id == Ruling.case_id)
        .join(unit, unit.id == Dispute.department_id)
        .outerjoin(proposed, proposed.id == Dispute.proposed_department_id)
        .join(decided, decided.id == Ruling.department_id)
        .join(User, User.id == Ruling.decided_by_id)
    )  # fmt: skip
    if actor.role in DEPARTMENT_ROLES:
        own = or_(Dispute.department_id == actor.department_id, Ruling.department_id == actor.department_id)
        statement = statement.where(or_(own, visible_to(actor)))
    return statement


def _row(row: Any, shared: int = 0) -> RulingRow:
    ruling, dispute = row.Ruling, row.Dispute
    return RulingRow(
        ruling.id, row.number if row.is_visible else "", ruling.title, row.unit,
        ReturnReason(dispute.reason_code).label, dispute.duty_text, dispute.note, row.proposed or "", row.decided,
        ruling.duty_text, ruling.reason, ruling.level, row.who, ruling.decided_at, ruling.rule_id, shared,
    )  # fmt: skip


def _conditions(wanted: RulingFilter) -> list[Any]:
    conditions: list[Any] = []
    if wanted.text:
        columns = (Ruling.title, Ruling.reason, Ruling.duty_text, Dispute.duty_text, Dispute.note, Case.number)
        conditions.append(or_(*(column.contains(wanted.text, autoescape=True) for column in columns)))
    if wanted.department_id:
        conditions.append(Ruling.department_id == wanted.department_id)
    if wanted.returned_by_id:
        conditions.append(Dispute.department_id == wanted.returned_by_id)
    if wanted.reason:
        conditions.append(Dispute.reason_code == wanted.reason)
    if wanted.only:
        conditions.append(Ruling.id == wanted.only)
    return conditions
