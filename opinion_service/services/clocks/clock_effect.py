"""What a change would do to the clocks of a case, computed as the change itself would and not kept."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.clocks.sla import IncidentLevel, OpinionGrade
from opinion_service.domain.errors import InvalidInput, NotFound
from opinion_service.domain.people import Actor
from opinion_service.models import Case, Department
from opinion_service.services.casework import case_book
from opinion_service.services.casework.case_book import Step
from opinion_service.services.clocks import clock_plan
from opinion_service.services.clocks.clock_plan import Footing, Shift
from opinion_service.services.transaction import transaction


@dataclass(frozen=True, slots=True)
class Effect:
    """One clock before and after; `minutes` won (positive) or lost, None for one that begins or ends."""

    clock: str
    department: str
    is_legal: bool
    old_due: datetime | None
    new_due: datetime | None
    minutes: int | None
    is_late_by_change: bool


@dataclass(frozen=True, slots=True)
class RegradeEffect:
    """All clocks under another grade; `minutes`: how far the earliest legal deadline moves."""

    minutes: int
    rows: tuple[Effect, ...]


def of_regrade(
    number: str, grade: str, level: str, occurred_at: datetime | None, *, actor: Actor, now: datetime
) -> RegradeEffect:
    """Return how the clocks of case `number` would stand under another grade and incident level.

    Raises NotFound for a case the actor may not know, Forbidden or IllegalMove when the actor may not
    regrade it, InvalidInput for an unknown grade or an occurrence in the future. Nothing is written.
    """
    with transaction() as session:
        case = session.scalar(select(Case).where(Case.number == number))
        if case is None or not case_book.is_visible(session, case, actor):
            raise NotFound("案件不存在，或不在您的办理范围内。")
        case_book.authorise(session, case, Step(CaseAction.REGRADE, note="预览"), actor=actor)
        try:
            stand = Footing(OpinionGrade(grade), IncidentLevel(level), occurred_at or case.occurred_at)
        except ValueError as error:
            raise InvalidInput("等级不在可选范围内。", "grade") from error
        if occurred_at is not None and occurred_at > now:
            raise InvalidInput("事发时间不能晚于现在。", "occurred_at")
        shifts = clock_plan.plan(session, case, now=now, footing=stand)
        parties = {one.clock.party for one in shifts if one.clock and one.clock.party}
        found = session.execute(select(Department.id, Department.name).where(Department.id.in_(parties)))
        names = {row.id: row.name for row in found}
        return RegradeEffect(clock_plan.minutes_of_legal(shifts), tuple(effect_of(one, names) for one in shifts))


def effect_of(shift: Shift, names: dict[int, str]) -> Effect:
    """Return the shift as a page shows it; `names`: the co-departments'."""
    clock, rule = shift.clock, shift.rule
    is_legal = rule.is_legal if rule else bool(clock and clock.is_legal)
    party = names.get(clock.party, "") if clock else ""
    return Effect(
        shift.kind.label, party, is_legal, shift.old_due, shift.new_due, shift.minutes, shift.is_late_by_change
    )
