"""Files a department's return and the ruling on it, inside the transaction of the act on the case."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.errors import IllegalMove, InvalidInput
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.routing import RuleSet, duty_words, even
from opinion_service.domain.routing.disputes import ReturnReason
from opinion_service.domain.routing.rule_edits import normalised
from opinion_service.models import Case, Clock, Department, Dispute, RoutingRecord, Ruling, RulingWord
from opinion_service.services.casework import case_book
from opinion_service.services.routing import rulebook

MOST_WORDS = 30
LONGEST_WORD = 40


@dataclass(frozen=True, slots=True)
class Filing:
    """A return as it was filled in: the ground, the cited duty's id, the reasons, and who should answer instead."""

    reason_code: str
    duty_id: str
    note: str
    proposed_department_id: int | None


def file(session: Session, case: Case, filing: Filing, *, actor: Actor, now: datetime) -> tuple[Dispute, str]:
    """Write the return down and give it back with the proposed department's name.

    Raise IllegalMove for a second return of the same department or one after its window, InvalidInput without a
    ground or a duty of the department's own list.
    """
    _check_window(session, case, actor, now)
    if filing.reason_code not in set(ReturnReason):
        raise InvalidInput("请选择退办理由。", "reason_code")
    code = session.scalar(select(Department.code).where(Department.id == actor.department_id))
    duty = duties(session).get(code or "", {}).get(filing.duty_id)
    if duty is None:
        raise InvalidInput("退办须引用本单位权责清单中的职责。", "duty")
    proposed = session.get(Department, filing.proposed_department_id) if filing.proposed_department_id else None
    if proposed is not None and proposed.id == actor.department_id:
        raise InvalidInput("建议承办单位不能是本单位。", "department_id")
    dispute = Dispute(
        case_id=case.id, round=case.round, ordinal=case_book.disputes_of(session, case) + 1,
        department_id=actor.department_id, reason_code=filing.reason_code, duty_id=filing.duty_id,
        duty_text=duty[:300], note=filing.note.strip()[:500], returned_by_id=actor.user_id, returned_at=now,
        proposed_department_id=proposed.id if proposed else None,
    )  # fmt: skip
    session.add(dispute)
    session.flush()
    return dispute, proposed.name if proposed else ""


def rule(session: Session, case: Case, duty_id: str, reason: str, *, actor: Actor, now: datetime) -> None:
    """Write the ruling on the open dispute down, as a precedent; `case` has its new lead already.

    Raise InvalidInput when the cited duty is not on the list of the department that was chosen.
    """
    dispute = session.scalar(
        select(Dispute)
        .where(Dispute.case_id == case.id, Dispute.round == case.round)
        .order_by(Dispute.ordinal.desc())
        .limit(1)
    )
    if dispute is None:
        return
    lead = session.get_one(Department, case.lead_department_id)
    duty = duties(session).get(lead.code, {}).get(duty_id, "")
    if duty_id and not duty:
        raise InvalidInput("所引职责须在裁定承办单位的权责清单中。", "duty")
    ruling = Ruling(
        dispute_id=dispute.id, case_id=case.id, ordinal=dispute.ordinal,
        level="supervisor" if actor.role is Role.SUPERVISOR else "liaison", department_id=lead.id, duty_id=duty_id,
        duty_text=duty[:300], reason=reason.strip(), title=case.title, decided_by_id=actor.user_id, decided_at=now,
    )  # fmt: skip
    session.add(ruling)
    session.flush()
    session.add_all(RulingWord(ruling_id=ruling.id, word=word) for word in _words(session, case))
    session.flush()


def duties(session: Session) -> dict[str, dict[str, str]]:
    """Return the duty lists in force: department code -> duty id -> text."""
    rows = session.execute(select(Department.code, Department.duties)).all()
    record = normalised(rulebook.active_record(session, "routing"), {row.code: row.duties for row in rows})
    return {code: {one["id"]: one["text"] for one in listed} for code, listed in record["duties"].items()}


def _check_window(session: Session, case: Case, actor: Actor, now: datetime) -> None:
    once = select(Dispute.id).where(
        Dispute.case_id == case.id, Dispute.round == case.round, Dispute.department_id == actor.department_id
    )
    if session.scalar(once) is not None:
        raise IllegalMove("每个单位对同一案件只能退办一次；仍有异议的，请提请督查裁定。")
    window = session.scalar(
        select(Clock.due_at)
        .where(Clock.case_id == case.id, Clock.kind == ClockKind.RETURN_WINDOW.value, Clock.state == "running")
        .order_by(Clock.id.desc())
        .limit(1)
    )
    if window is None or window < now:
        raise IllegalMove("退办期限已过，请签收办理；确有异议的，请与联络员商定改派。")


def _words(session: Session, case: Case) -> tuple[str, ...]:
    """Return the words of duty by which the case was routed, and those in its title."""
    decision: dict[str, Any] | None = session.scalar(
        select(RoutingRecord.decision)
        .where(RoutingRecord.case_id == case.id)
        .order_by(RoutingRecord.id.desc())
        .limit(1)
    )
    found = duty_words(decision or {})
    rules = RuleSet.from_record(rulebook.active_record(session, "routing"))
    title = [hit.word for hit in rules.index.find(even(case.title))]
    kept = (str(word) for word in (*title, *found) if len(str(word)) <= LONGEST_WORD)
    return tuple(dict.fromkeys(kept))[:MOST_WORDS]
