"""Files the risk assessment of a case (风险研判)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseAction, CaseState
from opinion_service.domain.clocks.sla import OpinionGrade
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.people import Actor
from opinion_service.models import Assessment, Case, RiskPoint
from opinion_service.services.casework import case_book
from opinion_service.services.casework.case_book import Step
from opinion_service.services.reminders import post_case
from opinion_service.services.transaction import transaction


@dataclass(frozen=True, slots=True)
class RiskPointText:
    """One risk point of the form; likelihood and impact are whole numbers from 1 to 5."""

    description: str
    likelihood: int
    impact: int
    trigger: str = ""


@dataclass(frozen=True, slots=True)
class AssessmentText:
    """The form of a risk assessment."""

    facts: str
    handling: str
    recommended_grade: str
    risk_points: tuple[RiskPointText, ...]
    spread: str = ""
    trend: str = ""
    line: str = ""
    affected: str = ""
    rubric_version: str = ""


def file_assessment(case_id: int, version: int, form: AssessmentText, *, actor: Actor, now: datetime) -> None:
    """Store the assessment as a new version; the first one moves the case to *assessed*, later ones leave it drafting.

    Raise InvalidInput when facts, handling or a risk point is missing or out of range.
    """
    _check(form)
    with transaction() as session:
        case = case_book.load_unchanged(session, case_id, version, actor=actor)
        step = Step(CaseAction.ASSESS)
        case_book.authorise(session, case, step, actor=actor)
        row = _store(session, case, form, actor, now)
        highest = max(point.likelihood * point.impact for point in form.risk_points)
        step = Step(
            CaseAction.ASSESS,
            to=CaseState.DRAFTING if case.state == CaseState.DRAFTING else None,
            summary=f"提交风险研判第 {row.version} 版，最高风险分值 {highest}",
            detail={"assessment_id": row.id},
        )
        case_book.take(session, case, step, actor=actor, now=now)
        post_case.announce(session, case, CaseAction.ASSESS, actor=actor, now=now)


def _check(form: AssessmentText) -> None:
    for name, text, label in (("facts", form.facts, "基本事实"), ("handling", form.handling, "处置意见")):
        if not text.strip():
            raise InvalidInput(f"请填写{label}。", name)
    if form.recommended_grade not in {grade.value for grade in OpinionGrade}:
        raise InvalidInput("请选择建议等级。", "recommended_grade")
    if not form.risk_points:
        raise InvalidInput("请至少填写一个风险点。", "risk_description")
    for point in form.risk_points:
        if not point.description.strip():
            raise InvalidInput("请填写风险点。", "risk_description")
        if not (1 <= point.likelihood <= 5 and 1 <= point.impact <= 5):
            raise InvalidInput("可能性和影响须为 1–5。", "likelihood")


def _store(session: Session, case: Case, form: AssessmentText, actor: Actor, now: datetime) -> Assessment:
    last = session.scalar(select(func.max(Assessment.version)).where(Assessment.case_id == case.id)) or 0
    row = Assessment(
        case_id=case.id,
        version=last + 1,
        facts=form.facts.strip(),
        spread=form.spread.strip(),
        trend=form.trend.strip(),
        handling=form.handling.strip(),
        line=form.line.strip(),
        affected=form.affected.strip(),
        recommended_grade=form.recommended_grade,
        rubric_version=form.rubric_version,
        author_id=actor.user_id,
        filed_at=now,
    )
    row.risk_points = [
        RiskPoint(
            description=point.description.strip()[:300],
            trigger=point.trigger.strip()[:300],
            likelihood=point.likelihood,
            impact=point.impact,
        )
        for point in form.risk_points
    ]
    session.add(row)
    session.flush()
    return row
