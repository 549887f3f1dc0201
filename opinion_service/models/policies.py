"""The policy register: assessments with their versions, opinions, the watch after release and its reviews."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.domain.policies.states import PolicyState
from opinion_service.models.base import Base, BigKey, one_of

_SIGNED = "'signed', 'released', 'reviewed'"
_RELEASED = "'released', 'reviewed'"


class Policy(Base):
    """One policy with the present version of its assessment.

    author_id: who saved the present version. The three 同步 are `is_organised` (the form), `signed_at` (the
    interpretation is signed with the document) and `released_at` (it is put out with the document).
    """

    __tablename__ = "policy"
    __table_args__ = (
        UniqueConstraint("year", "serial"),
        CheckConstraint(one_of("state", PolicyState), name="state"),
        CheckConstraint("signed_by_id IS NULL OR signed_by_id <> author_id", name="four_eyes"),
        CheckConstraint("(signed_by_id IS NULL) = (signed_at IS NULL)", name="signature_complete"),
        CheckConstraint(f"(state IN ({_SIGNED})) = (signed_at IS NOT NULL)", name="was_signed"),
        CheckConstraint(f"(state IN ({_RELEASED})) = (released_at IS NOT NULL)", name="was_released"),
        CheckConstraint("released_at IS NULL OR document_number <> ''", name="release_has_number"),
        CheckConstraint("(released_at IS NULL) = (watch_until IS NULL)", name="watch_of_release"),
        CheckConstraint("watch_until IS NULL OR watch_until > released_at", name="watch_after_release"),
        CheckConstraint("watch_days BETWEEN 30 AND 180", name="watch_days"),
        CheckConstraint("conclusion IN ('', 'controllable', 'adjusted', 'uncontrollable')", name="conclusion"),
        CheckConstraint(
            f"state NOT IN ({_SIGNED}) OR conclusion IN ('controllable', 'adjusted')", name="signed_is_controllable"
        ),
        CheckConstraint("head_count IS NULL OR head_count >= 0", name="head_count"),
        Index("ix_policy_department", "department_id", "state", "id"),
        Index("ix_policy_updated", "updated_at", "id"),
        Index("ix_policy_watch", "state", "watch_until"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    year: Mapped[int]
    serial: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    edition: Mapped[str] = mapped_column(String(60), default="")
    document_number: Mapped[str] = mapped_column(String(80), default="")
    url: Mapped[str] = mapped_column(String(500), default="")
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    state: Mapped[str] = mapped_column(String(12), default=PolicyState.DRAFTING.value)
    version: Mapped[int] = mapped_column(default=1)
    planned_on: Mapped[date | None]
    summary: Mapped[str] = mapped_column(Text, default="")
    groups: Mapped[str] = mapped_column(String(500), default="")
    head_count: Mapped[int | None]
    timing: Mapped[str] = mapped_column(Text, default="")
    line: Mapped[str] = mapped_column(Text, default="")
    spokesperson: Mapped[str] = mapped_column(String(120), default="")
    channels: Mapped[list[str]] = mapped_column(JSON, default=list)
    partners: Mapped[str] = mapped_column(String(300), default="")
    interpretation_plan: Mapped[str] = mapped_column(Text, default="")
    interpretation_material: Mapped[str] = mapped_column(Text, default="")
    is_organised: Mapped[bool] = mapped_column(default=False)
    conclusion: Mapped[str] = mapped_column(String(16), default="")
    conclusion_note: Mapped[str] = mapped_column(Text, default="")
    keywords: Mapped[list[str]] = mapped_column(JSON, default=list)
    watch_days: Mapped[int] = mapped_column(default=30)
    edition_count: Mapped[int] = mapped_column(default=1)
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    filed_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    signed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    signed_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    watch_until: Mapped[datetime | None]
    watched_to: Mapped[datetime | None]
    watched_item_id: Mapped[int] = mapped_column(BigKey, default=0)


class PolicyVersion(Base):
    """The assessment as it was saved, whole; never changed."""

    __tablename__ = "policy_version"
    __table_args__ = (UniqueConstraint("policy_id", "number"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(String(300), default="")
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    saved_at: Mapped[datetime]


class PolicyConcern(Base):
    """A question the public is expected to ask, with the answer prepared for it."""

    __tablename__ = "policy_concern"
    __table_args__ = (CheckConstraint("question <> ''", name="question"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"), index=True)
    question: Mapped[str] = mapped_column(String(300))
    answer: Mapped[str] = mapped_column(String(1000), default="")
    words: Mapped[list[str]] = mapped_column(JSON, default=list)


class PolicyRiskPoint(Base):
    """A risk of the release: likelihood 1-5 times impact 1-5, and what is done against it."""

    __tablename__ = "policy_risk_point"
    __table_args__ = (
        CheckConstraint("likelihood BETWEEN 1 AND 5", name="likelihood"),
        CheckConstraint("impact BETWEEN 1 AND 5", name="impact"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"), index=True)
    description: Mapped[str] = mapped_column(String(300))
    trigger: Mapped[str] = mapped_column(String(300), default="")
    measure: Mapped[str] = mapped_column(String(500), default="")
    likelihood: Mapped[int]
    impact: Mapped[int]


class PolicyOpinion(Base):
    """An opinion asked of a department (none: of the liaison), its answer and what was made of it."""

    __tablename__ = "policy_opinion"
    __table_args__ = (
        CheckConstraint("stance IN ('', 'agreed', 'advised', 'opposed')", name="stance"),
        CheckConstraint(
            "(answered_at IS NULL) = (answered_by_id IS NULL) AND (answered_at IS NULL) = (stance = '')",
            name="answer_complete",
        ),
        CheckConstraint("stance = '' OR stance = 'agreed' OR text <> ''", name="advice_has_text"),
        Index("ix_policy_opinion_waiting", "department_id", "answered_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    about: Mapped[str] = mapped_column(String(500), default="")
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime]
    due_on: Mapped[date]
    stance: Mapped[str] = mapped_column(String(8), default="")
    text: Mapped[str] = mapped_column(String(2000), default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    answered_at: Mapped[datetime | None]
    reply: Mapped[str] = mapped_column(String(1000), default="")


class PolicyLink(Base):
    """An event seen after the release that belongs to the policy, why, and which foreseen concern it raises.

    One row an event: taken away by a person it stays away, whatever the watch finds later.
    """

    __tablename__ = "policy_link"
    __table_args__ = (
        UniqueConstraint("policy_id", "event_id"),
        CheckConstraint("(removed_at IS NULL) = (removed_by_id IS NULL)", name="removal_complete"),
        CheckConstraint("removed_at IS NULL OR removed_reason <> ''", name="removal_has_reason"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"))
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    concern_id: Mapped[int | None] = mapped_column(ForeignKey("policy_concern.id"))
    reason: Mapped[str] = mapped_column(String(300))
    found_at: Mapped[datetime]
    is_sorted_by_hand: Mapped[bool] = mapped_column(default=False)
    removed_at: Mapped[datetime | None]
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    removed_reason: Mapped[str] = mapped_column(String(300), default="")


class PolicyReview(Base):
    """A look back, 7 or 30 days after the release; the comparison is kept as it stood then."""

    __tablename__ = "policy_review"
    __table_args__ = (
        UniqueConstraint("policy_id", "day"),
        CheckConstraint("day IN (7, 30)", name="day"),
        CheckConstraint("(done_at IS NULL) = (done_by_id IS NULL)", name="review_complete"),
        CheckConstraint("done_at IS NULL OR findings <> ''", name="review_has_findings"),
        Index("ix_policy_review_due", "done_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"))
    day: Mapped[int]
    due_at: Mapped[datetime]
    findings: Mapped[str] = mapped_column(Text, default="")
    adjustments: Mapped[str] = mapped_column(Text, default="")
    comparison: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    reminded_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    done_at: Mapped[datetime | None]


class PolicyHistory(Base):
    """Which rows of the journal tell of which policy."""

    __tablename__ = "policy_history"

    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"), primary_key=True)
    audit_event_id: Mapped[int] = mapped_column(ForeignKey("audit_event.id"), primary_key=True)
