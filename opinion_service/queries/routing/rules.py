"""What the rules pages show: the set in force, the draft beside it, hits, last changes, releases."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from opinion_service.domain.people import Actor
from opinion_service.domain.routing.rule_edits import normalised
from opinion_service.models import (
    Case,
    Department,
    Item,
    RuleChange,
    RuleDraft,
    RuleHit,
    RuleRelease,
    RuleVersion,
    User,
)
from opinion_service.queries import paging
from opinion_service.queries.scope import visible_to

HIT_DAYS = 30
PAGE = 30


@dataclass(frozen=True, slots=True)
class DraftView:
    """The living draft."""

    id: int
    revision: int
    state: str
    record: dict[str, Any]
    base_id: int
    base_version: str
    created_by: str
    updated_at: datetime
    proposed_by_id: int | None
    proposed_by: str
    note: str
    changes: int


@dataclass(frozen=True, slots=True)
class RuleDesk:
    """The set in force and, when there is one, the draft; `offers` are shipped versions nobody has taken up."""

    version_id: int
    version: str
    record: dict[str, Any]
    since: datetime
    draft: DraftView | None
    offers: tuple[tuple[int, str], ...]

    @property
    def is_outdated(self) -> bool:
        """Return whether the draft rests on rules that are no longer in force."""
        return self.draft is not None and self.draft.base_id != self.version_id


@dataclass(frozen=True, slots=True)
class LastChange:
    """Who last changed a rule, when and why."""

    who: str
    at: datetime
    summary: str
    note: str


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One line of the history: what was put in force, by whom, instead of what."""

    id: int
    kind: str
    version_id: int
    version: str
    replaced_id: int | None
    replaced: str
    note: str
    proposed_by: str
    confirmed_by: str
    at: datetime
    is_active: bool


def rule_desk(session: Session) -> RuleDesk | None:
    """Return the rules in force with the draft, or None before the first are loaded; at most five statements."""
    active = session.scalar(
        select(RuleVersion).where(RuleVersion.kind == "routing", RuleVersion.is_active).order_by(RuleVersion.id.desc())
    )
    if active is None:
        return None
    since = session.scalar(select(func.max(RuleRelease.at)).where(RuleRelease.version_id == active.id))
    duties = {row.code: row.duties for row in session.execute(select(Department.code, Department.duties))}
    record = normalised(active.record, duties)
    return RuleDesk(
        active.id, _short(active.version), record, since or active.created_at, _draft(session),
        _offers(session, record["shipped"]),
    )  # fmt: skip


def version(session: Session, version_id: int) -> tuple[str, dict[str, Any]] | None:
    """Return the name and record of a version of the routing rules, or None."""
    row = session.get(RuleVersion, version_id)
    if row is None or row.kind != "routing":
        return None
    duties = {one.code: one.duties for one in session.execute(select(Department.code, Department.duties))}
    return _short(row.version), normalised(row.record, duties)


def hits(session: Session, rule_ids: Iterable[str], *, now: datetime) -> dict[str, int]:
    """Return how many cases each rule decided in the last thirty days; one statement."""
    rows = session.execute(
        select(RuleHit.rule_id, func.count())
        .where(RuleHit.at > now - timedelta(days=HIT_DAYS), RuleHit.rule_id.in_(list(rule_ids)))
        .group_by(RuleHit.rule_id)
    )
    return {row[0]: row[1] for row in rows}


def last_changes(session: Session, rule_ids: Iterable[str]) -> dict[str, LastChange]:
    """Return the last change of each rule; one statement."""
    latest = select(func.max(RuleChange.id)).where(RuleChange.rule_id.in_(list(rule_ids))).group_by(RuleChange.rule_id)
    rows = session.execute(
        select(RuleChange.rule_id, User.name, RuleChange.at, RuleChange.summary, RuleChange.note)
        .join(User, User.id == RuleChange.actor_id)
        .where(RuleChange.id.in_(latest))
    )
    return {row[0]: LastChange(*row[1:]) for row in rows}


def changes(session: Session, draft_id: int, limit: int = 200) -> tuple[LastChange, ...]:
    """Return the changes of a draft, the newest first."""
    rows = session.execute(
        select(User.name, RuleChange.at, RuleChange.summary, RuleChange.note)
        .join(User, User.id == RuleChange.actor_id)
        .where(RuleChange.draft_id == draft_id)
        .order_by(RuleChange.id.desc())
        .limit(limit)
    )
    return tuple(LastChange(*row) for row in rows)


