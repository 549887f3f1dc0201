"""Chat groups that the ladder tells: set up, switched on and off, tried out; their address only for sending."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from flask import current_app
from sqlalchemy import select

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.reminders import notices
from opinion_service.domain.reminders.groups import GroupKind, check_address, test_notice
from opinion_service.models import Department, OutboxMail, WorkGroup
from opinion_service.services import journal, sealing
from opinion_service.services.transaction import transaction

PURPOSE = "work groups"
LONGEST_NAME = 40
LONGEST_SECRET = 200


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group as it is set up: the robot's address with its token, the secret it signs with (may be empty)."""

    name: str
    kind: str
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    department_id: int | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the messages of a group go."""

    kind: str
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)


def add(new: NewGroup, *, actor: Actor, now: datetime) -> int:
    """Set a group up and return its id; raise InvalidInput for a name that is taken or an address not to be called."""
    _check_admin(actor)
    name, url, secret = new.name.strip(), new.url.strip(), new.secret.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidInput(f"请填写名称，不超过 {LONGEST_NAME} 个字。", "name")
    if new.kind not in set(GroupKind):
        raise InvalidInput("请选择类型。", "kind")
    if len(secret) > LONGEST_SECRET:
        raise InvalidInput(f"签名密钥不超过 {LONGEST_SECRET} 个字符。", "secret")
    host = check_address(url, current_app.config["DESK"].private_robot_hosts)
    with transaction() as session:
        if session.scalar(select(WorkGroup.id).where(WorkGroup.name == name)):
            raise InvalidInput("已有同名的工作群；停用的工作群也保留名称。", "name")
        if new.department_id and session.get(Department, new.department_id) is None:
            raise InvalidInput("请选择单位。", "department_id")
        sealed = sealing.seal(json.dumps({"url": url, "secret": secret}), PURPOSE)
        row = WorkGroup(
            name=name, kind=new.kind, host=host, sealed=sealed, department_id=new.department_id or None, created_at=now
        )
        session.add(row)
        session.flush()
        entry = journal.Entry("group_added", f"设置工作群：{name}", detail={"group_id": row.id, "host": host})
        journal.record(session, entry, actor=actor, now=now)
        return row.id


def switch(group_id: int, is_active: bool, *, actor: Actor, now: datetime) -> None:
    """Switch a group on or off; what waits for one that is off is not sent."""
    _check_admin(actor)
    with transaction() as session:
        row = session.get(WorkGroup, group_id, with_for_update=True)
        if row is None:
            raise NotFound("该工作群不存在。")
        if row.is_active == is_active:
            return
        row.is_active = is_active
        word = "启用" if is_active else "停用"
        entry = journal.Entry("group_switched", f"{word}工作群：{row.name}", detail={"group_id": row.id})
        journal.record(session, entry, actor=actor, now=now)


def test(group_id: int, *, actor: Actor, now: datetime) -> None:
    """Put a message into the outbox by which the group shows that it is reached."""
    _check_admin(actor)
    desk = current_app.config["DESK"]
    with transaction() as session:
        row = session.get(WorkGroup, group_id)
        if row is None or not row.is_active:
            raise NotFound("该工作群不存在或已停用。")
        said = test_notice(desk.base_url)
        host = desk.mail_from.partition("@")[2]
        message_id = notices.message_id("group", "test", f"{row.id}.{now:%Y%m%d%H%M%S%f}", row.name, host)
        session.add(
            OutboxMail(
                message_id=message_id, kind="robot_test", channel="robot", group_id=row.id, recipient=row.name,
                subject=said.subject, body=said.body, created_at=now, next_try_at=now,
            )
        )  # fmt: skip
        entry = journal.Entry("group_tested", f"向工作群发送测试消息：{row.name}", detail={"group_id": row.id})
        journal.record(session, entry, actor=actor, now=now)


def destination(group_id: int) -> Destination | None:
    """Return where the group's messages go; None for one that is off, or sealed under another SECRET_KEY."""
    with transaction() as session:
        row = session.get(WorkGroup, group_id)
        if row is None or not row.is_active:
            return None
        plain = sealing.unseal(row.sealed, PURPOSE)
        return Destination(row.kind, **json.loads(plain)) if plain else None


def _check_admin(actor: Actor) -> None:
    if actor.role is not Role.ADMIN:
        raise Forbidden("只有系统管理员可以设置工作群。")
