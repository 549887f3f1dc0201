"""Cases, the departments on them, the public's concerns and the routing decisions."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opinion_service.domain.casework.case_states import CaseState
from opinion_service.models.base import Base, BigKey, one_of
from opinion_service.models.people import Department

_WITH_LEAD = (
    "'dispatched', 'returned', 'accepted', 'assessed', 'drafting', 'countersigning', 'in_review', "
    "'signed', 'published', 'following', 'closed', 'archived'"
)
_SINCE_ACCEPTED = (
    "'accepted', 'assessed', 'drafting', 'countersigning', 'in_review', 'signed', 'published', 'following'"
)
_SINCE_SIGNED = "'signed', 'published', 'following'"


class Case(Base):
    """One concern that a department has to answer."""

    __tablename__ = "case_file"
    __table_args__ = (
        CheckConstraint(one_of("state", CaseState), name="state"),
        CheckConstraint(f"state NOT IN ({_WITH_LEAD}) OR lead_department_id IS NOT NULL", name="has_lead"),
        CheckConstraint(f"state NOT IN ({_SINCE_ACCEPTED}) OR accepted_at IS NOT NULL", name="was_accepted"),
        CheckConstraint(f"state NOT IN ({_SINCE_SIGNED}) OR signed_at IS NOT NULL", name="was_signed"),
        CheckConstraint(
            "state NOT IN ('published', 'following', 'closed', 'archived') OR published_at IS NOT NULL",
            name="was_published",
        ),
        CheckConstraint("state NOT IN ('closed', 'archived') OR closed_at IS NOT NULL", name="was_closed"),
        CheckConstraint(
            "state <> 'declined' OR (declined_reason <> '' AND decline_proposer_id IS NOT NULL AND "
            "decline_confirmer_id IS NOT NULL AND decline_proposer_id <> decline_confirmer_id "
            "AND review_on IS NOT NULL)",
            name="declined_by_two",
        ),
        CheckConstraint("state <> 'merged' OR merged_into_id IS NOT NULL", name="merged_into"),
        CheckConstraint("state <> 'returned' OR return_reason <> ''", name="return_reason"),
        CheckConstraint("must_answer_class BETWEEN 0 AND 5", name="must_answer_class"),
        CheckConstraint("grade IN ('critical', 'major', 'serious', 'ordinary')", name="grade"),
        CheckConstraint(
            "incident_level IN ('none', 'ordinary', 'serious', 'major', 'critical')", name="incident_level"
        ),
        Index("ix_case_file_state", "state", "id"),
        Index("ix_case_file_lead", "lead_department_id", "state", "id"),
        CheckConstraint("revisited_at IS NULL OR review_on IS NOT NULL", name="revisited_when_due"),
        Index("ix_case_file_next_due", "next_due_at", "id"),
        Index("ix_case_file_review_on", "review_on"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    summary: Mapped[str] = mapped_column(Text, default="")
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), unique=True)
    state: Mapped[str] = mapped_column(String(16), default=CaseState.NEW.value)
    version: Mapped[int] = mapped_column(default=1)
    round: Mapped[int] = mapped_column(default=1)
    hot_topic: Mapped[str] = mapped_column(String(40), default="")
    nature: Mapped[str] = mapped_column(String(16), default="")
    territory: Mapped[str] = mapped_column(String(60), default="")
    must_answer_class: Mapped[int] = mapped_column(default=0)
    response_kind: Mapped[str] = mapped_column(String(24), default="")
    incident_level: Mapped[str] = mapped_column(String(10), default="none")
    grade: Mapped[str] = mapped_column(String(10), default="ordinary")
    lead_department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    occurred_at: Mapped[datetime | None]
    detected_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    dispatched_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    next_due_at: Mapped[datetime | None]
    opening_reason: Mapped[str] = mapped_column(String(300), default="")
    declined_reason: Mapped[str] = mapped_column(String(500), default="")
    decline_proposer_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decline_confirmer_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    review_on: Mapped[date | None]
    revisited_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))
    return_reason: Mapped[str] = mapped_column(String(500), default="")
    returned_by_department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))

    lead_department: Mapped[Department | None] = relationship(foreign_keys=[lead_department_id])
    co_departments: Mapped[list["CaseDepartment"]] = relationship(order_by="CaseDepartment.id")


class CaseDepartment(Base):
    """A co-handling department on a case, and its countersignature of a draft version."""

    __tablename__ = "case_department"
    __table_args__ = (UniqueConstraint("case_id", "department_id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), index=True)
    countersigned_version: Mapped[int] = mapped_column(default=0)
    countersigned_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    countersigned_at: Mapped[datetime | None]

    department: Mapped[Department] = relationship()


class Concern(Base):
    """A question the public really asks, and what the answer does with it."""

    __tablename__ = "concern"
    __table_args__ = (
        CheckConstraint("outcome IN ('open', 'answered', 'promised', 'not_ours')", name="outcome"),
        CheckConstraint("outcome <> 'answered' OR passage <> ''", name="answered_has_passage"),
        CheckConstraint("outcome <> 'promised' OR promised_on IS NOT NULL", name="promised_has_date"),
        CheckConstraint("outcome <> 'not_ours' OR passage <> ''", name="not_ours_has_reason"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    question: Mapped[str] = mapped_column(String(300))
    item_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    outcome: Mapped[str] = mapped_column(String(10), default="open")
    passage: Mapped[str] = mapped_column(String(1000), default="")
    promised_on: Mapped[date | None]


class RoutingRecord(Base):
    """A routing decision as it was made, so that it can be replayed; and a person's correction of it."""

    __tablename__ = "routing_record"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    decided_at: Mapped[datetime]
    rule_set_version: Mapped[str] = mapped_column(String(40))
    model_version: Mapped[str] = mapped_column(String(40), default="")
    decision: Mapped[dict[str, Any]] = mapped_column(JSON)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    confidence: Mapped[float]
    is_automatic: Mapped[bool]
    corrected_department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    corrected_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    corrected_at: Mapped[datetime | None]


class CaseCounter(Base):
    """The last case number given out on a day (Beijing date, yyyymmdd)."""

    __tablename__ = "case_counter"

    day: Mapped[str] = mapped_column(String(8), primary_key=True)
    last: Mapped[int]
