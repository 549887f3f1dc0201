"""What a simulation found: every figure comes from rows that can be listed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from opinion_service.domain.people import Actor
from opinion_service.models import Case, RuleSimulation, RuleVersion, SimulatedCase, User
from opinion_service.queries import paging
from opinion_service.queries.scope import visible_to

PAGE = 30
_S = SimulatedCase
_MOVED = _S.old_code != _S.new_code
_CORRECTED = _S.truth_kind == "corrected"
_SETTLED = _S.truth_kind != ""
_OLD_RIGHT, _NEW_RIGHT = _S.old_code == _S.truth, _S.new_code == _S.truth

# Each figure of the page by its name: the condition on the rows it counts, which the list uses as well.
SHOWN: Mapping[str, ColumnElement[bool]] = {
    "moved": _MOVED,
    "unrouted": _S.is_unrouted.is_(True),
    "was_unrouted": _S.was_unrouted.is_(True),
    "newly_unrouted": and_(_S.is_unrouted, ~_S.was_unrouted),
    "rescued": and_(_S.was_unrouted, ~_S.is_unrouted),
    "corrected": _CORRECTED,
    "corrected_old": and_(_CORRECTED, _OLD_RIGHT),
    "corrected_new": and_(_CORRECTED, _NEW_RIGHT),
    "settled": _SETTLED,
    "settled_old": and_(_SETTLED, _OLD_RIGHT),
    "settled_new": and_(_SETTLED, _NEW_RIGHT),
    "won": and_(_SETTLED, _NEW_RIGHT, ~_OLD_RIGHT),
    "lost": and_(_SETTLED, _OLD_RIGHT, ~_NEW_RIGHT),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One simulation with its progress."""

    id: int
    state: str
    total: int
    done: int
    since: datetime
    until: datetime
    created_at: datetime
    finished_at: datetime | None
    created_by: str
    against: str
    draft_id: int
    draft_revision: int
    problem: str


@dataclass(frozen=True, slots=True)
class Findings:
    """The figures of a run: named counts, moves (from, to, count), load (code, before, after)."""

    counts: Mapping[str, int]
    moves: tuple[tuple[str, str, int], ...]
    load: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One simulated case."""

    case_id: int
    number: str
    title: str
    old_code: str
    new_code: str
    old_confidence: float
    new_confidence: float
    truth: str
    truth_kind: str
    is_unrouted: bool


def runs(session: Session, limit: int = 20) -> tuple[Run, ...]:
    """Return the latest simulations, the newest first."""
    return tuple(_run(row) for row in session.execute(_runs().order_by(RuleSimulation.id.desc()).limit(limit)))


def run(session: Session, run_id: int) -> Run | None:
    """Return one simulation, or None."""
    row = session.execute(_runs().where(RuleSimulation.id == run_id)).first()
    return _run(row) if row else None


def findings(session: Session, run_id: int) -> Findings:
    """Return the figures of a run as far as it has come; two statements."""
    sums = [func.coalesce(func.sum(case((condition, 1), else_=0)), 0).label(name) for name, condition in SHOWN.items()]
    row = session.execute(select(*sums).where(_S.simulation_id == run_id)).one()
    pairs = session.execute(
        select(_S.old_code, _S.new_code, func.count())
        .where(_S.simulation_id == run_id)
        .group_by(_S.old_code, _S.new_code)
    ).all()
    before: dict[str, int] = {}
    after: dict[str, int] = {}
    for old, new, count in pairs:
        before[old], after[new] = before.get(old, 0) + count, after.get(new, 0) + count
    load = sorted(
        ((code, before.get(code, 0), after.get(code, 0)) for code in before | after), key=lambda one: (-one[2], one[0])
    )
    moves = sorted(((old, new, count) for old, new, count in pairs if old != new), key=lambda one: (-one[2], one[:2]))
    return Findings({name: int(getattr(row, name)) for name in SHOWN}, tuple(moves), tuple(load))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases of a run are listed: a figure by its name, the departments from and to, the last key seen."""

    show: str = ""
    old: str = ""
    new: str = ""
    before: str = ""


def cases(session: Session, actor: Actor, run_id: int, wanted: Wanted) -> tuple[tuple[CaseRow, ...], str]:
    """Return a page of the cases behind a figure, the newest first, and the next key (empty: none); one statement."""
    statement: Any = (
        select(
            Case.id, Case.number, Case.title, _S.old_code, _S.new_code, _S.old_confidence, _S.new_confidence,
            _S.truth, _S.truth_kind, _S.is_unrouted,
        )
        .join(Case, Case.id == _S.case_id)
        .where(_S.simulation_id == run_id, visible_to(actor), *_conditions(wanted))
    )  # fmt: skip
    found, last = paging.Order(_S.case_id, descending=True).page(session, statement, wanted.before, PAGE)
    return tuple(CaseRow(*row) for row in found), str(last.id) if last else ""


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = [SHOWN[wanted.show]] if wanted.show in SHOWN else []
    if wanted.old:
        conditions.append(_S.old_code == wanted.old)
    if wanted.new:
        conditions.append(_S.new_code == wanted.new)
    return conditions


def _runs() -> Any:
    return (
        select(RuleSimulation, User.name, RuleVersion.version)
        .join(User, User.id == RuleSimulation.created_by_id)
        .join(RuleVersion, RuleVersion.id == RuleSimulation.against_id)
    )


def _run(row: Any) -> Run:
    one = row[0]
    return Run(
        one.id, one.state, one.total, one.done, one.since, one.until, one.created_at, one.finished_at, row[1],
        row[2].removeprefix("routing-"), one.draft_id, one.draft_revision, one.problem,
    )  # fmt: skip
