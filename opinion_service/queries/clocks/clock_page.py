"""How each clock of a case came about: start, days walked, pauses, extensions, versions; and what may be moved."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from opinion_service.domain.clocks.adjustments import PauseGround
from opinion_service.domain.clocks.allowance import Allowance
from opinion_service.domain.clocks.deadlines import Computation, Pause, recompute
from opinion_service.domain.clocks.sla import EXTENDABLE, PAUSABLE, ClockKind
from opinion_service.domain.people import Actor
from opinion_service.models import Case, Clock, ClockExtension, ClockPause, Department, User
from opinion_service.queries.scope import visible_to

STATE_WORDS = {"running": "计时中", "met": "已完成", "stopped": "已停止", "superseded": "已被新的推算取代"}


@dataclass(frozen=True, slots=True)
class PauseView:
    """One pause of a case; `ends_at` is its cap while it has not been ended."""

    ground: str
    reason: str
    begins_at: datetime
    ends_at: datetime
    is_going: bool
    paused_by: str
    ended_by: str


@dataclass(frozen=True, slots=True)
class ExtensionView:
    """One request for more time, and what became of it."""

    id: int
    clock: str
    days: int
    reason: str
    state: str
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    decision_note: str


@dataclass(frozen=True, slots=True)
class Moves:
    """The pauses and extensions of a case's present round, and which clocks could still be moved."""

    pauses: tuple[PauseView, ...]
    extensions: tuple[ExtensionView, ...]
    pausable: tuple[str, ...]
    extendable: tuple[tuple[str, str], ...]

    @property
    def going(self) -> PauseView | None:
        """Return the pause that lasts now."""
        return next((one for one in self.pauses if one.is_going), None)

    @property
    def asked(self) -> tuple[ExtensionView, ...]:
        """Return the requests that wait for a decision."""
        return tuple(one for one in self.extensions if one.state == "asked")


@dataclass(frozen=True, slots=True)
class ClockProof:
    """One clock with everything its due time was computed from; `holds`: the record gives the same minute now."""

    id: int
    name: str
    department: str
    is_legal: bool
    basis: str
    state: str
    state_word: str
    round: int
    generation: int
    event: str
    started_at: datetime
    allowance: str
    due_at: datetime
    met_at: datetime | None
    steps: tuple[str, ...]
    pauses: tuple[Pause, ...]
    extension: str | None
    awaited: tuple[int, ...]
    calendar_version: str
    profile_version: str
    is_late_by_change: bool
    holds: bool


@dataclass(frozen=True, slots=True)
class CaseClocks:
    """The clocks of one case with its number and title."""

    number: str
    title: str
    round: int
    clocks: tuple[ClockProof, ...]
    moves: Moves


def clocks_of(session: Session, actor: Actor, number: str, *, now: datetime) -> CaseClocks | None:
    """Return every clock the case ever had, those in force first; None when the actor may not see the case."""
    case = session.scalar(select(Case).where(Case.number == number, visible_to(actor)))
    if case is None:
        return None
    rows = session.execute(
        select(Clock, Department.name.label("department"))
        .outerjoin(Department, Department.id == Clock.department_id)
        .where(Clock.case_id == case.id)
        .order_by(Clock.round.desc(), Clock.due_at, Clock.id)
        .limit(200)
    ).all()
    order = ("running", "met", "stopped", "superseded")
    proofs = sorted((_proof(row) for row in rows), key=lambda one: order.index(one.state))
    return CaseClocks(case.number, case.title, case.round, tuple(proofs), moves(session, case, now=now))


def case_id(session: Session, actor: Actor, number: str) -> int | None:
    """Return the id of the case when the actor may see it, else None."""
    return session.scalar(select(Case.id).where(Case.number == number, visible_to(actor)))


def _proof(row: Any) -> ClockProof:
    clock = row.Clock
    kept = Computation.from_record(clock.computation)
    return ClockProof(
        clock.id, ClockKind(clock.kind).label, row.department or "", clock.is_legal, clock.basis, clock.state,
        STATE_WORDS[clock.state], clock.round, clock.generation, clock.computation.get("event", ""), clock.started_at,
        _words(kept), clock.due_at, clock.met_at, kept.steps, kept.pauses,
        kept.extension, kept.awaited, kept.calendar_version, clock.profile_version,
        clock.is_late_by_change, _holds(kept, clock.due_at),
    )  # fmt: skip


def _words(kept: Computation) -> str:
    words = Allowance.parse(kept.allowance).words
    return f"早于牵头单位时限 {words}" if kept.anchor else words


def _holds(kept: Computation, due_at: datetime) -> bool:
    return kept.excerpt is not None and recompute(kept).due_at == due_at


def moves(session: Session, case: Case, *, now: datetime) -> Moves:
    """Return the pauses and extensions of the case's round; three statements."""
    kinds = session.execute(
        select(Clock.kind, Clock.due_at)
        .where(Clock.case_id == case.id, Clock.state == "running", Clock.party == 0)
        .order_by(Clock.due_at)
    ).all()
    open_kinds = [ClockKind(row.kind) for row in kinds if row.due_at > now]
    return Moves(
        _pauses(session, case, now),
        _extensions(session, case),
        tuple(kind.label for kind in open_kinds if kind in PAUSABLE),
        tuple((kind.value, kind.label) for kind in open_kinds if kind in EXTENDABLE),
    )


def _pauses(session: Session, case: Case, now: datetime) -> tuple[PauseView, ...]:
    by, ended = aliased(User), aliased(User)
    rows = session.execute(
        select(ClockPause, by.name.label("paused_by"), ended.name.label("ended_by"))
        .join(by, by.id == ClockPause.paused_by_id)
        .outerjoin(ended, ended.id == ClockPause.ended_by_id)
        .where(ClockPause.case_id == case.id, ClockPause.round == case.round)
        .order_by(ClockPause.id)
    )
    return tuple(
        PauseView(
            PauseGround(row.ClockPause.ground).label, row.ClockPause.reason, row.ClockPause.begins_at,
            row.ClockPause.ended_at or row.ClockPause.until,
            row.ClockPause.ended_at is None and row.ClockPause.until > now, row.paused_by, row.ended_by or "",
        )
        for row in rows
    )  # fmt: skip


def _extensions(session: Session, case: Case) -> tuple[ExtensionView, ...]:
    by, decided = aliased(User), aliased(User)
    rows = session.execute(
        select(ClockExtension, by.name.label("asked_by"), decided.name.label("decided_by"))
        .join(by, by.id == ClockExtension.asked_by_id)
        .outerjoin(decided, decided.id == ClockExtension.decided_by_id)
        .where(ClockExtension.case_id == case.id, ClockExtension.round == case.round)
        .order_by(ClockExtension.id)
    )
    return tuple(_extension(row.ClockExtension, row.asked_by, row.decided_by or "") for row in rows)


def _extension(row: ClockExtension, asked_by: str, decided_by: str) -> ExtensionView:
    return ExtensionView(
        row.id, ClockKind(row.kind).label, row.days, row.reason, row.state, asked_by, row.asked_at,
        decided_by, row.decided_at, row.decision_note,
    )  # fmt: skip
