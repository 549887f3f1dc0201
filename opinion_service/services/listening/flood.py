"""What is done with a source that brings more than a day's worth: the rest is left out, told of, and can be read later.

The documents themselves are kept like all others, so that `flask sources reparse` takes in what was left out.
Source: T14 of the threats: a flood must neither hide the important entry nor fill the disk.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.listening.hearing import ALARM_AGAIN, MOST_NEW_A_DAY
from opinion_service.domain.people import SYSTEM
from opinion_service.models import Source, SourceHour, SourceStory
from opinion_service.services.listening import alarms, ledger
from opinion_service.services.listening.haul import Counts, Haul

DAY = timedelta(hours=24)
TOLD = f"24 小时内新增已达 {MOST_NEW_A_DAY} 条，其余暂不收录"


def room(session: Session, source: Source, *, now: datetime) -> int:
    """Return how many new entries a source may still bring within the 24 hours that end now."""
    recent = select(func.sum(SourceHour.new_count)).where(
        SourceHour.source_id == source.id, SourceHour.hour > now - DAY
    )
    return max(MOST_NEW_A_DAY - (session.scalar(recent) or 0), 0)


def told(haul: Haul, counts: Counts) -> Haul:
    """Return the haul with what was left out in the words of its line in the ledger."""
    if not counts.overflow:
        return haul
    return replace(haul, detail=f"{TOLD}：{counts.overflow} 条；原文已保存，可重新解析收回。{haul.detail}")


def tell(session: Session, source: Source, *, now: datetime) -> None:
    """Tell people once a day, and let the next check read the document again."""
    ledger.forget_copy(source)
    since = SourceStory.at > now - ALARM_AGAIN
    known = select(SourceStory.id).where(SourceStory.source_id == source.id, SourceStory.summary == TOLD, since)
    if session.scalar(known.limit(1)) is None:
        ledger.tell(session, source, "alarm", TOLD, actor_name=SYSTEM.name, now=now)
        alarms.tell_of_flood(session, source, now)
