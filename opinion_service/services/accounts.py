"""People at the desk: sign-in with throttle, server-side sessions, users made and changed."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import FINISHED
from opinion_service.domain.errors import DomainError, Forbidden, InvalidInput, NotFound, StaleCase
from opinion_service.domain.people import DEPARTMENT_ROLES, Actor, Role
from opinion_service.models import Case, Department, SignIn, SignInAttempt, User
from opinion_service.services import journal
from opinion_service.services.transaction import transaction

WINDOW = timedelta(minutes=15)
FAILURES_PER_LOGIN = 10
FAILURES_PER_ADDRESS = 50
SHORTEST_PASSWORD = 10
TOUCH_EVERY = timedelta(seconds=60)
LONGEST_SESSION = timedelta(hours=12)

_EMAIL = re.compile(r"[^@\s<>\"(),:;]{1,64}@[A-Za-z0-9.-]{1,190}")
_hasher = PasswordHasher()
# Checked when the login is unknown, so that the answer takes as long as for a known one.
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


class WrongCredentials(DomainError):
    """The login or the password is wrong; which of the two is not said."""


class TooManyAttempts(DomainError):
    """Too many failures for this login or from this address; the password was not looked at."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """What is needed to make a user; `department_id` for handlers and approvers only."""

    login: str
    name: str
    role: Role
    password: str
    email: str = ""
    department_id: int | None = None
    must_change_password: bool = True


@dataclass(frozen=True, slots=True)
class UserChange:
    """What an administrator makes of a user; `seen` is what the form had shown (`mark_of`)."""

    name: str
    role: Role
    email: str
    department_id: int | None
    seen: str


def mark_of(name: str, role: str, email: str, department_id: int | None) -> str:
    """Return a short text that differs when one of the values does."""
    return _digest(f"{name}\n{role}\n{email}\n{department_id}")[:16]


def sign_in(login: str, password: str, *, address: str, now: datetime) -> str:
    """Return a new session token; raise WrongCredentials or TooManyAttempts.

    login, address: kept as hashes only. At most ten passwords are looked at per login in 15 minutes.
    """
    with transaction() as session:
        attempt_id = _count_attempt(session, login.strip().lower(), address, now)
        user = session.scalar(select(User).where(User.login == login.strip().lower()))
        stored, user_id = (user.password_hash, user.id) if user and user.is_active else (_NOBODY, 0)
    if not _matches(stored, password) or not user_id:
        raise WrongCredentials("登录名或密码不正确。")
    return _begin(user_id, attempt_id, now)


def _begin(user_id: int, attempt_id: int, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        attempt = session.get_one(SignInAttempt, attempt_id)
        attempt.succeeded = True
        user = session.get_one(User, user_id)
        session.add(SignIn(token_hash=_digest(token), user_id=user_id, created_at=now, last_seen_at=now))
        journal.record(session, journal.Entry("signed_in", "登录"), actor=_actor(user), now=now)
    return token


def sign_out(token: str, *, now: datetime) -> None:
    """End the session of `token`; nothing happens when there is none."""
    with transaction() as session:
        row = session.scalar(select(SignIn).where(SignIn.token_hash == _digest(token)))
        if row is not None and row.ended_at is None:
            row.ended_at = now


def recognise(session: Session, token: str, *, now: datetime, idle: timedelta) -> Actor | None:
    """Return who holds the live session of `token`, or None; reads only."""
    row = session.execute(
        select(SignIn, User)
        .join(User, User.id == SignIn.user_id)
        .where(SignIn.token_hash == _digest(token), SignIn.ended_at.is_(None), User.is_active)
    ).first()
    if row is None:
        return None
    sign, user = row
    if now - sign.last_seen_at > idle or now - sign.created_at > LONGEST_SESSION:
        return None
    return _actor(user)


def touch(token: str, *, now: datetime) -> None:
    """Note that the session of `token` is in use; writes at most once a minute."""
    with transaction() as session:
        row = session.scalar(select(SignIn).where(SignIn.token_hash == _digest(token)))
        if row is not None and now - row.last_seen_at >= TOUCH_EVERY:
            row.last_seen_at = now


def create_user(new: NewUser, *, actor: Actor, now: datetime) -> int:
    """Make a user and return the id; raise InvalidInput or Forbidden."""
    _check_administrator(actor)
    check_password(new.password)
    hashed = _hasher.hash(new.password)
    with transaction() as session:
        _check_new(session, new)
        user = User(
            login=new.login.strip().lower(), name=new.name.strip(), role=new.role.value, email=new.email.strip(),
            department_id=new.department_id, password_hash=hashed, must_change_password=new.must_change_password,
            created_at=now,
        )  # fmt: skip
        session.add(user)
        session.flush()
        entry = journal.Entry("user_created", f"新建用户 {user.login}", detail={"user_id": user.id})
        journal.record(session, entry, actor=actor, now=now)
        return user.id


def edit_user(user_id: int, change: UserChange, *, actor: Actor, now: datetime) -> None:
    """Change name, role, mail address and department; raise InvalidInput, NotFound, StaleCase or Forbidden.

    Who holds open cases stays handler of the department until they are handed over. A new role ends the sessions.
    """
    _check_administrator(actor)
    if user_id == actor.user_id and change.role is not Role.ADMIN:
        raise InvalidInput("不能更改自己的角色。", "role")
    with transaction() as session:
        user = session.get(User, user_id, with_for_update={"of": User})
        if user is None:
            raise NotFound("用户不存在。")
        if mark_of(user.name, user.role, user.email, user.department_id) != change.seen:
            raise StaleCase("该用户已被他人修改，请核对后再保存。")
        _check_names(session, change.name, change.role, change.email, change.department_id)
        is_moved = (user.role, user.department_id) != (change.role.value, change.department_id)
        if is_moved:
            _refuse_while_in_charge(session, user_id)
            _end_sessions(session, user_id, now)
        before = {"name": user.name, "role": user.role, "department_id": user.department_id}
        user.name, user.role, user.email = change.name.strip(), change.role.value, change.email.strip()
        user.department_id = change.department_id
        entry = journal.Entry("user_changed", f"修改用户 {user.login}", detail={"user_id": user_id, "before": before})
        journal.record(session, entry, actor=actor, now=now)


def reset_password(user_id: int, password: str, *, actor: Actor, now: datetime) -> None:
    """Give a user a password that must be changed at the next sign-in, and end the sessions."""
    _check_administrator(actor)
    check_password(password)
    hashed = _hasher.hash(password)
    with transaction() as session:
        user = session.get(User, user_id)
        if user is None:
            raise NotFound("用户不存在。")
        user.password_hash, user.must_change_password = hashed, True
        _end_sessions(session, user_id, now)
        entry = journal.Entry("password_reset", f"重置用户 {user.login} 的密码", detail={"user_id": user_id})
        journal.record(session, entry, actor=actor, now=now)


def set_active(user_id: int, is_active: bool, *, actor: Actor, now: datetime) -> None:
    """Enable or disable a user; a disabled user's sessions end at once."""
    _check_administrator(actor)
    if user_id == actor.user_id:
        raise InvalidInput("不能停用自己的账号。")
    with transaction() as session:
        user = session.get(User, user_id)
        if user is None:
            raise NotFound("用户不存在。")
        user.is_active = is_active
        _end_sessions(session, user_id, now)
        word = "启用" if is_active else "停用"
        entry = journal.Entry("user_changed", f"{word}用户 {user.login}", detail={"user_id": user_id})
        journal.record(session, entry, actor=actor, now=now)


