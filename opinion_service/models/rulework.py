"""Work on the routing rules: the draft, its changes, what was put in force by whom, hits and simulations."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.models.base import Base, BigKey


class RuleDraft(Base):
    """The rules as somebody wants them; at most one draft is alive (`slot` is 1 then)."""

    __tablename__ = "rule_draft"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'proposed', 'published', 'discarded')", name="state"),
        CheckConstraint("(state IN ('open', 'proposed')) = (slot IS NOT NULL)", name="live_has_slot"),
        CheckConstraint("slot IS NULL OR slot = 1", name="one_slot"),
        CheckConstraint(
            "state <> 'proposed' OR (proposed_by_id IS NOT NULL AND note <> '')", name="proposed_with_note"
        ),
        UniqueConstraint("slot"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    slot: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(10), default="open")
    base_version_id: Mapped[int] = mapped_column(ForeignKey("rule_version.id"))
    record: Mapped[dict[str, Any]] = mapped_column(JSON)
    revision: Mapped[int] = mapped_column(default=1)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    proposed_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(300), default="")


class RuleChange(Base):
    """One change to a draft: which rule or duty, by whom and why."""

    __tablename__ = "rule_change"
    __table_args__ = (Index("ix_rule_change_rule", "rule_id", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("rule_draft.id"), index=True)
    rule_id: Mapped[str] = mapped_column(String(40), default="")
    summary: Mapped[str] = mapped_column(String(300))
    note: Mapped[str] = mapped_column(String(300), default="")
    actor_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]


class RuleRelease(Base):
    """A version that was put in force: published by two persons, or brought back by one."""

    __tablename__ = "rule_release"
    __table_args__ = (
        CheckConstraint("kind IN ('publish', 'revert')", name="kind"),
        CheckConstraint("note <> ''", name="has_note"),
        CheckConstraint(
            "kind <> 'publish' OR (proposed_by_id IS NOT NULL AND proposed_by_id <> confirmed_by_id)",
            name="published_by_two",
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    version_id: Mapped[int] = mapped_column(ForeignKey("rule_version.id"), index=True)
    replaced_id: Mapped[int | None] = mapped_column(ForeignKey("rule_version.id"))
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("rule_draft.id"))
    note: Mapped[str] = mapped_column(String(300))
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    confirmed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]


class RuleHit(Base):
    """A rule that counted when a case was routed."""

    __tablename__ = "rule_hit"
    __table_args__ = (UniqueConstraint("rule_id", "case_id"), Index("ix_rule_hit_at", "at", "rule_id"))

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    rule_id: Mapped[str] = mapped_column(String(40))
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    at: Mapped[datetime]


class RuleSimulation(Base):
    """A run of draft rules over past cases; `last_case_id` is how far it came, so that it can go on."""

    __tablename__ = "rule_simulation"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),
        CheckConstraint("(state = 'done') = (finished_at IS NOT NULL)", name="done_has_time"),
        CheckConstraint("since < until", name="since_before_until"),
        Index("ix_rule_simulation_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("rule_draft.id"), index=True)
    draft_revision: Mapped[int]
    record: Mapped[dict[str, Any]] = mapped_column(JSON)
    against_id: Mapped[int] = mapped_column(ForeignKey("rule_version.id"))
    since: Mapped[datetime]
    until: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    last_case_id: Mapped[int] = mapped_column(BigKey, default=0)
    problem: Mapped[str] = mapped_column(String(300), default="")
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    lease_token: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None]


class SimulatedCase(Base):
    """What one case would have become: departments are codes, `truth` is what a person settled (empty: nobody yet)."""

    __tablename__ = "simulated_case"
    __table_args__ = (
        CheckConstraint("truth_kind IN ('', 'corrected', 'confirmed')", name="truth_kind"),
        CheckConstraint("(truth = '') = (truth_kind = '')", name="truth_has_kind"),
        UniqueConstraint("simulation_id", "case_id"),
        Index("ix_simulated_case_move", "simulation_id", "old_code", "new_code", "case_id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    simulation_id: Mapped[int] = mapped_column(ForeignKey("rule_simulation.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    old_code: Mapped[str] = mapped_column(String(32))
    new_code: Mapped[str] = mapped_column(String(32))
    old_confidence: Mapped[float]
    new_confidence: Mapped[float]
    was_unrouted: Mapped[bool]
    is_unrouted: Mapped[bool]
    truth: Mapped[str] = mapped_column(String(32), default="")
    truth_kind: Mapped[str] = mapped_column(String(10), default="")
