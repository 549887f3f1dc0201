"""The documents as they came, compressed: reading them again, and letting go of what is past its time."""

import gzip
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from opinion_service.domain.errors import NotFound
from opinion_service.domain.listening.hearing import LEDGER_KEPT, RAW_KEPT
from opinion_service.models import BlindWindow, PassedOver, RawBody, Source, SourceCheck, SourceHour
from opinion_service.services.listening.scope import REMEMBERED
from opinion_service.services.transaction import transaction

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class KeptBody:
    """A kept document without its bytes; `zone` and `url` are its source's."""

    id: int
    fetched_at: datetime
    content_type: str
    zone: str
    url: str


def kept_bodies(source_id: int, *, since: datetime) -> list[KeptBody]:
    """Return the kept documents of a source from `since` on, the newest first; reads only."""
    with transaction() as session:
        rows = session.execute(
            select(RawBody.id, RawBody.fetched_at, RawBody.content_type, Source.zone, Source.url)
            .join(Source, Source.id == RawBody.source_id)
            .where(RawBody.source_id == source_id, RawBody.fetched_at >= since)
            .order_by(RawBody.fetched_at.desc(), RawBody.id.desc())
        )
        return [KeptBody(*row) for row in rows]


def body_of(body_id: int) -> bytes:
    """Return a kept document as it came; raise NotFound when it is gone."""
    with transaction() as session:
        packed = session.scalar(select(RawBody.body).where(RawBody.id == body_id))
    if packed is None:
        raise NotFound("原始内容已过保存期。")
    return gzip.decompress(packed)


def purge(*, now: datetime) -> int:
    """Delete documents after 30 days, what did not match after 7, ledger lines after 400; some at a time.

    Source of the 30 days: documents hold personal data that items do not (docs/operations.md).
    """
    raw, ledger = now - RAW_KEPT, now - LEDGER_KEPT
    ended = BlindWindow.ended_at
    with transaction() as session:
        removed = 0
        for model, condition in (
            (RawBody, RawBody.fetched_at < raw), (SourceCheck, SourceCheck.finished_at < ledger),
            (BlindWindow, ended < ledger), (PassedOver, PassedOver.last_seen_at < now - REMEMBERED),
        ):  # fmt: skip
            key: Any = model.id
            some = list(session.scalars(select(key).where(condition).limit(AT_ONCE)))
            if some:
                session.execute(delete(model).where(key.in_(some)))
            removed += len(some)
        old_hour = session.scalar(select(SourceHour.hour).where(SourceHour.hour < ledger).limit(1))
        if old_hour is not None:
            session.execute(delete(SourceHour).where(SourceHour.hour == old_hour))
        return removed
