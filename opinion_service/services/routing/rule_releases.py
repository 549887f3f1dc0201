"""Puts routing rules in force: a proposed draft with a second person, or an earlier version brought back."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from opinion_service.domain.errors import Forbidden, IllegalMove, NotFound
from opinion_service.domain.people import Actor
from opinion_service.domain.routing import RuleSet
from opinion_service.models import RuleRelease, RuleVersion
from opinion_service.services import journal
from opinion_service.services.routing import rule_drafts
from opinion_service.services.transaction import transaction


def confirm(revision: int, *, actor: Actor, now: datetime) -> int:
    """Put the proposed draft in force and return the new version's id; the proposer may not confirm.

    Raise IllegalMove when nothing is proposed or the rules in force changed since, Forbidden for the proposer.
    """
    rule_drafts.check_editor(actor)
    with transaction() as session:
        draft = rule_drafts.load_unchanged(session, revision)
        if draft.state != "proposed":
            raise IllegalMove("草稿尚未提请发布，或提请后又有修改。")
        if draft.proposed_by_id == actor.user_id:
            raise Forbidden("发布须由提请人以外的另一人确认。")
        active = rule_drafts.in_force(session)
        if draft.base_version_id != active.id:
            raise IllegalMove("草稿建立后现行规则已变更，请先将草稿换到现行版本，再提请发布。")
        name = _next_name(session)
        record = draft.record | {"version": name}
        RuleSet.from_record(record)
        version = RuleVersion(kind="routing", version=f"routing-{name}", record=record, note=draft.note, created_at=now)
        session.add(version)
        session.flush()
        draft.state, draft.slot, draft.updated_at = "published", None, now
        release = RuleRelease(
            kind="publish", version_id=version.id, replaced_id=active.id, draft_id=draft.id, note=draft.note,
            proposed_by_id=draft.proposed_by_id, confirmed_by_id=actor.user_id, at=now,
        )  # fmt: skip
        _put_in_force(session, version, release, actor, now)
        return version.id


def revert(version_id: int, note: str = "", *, actor: Actor, now: datetime) -> None:
    """Bring an earlier version back at once; raise NotFound, or IllegalMove when it is in force already."""
    rule_drafts.check_editor(actor)
    with transaction() as session:
        active = rule_drafts.in_force(session)
        version = session.get(RuleVersion, version_id)
        was_used = select(RuleRelease.id).where(RuleRelease.replaced_id == version_id).limit(1)
        if version is None or version.kind != "routing" or session.scalar(was_used) is None:
            raise NotFound("没有这个曾经生效的版本。")
        if version.id == active.id:
            raise IllegalMove("这个版本正在生效。")
        release = RuleRelease(
            kind="revert", version_id=version.id, replaced_id=active.id,
            note=note.strip()[:300] or f"恢复到 {version.version.removeprefix('routing-')}",
            confirmed_by_id=actor.user_id, at=now,
        )  # fmt: skip
        _put_in_force(session, version, release, actor, now)


def _put_in_force(session: Session, version: RuleVersion, release: RuleRelease, actor: Actor, now: datetime) -> None:
    # The old one goes first: the database allows one version in force.
    others = update(RuleVersion).where(RuleVersion.kind == "routing", RuleVersion.id != version.id)
    session.execute(others.values(is_active=False))
    version.is_active = True
    session.add(release)
    session.flush()
    word = "发布" if release.kind == "publish" else "恢复"
    entry = journal.Entry(
        f"rules_{release.kind}", f"{word}交办规则 {version.version.removeprefix('routing-')}", reason=release.note,
        detail={"version_id": version.id, "replaced_id": release.replaced_id, "proposed_by": release.proposed_by_id},
    )  # fmt: skip
    journal.record(session, entry, actor=actor, now=now)


def _next_name(session: Session) -> str:
    released = session.scalar(select(func.count(RuleRelease.id)).where(RuleRelease.kind == "publish")) or 0
    return f"desk-{released + 1}"