def releases(session: Session, before: str = "") -> tuple[tuple[ReleaseRow, ...], str]:
    """Return a page of the history, the newest first, and the key of the next page (empty: none); one statement."""
    proposer, confirmer, old = aliased(User), aliased(User), aliased(RuleVersion)
    statement = (
        select(RuleRelease, RuleVersion.version, RuleVersion.is_active, old.version, proposer.name, confirmer.name)
        .join(RuleVersion, RuleVersion.id == RuleRelease.version_id)
        .join(confirmer, confirmer.id == RuleRelease.confirmed_by_id)
        .outerjoin(old, old.id == RuleRelease.replaced_id)
        .outerjoin(proposer, proposer.id == RuleRelease.proposed_by_id)
    )
    found, last = paging.Order(RuleRelease.id, descending=True).page(session, statement, before, PAGE)
    rows = tuple(
        ReleaseRow(
            row[0].id, row[0].kind, row[0].version_id, _short(row[1]), row[0].replaced_id, _short(row[3] or ""),
            row[0].note, row[4] or "", row[5], row[0].at, row[2],
        )
        for row in found
    )  # fmt: skip
    return rows, str(last.RuleRelease.id) if last else ""


@dataclass(frozen=True, slots=True)
class HitRow:
    """A case that a rule decided."""

    number: str
    title: str
    department: str
    at: datetime


def hit_cases(
    session: Session, actor: Actor, rule_id: str, *, now: datetime, before: str = ""
) -> tuple[tuple[HitRow, ...], str]:
    """Return a page of the cases a rule decided in thirty days, the newest first, and the next key (empty: none)."""
    statement = (
        select(RuleHit.id, Case.number, Case.title, Department.name, RuleHit.at)
        .join(Case, Case.id == RuleHit.case_id)
        .outerjoin(Department, Department.id == Case.lead_department_id)
        .where(RuleHit.rule_id == rule_id, RuleHit.at > now - timedelta(days=HIT_DAYS), visible_to(actor))
    )
    found, last = paging.Order(RuleHit.id, descending=True).page(session, statement, before, PAGE)
    return tuple(HitRow(row.number, row.title, row.name or "", row.at) for row in found), str(last.id) if last else ""


def case_text(session: Session, actor: Actor, number: str) -> tuple[str, str] | None:
    """Return the title and body by which a case is routed, or None when the actor may not see it."""
    case = session.scalar(select(Case).where(Case.number == number.strip(), visible_to(actor)))
    if case is None:
        return None
    newest = select(Item.body).where(Item.event_id == case.event_id)
    bodies = session.scalars(newest.order_by(Item.first_seen_at.desc(), Item.id.desc()).limit(3))
    return case.title, " ".join(bodies)


def _draft(session: Session) -> DraftView | None:
    maker, proposer = aliased(User), aliased(User)
    counted = select(func.count(RuleChange.id)).where(RuleChange.draft_id == RuleDraft.id).scalar_subquery()
    row = session.execute(
        select(RuleDraft, RuleVersion.version, maker.name, proposer.name, counted)
        .join(RuleVersion, RuleVersion.id == RuleDraft.base_version_id)
        .join(maker, maker.id == RuleDraft.created_by_id)
        .outerjoin(proposer, proposer.id == RuleDraft.proposed_by_id)
        .where(RuleDraft.slot == 1)
    ).first()
    if row is None:
        return None
    one = row[0]
    return DraftView(
        one.id, one.revision, one.state, one.record, one.base_version_id, _short(row[1]), row[2], one.updated_at,
        one.proposed_by_id, row[3] or "", one.note, row[4],
    )  # fmt: skip


def _offers(session: Session, shipped: str) -> tuple[tuple[int, str], ...]:
    """Return shipped versions loaded after the one the rules in force rest on; what was made here is none."""
    origin = select(RuleVersion.id).where(RuleVersion.version == f"routing-{shipped}").scalar_subquery()
    rows = session.execute(
        select(RuleVersion.id, RuleVersion.version)
        .where(
            RuleVersion.kind == "routing",
            ~RuleVersion.is_active,
            RuleVersion.version.not_like("routing-desk-%"),
            RuleVersion.id > func.coalesce(origin, 0),
        )
        .order_by(RuleVersion.id.desc())
        .limit(1)
    )
    return tuple((row[0], _short(row[1])) for row in rows)


def _short(name: str) -> str:
    return name.removeprefix("routing-")
