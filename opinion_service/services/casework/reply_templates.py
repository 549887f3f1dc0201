"""Templates and snippets of replies as data: shipped ones loaded once, edited by the office, every version kept."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.coverage import ResponseKind
from opinion_service.domain.casework.templates import Stage, TemplateKind, check
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import Actor, Role
from opinion_service.models import ReplyTemplate
from opinion_service.services import journal
from opinion_service.services.transaction import transaction

EDITORS = frozenset({Role.LIAISON, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class TemplateText:
    """The form of a template or snippet; `parts` are texts by the name of their part of a reply."""

    kind: str
    title: str
    parts: Mapping[str, str]
    hot_topic: str = ""
    stage: str = ""
    response_kind: str = ""
    note: str = ""


def load_shipped(session: Session, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Write the shipped texts that the desk does not have yet; what is there stays as people made it."""
    known = set(session.scalars(select(ReplyTemplate.code)))
    for row in rows:
        if row["code"] not in known:
            kept = {**row, "parts": check(row["parts"])}
            session.add(ReplyTemplate(**kept, version=1, saved_at=now))


def create(text: TemplateText, *, actor: Actor, now: datetime) -> str:
    """Store a new template or snippet and return its code."""
    with transaction() as session:
        _allow(actor)
        # Two that are made at once wait for each other here, so that each gets a number of its own.
        journal.hold(session)
        number = (session.scalar(select(func.max(ReplyTemplate.id))) or 0) + 1
        code = f"own-{number}"
        _store(session, code, 1, text, actor, now)
        return code


def change(code: str, version: int, text: TemplateText, *, actor: Actor, now: datetime) -> None:
    """Store the next version; InvalidInput without a note, or when somebody else has stored one since `version`."""
    with transaction() as session:
        _allow(actor)
        last = _unchanged(session, code, version)
        if not text.note.strip():
            raise InvalidInput("请填写修改说明。", "note")
        _store(session, code, last.version + 1, text, actor, now)


def retire(code: str, version: int, note: str, *, actor: Actor, now: datetime) -> None:
    """Take a template out of the choices, or put it back; both are versions with a note."""
    with transaction() as session:
        _allow(actor)
        last = _unchanged(session, code, version)
        if not note.strip():
            raise InvalidInput("请填写理由。", "note")
        text = TemplateText(
            last.kind, last.title, last.parts, last.hot_topic, last.stage, last.response_kind, note.strip()
        )
        row = _store(session, code, last.version + 1, text, actor, now)
        row.is_retired = not last.is_retired


def _allow(actor: Actor) -> None:
    if actor.role not in EDITORS:
        raise Forbidden("回应模板由联络员或督查维护。")


def _unchanged(session: Session, code: str, version: int) -> ReplyTemplate:
    journal.hold(session)
    statement = select(ReplyTemplate).where(ReplyTemplate.code == code).order_by(ReplyTemplate.version.desc()).limit(1)
    last = session.scalar(statement)
    if last is None:
        raise NotFound("没有这个模板。")
    if last.version != version:
        raise InvalidInput("该模板刚被他人修改，请核对最新版本后重新提交。")
    return last


def _store(session: Session, code: str, version: int, text: TemplateText, actor: Actor, now: datetime) -> ReplyTemplate:
    if text.kind not in set(TemplateKind) or text.stage not in {"", *Stage}:
        raise InvalidInput("类别或阶段不在可选范围内。", "kind")
    if text.response_kind not in {"", *ResponseKind}:
        raise InvalidInput("回应类型不在可选范围内。", "response_kind")
    if not text.title.strip():
        raise InvalidInput("请填写名称。", "title")
    row = ReplyTemplate(
        code=code, version=version, kind=text.kind, title=re.sub(r"\s+", " ", text.title).strip()[:120],
        hot_topic=text.hot_topic[:40], stage=text.stage, response_kind=text.response_kind, parts=check(text.parts),
        note=text.note.strip()[:300], author_id=actor.user_id, saved_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    entry = journal.Entry(
        "reply_template_saved", f"保存回应模板“{row.title}”第 {version} 版", reason=row.note, detail={"code": code}
    )
    journal.record(session, entry, actor=actor, now=now)
    return row
