"""Tasks on a case: what somebody has to do by a day; none of them moves the case."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import ONLY_LOOK, Actor, Role
from opinion_service.models import CaseTask, User
from opinion_service.services import journal
from opinion_service.services.casework import case_book
from opinion_service.services.casework.beside import added_to, worked_on
from opinion_service.services.transaction import transaction

MOST_OPEN = 50


@dataclass(frozen=True, slots=True)
class NewTask:
    """What is to be done, by whom and by which day (Beijing)."""

    text: str
    owner_id: int | None
    due_on: date | None


def add(case_id: int, new: NewTask, *, actor: Actor, now: datetime) -> int:
    """Write a task down and return its id.

    Raise InvalidInput for an empty text, a day that is over, or an owner who may not work on the case.
    """
    text = new.text.strip()[:300]
    if not text:
        raise InvalidInput("请填写任务内容。", "text")
    if new.due_on is None or new.due_on < now.astimezone(ZONE).date():
        raise InvalidInput("请填写今天或以后的完成日期。", "due_on")
    with transaction() as session:
        case = added_to(session, case_id, actor)
        counted = select(func.count(CaseTask.id)).where(CaseTask.case_id == case.id, CaseTask.done_at.is_(None))
        if (session.scalar(counted) or 0) >= MOST_OPEN:
            raise InvalidInput("未完成的任务已达 50 项，请先办结不需要的任务。", "text")
        owner = session.get(User, new.owner_id) if new.owner_id else None
        able = owner is not None and owner.is_active and Role(owner.role) not in ONLY_LOOK
        if owner is None or not able or not case_book.is_visible(session, case, _actor(owner)):
            raise InvalidInput("请选择能够办理本案的负责人。", "owner_id")
        task = CaseTask(
            case_id=case.id, text=text, owner_id=owner.id, due_on=new.due_on, made_by_id=actor.user_id, made_at=now
        )
        session.add(task)
        session.flush()
        detail = {"task_id": task.id, "owner_id": owner.id, "due_on": new.due_on.isoformat()}
        summary = f"新增任务，由{owner.name}于 {new.due_on} 前完成"
        entry = journal.Entry("task_added", summary, case_id=case.id, reason=text, detail=detail)
        journal.record(session, entry, actor=actor, now=now)
        return task.id


def finish(task_id: int, note: str, *, actor: Actor, now: datetime) -> None:
    """Mark a task as done; raise Forbidden for anybody but its owner and who gave it."""
    with transaction() as session:
        task = session.get(CaseTask, task_id, with_for_update=True)
        if task is None:
            raise NotFound("任务不存在或已完成。")
        case = worked_on(session, task.case_id, actor)
        if task.done_at is not None:
            raise NotFound("任务不存在或已完成。")
        if actor.user_id not in (task.owner_id, task.made_by_id):
            raise Forbidden("任务由负责人或交办人办结。")
        task.done_at, task.done_by_id, task.done_note = now, actor.user_id, note.strip()[:300]
        entry = journal.Entry(
            "task_done", f"完成任务：{task.text}", case_id=case.id, reason=task.done_note, detail={"task_id": task.id}
        )
        journal.record(session, entry, actor=actor, now=now)


def _actor(user: User) -> Actor:
    return Actor(user.id, user.name, Role(user.role), user.department_id)