def change_password(old: str, new: str, *, address: str, actor: Actor, now: datetime) -> None:
    """Replace the actor's own password and end every session; raise WrongCredentials, TooManyAttempts or InvalidInput.

    A wrong old password counts like one at sign-in: an open session is no way to guess faster.
    """
    check_password(new)
    with transaction() as session:
        stored = session.get_one(User, actor.user_id)
        attempt_id, known = _count_attempt(session, stored.login, address, now), stored.password_hash
    if not _matches(known, old):
        raise WrongCredentials("原密码不正确。")
    hashed = _hasher.hash(new)
    with transaction() as session:
        session.get_one(SignInAttempt, attempt_id).succeeded = True
        user = session.get_one(User, actor.user_id, with_for_update={"of": User})
        if user.password_hash != known:
            raise StaleCase("密码刚被更改，请重新登录后再试。")
        user.password_hash, user.must_change_password = hashed, False
        _end_sessions(session, user.id, now)
        journal.record(session, journal.Entry("password_changed", "修改密码"), actor=actor, now=now)


def check_password(password: str) -> None:
    """Raise InvalidInput unless the password is long enough and not one character repeated."""
    if len(password) < SHORTEST_PASSWORD or len(password) > 128:
        raise InvalidInput(f"密码长度应为 {SHORTEST_PASSWORD}–128 个字符。", "password")
    if len(set(password)) < 5:
        raise InvalidInput("密码过于简单，请使用不少于 5 种不同字符。", "password")


