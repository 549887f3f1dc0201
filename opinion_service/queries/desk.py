"""What is to be done today, what happened lately, and the departments to choose from."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import FINISHED, CaseState
from opinion_service.domain.listening.hearing import SourceState
from opinion_service.domain.people import Actor, Role
from opinion_service.models import (
    AuditEvent,
    Case,
    Department,
)
from opinion_service.queries.casework import aftermath, evaluations, proposals
from opinion_service.queries.casework.beside import late_tasks
from opinion_service.queries.casework.cases import IS_DISPUTED, CaseFilter, counts
from opinion_service.queries.listening.hearing import count_in
from opinion_service.queries.policies import register as policy_register
from opinion_service.queries.reading.events import EventFilter, counted
from opinion_service.queries.reminders.mailroom import stuck_or_lost
from opinion_service.queries.scope import visible_to
from opinion_service.queries.todo import Todo

MOST_COUNTED = 1000


def todos(session: Session, actor: Actor, *, now: datetime) -> tuple[Todo, ...]:
    """Return what the actor has to do, the most pressing first; empty when there is nothing."""
    return tuple(_straight(session, actor, todo) for todo in _asked(session, actor, now) if todo.count)


def _straight(session: Session, actor: Actor, todo: Todo) -> Todo:
    """Lead straight to the case when there is only one, and an approver straight to what is to be signed."""
    _, _, state = todo.url.partition("/cases?state=")
    if todo.count != 1 or state not in set(CaseState):
        return todo
    statement = select(Case.number).where(visible_to(actor), Case.state == state).limit(1)
    number = session.scalar(statement)
    page = "/review" if state == CaseState.IN_REVIEW else ""
    return replace(todo, url=f"/cases/{number}{page}") if number else todo


def _asked(session: Session, actor: Actor, now: datetime) -> list[Todo]:
    if actor.role is Role.ADMIN:
        return _for_admin(session, now)
    rows = [
        Todo(_cases(session, actor, Case.next_due_at <= now), "件已超期", "/cases?late=1", "立即办理", "late"),
        Todo(
            _cases(session, actor, Case.next_due_at > now, Case.next_due_at <= now + timedelta(hours=4)),
            "件将在 4 小时内到期", "/cases?late=soon", "查看", "soon",
        ),
    ]  # fmt: skip
    states: dict[Role, tuple[tuple[str, str, str, str], ...]] = {
        Role.LIAISON: (
            ("new", "件待研判", "研判", "info"),
            ("returned", "件退办待裁定", "裁定", "soon"),
            ("signed", "件已审签，等待发布", "发布", "soon"),
        ),
        Role.HANDLER: (
            ("dispatched", "件待签收", "签收", "soon"),
            ("accepted", "件待风险研判", "研判", "info"),
            ("assessed,drafting", "件待拟稿", "拟稿", "info"),
        ),
        Role.APPROVER: (
            ("in_review", "件等待您审签", "审签", "soon"),
            ("countersigning", "件等待会签", "会签", "soon"),
        ),
        Role.SUPERVISOR: (("returned", "件退办待裁定", "裁定", "soon"), ("new", "件待研判", "查看", "info")),
    }
    rows.append(Todo(late_tasks(session, actor, now=now), "项任务已逾期", "/tasks?state=late", "办理", "late"))
    for state, text, label, tone in states.get(actor.role, ()):
        count = _cases(session, actor, Case.state.in_(state.split(",")))
        rows.append(Todo(count, text, _list_of(actor, state), label, tone))
    rows += _disputed(session, actor)
    if actor.role is Role.SUPERVISOR:
        lost = stuck_or_lost(session, now=now)
        rows.append(Todo(lost, "封邮件滞留、失败或被退回", "/outbox?state=trouble&sort=next", "处理", "late"))
    if actor.role is Role.LIAISON:
        rows += _revisits(session, actor, now) + _of_inbox(session, now) + _of_sources(session, now)
    rows += aftermath.promise_todos(session, actor, now=now) + proposals.todos(session, actor)
    return rows + evaluations.todos(session, actor) + policy_register.todos(session, actor, now=now)


def _revisits(session: Session, actor: Actor, now: datetime) -> list[Todo]:
    (count,) = counts(session, actor, (CaseFilter(is_to_revisit=True),), now=now)
    return [Todo(count, "件到复核或回访日", "/cases?revisit=1", "办理", "soon")]


def _of_inbox(session: Session, now: datetime) -> list[Todo]:
    waiting = session.scalar(counted(EventFilter(state="inbox"), now=now)) or 0
    return [Todo(waiting, "条热点未立案，待复核", "/triage?state=events", "查看", "info", counts_as_work=False)]


def _list_of(actor: Actor, state: str) -> str:
    """Return where cases in `state` are worked through: a liaison's new ones wait in the inbox."""
    is_inbox = actor.role is Role.LIAISON and state == CaseState.NEW
    return "/triage?state=cases" if is_inbox else f"/cases?state={state}"


def _disputed(session: Session, actor: Actor) -> list[Todo]:
    if actor.role not in (Role.LIAISON, Role.SUPERVISOR):
        return []
    count = _cases(session, actor, Case.state == CaseState.COUNTERSIGNING.value, IS_DISPUTED)
    return [Todo(count, "件会签分歧待裁定", "/cases?state=countersigning&disputed=1", "裁定", "soon")]


def _of_sources(session: Session, now: datetime) -> list[Todo]:
    deaf = count_in(session, (SourceState.FAILING, SourceState.UNCHECKED, SourceState.EMPTY), now=now)
    quiet = count_in(session, (SourceState.QUIET,), now=now)
    return [
        Todo(deaf, "个信源采集异常", "/sources", "查看", "late"),
        Todo(quiet, "个信源异常安静", "/sources?state=quiet", "查看", "info"),
    ]


def _for_admin(session: Session, now: datetime) -> list[Todo]:
    return [
        *_of_sources(session, now),
        Todo(
            stuck_or_lost(session, now=now),
            "封邮件滞留、失败或被退回",
            "/outbox?state=trouble&sort=next",
            "处理",
            "late",
        ),
    ]


def _cases(session: Session, actor: Actor, *conditions: Any) -> int:
    open_only = Case.state.not_in([state.value for state in FINISHED])
    # Counted up to a thousand only: nobody needs to know how far beyond that a queue goes.
    counted = select(Case.id).where(visible_to(actor), open_only, *conditions).limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(counted)) or 0


@dataclass(frozen=True, slots=True)
class Activity:
    """One recent act on a case of the actor's."""

    at: datetime
    actor_name: str
    summary: str
    number: str
    title: str


def activity(session: Session, actor: Actor, limit: int = 8) -> tuple[Activity, ...]:
    """Return what people did lately on the actor's cases, the newest first; the desk's own reminders are left out."""
    rows = session.execute(
        select(AuditEvent.at, AuditEvent.actor_name, AuditEvent.summary, Case.number, Case.title)
        .join(Case, Case.id == AuditEvent.case_id)
        .where(visible_to(actor), AuditEvent.actor_id.is_not(None))
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
        .limit(limit)
    )
    return tuple(Activity(*row) for row in rows)


def departments(session: Session) -> tuple[tuple[int, str], ...]:
    """Return (id, name) of the active departments."""
    rows = session.execute(select(Department.id, Department.name).where(Department.is_active).order_by(Department.id))
    return tuple((row.id, row.name) for row in rows)
