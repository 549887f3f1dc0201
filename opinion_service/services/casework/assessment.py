"""Files the risk assessment of a case (风险研判) and keeps the public's questions."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.clocks.sla import OpinionGrade
from opinion_service.domain.errors import InvalidInput, NotFound
from opinion_service.domain.people import Actor
from opinion_service.models import Assessment, Case, Concern, RiskPoint
from opinion_service.services.casework import case_book
from opinion_service.services.casework.case_book import Step
from opinion_service.services.reminders import post_case
from opinion_service.services.transaction import transaction

MOST_CONCERNS = 20


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


@dataclass(frozen=True, slots=True)
class ConcernText:
    """One question of the public; `concern_id` is None for a new one; an empty question removes it."""

    question: str
    concern_id: int | None = None
    outcome: str = "open"
    passage: str = ""
    promised_on: date | None = None


def file_assessment(case_id: int, version: int, form: AssessmentText, *, actor: Actor, now: datetime) -> None:
    """Store the assessment as a new version and move the case to *assessed*.

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
            summary=f"提交风险研判，最高风险分值 {highest}",
            detail={"assessment_id": row.id},
        )
        case_book.take(session, case, step, actor=actor, now=now)
        post_case.announce(session, case, CaseAction.ASSESS, actor=actor, now=now)


def save_concerns(
    case_id: int, version: int, concerns: tuple[ConcernText, ...], *, actor: Actor, now: datetime
) -> None:
    """Replace the case's list of concerns by `concerns`; those left out of the form stay as they are."""
    if len(concerns) > MOST_CONCERNS:
        raise InvalidInput(f"关切问题最多 {MOST_CONCERNS} 条。", "question")
    with transaction() as session:
        case = case_book.load_unchanged(session, case_id, version, actor=actor)
        case_book.authorise(session, case, Step(CaseAction.CONCERN), actor=actor)
        for text in concerns:
            _keep_concern(session, case, text)
        case_book.take(session, case, Step(CaseAction.CONCERN), actor=actor, now=now)


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
        recommended_grade=form.recommended_grade,
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


def _keep_concern(session: Session, case: Case, text: ConcernText) -> None:
    row = session.get(Concern, text.concern_id) if text.concern_id else None
    if text.concern_id and (row is None or row.case_id != case.id):
        raise NotFound("该关切问题不存在。")
    if not text.question.strip():
        if row is not None:
            session.delete(row)
        return
    if text.outcome == "answered" and not text.passage.strip():
        raise InvalidInput("请摘录回应该问题的原文。", "passage")
    if text.outcome == "not_ours" and not text.passage.strip():
        raise InvalidInput("请说明不属本单位职责的理由。", "passage")
    if text.outcome == "promised" and text.promised_on is None:
        raise InvalidInput("请填写答复日期。", "promised_on")
    if row is None:
        row = Concern(case_id=case.id, question="", item_ids=[])
        session.add(row)
    row.question, row.outcome = text.question.strip()[:300], text.outcome
    row.passage, row.promised_on = text.passage.strip()[:1000], text.promised_on
