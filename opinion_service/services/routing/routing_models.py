"""Trained routing models: kept, switched on and off by a person, read back by the line."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from opinion_service.domain.errors import Forbidden, NotFound
from opinion_service.domain.people import SYSTEM, Actor, Role
from opinion_service.models import RoutingModelVersion
from opinion_service.services import journal
from opinion_service.services.transaction import transaction


@dataclass(frozen=True, slots=True)
class NewModel:
    """A model as training made it.

    source: corrections or file; trial: figures on held-back decisions; terms: the strongest terms by department
    code; learned_from: fingerprints of the rows it has seen, so that a later comparison can leave them out.
    """

    version: str
    rule_set_version: str
    source: str
    row_count: int
    departments: tuple[str, ...]
    content: bytes
    trial: dict[str, Any] = field(default_factory=dict)
    terms: dict[str, Any] = field(default_factory=dict)
    learned_from: tuple[str, ...] = ()


def keep(new: NewModel, *, actor: Actor, now: datetime) -> bool:
    """Keep a trained model, switched off; return False when the very same one is kept already.

    Raise Forbidden unless an administrator or the operator's shell asks.
    """
    _check(actor)
    with transaction() as session:
        if session.scalar(select(RoutingModelVersion.id).where(RoutingModelVersion.version == new.version)):
            return False
        session.add(
            RoutingModelVersion(
                version=new.version, rule_set_version=new.rule_set_version, source=new.source,
                row_count=new.row_count, departments=list(new.departments), trial=new.trial, terms=new.terms,
                learned_from=list(new.learned_from), content=new.content, created_at=now,
                created_by_name=actor.name,
            )
        )  # fmt: skip
        entry = journal.Entry("routing_model_kept", f"训练交办模型 {new.version}（{new.row_count} 条）")
        journal.record(session, entry, actor=actor, now=now)
        return True


def switch_on(version: str, *, actor: Actor, now: datetime) -> None:
    """Put a kept model in force in place of the present one, on this person's word; on again changes nothing.

    Raise NotFound for an unknown version, Forbidden as `keep` does.
    """
    _check(actor)
    with transaction() as session:
        model = session.scalar(
            select(RoutingModelVersion).where(RoutingModelVersion.version == version).with_for_update()
        )
        if model is None:
            raise NotFound("没有这个版本的交办模型。")
        if model.is_active:
            return
        before = _switch_off(session)
        model.is_active, model.switched_at = True, now
        model.switched_by_id, model.switched_by_name = actor.user_id or None, actor.name
        summary = f"启用交办模型 {version}" + (f"，替换 {before}" if before else "")
        entry = journal.Entry("routing_model_on", summary, detail={"version": version, "before": before})
        journal.record(session, entry, actor=actor, now=now)


def switch_off(*, actor: Actor, now: datetime) -> str:
    """Let the rules decide alone again; return the version that was in force, empty when none was.

    Raise Forbidden as `keep` does.
    """
    _check(actor)
    with transaction() as session:
        before = _switch_off(session)
        if before:
            entry = journal.Entry("routing_model_off", f"停用交办模型 {before}", detail={"version": before})
            journal.record(session, entry, actor=actor, now=now)
        return before


def in_force() -> str:
    """Return the version of the model in force, empty when the rules decide alone."""
    with transaction() as session:
        return session.scalar(select(RoutingModelVersion.version).where(RoutingModelVersion.is_active)) or ""


def content(version: str) -> bytes:
    """Return the bytes of a kept model; raise NotFound for an unknown version."""
    with transaction() as session:
        blob = session.scalar(select(RoutingModelVersion.content).where(RoutingModelVersion.version == version))
        if blob is None:
            raise NotFound("没有这个版本的交办模型。")
        return blob


def seen_by(version: str) -> frozenset[str]:
    """Return the fingerprints of the rows a kept model learned from; empty for an unknown version."""
    with transaction() as session:
        statement = select(RoutingModelVersion.learned_from).where(RoutingModelVersion.version == version)
        return frozenset(session.scalar(statement) or ())


def _switch_off(session: Session) -> str:
    before = session.scalar(select(RoutingModelVersion.version).where(RoutingModelVersion.is_active)) or ""
    statement = update(RoutingModelVersion).where(RoutingModelVersion.is_active)
    session.execute(statement.values(is_active=False))
    return before


def _check(actor: Actor) -> None:
    if actor is not SYSTEM and actor.role is not Role.ADMIN:
        raise Forbidden("交办模型由系统管理员启用和停用。")
