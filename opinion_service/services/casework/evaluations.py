"""Evaluates a round of a case when it is closed: points by the rubric beside the figures that were counted."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseState
from opinion_service.domain.casework.evaluation import RUBRIC_VERSION, Outcome, total
from opinion_service.domain.errors import Forbidden, IllegalMove, InvalidInput
from opinion_service.domain.people import Actor, Role
from opinion_service.models import Case, Evaluation
from opinion_service.models.case_figures import figures_of
from opinion_service.services import journal
from opinion_service.services.casework import case_book
from opinion_service.services.transaction import transaction

EVALUATORS = frozenset({Role.LIAISON, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class EvaluationForm:
    """The form: points 1-5 for each criterion, what became of the matter, and a remark."""

    scores: dict[str, int]
    outcome: str
    note: str = ""


def evaluate(case_id: int, version: int, form: EvaluationForm, *, actor: Actor, now: datetime) -> int:
    """Evaluate the present round of a closed case and return the total (20-100); until it is archived it may be
    evaluated anew, which replaces the points and leaves both in the journal.

    Raise Forbidden, NotFound, StaleCase, IllegalMove when the case is not closed, InvalidInput for a missing point.
    """
    if actor.role not in EVALUATORS:
        raise Forbidden("办结评估由联络员或督查填写。")
    if form.outcome not in set(Outcome):
        raise InvalidInput("请选择处置结果。", "outcome")
    points = total(form.scores)
    with transaction() as session:
        case = case_book.load_unchanged(session, case_id, version, actor=actor)
        if case.state != CaseState.CLOSED or case.lead_department_id is None:
            raise IllegalMove("案件办结后方可评估。")
        row = _row(session, case)
        figures = figures_of(session, case)
        row.is_timely, row.outcome, row.scores, row.total = figures.is_timely, form.outcome, dict(form.scores), points
        row.figures, row.note = asdict(figures), form.note.strip()[:2000]
        row.evaluated_by_id, row.evaluated_at = actor.user_id, now
        session.add(row)
        session.flush()
        entry = journal.Entry(
            "case_evaluated",
            f"办结评估 {points} 分：{Outcome(form.outcome).label}",
            case_id=case.id,
            from_state=case.state,
            to_state=case.state,
            reason=row.note,
            detail={"scores": row.scores, "round": case.round, "rubric": RUBRIC_VERSION},
        )
        journal.record(session, entry, actor=actor, now=now)
        return points


def check_evaluated(session: Session, case: Case) -> None:
    """Raise InvalidInput unless the present round of the case was evaluated."""
    found = select(Evaluation.id).where(Evaluation.case_id == case.id, Evaluation.round == case.round)
    if session.scalar(found) is None:
        raise InvalidInput("须先完成本轮办结评估，方可归档。")


def _row(session: Session, case: Case) -> Evaluation:
    statement = select(Evaluation).where(Evaluation.case_id == case.id, Evaluation.round == case.round)
    row = session.scalar(statement.with_for_update())
    return row or Evaluation(
        case_id=case.id, round=case.round, department_id=case.lead_department_id, rubric_version=RUBRIC_VERSION
    )
