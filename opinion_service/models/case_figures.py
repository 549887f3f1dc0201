"""What is counted of a case for its evaluation; the write side keeps it and the form shows it before."""

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.evaluation import Figures
from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.models.aftermath import EffectWatch
from opinion_service.models.cases import Case, Concern
from opinion_service.models.clocks import Clock
from opinion_service.models.responses import Correction, Promise, Publication


def figures_of(session: Session, case: Case) -> Figures:
    """Return the figures of the case's present round; concerns and promises are those of the whole case."""
    missed = or_(Clock.met_at > Clock.due_at, and_(Clock.state == "stopped", Clock.due_at < case.closed_at))
    late = session.execute(
        select(Clock.kind, Clock.is_legal)
        .where(Clock.case_id == case.id, Clock.round == case.round, Clock.is_late_by_change.is_(False), missed)
        .order_by(Clock.id)
    ).all()
    concerns = session.execute(
        select(func.count(), func.count().filter(Concern.outcome != "open")).where(Concern.case_id == case.id)
    ).one()
    promises = session.execute(
        select(func.count(), func.count(Promise.kept_at)).where(Promise.case_id == case.id)
    ).one()
    watch = session.scalar(select(EffectWatch).where(EffectWatch.case_id == case.id, EffectWatch.round == case.round))
    corrected = (
        select(func.count(Correction.id))
        .join(Publication, Publication.id == Correction.publication_id)
        .where(Publication.case_id == case.id, Correction.confirmed_at.is_not(None))
    )
    return Figures(
        legal_late=tuple(ClockKind(row.kind).label for row in late if row.is_legal),
        other_late=tuple(ClockKind(row.kind).label for row in late if not row.is_legal),
        concerns=concerns[0], answered=concerns[1], promises=promises[0], promises_kept=promises[1],
        items_after=watch.items_after if watch else 0, complaints_after=watch.complaints_after if watch else 0,
        corrections=session.scalar(corrected) or 0, round=case.round,
    )  # fmt: skip
