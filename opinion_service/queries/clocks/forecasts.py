"""The chances of running clocks, worst first, and how such forecasts fared on ended ones."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.forecast import BackTest, Band, Forecast, History
from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.people import Actor
from opinion_service.domain.reminders.ladder import OWED_BY_DESK
from opinion_service.models import Case, Clock, Department, Setting
from opinion_service.models.conditions import OWING_DEPARTMENT
from opinion_service.queries.scope import visible_to

KEY = "forecast"
PAGE = 30
MOST = 1_000
AHEAD = timedelta(days=7)
NOT_OWED = ClockKind.RETURN_WINDOW.value
SORTS = ("chance", "due")


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts in use: when they were made and on how many ended clocks, and their back-test."""

    made_at: datetime | None
    n: int
    history: History
    test: BackTest | None


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A running clock that is not late yet, with its chance and what that rests on."""

    clock_id: int
    number: str
    title: str
    clock: ClockKind
    is_legal: bool
    department: str
    due_at: datetime
    found: Forecast

    @property
    def worst_first(self) -> tuple[bool, float, datetime, int]:
        """Return the key that puts the smallest chance first, and clocks nothing can be said of last."""
        chance = self.found.chance
        return chance is None, 1.0 if chance is None else chance, self.due_at, self.clock_id


@dataclass(frozen=True, slots=True)
class RiskFilter:
    """What the list is narrowed to; `after` is the id of the last clock seen."""

    department_id: int | None = None
    kind: str = ""
    sort: str = "chance"
    descending: bool = False
    after: int = 0


@dataclass(frozen=True, slots=True)
class RiskPage:
    """A page of clocks; `after` leads to the next, empty on the last; `is_cut`: more clocks run than were looked at."""

    rows: tuple[AtRisk, ...]
    after: str
    total: int
    is_cut: bool
    sort: str
    descending: bool
    before: str = ""


def counted(session: Session) -> Counted:
    """Return the counts in use; empty before the first were made."""
    row = session.get(Setting, KEY)
    if row is None:
        return Counted(None, 0, History({}, {}), None)
    record = json.loads(row.value)
    test = record["back_test"]
    found = BackTest(**{**test, "bands": tuple(Band(**band) for band in test["bands"])}) if test else None
    return Counted(datetime.fromisoformat(record["made_at"]), record["n"], History.from_record(record), found)


def at_risk(session: Session, actor: Actor, wanted: RiskFilter, *, now: datetime) -> RiskPage:
    """Return a page of the clocks in the actor's scope that end within seven days; three statements.

    The thousand that end first are weighed: a chance is not a column, so the order is made here.
    """
    known = counted(session)
    rows = session.execute(
        _running(now)
        .where(visible_to(actor), Clock.due_at <= now + AHEAD, *_conditions(wanted))
        .order_by(Clock.due_at, Clock.id)
        .limit(MOST + 1)
    ).all()
    found = _weighed(rows[:MOST], known.history, _loads(session), now)
    by_due = wanted.sort == "due"
    ordered = sorted(
        found, key=lambda one: (one.due_at, one.clock_id) if by_due else one.worst_first, reverse=wanted.descending
    )
    place = next((n + 1 for n, one in enumerate(ordered) if one.clock_id == wanted.after), 0)
    page = ordered[place : place + PAGE]
    after = str(page[-1].clock_id) if place + PAGE < len(ordered) else ""
    return RiskPage(tuple(page), after, len(ordered), len(rows) > MOST, wanted.sort, wanted.descending)


def of_case(session: Session, number: str, *, now: datetime) -> dict[int, Forecast]:
    """Return the forecast of each running clock of a case by the clock's id; the caller has checked the scope."""
    rows = session.execute(_running(now).where(Case.number == number)).all()
    if not rows:
        return {}
    return {one.clock_id: one.found for one in _weighed(rows, counted(session).history, _loads(session), now)}


def _running(now: datetime) -> Any:
    return (
        select(
            Clock.id, Clock.kind, Clock.is_legal, Clock.started_at, Clock.due_at, Case.number, Case.title,
            func.coalesce(OWING_DEPARTMENT, 0).label("department_id"), Department.name.label("department"),
        )
        .join(Case, Case.id == Clock.case_id)
        .outerjoin(Department, Department.id == OWING_DEPARTMENT)
        .where(Clock.state == "running", Clock.due_at > now, Clock.kind != NOT_OWED)
    )  # fmt: skip


def _conditions(wanted: RiskFilter) -> list[Any]:
    conditions: list[Any] = []
    if wanted.department_id:
        conditions += [wanted.department_id == OWING_DEPARTMENT, Clock.kind.not_in(OWED_BY_DESK)]
    if wanted.kind:
        conditions.append(Clock.kind == wanted.kind)
    return conditions


def _loads(session: Session) -> Counter[int]:
    """Return how many clocks run in each department now (0: the desk)."""
    rows = session.execute(
        select(Clock.kind, func.coalesce(OWING_DEPARTMENT, 0).label("unit"), func.count().label("n"))
        .join(Case, Case.id == Clock.case_id)
        .where(Clock.state == "running", Clock.kind != NOT_OWED)
        .group_by(Clock.kind, OWING_DEPARTMENT)
    )
    loads: Counter[int] = Counter()
    for row in rows:
        loads[0 if row.kind in OWED_BY_DESK else row.unit] += row.n
    return loads


def _weighed(rows: Sequence[Any], history: History, loads: Counter[int], now: datetime) -> list[AtRisk]:
    found = []
    for row in rows:
        unit = 0 if row.kind in OWED_BY_DESK else row.department_id
        used = (now - row.started_at) / (row.due_at - row.started_at)
        forecast = history.forecast(row.kind, unit, loads[unit], used)
        name = row.department if unit else ""
        found.append(
            AtRisk(row.id, row.number, row.title, ClockKind(row.kind), row.is_legal, name or "", row.due_at, forecast)
        )
    return found
