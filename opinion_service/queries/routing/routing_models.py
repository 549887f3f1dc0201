"""The trained routing models, for the page and the command."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.models import Department, RoutingModelVersion, RoutingRecord

PER_PAGE = 20


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


def listed(session: Session, page: int = 1) -> tuple[list[ModelRow], bool]:
    """Return the models, the newest first, twenty a page, and whether there are more."""
    statement = select(RoutingModelVersion).order_by(RoutingModelVersion.id.desc())
    found = list(session.scalars(statement.offset((page - 1) * PER_PAGE).limit(PER_PAGE + 1)))
    return [_row(one) for one in found[:PER_PAGE]], len(found) > PER_PAGE


def shown(session: Session, version: str) -> ModelView | None:
    """Return one model, or None when the version is not known."""
    model = session.scalar(select(RoutingModelVersion).where(RoutingModelVersion.version == version))
    if model is None:
        return None
    names = {row.code: row.name for row in session.execute(select(Department.code, Department.name))}
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
