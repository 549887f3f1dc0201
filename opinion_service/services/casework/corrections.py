"""After publication: corrections put into force by a second person, and the other channels an answer went out by."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.listening.scrub import scrub
from opinion_service.domain.people import Actor, Role
from opinion_service.models import Correction, Publication, PublicationChannel
from opinion_service.services import journal
from opinion_service.services.transaction import transaction

# Six parts of a reply, each as long as it may be.
LONGEST_TEXT = 120_000


class Channel(StrEnum):
    """How an answer reaches the public. Source: 61号, 政府信息公开条例第二十三条."""

    WEBSITE = "website"
    NEW_MEDIA = "new_media"
    PRESS = "press"
    INTERVIEW = "interview"
    OTHER = "other"

    @property
    def label(self) -> str:
        """Return the channel's name in Chinese."""
        return CHANNEL_LABELS[self]


CHANNEL_LABELS: dict[Channel, str] = {
    Channel.WEBSITE: "政府网站",
    Channel.NEW_MEDIA: "政务新媒体",
    Channel.PRESS: "新闻发布会",
    Channel.INTERVIEW: "媒体采访",
    Channel.OTHER: "其他渠道",
}


@dataclass(frozen=True, slots=True)
class CorrectedText:
    """What an answer shall say from now on, and the notice that tells readers what was corrected."""

    title: str
    body: str
    notice: str


def propose(publication_id: int, text: CorrectedText, *, actor: Actor, now: datetime) -> int:
    """Propose a correction and return its id; the public reads the old text until another person confirms."""
    if actor.role is not Role.LIAISON:
        raise Forbidden("更正由联络员提出。")
    _check(text)
    with transaction() as session:
        publication = _published(session, publication_id)
        if (text.title.strip(), text.body.strip()) == (publication.title, publication.body):
            raise InvalidInput("更正稿与已发布的文字相同。", "body")
        if session.scalar(_open(publication_id)) is not None:
            raise InvalidInput("已有一份更正稿等待确认。")
        row = Correction(
            publication_id=publication.id, notice=text.notice.strip()[:300], title=text.title.strip()[:200],
            body=text.body.strip(), old_title=publication.title, old_body=publication.body,
            proposed_by_id=actor.user_id, proposed_at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        journal.record(
            session, _entry(publication, "correction_proposed", "提出更正", row.notice), actor=actor, now=now
        )
        return row.id


def confirm(correction_id: int, *, actor: Actor, now: datetime) -> None:
    """Put a correction into force; its proposer may not (also refused by the constraint `four_eyes`)."""
    with transaction() as session:
        row, publication = _waiting(session, correction_id)
        is_leader = actor.role is Role.APPROVER and actor.department_id == publication.department_id
        if not is_leader and actor.role is not Role.SUPERVISOR:
            raise Forbidden("更正由承办单位分管领导或督查确认。")
        if actor.user_id == row.proposed_by_id:
            raise Forbidden("更正须由提出人以外的另一人确认。")
        row.confirmed_by_id, row.confirmed_at = actor.user_id, now
        publication.title, publication.body = row.title, row.body
        journal.record(
            session, _entry(publication, "correction_confirmed", "更正已发布", row.notice), actor=actor, now=now
        )


def drop(correction_id: int, reason: str, *, actor: Actor, now: datetime) -> None:
    """Give a proposed correction up; the published text stays."""
    if not reason.strip():
        raise InvalidInput("请填写理由。", "note")
    with transaction() as session:
        row, publication = _waiting(session, correction_id)
        is_leader = actor.role is Role.APPROVER and actor.department_id == publication.department_id
        if not is_leader and actor.role not in (Role.LIAISON, Role.SUPERVISOR):
            raise Forbidden("您不能办理这份更正。")
        row.dropped_at = now
        journal.record(
            session, _entry(publication, "correction_dropped", "更正未采用", reason.strip()), actor=actor, now=now
        )


def add_channel(publication_id: int, channel: str, url: str, at: datetime, *, actor: Actor, now: datetime) -> None:
    """Note that an answer also went out by another channel, when and where."""
    if actor.role is not Role.LIAISON:
        raise Forbidden("发布渠道由联络员登记。")
    if channel not in set(Channel):
        raise InvalidInput("请选择发布渠道。", "channel")
    if url and not url.startswith(("https://", "http://")):
        raise InvalidInput("链接须以 http:// 或 https:// 开头。", "url")
    if at > now:
        raise InvalidInput("发布时间不能晚于现在。", "at")
    with transaction() as session:
        publication = _published(session, publication_id)
        known = select(PublicationChannel.id).where(
            PublicationChannel.publication_id == publication_id,
            PublicationChannel.channel == channel,
            PublicationChannel.url == url,
        )
        if session.scalar(known) is not None:
            raise InvalidInput("该渠道已登记。", "channel")
        session.add(
            PublicationChannel(
                publication_id=publication_id, channel=channel, url=url[:500], at=at, added_by_id=actor.user_id
            )
        )
        word = f"登记发布渠道：{Channel(channel).label}"
        journal.record(session, _entry(publication, "channel_added", word, url), actor=actor, now=now)


def _check(text: CorrectedText) -> None:
    for name, words in (("title", text.title), ("body", text.body), ("notice", text.notice)):
        if not words.strip():
            raise InvalidInput("标题、正文和更正说明均须填写。", name)
        if len(words) > LONGEST_TEXT:
            raise InvalidInput(f"更正稿超过 {LONGEST_TEXT:,} 字，没有保存；请精简后再提交。", name)
        if scrub(words).counts:
            raise InvalidInput("文中含有电话、证件号、住址等个人信息，请删除。", name)


def _open(publication_id: int) -> Select[int]:
    return select(Correction.id).where(
        Correction.publication_id == publication_id,
        Correction.confirmed_at.is_(None),
        Correction.dropped_at.is_(None),
    )


def _published(session: Session, publication_id: int) -> Publication:
    row = session.get(Publication, publication_id, with_for_update=True)
    if row is None or row.withdrawn_at is not None:
        raise NotFound("回应不存在或已撤回。")
    return row


def _waiting(session: Session, correction_id: int) -> tuple[Correction, Publication]:
    row = session.get(Correction, correction_id, with_for_update=True)
    if row is None or row.confirmed_at is not None or row.dropped_at is not None:
        raise NotFound("更正不存在或已办理。")
    return row, _published(session, row.publication_id)


def _entry(publication: Publication, kind: str, summary: str, reason: str) -> journal.Entry:
    detail = {"publication_id": publication.id}
    return journal.Entry(kind, summary, case_id=publication.case_id, reason=reason, detail=detail)
