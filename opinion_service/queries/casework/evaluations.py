"""Evaluations of closed cases: the list, each department's figures, one case's form, and what still waits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.evaluation import Figures, suggested
from opinion_service.domain.people import Actor, Role
from opinion_service.models import Case, Department, Evaluation, User
from opinion_service.models.case_figures import figures_of
from opinion_service.queries import paging
from opinion_service.queries.scope import visible_to
from opinion_service.queries.todo import Todo

PAGE = 30
SORTS = ("evaluated", "total")


@dataclass(frozen=True, slots=True)
class EvaluationFilter:
    """What the list is narrowed to; `after` is the key of the last row seen (`total|id`)."""

    department_id: int | None = None
    outcome: str = ""
    timely: str = ""
    text: str = ""
    sort: str = "evaluated"
    descending: bool = True
    after: str = ""


@dataclass(frozen=True, slots=True)
class EvaluationRow:
    """One evaluation with its case."""

    id: int
    number: str
    title: str
    round: int
    department: str
    is_timely: bool
    outcome: str
    scores: dict[str, int]
    total: int
    answered: str
    evaluated_by: str
    evaluated_at: datetime


@dataclass(frozen=True, slots=True)
class EvaluationPage:
    """A page of evaluations; `after` leads to the next."""

    rows: tuple[EvaluationRow, ...]
    after: str
    sort: str
    descending: bool


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """One department's evaluations: how many, the average total (20-100) and the share answered in time."""

    department_id: int
    department: str
    count: int
    average: float
    timely_share: float


@dataclass(frozen=True, slots=True)
class EvaluationForm:
    """What the form of one case shows: the figures, the points they suggest, and what was filed before."""

    figures: Figures
    suggested: dict[str, int]
    filed: Evaluation | None


def list_evaluations(session: Session, actor: Actor, wanted: EvaluationFilter) -> EvaluationPage:
    """Return a page of the evaluations of the actor's cases; one statement."""
    value = Evaluation.total if wanted.sort == "total" else None
    order = paging.Order(Evaluation.id, value, paging.number, wanted.descending)
    statement = (
        select(Evaluation, Case.number, Case.title, Department.name, User.name.label("person"))
        .join(Case, Case.id == Evaluation.case_id)
        .join(Department, Department.id == Evaluation.department_id)
        .join(User, User.id == Evaluation.evaluated_by_id)
        .where(visible_to(actor), *_conditions(wanted))
    )
    found, last = order.page(session, statement, wanted.after, PAGE)
    after = paging.key_of(last.Evaluation.total, last.Evaluation.id) if last else ""
    return EvaluationPage(tuple(_row(row) for row in found), after, wanted.sort, wanted.descending)


def by_department(session: Session, actor: Actor, wanted: EvaluationFilter) -> tuple[UnitFigures, ...]:
    """Return each department's figures under the same filters, by name and not as a ranking; one statement."""
    rows = session.execute(
        select(
            Department.id, Department.name, func.count(), func.avg(Evaluation.total),
            func.count().filter(Evaluation.is_timely),
        )
        .join(Evaluation, Evaluation.department_id == Department.id)
        .join(Case, Case.id == Evaluation.case_id)
        .where(visible_to(actor), *_conditions(wanted))
        .group_by(Department.id, Department.name)
        .order_by(Department.id)
    )  # fmt: skip
    return tuple(UnitFigures(row[0], row[1], row[2], float(row[3]), row[4] / row[2]) for row in rows)


def form_of(session: Session, case: Case) -> EvaluationForm:
    """Return what the evaluation form of a case shows; the caller has checked that the actor may see the case."""
    figures = figures_of(session, case)
    filed = session.scalar(select(Evaluation).where(Evaluation.case_id == case.id, Evaluation.round == case.round))
    return EvaluationForm(figures, suggested(figures), filed)


def of_case(session: Session, case_id: int) -> tuple[Evaluation, ...]:
    """Return the evaluations of a case, the latest round first."""
    rows = session.scalars(select(Evaluation).where(Evaluation.case_id == case_id).order_by(Evaluation.round.desc()))
    return tuple(rows)


def todos(session: Session, actor: Actor) -> list[Todo]:
    """Return how many closed cases wait for their evaluation, as todos; one statement."""
    if actor.role is not Role.LIAISON:
        return []
    missing = ~select(Evaluation.id).where(Evaluation.case_id == Case.id, Evaluation.round == Case.round).exists()
    count = session.scalar(select(func.count(Case.id)).where(Case.state == "closed", missing)) or 0
    return [Todo(count, "件已办结，待评估", "/cases?state=closed", "评估", "info")]


def _conditions(wanted: EvaluationFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.department_id:
        found.append(Evaluation.department_id == wanted.department_id)
    if wanted.outcome:
        found.append(Evaluation.outcome == wanted.outcome)
    if wanted.timely in ("yes", "no"):
        found.append(Evaluation.is_timely.is_(wanted.timely == "yes"))
    if wanted.text:
        found.append(
            or_(Case.number.contains(wanted.text, autoescape=True), Case.title.contains(wanted.text, autoescape=True))
        )
    return found


def _row(row: Any) -> EvaluationRow:
    one = row.Evaluation
    answered = f"{one.figures['answered']} / {one.figures['concerns']}"
    return EvaluationRow(
        one.id, row.number, row.title, one.round, row.name, one.is_timely, one.outcome, dict(one.scores), one.total,
        answered, row.person, one.evaluated_at,
    )  # fmt: skip
