"""What lies beside a case: tasks, files, who else has it open; and a person's own tasks over all cases."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from opinion_service.domain.casework.case_states import SHUT, CaseState
from opinion_service.domain.casework.presence import LOOKS_FOR
from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.people import ONLY_LOOK, Actor, Role
from opinion_service.models import Attachment, AttachmentBody, Case, CaseTask, Presence, User
from opinion_service.queries import paging
from opinion_service.queries.scope import visible_to

PAGE = 30
MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class TaskView:
    """One task; `urgency` is late (the day is over), soon (today), ok, or done. `number` and `title` are the case's."""

    id: int
    text: str
    owner_id: int
    owner: str
    maker_id: int
    due_on: date
    done_at: datetime | None
    done_note: str
    urgency: str
    number: str
    title: str


@dataclass(frozen=True, slots=True)
class FileView:
    """One file of a case; one taken away has its reason and cannot be read."""

    id: int
    name: str
    size: int
    sha256: str
    added_by_id: int
    added_by: str
    added_at: datetime
    removed_at: datetime | None
    removed_reason: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What the case page shows beside the record; `present` are the others as (name, is writing)."""

    tasks: tuple[TaskView, ...]
    files: tuple[FileView, ...]
    owners: tuple[tuple[int, str], ...]
    present: tuple[tuple[str, bool], ...]
    today: date
    may_add: bool
    may_change: bool


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One page of a person's tasks; `after` leads to the next, empty on the last."""

    rows: tuple[TaskView, ...]
    after: str


def beside(session: Session, actor: Actor, case: Case, *, now: datetime) -> Beside:
    """Return tasks, files and people of a case that the actor may see; four statements."""
    today = now.astimezone(ZONE).date()
    tasks = session.execute(
        _tasks().where(CaseTask.case_id == case.id)
        .order_by(CaseTask.done_at.is_not(None), CaseTask.due_on, CaseTask.id).limit(MOST_SHOWN)
    )  # fmt: skip
    files = session.execute(
        select(Attachment, User.name)
        .join(User, User.id == Attachment.added_by_id)
        .where(Attachment.case_id == case.id)
        .order_by(Attachment.removed_at.is_not(None), Attachment.id)
        .limit(MOST_SHOWN)
    )
    return Beside(
        tuple(_task(row, today) for row in tasks), tuple(_file(row) for row in files), _owners(session, case),
        others(session, actor, case.id, now=now), today,
        actor.role not in ONLY_LOOK and case.state not in SHUT, actor.role not in ONLY_LOOK,
    )  # fmt: skip


def others(session: Session, actor: Actor, case_id: int, *, now: datetime) -> tuple[tuple[str, bool], ...]:
    """Return who else has the case open, as (name, is writing); who was last heard of LOOKS_FOR ago has gone."""
    rows = session.execute(
        select(User.name, Presence.is_writing)
        .join(User, User.id == Presence.user_id)
        .where(Presence.case_id == case_id, Presence.user_id != actor.user_id, Presence.at > now - LOOKS_FOR)
        .order_by(User.id)
    )
    return tuple((row.name, row.is_writing) for row in rows)


def file_of(session: Session, actor: Actor, number: str, attachment_id: int) -> tuple[str, bytes] | None:
    """Return (name, content) of a file when it lies with that case and the actor may see the case, else None."""
    row = session.execute(
        select(Attachment.name, AttachmentBody.body)
        .join(Case, Case.id == Attachment.case_id)
        .join(AttachmentBody, AttachmentBody.sha256 == Attachment.body_sha256)
        .where(Attachment.id == attachment_id, Case.number == number)
        .where(Attachment.removed_at.is_(None), visible_to(actor))
    ).first()
    return (row.name, row.body) if row else None


def own_tasks(session: Session, actor: Actor, *, state: str = "", after: str = "", now: datetime) -> TaskPage:
    """Return a page of the actor's tasks, the earliest day first; state: `late`, `done`, or empty for open ones."""
    today = now.astimezone(ZONE).date()
    conditions = _mine(actor)
    conditions.append(CaseTask.done_at.is_not(None) if state == "done" else CaseTask.done_at.is_(None))
    if state == "late":
        conditions.append(CaseTask.due_on < today)
    order = paging.Order(CaseTask.id, CaseTask.due_on, paging.day)
    found, last = order.page(session, _tasks().where(*conditions), after, PAGE)
    rows = tuple(_task(row, today) for row in found)
    return TaskPage(rows, paging.key_of(rows[-1].due_on, rows[-1].id) if last else "")


def late_tasks(session: Session, actor: Actor, *, now: datetime) -> int:
    """Return how many of the actor's tasks are open although their day is over."""
    today = now.astimezone(ZONE).date()
    late = (CaseTask.done_at.is_(None), CaseTask.due_on < today)
    counted = select(func.count(CaseTask.id)).join(Case, Case.id == CaseTask.case_id)
    return session.scalar(counted.where(*_mine(actor), *late)) or 0


def _mine(actor: Actor) -> list[Any]:
    return [CaseTask.owner_id == actor.user_id, visible_to(actor), Case.state.not_in([state.value for state in SHUT])]


def _tasks() -> Any:
    owner = aliased(User)
    return (
        select(CaseTask, owner.name.label("owner"), Case.number, Case.title)
        .join(owner, owner.id == CaseTask.owner_id)
        .join(Case, Case.id == CaseTask.case_id)
    )


def _task(row: Any, today: date) -> TaskView:
    task = row.CaseTask
    urgency = "done" if task.done_at else "late" if task.due_on < today else "soon" if task.due_on == today else "ok"
    return TaskView(
        task.id, task.text, task.owner_id, row.owner, task.made_by_id, task.due_on, task.done_at, task.done_note,
        urgency, row.number, row.title,
    )  # fmt: skip


def _file(row: Any) -> FileView:
    one = row.Attachment
    return FileView(
        one.id, one.name, one.size, one.sha256, one.added_by_id, row.name, one.added_at, one.removed_at,
        one.removed_reason,
    )  # fmt: skip


def _owners(session: Session, case: Case) -> tuple[tuple[int, str], ...]:
    """Return (id, name) of who may be given a task on the case: the desk and the people of its departments."""
    units = {link.department_id for link in case.co_departments}
    if case.lead_department_id is not None and case.state != CaseState.NEW:
        units.add(case.lead_department_id)
    desk = User.role.in_((Role.LIAISON.value, Role.SUPERVISOR.value))
    rows = session.execute(
        select(User.id, User.name)
        .where(User.is_active, or_(desk, User.department_id.in_(units)))
        .order_by(User.department_id, User.id)
        .limit(200)
    )
    return tuple((row.id, row.name) for row in rows)


def case_id_of(session: Session, actor: Actor, number: str) -> int | None:
    """Return the id of the case with that number when the actor may see it, else None."""
    return session.scalar(select(Case.id).where(Case.number == number, visible_to(actor)))
