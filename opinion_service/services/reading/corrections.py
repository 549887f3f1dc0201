"""A person's word on how an item sounds and what it wants; it stands before whatever a model says later."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.reading.sentiment import Band, Nature, implied
from opinion_service.models import Case, Event, Item, ReadingCorrection
from opinion_service.services import journal
from opinion_service.services.reading import analysis
from opinion_service.services.transaction import transaction

ASPECTS = {"band": {one.value: one.label for one in Band}, "kind": {one.value: one.label for one in Nature}}
_NAMES = {"band": "情感倾向", "kind": "诉求类型"}
MOST_LEARNED = 50_000


def correct(item_id: int, aspect: str, value: str, note: str = "", *, actor: Actor, now: datetime) -> bool:
    """Set the band or the kind of an item to a person's and keep what it was; False when a person set it so before.

    aspect: band or kind. A kind set by a person brings the band along that it settles, unless a person set that too,
    and its event is looked at again by the opening rules. Raise Forbidden for anybody but a liaison, InvalidInput for
    an unknown value, NotFound for an item that is not there or was not read yet.
    """
    if actor.role is not Role.LIAISON:
        raise Forbidden("只有联络员可以更正判读。")
    if value not in ASPECTS.get(aspect, {}):
        raise InvalidInput("请选择要更正为的倾向或类型。", "value")
    with transaction() as session:
        item = _locked(session, item_id)
        before, is_by_person = _present(item, aspect)
        if before == value and is_by_person:
            return False
        _set(item, aspect, value, actor)
        session.add(
            ReadingCorrection(
                item_id=item.id, aspect=aspect, before=before, after=value, model_version=item.model_version,
                reason=note.strip()[:300], at=now, actor_id=actor.user_id,
            )
        )  # fmt: skip
        session.flush()
        event = session.get_one(Event, item.event_id)
        analysis.refresh(session, event, None, now=now)
        if aspect == "kind" and before != value and event.state == "open":
            event.needs_opening = True
        journal.record(session, _entry(session, item, aspect, (before, value), note), actor=actor, now=now)
        return True


def corrected(*, limit: int = MOST_LEARNED) -> list[tuple[str, str, int]]:
    """Return (title, body, -1/0/1) of the items whose band a person set, the newest first; *unsure* teaches nothing."""
    with transaction() as session:
        statement = (
            select(Item.title, Item.body, Item.band)
            .where(Item.band_corrected_by_id.is_not(None), Item.band != Band.UNSURE)
            .order_by(Item.id.desc())
            .limit(limit)
        )
        return [(row.title, row.body, Band(row.band).sign) for row in session.execute(statement)]


def _locked(session: Session, item_id: int) -> Item:
    """Return the item with its event locked before it, in the order in which regrouping locks them."""
    event_id = session.scalar(select(Item.event_id).where(Item.id == item_id, Item.analysed_at.is_not(None)))
    if event_id is None:
        raise NotFound("该条目不存在或尚未判读。")
    session.get_one(Event, event_id, with_for_update=True)
    return session.get_one(Item, item_id, with_for_update=True)


def _present(item: Item, aspect: str) -> tuple[str, bool]:
    if aspect == "band":
        return item.band or "", item.band_corrected_by_id is not None
    return item.nature, item.nature_corrected_by_id is not None


def _set(item: Item, aspect: str, value: str, actor: Actor) -> None:
    if aspect == "band":
        item.band, item.band_corrected_by_id = value, actor.user_id
        return
    item.nature, item.nature_corrected_by_id = value, actor.user_id
    settled = implied(Nature(value))
    if settled is not None and item.band_corrected_by_id is None:
        item.band = settled.value


def _entry(session: Session, item: Item, aspect: str, change: tuple[str, str], note: str) -> journal.Entry:
    words = ASPECTS[aspect]
    before, after = (words.get(one, "未判读") for one in change)
    told = f"确认{_NAMES[aspect]}：{after}" if before == after else f"更正{_NAMES[aspect]}：{before} → {after}"
    case_id = session.scalar(select(Case.id).where(Case.event_id == item.event_id))
    detail = {"item_id": item.id, "aspect": aspect, "before": change[0], "after": change[1]}
    return journal.Entry(
        "reading_corrected", f"{told}（{item.title[:40]}）", case_id=case_id, reason=note.strip()[:300], detail=detail
    )
