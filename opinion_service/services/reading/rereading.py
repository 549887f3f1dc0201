"""Reads stored items again after the model or the rules of the kinds changed, a batch at a time; never undoes a person.

The run is a row with a cursor: it goes on where it stopped, and a batch that comes twice changes nothing the second
time. Kinds that change do not open cases of old events; that is for the opening rules and for people.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import Actor
from opinion_service.models import Event, Item, Rereading
from opinion_service.services import journal
from opinion_service.services.reading import analysis, kinds_book, reading_models
from opinion_service.services.reading.reading_queue import Waiting
from opinion_service.services.transaction import transaction

BATCH = 200
LEASE = timedelta(minutes=2)
MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Batch:
    """Some items of a run, held until the lease ends."""

    run_id: int
    token: str
    items: tuple[Waiting, ...]


def start(days: int, *, actor: Actor, now: datetime) -> int:
    """Write down that the items of the last `days` are to be read again and return the run's number.

    Raise Forbidden unless a liaison or an administrator asks, InvalidInput when one is running or for other days.
    """
    _check(actor)
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInput(f"天数须为 1–{MOST_DAYS}。", "days")
    with transaction() as session:
        if session.scalar(select(Rereading.id).where(Rereading.state == "running")) is not None:
            raise InvalidInput("已有一次重新判读正在进行，请等它完成或先停止。", "days")
        run = Rereading(
            model_version=reading_models.present(session).name, rules_version=kinds_book.version_in_force(session),
            since=now - timedelta(days=days), started_at=now, started_by_id=actor.user_id,
        )  # fmt: skip
        run.total = session.scalar(select(func.count()).select_from(_items(run, now).subquery())) or 0
        session.add(run)
        session.flush()
        summary = f"重新判读最近 {days} 天的 {run.total} 条"
        entry = journal.Entry("rereading_started", summary, detail={"run": run.id})
        journal.record(session, entry, actor=actor, now=now)
        return run.id


def stop(run_id: int, *, actor: Actor, now: datetime) -> None:
    """End a run before it is through; what it has read stays. Raise NotFound when it is over already."""
    _check(actor)
    with transaction() as session:
        run = session.get(Rereading, run_id, with_for_update=True)
        if run is None or run.state != "running":
            raise NotFound("这次重新判读已经结束。")
        _finish(run, "stopped", now, f"由{actor.name}停止")
        entry = journal.Entry("rereading_stopped", f"停止重新判读（已读 {run.done} / {run.total} 条）")
        journal.record(session, entry, actor=actor, now=now)


def claim(*, now: datetime) -> Batch | None:
    """Return the next items of the run, leased to the caller; None when there is none, or another has it.

    A run that is through is finished here; one whose model or rules are no longer in force is stopped.
    """
    with transaction() as session:
        free = Rereading.lease_until.is_(None) | (Rereading.lease_until < now)
        chosen = select(Rereading).where(Rereading.state == "running", free).limit(1)
        run = session.scalar(chosen.with_for_update(skip_locked=True))
        if run is None:
            return None
        present = (reading_models.present(session).name, kinds_book.version_in_force(session))
        if present != (run.model_version, run.rules_version):
            _finish(run, "stopped", now, "判读模型或类型规则已更换，请重新发起")
            return None
        wanted = _items(run, run.started_at).where(Item.id > run.last_item_id).order_by(Item.id).limit(BATCH)
        rows = session.execute(wanted).all()
        if not rows:
            _finish(run, "done", now)
            return None
        run.lease_token, run.lease_until = uuid.uuid4().hex, now + LEASE
        return Batch(run.id, run.lease_token, tuple(Waiting(row.id, row.title, row.body) for row in rows))


def record(batch: Batch, tones: Mapping[int, analysis.Tone], *, now: datetime) -> int:
    """Write the readings down and give the run back; return how many items, 0 when the lease was lost meanwhile."""
    with transaction() as session:
        run = session.get(Rereading, batch.run_id, with_for_update=True)
        if run is None or run.lease_token != batch.token:
            return 0
        changed: set[int] = set()
        # Events before items, as regrouping locks them.
        held = select(Item.event_id).where(Item.id.in_(tones))
        session.scalars(select(Event.id).where(Event.id.in_(held)).order_by(Event.id).with_for_update()).all()
        statement = select(Item).where(Item.id.in_(tones)).order_by(Item.id)
        for item in session.scalars(statement.with_for_update()):
            before = (item.band, item.nature)
            analysis.read(item, tones[item.id])
            run.kept += item.band_corrected_by_id is not None or item.nature_corrected_by_id is not None
            if (item.band, item.nature) != before and item.event_id is not None:
                changed.add(item.event_id)
                run.changed += 1
        session.flush()
        for event_id in sorted(changed):
            analysis.refresh(session, session.get_one(Event, event_id), None, now=now)
        run.done, run.last_item_id = run.done + len(batch.items), batch.items[-1].item_id
        run.lease_token = run.lease_until = None
        return len(batch.items)


def _items(run: Rereading, until: datetime) -> Select[int, str, str]:
    seen = (Item.first_seen_at >= run.since, Item.first_seen_at <= until)
    return select(Item.id, Item.title, Item.body).where(Item.analysed_at.is_not(None), *seen)


def _finish(run: Rereading, state: str, now: datetime, problem: str = "") -> None:
    run.state, run.finished_at, run.problem = state, now, problem[:300]
    run.lease_token = run.lease_until = None


def _check(actor: Actor) -> None:
    if actor.role not in reading_models.SWITCHERS:
        raise Forbidden("重新判读由联络员或系统管理员发起和停止。")
