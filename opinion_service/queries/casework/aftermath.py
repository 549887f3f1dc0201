"""What followed the answers of a case, promises across cases, and what waits after an answer."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.aftermath import WATCH, WINDOW, heat_line, is_complaint_about_answer
from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.reading.heat import hour_of
from opinion_service.models import Case, Department, EffectWatch, EventHour, Item, Promise
from opinion_service.queries import paging
from opinion_service.queries.scope import visible_to
from opinion_service.queries.todo import Todo

PAGE = 30
MOST_ITEMS = 50
SOON = timedelta(days=3)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class EffectWindow:
    """24 hours of the watch: items, complaints about the answer among them, and the highest heat."""

    begins_at: datetime
    is_after: bool
    items: int
    complaints: int
    peak: float


@dataclass(frozen=True, slots=True)
class HeardItem:
    """One item that came after the answer."""

    title: str
    url: str
    at: datetime
    is_complaint: bool


@dataclass(frozen=True, slots=True)
class EffectView:
    """One round's watch; `line` is the heat by the hour, 72 hours before and after."""

    watch: EffectWatch
    line: tuple[tuple[datetime, float], ...]
    windows: tuple[EffectWindow, ...]
    items: tuple[HeardItem, ...]


def effects(session: Session, case: Case, *, now: datetime) -> tuple[EffectView, ...]:
    """Return the watches of a case, the latest round first; the caller has checked that the actor may see it."""
    rows = session.scalars(
        select(EffectWatch).where(EffectWatch.case_id == case.id).order_by(EffectWatch.round.desc())
    ).all()
    return tuple(_effect(session, case, row, now) for row in rows)


def _effect(session: Session, case: Case, watch: EffectWatch, now: datetime) -> EffectView:
    first, until = hour_of(watch.published_at - WATCH), min(watch.ends_at, now)
    hours = session.execute(
        select(EventHour.hour, EventHour.weight)
        .where(EventHour.event_id == case.event_id, EventHour.hour > first - WATCH, EventHour.hour <= until)
        .order_by(EventHour.hour)
    )
    line = heat_line([(row.hour, row.weight) for row in hours], first, int((until - first) / _HOUR) + 1)
    rows = session.execute(
        select(Item.title, Item.body, Item.url, Item.first_seen_at)
        .where(Item.event_id == case.event_id, Item.first_seen_at > first, Item.first_seen_at <= until)
        .order_by(Item.first_seen_at, Item.id)
    ).all()
    heard = [
        HeardItem(row.title, row.url, row.first_seen_at, is_complaint_about_answer(f"{row.title}。{row.body}"))
        for row in rows
    ]
    after = tuple(one for one in heard if one.at > watch.published_at)
    return EffectView(watch, line, _windows(watch, line, heard, until), after[-MOST_ITEMS:])


def _windows(
    watch: EffectWatch, line: tuple[tuple[datetime, float], ...], heard: list[HeardItem], until: datetime
) -> tuple[EffectWindow, ...]:
    found = []
    for number in range(-3, 3):
        begins = watch.published_at + number * WINDOW
        if begins >= until:
            break
        inside = [one for one in heard if begins < one.at <= begins + WINDOW]
        heights = [height for at, height in line if begins - _HOUR < at <= begins + WINDOW]
        complaints = sum(one.is_complaint for one in inside) if number >= 0 else 0
        found.append(EffectWindow(begins, number >= 0, len(inside), complaints, max(heights, default=0.0)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class PromiseFilter:
    """What the list of promises is narrowed to; `after` is the key of the last row seen (`day|id`)."""

    state: str = ""
    department_id: int | None = None
    text: str = ""
    descending: bool = False
    after: str = ""


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One promise with its case."""

    id: int
    text: str
    due_on: date
    first_due_on: date
    kept_at: datetime | None
    kept_note: str
    number: str
    title: str
    department: str
    tone: str


@dataclass(frozen=True, slots=True)
class PromisePage:
    """A page of promises; `after` leads to the next."""

    rows: tuple[PromiseRow, ...]
    after: str
    sort: str
    descending: bool


def promises(session: Session, actor: Actor, wanted: PromiseFilter, *, now: datetime) -> PromisePage:
    """Return a page of the promises of the actor's cases by their day; one statement."""
    today = now.astimezone(ZONE).date()
    statement = (
        select(Promise, Case.number, Case.title, Department.name)
        .join(Case, Case.id == Promise.case_id)
        .outerjoin(Department, Department.id == Case.lead_department_id)
        .where(visible_to(actor), *_conditions(wanted, today))
    )
    order = paging.Order(Promise.id, Promise.due_on, paging.day, wanted.descending)
    found, last = order.page(session, statement, wanted.after, PAGE)
    after = paging.key_of(last.Promise.due_on, last.Promise.id) if last else ""
    return PromisePage(tuple(_promise(row, today) for row in found), after, "due", wanted.descending)


def _conditions(wanted: PromiseFilter, today: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state:
        found.append(_is_in(wanted.state, today))
    if wanted.department_id:
        found.append(Case.lead_department_id == wanted.department_id)
    if wanted.text:
        found.append(
            or_(Promise.text.contains(wanted.text, autoescape=True), Case.number.contains(wanted.text, autoescape=True))
        )
    return found


def _is_in(state: str, today: date) -> ColumnElement[bool]:
    waiting = Promise.kept_at.is_(None)
    if state == "kept":
        return Promise.kept_at.is_not(None)
    if state == "late":
        return waiting & (Promise.due_on < today)
    return waiting & Promise.due_on.between(today, today + SOON) if state == "soon" else waiting


def _promise(row: Any, today: date) -> PromiseRow:
    one = row.Promise
    tone = "ok" if one.kept_at else "late" if one.due_on < today else "soon" if one.due_on <= today + SOON else "plain"
    return PromiseRow(
        one.id, one.text, one.due_on, one.first_due_on, one.kept_at, one.kept_note, row.number, row.title,
        row.name or "", tone,
    )  # fmt: skip


def promise_todos(session: Session, actor: Actor, *, now: datetime) -> list[Todo]:
    """Return the promises that are over or fall due in three days, as todos; one statement."""
    if actor.role in (Role.ADMIN, Role.AUDITOR):
        return []
    today = now.astimezone(ZONE).date()
    late, soon = (func.count(Promise.id).filter(_is_in(state, today)) for state in ("late", "soon"))
    statement = select(late.label("late"), soon.label("soon")).join(Case, Case.id == Promise.case_id)
    row = session.execute(statement.where(visible_to(actor))).one()
    return [
        Todo(row.late, "项承诺已超过兑现日期", "/promises?state=late", "查看", "late"),
        Todo(row.soon, "项承诺三天内到期", "/promises?state=soon", "查看", "soon"),
    ]


def latest_watch(session: Session, case_id: int) -> EffectWatch | None:
    """Return the watch of the case's latest answered round, or None."""
    statement = select(EffectWatch).where(EffectWatch.case_id == case_id).order_by(EffectWatch.round.desc())
    return session.scalar(statement.limit(1))
