"""What a draft is checked against, gathered from the case; the page and the gate before review ask the same."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.coverage import ConcernState, ReplyText
from opinion_service.domain.casework.draft_checks import DraftFacts, Finding, check
from opinion_service.models import Assessment, Case, Concern, CoPart, Department, Draft, Publication


def findings_of(session: Session, case: Case, draft: Draft) -> tuple[Finding, ...]:
    """Return what is found in one draft of a case, what blocks first; reads only, four statements."""
    rows = session.scalars(select(Concern).where(Concern.case_id == case.id).order_by(Concern.id))
    earlier = session.scalars(
        select(Publication.body).where(Publication.case_id == case.id, Publication.withdrawn_at.is_(None))
    )
    facts = DraftFacts(
        reply=text_of(draft),
        kind=case.response_kind,
        concerns=tuple(ConcernState(row.question, row.outcome, row.passage) for row in rows),
        earlier="\n".join(earlier),
        beside=(*_parts(session, case), *_assessment(session, case)),
    )
    return check(facts)


def text_of(draft: Draft) -> ReplyText:
    """Return the draft's parts as a plain value."""
    return ReplyText(
        title=draft.title,
        facts=draft.facts,
        basis=draft.basis,
        measures=draft.measures,
        result=draft.result,
        next_step=draft.next_step,
        unit=draft.unit,
        contact=draft.contact,
    )


def _parts(session: Session, case: Case) -> list[tuple[str, str]]:
    """Return the newest part of each co-department that is still on the case."""
    units = {link.department_id for link in case.co_departments}
    rows = session.execute(
        select(CoPart.department_id, Department.name, CoPart.text)
        .join(Department, Department.id == CoPart.department_id)
        .where(CoPart.case_id == case.id, CoPart.department_id.in_(units))
        .order_by(CoPart.version)
    )
    return list({row.department_id: (f"{row.name}的协办意见", row.text) for row in rows}.values())


def _assessment(session: Session, case: Case) -> list[tuple[str, str]]:
    statement = select(Assessment.facts).where(Assessment.case_id == case.id).order_by(Assessment.version.desc())
    facts = session.scalar(statement.limit(1))
    return [("风险研判", facts)] if facts else []