def _check_administrator(actor: Actor) -> None:
    if actor.role is not Role.ADMIN and actor.user_id:
        raise Forbidden("只有系统管理员可以管理用户。")


def _check_new(session: Session, new: NewUser) -> None:
    login = new.login.strip().lower()
    if not login or len(login) > 64:
        raise InvalidInput("请填写不超过 64 个字符的登录名。", "login")
    if session.scalar(select(User.id).where(User.login == login)):
        raise InvalidInput("该登录名已被使用。", "login")
    _check_names(session, new.name, new.role, new.email, new.department_id)


def _check_names(session: Session, name: str, role: Role, email: str, department_id: int | None) -> None:
    if not 1 <= len(name.strip()) <= 64:
        raise InvalidInput("请填写不超过 64 个字的姓名。", "name")
    if email.strip() and not _EMAIL.fullmatch(email.strip()):
        raise InvalidInput("邮箱格式不正确。", "email")
    if (role in DEPARTMENT_ROLES) != (department_id is not None):
        raise InvalidInput("承办人和分管领导须选择所在单位，其他角色不选。", "department_id")
    if department_id is not None and session.get(Department, department_id) is None:
        raise InvalidInput("所选单位不存在。", "department_id")


def _refuse_while_in_charge(session: Session, user_id: int) -> None:
    open_cases = select(func.count(Case.id)).where(
        Case.handler_id == user_id, Case.state.not_in([one.value for one in FINISHED])
    )
    count = session.scalar(open_cases) or 0
    if count:
        raise InvalidInput(f"该用户名下还有 {count} 件在办案件，请先改由他人承办。", "role")


def _count_attempt(session: Session, login: str, address: str, now: datetime) -> int:
    """Return the id of a new attempt, failed until the password proves right; raise TooManyAttempts."""
    # Counted before the slow hash, so that guesses sent at once are counted too.
    login_hash, address_hash = _digest(login), _digest(address)
    recent = select(func.count()).where(SignInAttempt.at > now - WINDOW, ~SignInAttempt.succeeded)
    by_login = session.scalar(recent.where(SignInAttempt.login_hash == login_hash)) or 0
    by_address = session.scalar(recent.where(SignInAttempt.address_hash == address_hash)) or 0
    if by_login >= FAILURES_PER_LOGIN or by_address >= FAILURES_PER_ADDRESS:
        raise TooManyAttempts("密码输错次数过多，请 15 分钟后再试。")
    attempt = SignInAttempt(login_hash=login_hash, address_hash=address_hash, at=now, succeeded=False)
    session.add(attempt)
    session.flush()
    return attempt.id


def _end_sessions(session: Session, user_id: int, now: datetime) -> None:
    for row in session.scalars(select(SignIn).where(SignIn.user_id == user_id, SignIn.ended_at.is_(None))):
        row.ended_at = now


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _actor(user: User) -> Actor:
    unit = user.department.name if user.department else ""
    return Actor(user.id, user.name, Role(user.role), user.department_id, unit, user.must_change_password)
