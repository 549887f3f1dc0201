"""What follows an answer and what is proposed about a case: the 72 hours after publication, proposals, evaluations."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from opinion_service.domain.casework.evaluation import Outcome
from opinion_service.domain.casework.grading import ProposalKind
from opinion_service.models.base import Base, BigKey, one_of

_OPEN = text("state = 'open'")


class CaseProposal(Base):
    """Something the system proposes about a case, with its reasons; only a person's act makes it so.

    value: the grade, class or level proposed; empty for a new round. basis: the codes of the reasons, by which a
    proposal that was refused is known again.
    """

    __tablename__ = "case_proposal"
    __table_args__ = (
        CheckConstraint(one_of("kind", ProposalKind), name="kind"),
        CheckConstraint("state IN ('open', 'accepted', 'refused', 'superseded')", name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("state NOT IN ('accepted', 'refused') OR decided_by_id IS NOT NULL", name="decided_by"),
        CheckConstraint("state <> 'refused' OR note <> ''", name="refusal_has_reason"),
        CheckConstraint("(kind = 'round') = (value = '')", name="value_of_kind"),
        Index("ix_case_proposal_state", "state", "id"),
        Index("ix_case_proposal_case", "case_id", "id"),
        Index("uq_case_proposal_open", "case_id", "kind", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    round: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    value: Mapped[str] = mapped_column(String(12), default="")
    reasons: Mapped[list[str]] = mapped_column(JSON)
    basis: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), default="open")
    proposed_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    note: Mapped[str] = mapped_column(String(500), default="")


class CaseLook(Base):
    """When the system last weighed a case, so that every case gets its turn."""

    __tablename__ = "case_look"
    __table_args__ = (Index("ix_case_look_at", "looked_at"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    looked_at: Mapped[datetime]


class EffectWatch(Base):
    """The watch after an answer was published: how things stood then and what came in the 72 hours after.

    One a round of a case, begun by the first answer of that round. It keeps looking for a re-surge until the case is
    archived; what is said of the 72 hours stays as it was when they ended.
    """

    __tablename__ = "effect_watch"
    __table_args__ = (
        UniqueConstraint("case_id", "round"),
        CheckConstraint("ends_at > published_at", name="ends_after_publication"),
        Index("ix_effect_watch_ended", "ended_at", "ends_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    publication_id: Mapped[int] = mapped_column(ForeignKey("publication.id"))
    round: Mapped[int]
    published_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    looked_at: Mapped[datetime]
    heat_before: Mapped[float]
    heat_peak: Mapped[float]
    items_before: Mapped[int]
    items_after: Mapped[int] = mapped_column(default=0)
    complaints_after: Mapped[int] = mapped_column(default=0)
    questions: Mapped[list[str]] = mapped_column(JSON, default=list)
    open_before: Mapped[int] = mapped_column(default=0)
    open_after: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]


class Evaluation(Base):
    """How a round of a case was handled, scored by the rubric when it is closed.

    scores: points of each criterion, 1-5. figures: what the system counted and showed beside the form.
    """

    __tablename__ = "case_evaluation"
    __table_args__ = (
        UniqueConstraint("case_id", "round"),
        CheckConstraint("total BETWEEN 20 AND 100", name="total"),
        CheckConstraint(one_of("outcome", Outcome), name="outcome"),
        Index("ix_case_evaluation_department", "department_id", "id"),
        Index("ix_case_evaluation_total", "total", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    round: Mapped[int]
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    is_timely: Mapped[bool]
    outcome: Mapped[str] = mapped_column(String(12))
    scores: Mapped[dict[str, Any]] = mapped_column(JSON)
    total: Mapped[int]
    rubric_version: Mapped[str] = mapped_column(String(20))
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(Text, default="")
    evaluated_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    evaluated_at: Mapped[datetime]
