"""What tasks and files share: a case that the actor may work on, locked, so that what is counted stays counted."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import SHUT
from opinion_service.domain.errors import Forbidden, IllegalMove, NotFound
from opinion_service.domain.people import ONLY_LOOK, Actor
from opinion_service.models import Case
from opinion_service.services.casework import case_book


def worked_on(session: Session, case_id: int, actor: Actor) -> Case:
    """Return the case, locked; raise NotFound outside the actor's scope, Forbidden for who only looks.

    The case's version stays: what lies beside it spoils no form that somebody else has open.
    """
    case = session.scalar(select(Case).where(Case.id == case_id).with_for_update())
    if case is None or not case_book.is_visible(session, case, actor):
        raise NotFound("案件不存在，或不在您的办理范围内。")
    if actor.role in ONLY_LOOK:
        raise Forbidden("审计员和系统管理员不能办理案件。")
    return case


def added_to(session: Session, case_id: int, actor: Actor) -> Case:
    """Return the case as `worked_on`; raise IllegalMove when nothing can be laid beside it any more.

    Finishing a task and taking a file away stay possible: a file with somebody's personal data must be able to go.
    """
    case = worked_on(session, case_id, actor)
    if case.state in SHUT:
        raise IllegalMove("案件已归档、并案或不予立案，不能再增加任务和附件。")
    return case
