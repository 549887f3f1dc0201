"""Signing in, sessions that end, and users made and changed."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound, StaleCase
from opinion_service.domain.people import Actor, Role
from opinion_service.models import SignIn, SignInAttempt, User
from opinion_service.services import accounts
from opinion_service.services.accounts import NewUser, TooManyAttempts, WrongCredentials
from opinion_service.services.transaction import transaction
from tests.story import NOW, PASSWORD, Story, department, person

IDLE = timedelta(minutes=30)
HERE = "192.0.2.1"


@pytest.fixture(autouse=True)
def _context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def enter(login: str = "liaison", password: str = PASSWORD, *, address: str = HERE, minutes: int = 0) -> str:
    return accounts.sign_in(login, password, address=address, now=NOW + timedelta(minutes=minutes))


def recognise(token: str, after: timedelta = timedelta()) -> Actor | None:
    with transaction() as session:
        return accounts.recognise(session, token, now=NOW + after, idle=IDLE)


def test_token_is_kept_as_a_hash_only() -> None:
    token = enter(" Liaison ")
    with transaction() as session:
        kept = session.scalars(select(SignIn.token_hash)).one()
        hashes = session.execute(select(SignInAttempt.login_hash, SignInAttempt.address_hash)).one()
    assert token not in kept
    assert "liaison" not in hashes[0]
    assert HERE not in hashes[1]
    assert recognise(token) == person("liaison")
    assert recognise(token + "x") is None


@pytest.mark.parametrize(("after", "is_known"), [(IDLE, True), (IDLE + timedelta(microseconds=1), False)])
def test_idle_sessions_end(after: timedelta, is_known: bool) -> None:
    assert (recognise(enter(), after) is not None) is is_known


def test_no_session_outlives_twelve_hours() -> None:
    token = enter()
    with transaction() as session:
        session.execute(update(SignIn).values(last_seen_at=NOW + accounts.LONGEST_SESSION))
    assert recognise(token, accounts.LONGEST_SESSION) is not None
    assert recognise(token, accounts.LONGEST_SESSION + timedelta(seconds=1)) is None


@pytest.mark.parametrize(("login", "password"), [("liaison", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_wrong_credentials_say_the_same(login: str, password: str) -> None:
    with pytest.raises(WrongCredentials, match="登录名或密码不正确"):
        enter(login, password)


def test_ten_failures_close_the_login_for_a_quarter_of_an_hour() -> None:
    for _ in range(accounts.FAILURES_PER_LOGIN):
        with pytest.raises(WrongCredentials):
            enter(password="wrong")
    with pytest.raises(TooManyAttempts):
        enter(address="192.0.2.2", minutes=14)
    assert enter("auditor")
    assert enter(minutes=15)


def test_signing_out_and_disabling_end_the_session() -> None:
    first, second = enter(), enter()
    accounts.sign_out(first, now=NOW)
    assert recognise(first) is None
    assert recognise(second) is not None
    user_id = person("liaison").user_id
    accounts.set_active(user_id, False, actor=person("admin"), now=NOW)
    assert recognise(second) is None
    with pytest.raises(WrongCredentials):
        enter()
    accounts.set_active(user_id, True, actor=person("admin"), now=NOW)
    assert recognise(second) is None


def test_ten_wrong_old_passwords_close_the_change_for_a_quarter_of_an_hour() -> None:
    actor, late = person("liaison"), NOW + timedelta(minutes=15)
    for _ in range(accounts.FAILURES_PER_LOGIN - 1):
        with pytest.raises(WrongCredentials):
            accounts.change_password("wrong", "another-Pass-1", address=HERE, actor=actor, now=NOW)
    accounts.change_password(PASSWORD, "another-Pass-1", address=HERE, actor=actor, now=NOW)
    with pytest.raises(WrongCredentials):
        accounts.change_password("wrong", "another-Pass-2", address=HERE, actor=actor, now=NOW)
    with pytest.raises(TooManyAttempts):
        accounts.change_password("another-Pass-1", "another-Pass-2", address="192.0.2.2", actor=actor, now=NOW)
    with pytest.raises(TooManyAttempts):
        enter(password="another-Pass-1")
    accounts.change_password("another-Pass-1", "another-Pass-2", address=HERE, actor=actor, now=late)


def test_a_new_password_ends_every_session() -> None:
    token, actor = enter(), person("liaison")
    with pytest.raises(WrongCredentials):
        accounts.change_password("wrong", "another-Pass-1", address=HERE, actor=actor, now=NOW)
    accounts.change_password(PASSWORD, "another-Pass-1", address=HERE, actor=actor, now=NOW)
    assert recognise(token) is None
    assert enter(password="another-Pass-1")


@pytest.mark.parametrize(
    ("password", "is_good"),
    [("abcde12345"[:9], False), ("abcde12345", True), ("abcdabcdab", False), ("a1b2c" * 26, False)],
)
def test_passwords(password: str, is_good: bool) -> None:
    if is_good:
        accounts.check_password(password)
    else:
        with pytest.raises(InvalidInput):
            accounts.check_password(password)


def test_only_an_administrator_makes_users() -> None:
    new = NewUser("li.si", "李四", Role.HANDLER, "Good-pass-12", department_id=department("jyj"))
    with pytest.raises(Forbidden):
        accounts.create_user(new, actor=person("supervisor"), now=NOW)
    user_id = accounts.create_user(new, actor=person("admin"), now=NOW)
    with transaction() as session:
        user = session.get_one(User, user_id)
        assert user.must_change_password
        assert "Good-pass-12" not in user.password_hash


@pytest.mark.parametrize(
    ("login", "role", "department_id"),
    [("", Role.AUDITOR, None), ("LIAISON", Role.AUDITOR, None), ("x", Role.HANDLER, None), ("x", Role.ADMIN, 1),
     ("x", Role.HANDLER, 999_999)],
)  # fmt: skip
def test_users_that_cannot_be(login: str, role: Role, department_id: int | None) -> None:
    new = NewUser(login, "某人", role, "Good-pass-12", department_id=department_id)
    with pytest.raises(InvalidInput):
        accounts.create_user(new, actor=person("admin"), now=NOW)


def test_an_administrator_cannot_lock_the_door_behind() -> None:
    admin = person("admin")
    with pytest.raises(InvalidInput):
        accounts.set_active(admin.user_id, False, actor=admin, now=NOW)
    with pytest.raises(NotFound):
        accounts.set_active(999_999, False, actor=admin, now=NOW)


def _change(login: str, **changes: object) -> accounts.UserChange:
    with transaction() as session:
        user = session.scalars(select(User).where(User.login == login)).one()
        values = {"name": user.name, "role": Role(user.role), "email": user.email, "department_id": user.department_id}
        seen = accounts.mark_of(user.name, user.role, user.email, user.department_id)
    return accounts.UserChange(**{**values, "seen": seen, **changes})  # type: ignore[arg-type]


def _edit(login: str, change: accounts.UserChange, by: str = "admin") -> None:
    accounts.edit_user(person(login).user_id, change, actor=person(by), now=NOW)


def test_a_user_is_changed_and_a_new_role_ends_the_session() -> None:
    token = enter()
    _edit("liaison", _change("liaison", name="陈联络", email="chen@desk.example"))
    assert recognise(token) is not None
    _edit("liaison", _change("liaison", role=Role.SUPERVISOR))
    assert recognise(token) is None
    assert person("liaison").role is Role.SUPERVISOR


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"), ({"name": "长" * 65}, "name"), ({"email": "no address"}, "email"),
        ({"email": "a@b>,c@d"}, "email"), ({"role": Role.HANDLER}, "department_id"), ({"department_id": 1}, "department_id"),
        ({"role": Role.HANDLER, "department_id": 999_999}, "department_id"),
    ],
)  # fmt: skip
def test_changes_that_cannot_be(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _edit("liaison", _change("liaison", **changes))
    assert refused.value.field == field


def test_a_form_that_is_out_of_date_changes_nothing() -> None:
    shown = _change("liaison", name="先存")
    _edit("liaison", shown)
    with pytest.raises(StaleCase):
        _edit("liaison", shown)
    with pytest.raises(Forbidden):
        _edit("liaison", _change("liaison"), by="supervisor")
    with pytest.raises(InvalidInput, match="自己的角色"):
        _edit("admin", _change("admin", role=Role.AUDITOR))


def test_who_has_open_cases_stays_where_they_lie() -> None:
    story = Story()
    story.reach("accepted")
    with pytest.raises(InvalidInput, match="1 件在办案件"):
        _edit("handler", _change("handler", role=Role.APPROVER))
    _edit("handler", _change("handler", name="新名字"))


def test_a_reset_password_must_be_changed() -> None:
    token = enter()
    accounts.reset_password(person("liaison").user_id, "Temporary-77", actor=person("admin"), now=NOW)
    assert recognise(token) is None
    assert enter(password="Temporary-77")
    with transaction() as session:
        assert session.scalars(select(User.must_change_password).where(User.login == "liaison")).one()
    with pytest.raises(Forbidden):
        accounts.reset_password(person("admin").user_id, "Temporary-77", actor=person("liaison"), now=NOW)
