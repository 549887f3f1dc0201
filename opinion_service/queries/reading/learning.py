"""What people see of the reading itself: how each item was read and corrected, the trained models, the re-readings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.models import Item, ReadingCorrection, ReadingModelVersion, Rereading, User
from opinion_service.queries import paging

PAGE = 20
MOST_RUNS = 10
MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Told:
    """One correction of an item, the newest first."""

    aspect: str
    before: str
    after: str
    reason: str
    at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Mark:
    """How an item is read now, by whom, and the words behind it; `history` are people's corrections."""

    item_id: int
    band: str
    kind: str
    is_band_by_person: bool
    is_kind_by_person: bool
    score: float | None
    words: tuple[tuple[str, float], ...]
    model_version: str
    rules_version: int
    history: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One trained model with its figures on held-back rows (`adapters.reading_model.Figures.as_record`)."""

    version: str
    source: str
    row_count: int
    trial: dict[str, Any]
    created_at: datetime
    created_by: str
    is_active: bool
    uses_second: bool
    switched_at: datetime | None
    switched_by: str
    item_count: int


@dataclass(frozen=True, slots=True)
class RunRow:
    """One re-reading and how far it is."""

    id: int
    state: str
    since: datetime
    total: int
    done: int
    changed: int
    kept: int
    problem: str
    started_at: datetime
    started_by: str
    finished_at: datetime | None

    @property
    def percent(self) -> int:
        """Return how much is done, 0-100."""
        return 100 if self.state == "done" else min(100, round(100 * self.done / (self.total or 1)))


def marks_of(session: Session, items: Iterable[Item]) -> dict[int, Mark]:
    """Return how loaded items are read, by their ids; those not read yet are left out.

    One statement, and none where no person has corrected any of them.
    """
    read = [item for item in items if item.analysed_at is not None]
    corrected = [item.id for item in read if item.band_corrected_by_id or item.nature_corrected_by_id]
    told = _told(session, corrected) if corrected else {}
    return {item.id: _mark(item, told.get(item.id, ())) for item in read}


def _mark(item: Item, history: Iterable[Told]) -> Mark:
    return Mark(
        item.id, item.band or "unsure", item.nature, item.band_corrected_by_id is not None,
        item.nature_corrected_by_id is not None, item.sentiment_score,
        tuple((str(word), float(weight)) for word, weight in item.score_words), item.model_version,
        item.nature_version, tuple(history),
    )  # fmt: skip


def _told(session: Session, ids: Sequence[int]) -> dict[int, list[Told]]:
    found: dict[int, list[Told]] = {}
    rows = session.execute(
        select(ReadingCorrection, User.name)
        .join(User, User.id == ReadingCorrection.actor_id)
        .where(ReadingCorrection.item_id.in_(ids))
        .order_by(ReadingCorrection.id.desc())
        .limit(MOST_TOLD * len(ids))
    )
    for one, name in rows:
        found.setdefault(one.item_id, []).append(Told(one.aspect, one.before, one.after, one.reason, one.at, name))
    return found


def models(session: Session, before: str = "") -> tuple[tuple[ModelRow, ...], str]:
    """Return trained models, the newest first, and the key of the next page (empty on the last).

    `item_count` tells how many stored items each one read.
    """
    statement = select(ReadingModelVersion, User.name).outerjoin(User, User.id == ReadingModelVersion.switched_by_id)
    rows, last = paging.Order(ReadingModelVersion.id, descending=True).page(session, statement, before, PAGE)
    counts = read_by(session)
    shown = tuple(_model(row[0], row[1] or "", counts) for row in rows)
    return shown, str(last.ReadingModelVersion.id) if last else ""


def model(session: Session, version: str) -> ModelRow | None:
    """Return one trained model, or None."""
    statement = select(ReadingModelVersion, User.name).outerjoin(User, User.id == ReadingModelVersion.switched_by_id)
    row = session.execute(statement.where(ReadingModelVersion.version == version)).first()
    return _model(row[0], row[1] or "", read_by(session)) if row else None


def read_by(session: Session) -> dict[str, int]:
    """Return how many stored items each model read, by the name written beside their scores."""
    statement = select(Item.model_version, func.count()).where(Item.model_version != "").group_by(Item.model_version)
    return {row[0]: row[1] for row in session.execute(statement)}


def runs(session: Session) -> tuple[RunRow, ...]:
    """Return the latest ten re-readings, the newest first."""
    statement = select(Rereading, User.name).join(User, User.id == Rereading.started_by_id)
    return tuple(
        RunRow(
            run.id, run.state, run.since, run.total, run.done, run.changed, run.kept, run.problem, run.started_at,
            name, run.finished_at,
        )
        for run, name in session.execute(statement.order_by(Rereading.id.desc()).limit(MOST_RUNS))
    )  # fmt: skip


def corrected_count(session: Session) -> int:
    """Return how many items have a band set by a person: what a training can learn from."""
    statement = select(func.count()).where(Item.band_corrected_by_id.is_not(None), Item.band != "unsure")
    return session.scalar(statement) or 0


def _model(row: ReadingModelVersion, switched_by: str, counts: dict[str, int]) -> ModelRow:
    return ModelRow(
        row.version,
        row.source,
        row.row_count,
        row.trial,
        row.created_at,
        row.created_by_name,
        row.is_active,
        row.uses_second,
        row.switched_at,
        switched_by,
        counts.get(row.version, 0) + counts.get(f"{row.version}/2", 0),
    )
