"""The working calendar and the time limits as pages show them, and what a change of either would move."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import OPEN_STATES
from opinion_service.domain.clocks.calendar import DayKind, WorkCalendar
from opinion_service.domain.clocks.calendar_days import NoticeDay, changed
from opinion_service.domain.clocks.deadlines import Computation
from opinion_service.domain.clocks.replay import Standing, replay
from opinion_service.domain.clocks.sla import ClockKind, IncidentLevel, OpinionGrade, SlaProfile, profile_from_record
from opinion_service.domain.people import Actor
from opinion_service.models import CalendarDay, Case, Clock, Department, LimitChange, RuleVersion, User
from opinion_service.queries import paging

PAGE = 30
SCANNED = 1500
LAST_DAYS = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class YearRow:
    """One year of the calendar: how many days, and the notices they come from."""

    year: int
    holidays: int
    workdays: int
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change of calendar or limits with its state; `record` as it was proposed."""

    id: int
    kind: str
    title: str
    note: str
    state: str
    record: dict[str, Any]
    proposed_by: str
    proposed_at: datetime
    applied_at: datetime | None
    moved: int
    days: tuple[NoticeDay, ...]


@dataclass(frozen=True, slots=True)
class MovedRow:
    """A clock of an open case that a change would move; number and title only for who may know cases."""

    number: str
    title: str
    clock: str
    department: str
    is_legal: bool
    old_due: datetime | None
    new_due: datetime | None
    minutes: int | None
    is_late_by_change: bool


@dataclass(frozen=True, slots=True)
class MovedPage:
    """A page of moved clocks; `after` leads to the next, empty on the last; `scanned` clocks were looked at."""

    rows: tuple[MovedRow, ...]
    after: str
    scanned: int


def years(session: Session) -> tuple[YearRow, ...]:
    """Return the years with published days, the latest first."""
    rows = session.execute(select(CalendarDay.day, CalendarDay.kind, CalendarDay.notice)).all()
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.day.year, []).append(row)
    return tuple(
        YearRow(
            year,
            sum(row.kind == DayKind.HOLIDAY for row in listed),
            sum(row.kind == DayKind.WORKDAY for row in listed),
            tuple(sorted({row.notice for row in listed})),
        )
        for year, listed in sorted(found.items(), reverse=True)
    )


def days_of(session: Session, year: int) -> tuple[CalendarDay, ...]:
    """Return the published days of a year in order."""
    statement = select(CalendarDay).where(CalendarDay.day >= date(year, 1, 1), CalendarDay.day <= date(year, 12, 31))
    return tuple(session.scalars(statement.order_by(CalendarDay.day)))


def calendar(session: Session) -> WorkCalendar:
    """Return the calendar in force."""
    rows = session.execute(select(CalendarDay.day, CalendarDay.kind))
    return WorkCalendar({row.day: DayKind(row.kind) for row in rows}, "now")


def profile_record(session: Session) -> dict[str, Any]:
    """Return the record of the time limits in force; empty before the first is loaded."""
    statement = select(RuleVersion.record).where(RuleVersion.kind == "sla", RuleVersion.is_active)
    record: dict[str, Any] | None = session.scalar(statement.order_by(RuleVersion.id.desc()).limit(1))
    return record or {}


def versions(session: Session) -> tuple[RuleVersion, ...]:
    """Return the versions of the time limits, the newest first."""
    statement = select(RuleVersion).where(RuleVersion.kind == "sla").order_by(RuleVersion.id.desc()).limit(PAGE)
    return tuple(session.scalars(statement))


def changes(session: Session, *, kind: str = "", before: str = "") -> tuple[tuple[ChangeView, ...], str]:
    """Return a page of changes, the newest first, and the id that leads to the next (empty on the last)."""
    statement = _changes().where(LimitChange.kind == kind) if kind else _changes()
    found, last = paging.Order(LimitChange.id, descending=True).page(session, statement, before, PAGE)
    return tuple(_change(row) for row in found), str(last.LimitChange.id) if last else ""


