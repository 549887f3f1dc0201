"""Files that lie with a case: checked on the way in, stored once by their hash, taken away with a reason."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from opinion_service.domain.casework.files import check_content, checked_name
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import SYSTEM, Actor, Role
from opinion_service.models import Attachment, AttachmentBody
from opinion_service.services import journal
from opinion_service.services.casework.beside import added_to, worked_on
from opinion_service.services.transaction import transaction

MOST_FILES = 50
# A file taken away by mistake can be asked for again this long; then its content goes, its hash stays.
REMOVED_KEPT = timedelta(days=30)
SWEPT_AT_ONCE = 50


def attach(case_id: int, name: str, body: bytes, *, actor: Actor, now: datetime) -> int:
    """Lay a file with a case and return its id; the same content is stored once.

    Raise InvalidInput for a name, size or content that domain.casework.files refuses.
    """
    safe = checked_name(name)
    check_content(safe, body)
    digest = hashlib.sha256(body).hexdigest()
    with transaction() as session:
        case = added_to(session, case_id, actor)
        lying = select(Attachment.sha256, Attachment.name).where(
            Attachment.case_id == case.id, Attachment.removed_at.is_(None)
        )
        rows = session.execute(lying.limit(MOST_FILES)).all()
        if len(rows) >= MOST_FILES:
            raise InvalidInput("每件案件最多 50 个附件。", "file")
        if (digest, safe) in {(row.sha256, row.name) for row in rows}:
            raise InvalidInput("该文件已在附件中。", "file")
        _keep_body(session, digest, body)
        row = Attachment(
            case_id=case.id, name=safe, size=len(body), sha256=digest, body_sha256=digest, added_by_id=actor.user_id,
            added_at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        detail = {"attachment_id": row.id, "sha256": digest, "size": len(body)}
        entry = journal.Entry("file_attached", f"上传附件：{safe}", case_id=case.id, detail=detail)
        journal.record(session, entry, actor=actor, now=now)
        return row.id


def take_away(attachment_id: int, reason: str, *, actor: Actor, now: datetime) -> None:
    """Take a file away from a case, with a reason; nobody can read it any more, but the record keeps its hash."""
    if not reason.strip():
        raise InvalidInput("请填写移除理由。", "note")
    with transaction() as session:
        row = session.get(Attachment, attachment_id, with_for_update=True)
        if row is None:
            raise NotFound("附件不存在或已移除。")
        case = worked_on(session, row.case_id, actor)
        if row.removed_at is not None:
            raise NotFound("附件不存在或已移除。")
        if actor.user_id != row.added_by_id and actor.role is not Role.LIAISON:
            raise Forbidden("附件由上传人或联络员移除。")
        row.removed_at, row.removed_reason = now, reason.strip()[:300]
        detail = {"attachment_id": row.id, "sha256": row.sha256}
        entry = journal.Entry(
            "file_removed", f"移除附件：{row.name}", case_id=case.id, reason=row.removed_reason, detail=detail
        )
        journal.record(session, entry, actor=actor, now=now)


def sweep(*, now: datetime) -> int:
    """Delete the content of files taken away 30 days ago that lies with no case any more; return how many let go."""
    past = (Attachment.removed_at < now - REMOVED_KEPT, Attachment.body_sha256.is_not(None))
    with transaction() as session:
        journal.hold(session)
        rows = session.scalars(
            select(Attachment).where(*past).order_by(Attachment.id).limit(SWEPT_AT_ONCE).with_for_update()
        ).all()
        if not rows:
            return 0
        hashes = {row.sha256 for row in rows}
        # Whoever attaches the same content just now waits here, or has been seen by the next statement.
        session.scalars(select(AttachmentBody.sha256).where(AttachmentBody.sha256.in_(hashes)).with_for_update()).all()
        session.execute(update(Attachment).where(Attachment.id.in_([row.id for row in rows])).values(body_sha256=None))
        needed = select(Attachment.id).where(Attachment.body_sha256 == AttachmentBody.sha256).exists()
        session.execute(delete(AttachmentBody).where(AttachmentBody.sha256.in_(hashes), ~needed))
        for row in rows:
            detail = {"attachment_id": row.id, "sha256": row.sha256}
            entry = journal.Entry(
                "file_swept", f"已移除附件的内容到期删除：{row.name}", case_id=row.case_id, detail=detail
            )
            journal.record(session, entry, actor=SYSTEM, now=now)
        return len(rows)


def _keep_body(session: Session, digest: str, body: bytes) -> None:
    """Store the content unless it is there; one that is there is held, so that the sweep leaves it."""
    # Two people who hand the same new file in at once wait for each other here.
    journal.hold(session)
    held = select(AttachmentBody.sha256).where(AttachmentBody.sha256 == digest).with_for_update()
    if session.scalar(held) is None:
        session.add(AttachmentBody(sha256=digest, body=body))
        session.flush()
