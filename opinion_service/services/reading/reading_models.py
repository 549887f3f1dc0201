"""Trained reading models: kept, switched on and back by a person, read back by the line."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import SYSTEM, Actor, Role
from opinion_service.models import ReadingModelVersion
from opinion_service.services import journal
from opinion_service.services.transaction import transaction

SWITCHERS = frozenset({Role.LIAISON, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class NewModel:
    """A model as training made it.

    source: corrections, file or both; trial: figures on held-back rows; learned_from: fingerprints of the rows it has
    seen, so that a later comparison can leave them out.
    """

    version: str
    source: str
    row_count: int
    content: bytes
    trial: dict[str, Any] = field(default_factory=dict)
    learned_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InForce:
    """The trained model that reads now; without a version it is the one the product ships."""

    version: str = ""
    uses_second: bool = False

    @property
    def name(self) -> str:
        """Return what is written beside each score; the second opinion is part of the name."""
        return f"{self.version}/2" if self.uses_second else self.version


def keep(new: NewModel, *, actor: Actor, now: datetime) -> bool:
    """Keep a trained model, not in force; return False when the very same one is kept already.

    Raise Forbidden unless a liaison, an administrator or the operator's shell asks.
    """
    if actor is not SYSTEM:
        _check(actor)
    with transaction() as session:
        if session.scalar(select(ReadingModelVersion.id).where(ReadingModelVersion.version == new.version)):
            return False
        session.add(
            ReadingModelVersion(
                version=new.version, source=new.source, row_count=new.row_count, trial=new.trial,
                learned_from=list(new.learned_from), content=new.content, created_at=now,
                created_by_name=actor.name,
            )
        )  # fmt: skip
        entry = journal.Entry("reading_model_kept", f"训练判读模型 {new.version}（{new.row_count} 条）")
        journal.record(session, entry, actor=actor, now=now)
        return True


def switch_on(version: str, reason: str, *, uses_second: bool = False, actor: Actor, now: datetime) -> None:
    """Let a kept model read from now on, on this person's word; the same again changes nothing.

    uses_second: its second opinion decides the band. Raise NotFound for an unknown version, InvalidInput without a
    reason or for a second opinion the model has not, Forbidden for anybody but a liaison or an administrator.
    """
    _check(actor)
    if not reason.strip():
        raise InvalidInput("请填写启用的理由。", "note")
    with transaction() as session:
        chosen = select(ReadingModelVersion).where(ReadingModelVersion.version == version)
        model = session.scalar(chosen.with_for_update())
        if model is None:
            raise NotFound("没有这个版本的判读模型。")
        if uses_second and not model.trial.get("second"):
            raise InvalidInput("该模型没有第二意见。", "uses_second")
        if model.is_active and model.uses_second == uses_second:
            return
        before = _switch_off(session)
        model.is_active, model.uses_second = True, uses_second
        model.switched_at, model.switched_by_id = now, actor.user_id
        summary = f"启用判读模型 {InForce(version, uses_second).name}，替换 {before or '随产品提供的模型'}"
        detail = {"version": version, "uses_second": uses_second, "before": before}
        entry = journal.Entry("reading_model_on", summary, reason=reason.strip()[:300], detail=detail)
        journal.record(session, entry, actor=actor, now=now)


def switch_back(reason: str, *, actor: Actor, now: datetime) -> str:
    """Let the shipped model read again; return the name of the one that did, empty when none was in force.

    Raise InvalidInput without a reason, Forbidden as `switch_on` does.
    """
    _check(actor)
    if not reason.strip():
        raise InvalidInput("请填写停用的理由。", "note")
    with transaction() as session:
        before = _switch_off(session)
        if before:
            summary = f"停用判读模型 {before}，恢复随产品提供的模型"
            entry = journal.Entry("reading_model_off", summary, reason=reason.strip()[:300], detail={"before": before})
            journal.record(session, entry, actor=actor, now=now)
        return before


def in_force() -> InForce:
    """Return the model that reads now."""
    with transaction() as session:
        return present(session)


def present(session: Session) -> InForce:
    """Return the model that reads now, within the caller's transaction."""
    statement = select(ReadingModelVersion.version, ReadingModelVersion.uses_second)
    row = session.execute(statement.where(ReadingModelVersion.is_active)).first()
    return InForce(row.version, row.uses_second) if row else InForce()


def content(version: str) -> bytes:
    """Return the bytes of a kept model; raise NotFound for an unknown version."""
    with transaction() as session:
        blob = session.scalar(select(ReadingModelVersion.content).where(ReadingModelVersion.version == version))
        if blob is None:
            raise NotFound("没有这个版本的判读模型。")
        return blob


def seen_by(version: str) -> frozenset[str]:
    """Return the fingerprints of the rows a kept model learned from; empty for an unknown version."""
    with transaction() as session:
        statement = select(ReadingModelVersion.learned_from).where(ReadingModelVersion.version == version)
        return frozenset(session.scalar(statement) or ())


def _switch_off(session: Session) -> str:
    """End what is in force and return its name; flushed, for the database lets one be in force at a time."""
    active = session.scalar(select(ReadingModelVersion).where(ReadingModelVersion.is_active).with_for_update())
    if active is None:
        return ""
    active.is_active = False
    session.flush()
    return InForce(active.version, active.uses_second).name


def _check(actor: Actor) -> None:
    if actor.role not in SWITCHERS or actor is SYSTEM:
        raise Forbidden("判读模型由联络员或系统管理员启用和停用。")
