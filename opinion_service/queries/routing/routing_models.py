"""The trained routing models, for the page and the command."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.models import RoutingModelVersion, RoutingRecord, RoutingTraining, User
from opinion_service.queries import departments, paging

PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class ModelFilter:
    """What the list is narrowed to; `after` is the id of the last row seen."""

    source: str = ""
    descending: bool = True
    after: str = ""


ANY = ModelFilter()


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One trained model; `before` and `after` are accuracies (0-1) on held-back decisions: rules alone, this model."""

    version: str
    source: str
    row_count: int
    department_count: int
    rule_set_version: str
    held_back: int
    before: float | None
    after: float | None
    before_three: float | None
    after_three: float | None
    is_better: bool
    is_active: bool
    created_at: datetime
    created_by: str
    switched_at: datetime | None
    switched_by: str


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model with its comparison, the strongest terms by department name, and how many decisions it made."""

    row: ModelRow
    trial: dict[str, Any]
    terms: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]
    decision_count: int
    corrected_count: int


@dataclass(frozen=True, slots=True)
class TrainingView:
    """The training asked for last; `step` of four is how far it came."""

    id: int
    state: str
    step: int
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None
    model_version: str
    problem: str

    @property
    def is_open(self) -> bool:
        """Return whether it still waits or runs."""
        return self.state in ("waiting", "running")


def listed(session: Session, wanted: ModelFilter = ANY) -> tuple[list[ModelRow], str]:
    """Return a page of models by the time of training, and the key of the next page (empty on the last)."""
    statement = select(RoutingModelVersion)
    if wanted.source:
        statement = statement.where(RoutingModelVersion.source == wanted.source)
    order = paging.Order(RoutingModelVersion.id, descending=wanted.descending)
    found, last = order.page(session, statement, wanted.after, PER_PAGE)
    return [_row(one) for (one,) in found], str(last.RoutingModelVersion.id) if last else ""


def latest_training(session: Session) -> TrainingView | None:
    """Return the training asked for last, None when none ever was."""
    statement = (
        select(RoutingTraining, User.name)
        .join(User, User.id == RoutingTraining.asked_by_id)
        .order_by(RoutingTraining.id.desc())
        .limit(1)
    )
    found = session.execute(statement).first()
    if found is None:
        return None
    row, name = found
    return TrainingView(
        row.id, row.state, row.step, name, row.asked_at, row.finished_at, row.model_version, row.problem
    )


def shown(session: Session, version: str) -> ModelView | None:
    """Return one model, or None when the version is not known."""
    model = session.scalar(select(RoutingModelVersion).where(RoutingModelVersion.version == version))
    if model is None:
        return None
    names = departments.names(session)
    terms = tuple(
        (names.get(code, code), tuple((str(term), float(weight)) for term, weight in pairs))
        for code, pairs in sorted(model.terms.items())
    )
    used = session.execute(
        select(func.count(RoutingRecord.id), func.count(RoutingRecord.corrected_department_id)).where(
            RoutingRecord.model_version == version
        )
    ).one()
    return ModelView(_row(model), dict(model.trial), terms, used[0], used[1])


def _row(model: RoutingModelVersion) -> ModelRow:
    rules, new = model.trial.get("rules", {}), model.trial.get("new", {})
    return ModelRow(
        model.version, model.source, model.row_count, len(model.departments), model.rule_set_version,
        int(model.trial.get("n", 0)), rules.get("@1"), new.get("@1"), rules.get("@3"), new.get("@3"),
        bool(model.trial.get("is_better")), model.is_active, model.created_at, model.created_by_name,
        model.switched_at, model.switched_by_name,
    )  # fmt: skip
