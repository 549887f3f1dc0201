"""Joint meetings (会商) on a case: who met, when, and what was concluded."""

from dataclasses import dataclass
from datetime import datetime

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.people import Actor
from opinion_service.models import Consultation
from opinion_service.services.casework import case_book
from opinion_service.services.casework.case_book import Step
from opinion_service.services.transaction import transaction


@dataclass(frozen=True, slots=True)
class Meeting:
    """The form of a meeting; `attendees` are units and posts, not private persons."""

    held_at: datetime | None
    attendees: str
    conclusion: str


def record(case_id: int, version: int, meeting: Meeting, *, actor: Actor, now: datetime) -> None:
    """Write a meeting down; InvalidInput without a time in the past, those present, or a conclusion."""
    if meeting.held_at is None or meeting.held_at > now:
        raise InvalidInput("请填写会商时间，且不晚于现在。", "held_at")
    for name, text, label in (
        ("attendees", meeting.attendees, "参加单位"), ("conclusion", meeting.conclusion, "会商意见"),
    ):  # fmt: skip
        if not text.strip():
            raise InvalidInput(f"请填写{label}。", name)
    with transaction() as session:
        case = case_book.load_unchanged(session, case_id, version, actor=actor)
        case_book.authorise(session, case, Step(CaseAction.CONSULT), actor=actor)
        session.add(
            Consultation(
                case_id=case.id, held_at=meeting.held_at, attendees=meeting.attendees.strip()[:300],
                conclusion=meeting.conclusion.strip()[:2000], recorded_by_id=actor.user_id, recorded_at=now,
            )
        )  # fmt: skip
        case_book.take(session, case, Step(CaseAction.CONSULT), actor=actor, now=now)