def change(session: Session, change_id: int) -> ChangeView | None:
    """Return one change, or None."""
    row = session.execute(_changes().where(LimitChange.id == change_id)).first()
    return _change(row) if row else None


def waiting(session: Session) -> int:
    """Return how many changes wait for a word or are still being carried to the cases."""
    statement = select(func.count(LimitChange.id)).where(LimitChange.state.in_(("proposed", "applying")))
    return session.scalar(statement) or 0


def moved(session: Session, actor: Actor, shown: ChangeView, *, after: str = "", now: datetime) -> MovedPage:
    """Return the clocks of open cases that `shown` would move, from the clock after `after` on.

    One statement however many there are; at most SCANNED clocks are looked at for a page.
    """
    old, new = _before_and_after(session, shown)
    order = paging.Order(Clock.id)
    statement = (
        select(Clock, Case, Department.name.label("department"))
        .join(Case, Case.id == Clock.case_id)
        .outerjoin(Department, Department.id == Clock.party)
        .where(*order.beyond(after), Clock.state == "running", Case.state.in_([state.value for state in OPEN_STATES]))
        .where(_concerned(shown, old[1], new[1]))
        .order_by(*order.by())
        .limit(SCANNED)
    )
    rows: list[MovedRow] = []
    scanned, last = 0, 0
    for row in session.execute(statement).all():
        scanned, last = scanned + 1, row.Clock.id
        found = _moved(row, new, now, with_title=actor.sees_every_case)
        if found is not None:
            rows.append(found)
            if len(rows) == PAGE:
                break
    is_more = len(rows) == PAGE or scanned == SCANNED
    return MovedPage(tuple(rows), str(last) if is_more else "", scanned)


def _moved(row: Any, new: tuple[WorkCalendar, SlaProfile], now: datetime, *, with_title: bool) -> MovedRow | None:
    clock, case = row.Clock, row.Case
    standing = Standing(
        ClockKind(clock.kind), OpinionGrade(case.grade), IncidentLevel(case.incident_level),
        Computation.from_record(clock.computation),
    )  # fmt: skip
    due = replay(standing, *new)
    if due == clock.due_at:
        return None
    minutes = round((due - clock.due_at).total_seconds() / 60) if due else None
    return MovedRow(
        case.number, case.title if with_title else "", standing.kind.label, row.department or "", clock.is_legal,
        clock.due_at, due, minutes, bool(due and due <= now < clock.due_at),
    )  # fmt: skip


def _before_and_after(
    session: Session, shown: ChangeView
) -> tuple[tuple[WorkCalendar, SlaProfile], tuple[WorkCalendar, SlaProfile]]:
    now_calendar, now_profile = calendar(session), profile_from_record(profile_record(session))
    if shown.kind == "profile":
        return (now_calendar, now_profile), (now_calendar, profile_from_record(shown.record))
    days = changed(now_calendar.days, shown.days)
    return (now_calendar, now_profile), (WorkCalendar(days, "new"), now_profile)


def _concerned(shown: ChangeView, old: SlaProfile, new: SlaProfile) -> Any:
    if shown.kind == "calendar":
        first = min(one.day for one in shown.days).replace(day=1)
        since = datetime.fromisoformat(f"{first.isoformat()}T00:00:00+08:00") - LAST_DAYS
        return and_(Clock.due_at >= since, ~Clock.is_legal)
    kinds = {*old.limits, *new.limits, *old.incident, *new.incident}
    differ = [
        kind.value for kind in kinds
        if old.limits.get(kind) != new.limits.get(kind) or old.incident.get(kind) != new.incident.get(kind)
    ]  # fmt: skip
    return Clock.kind.in_(differ)


def _changes() -> Any:
    return select(LimitChange, User.name.label("who")).outerjoin(User, User.id == LimitChange.proposed_by_id)


def _change(row: Any) -> ChangeView:
    one = row.LimitChange
    days = tuple(NoticeDay.from_record(day) for day in one.record.get("days", ())) if one.kind == "calendar" else ()
    return ChangeView(
        one.id, one.kind, one.title, one.note, one.state, one.record, row.who or "", one.proposed_at,
        one.applied_at, one.moved, days,
    )  # fmt: skip
