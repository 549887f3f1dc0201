"""What the ladder asks of a reader today: rungs that told them and that nobody has taken in hand yet."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session, aliased

from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.people import Actor
from opinion_service.models import Acknowledgement, Case, Clock, Rung, RungNotice
from opinion_service.queries.scope import visible_to

MOST_TODAY = 8


@dataclass(frozen=True, slots=True)
class CallView:
    """A fired rung that told the reader and that nobody has taken in hand yet."""

    rung_id: int
    number: str
    title: str
    clock: str
    name: str
    due_at: datetime
    fired_at: datetime


def calls_on(session: Session, actor: Actor, *, now: datetime, limit: int = MOST_TODAY) -> tuple[CallView, ...]:
    """Return the latest unacknowledged rung of each running clock that told the actor, the worst first."""
    later = aliased(Rung)
    told = exists().where(RungNotice.rung_id == Rung.id, RungNotice.user_id == actor.user_id, RungNotice.send_at <= now)
    surpassed = exists().where(later.clock_id == Rung.clock_id, later.state == "fired", later.level > Rung.level)
    taken = exists().where(Acknowledgement.rung_id == Rung.id)
    statement = (
        select(Rung.id, Rung.wording, Rung.fired_at, Clock.kind, Clock.due_at, Case.number, Case.title)
        .join(Clock, and_(Clock.id == Rung.clock_id, Clock.state == "running"))
        .join(Case, Case.id == Rung.case_id)
        .where(visible_to(actor), Rung.state == "fired", told, ~surpassed, ~taken)
        .order_by(Rung.level.desc(), Clock.due_at, Rung.id)
        .limit(limit)
    )
    return tuple(
        CallView(
            row.id, row.number, row.title, ClockKind(row.kind).label, row.wording["name"], row.due_at, row.fired_at
        )
        for row in session.execute(statement)
    )
