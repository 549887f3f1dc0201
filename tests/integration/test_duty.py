"""Duty and leave on both databases, and their page."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.models import Absence, AuditEvent, DutyShift
from opinion_service.services.routing import duty
from opinion_service.services.transaction import transaction
from tests.story import NOW, PASSWORD, Story, department, person

HOUR = timedelta(hours=1)


def shift(login: str, code: str | None, start: int = 0, end: int = 8, by: str = "supervisor") -> int:
    where = department(code) if code else None
    plan = duty.ShiftPlan(person(login).user_id, where, NOW + start * HOUR, NOW + end * HOUR)
    return duty.add_shift(plan, actor=person(by), now=NOW)


def leave(login: str, start: int = 0, end: int = 8, by: str = "supervisor", stand_in: str = "") -> int:
    other = person(stand_in).user_id if stand_in else None
    plan = duty.LeavePlan(person(login).user_id, NOW + start * HOUR, NOW + end * HOUR, other, "事假")
    return duty.add_absence(plan, actor=person(by), now=NOW)


def test_shifts_follow_each_other_but_never_overlap(story: Story) -> None:
    shift("handler", "jyj", 0, 8)
    with pytest.raises(InvalidInput, match="已有安排"):
        shift("handler", "jyj", 7, 9)
    shift("handler", "jyj", 8, 16)
    shift("liaison", None, 0, 8)
    shift("liaison2", None, 0, 8)
    with transaction() as session:
        assert len(session.scalars(select(DutyShift)).all()) == 4
        told = session.scalars(select(AuditEvent.summary).where(AuditEvent.kind == "duty_planned")).all()
    assert len(told) == 4


@pytest.mark.parametrize(
    ("login", "code", "by", "error"),
    [
        ("handler", None, "supervisor", InvalidInput),
        ("handler", "gaj", "supervisor", InvalidInput),
        ("handler", "jyj", "co_approver", Forbidden),
        ("liaison", None, "approver", Forbidden),
        ("handler", "jyj", "handler", Forbidden),
    ],
)
def test_a_refused_shift_leaves_nothing(story: Story, login: str, code: str | None, by: str, error: type) -> None:
    with pytest.raises(error):
        shift(login, code, by=by)
    with transaction() as session:
        assert session.scalars(select(DutyShift)).all() == []


def test_a_leave_names_a_present_colleague(story: Story) -> None:
    leave("handler", by="handler", stand_in="approver")
    with pytest.raises(InvalidInput, match="代班人在这段时间也请假"):
        leave("approver", 4, 6, by="approver", stand_in="handler")
    with pytest.raises(InvalidInput, match="同属一个单位"):
        leave("approver", by="approver", stand_in="co_handler")
    with pytest.raises(InvalidInput):
        leave("approver", by="approver", stand_in="approver")
    with pytest.raises(Forbidden):
        leave("approver", by="handler")


def test_what_has_begun_ends_and_what_has_not_goes(story: Story) -> None:
    running, coming = leave("handler", -1, 8), leave("handler", 9, 10)
    for row in (running, coming):
        duty.end_absence(row, actor=person("approver"), now=NOW)
    with transaction() as session:
        assert [(row.id, row.ends_at) for row in session.scalars(select(Absence))] == [(running, NOW)]
    with pytest.raises(NotFound):
        duty.end_absence(running, actor=person("approver"), now=NOW)
    with pytest.raises(NotFound):
        duty.end_shift(999, actor=person("supervisor"), now=NOW)


def test_the_database_refuses_a_backward_span_and_a_self_stand_in(story: Story) -> None:
    me = person("handler").user_id
    for row in (
        Absence(user_id=me, starts_at=NOW, ends_at=NOW),
        Absence(user_id=me, starts_at=NOW, ends_at=NOW + HOUR, stand_in_id=me),
        DutyShift(user_id=me, starts_at=NOW, ends_at=NOW - HOUR),
    ):
        with pytest.raises(IntegrityError), transaction() as session:
            session.add(row)


def test_the_page_keeps_what_was_typed_and_shows_a_department_its_own(sqlite_app: Flask) -> None:
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    client = sqlite_app.test_client()
    client.post("/sign-in", data={"login": "approver", "password": PASSWORD})
    with sqlite_app.app_context():
        me, home = person("handler").user_id, department("jyj")
    form = {"user_id": me, "department_id": home, "starts_at": "2126-03-02T09:00", "ends_at": "2126-03-02T08:00"}
    answer = client.post("/duty/shifts", data=form)
    assert answer.status_code == 422
    assert 'value="2126-03-02T09:00"' in answer.text
    assert "结束时间须晚于开始时间。" in answer.text
    assert client.post("/duty/shifts", data={**form, "ends_at": "2126-03-02T18:00"}).status_code == 302
    assert "2126-03-02 09:00" in client.get("/duty").text
    assert "2126-03-02 09:00" not in client.get("/duty?past=1").text
    client.post("/sign-out")
    client.post("/sign-in", data={"login": "foreign_handler", "password": PASSWORD})
    assert "2126-03-02 09:00" not in client.get("/duty").text
    assert client.get("/duty?kind=absences&after=x%7C1&department=zz").status_code == 200
