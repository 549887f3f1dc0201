"""Who has how much in hand, who is proposed next, and who may be given a case, on both databases."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.errors import Forbidden, InvalidInput
from opinion_service.models import Absence, Case, DutyShift, User, db
from opinion_service.queries.casework import cases as case_list
from opinion_service.queries.routing import load
from opinion_service.services.routing import duty
from opinion_service.services.transaction import transaction
from tests.story import NOW, PASSWORD, Story, department, password_hash, person

HOUR = timedelta(hours=1)


def hire(login: str = "handler2", code: str = "jyj") -> int:
    unit = department(code)
    with transaction() as session:
        user = User(login=login, name=login, role="handler", department_id=unit, email="", password_hash=password_hash(),
                    created_at=NOW)  # fmt: skip
        session.add(user)
        session.flush()
        return user.id


def proposed(story: Story, at=NOW) -> int | None:
    found = load.assignment(db.session(), story.case, now=at).proposed_id
    db.session.rollback()
    return found


def test_the_least_loaded_present_handler_is_proposed(story: Story) -> None:
    first, other = person("handler").user_id, hire()
    story.reach("accepted")
    waiting = Story()
    waiting.reach("dispatched")
    assert proposed(waiting) == other
    plan = duty.LeavePlan(other, NOW - HOUR, NOW + HOUR)
    absence = duty.add_absence(plan, actor=person("approver"), now=NOW)
    assert proposed(waiting) == first
    assert proposed(waiting, NOW + HOUR) == other  # back at the very end of the leave
    duty.end_absence(absence, actor=person("approver"), now=NOW)
    # At night the person on duty comes first, whatever the load.
    night = NOW + 12 * HOUR
    shift = DutyShift(user_id=first, department_id=department("jyj"), starts_at=night - HOUR, ends_at=night + HOUR)
    with transaction() as session:
        session.add(shift)
    assert proposed(waiting, night) == first
    assert proposed(waiting) == other


def test_when_all_are_away_the_stand_in_is_proposed(story: Story) -> None:
    story.reach("dispatched")
    deputy = person("approver").user_id
    with transaction() as session:
        me = session.scalars(select(User.id).where(User.login == "handler")).one()
        session.add(Absence(user_id=me, starts_at=NOW - HOUR, ends_at=NOW + HOUR, stand_in_id=deputy))
    assert proposed(story) == deputy
    found = load.assignment(db.session(), story.case, now=NOW)
    assert (found.choices, found.proposed) == ((), person("approver").name)


def test_an_approver_gives_a_case_to_a_present_handler_of_the_own_department(story: Story) -> None:
    other, away = hire(), hire("handler3")
    with transaction() as session:
        session.add(Absence(user_id=away, starts_at=NOW - HOUR, ends_at=NOW + 9 * HOUR))
    story.reach("dispatched")
    for who in (away, person("co_handler").user_id, person("liaison").user_id, 999_999):
        with pytest.raises(InvalidInput):
            story.act("approver", CaseAction.ACCEPT, handler_id=who)
    with pytest.raises(Forbidden):
        story.act("handler", CaseAction.ACCEPT, handler_id=other)
    assert story.case.state == "dispatched"
    story.act("approver", CaseAction.ACCEPT, handler_id=other)
    assert (story.case.state, story.case.handler_id) == ("accepted", other)


def test_every_figure_is_the_length_of_its_list(story: Story) -> None:
    hire()
    for state in ("accepted", "dispatched", "closed", "drafting"):
        Story().reach(state)
    late = NOW + timedelta(days=9)
    for at in (NOW, late):
        units = {one.name: one for one in load.units(db.session(), person("liaison"), now=at)}
        db.session.rollback()
        unit = next(one for one in units.values() if one.open)
        wanted = case_list.CaseFilter(state="open", department_id=unit.id)
        late_too = case_list.CaseFilter(state="open", department_id=unit.id, is_late=True)
        assert case_list.list_cases(db.session(), person_("liaison"), wanted, now=at).total == unit.open == 3
        assert case_list.list_cases(db.session(), person_("liaison"), late_too, now=at).total == unit.late
        assert (unit.waiting, unit.handlers) == (1, 2)
        people, after = load.people(db.session(), person_("liaison"), unit.id, now=at)
        assert (len(people), after) == (2, "")
        for one in people:
            own = case_list.CaseFilter(state="open", handler_id=one.id)
            assert case_list.list_cases(db.session(), person_("liaison"), own, now=at).total == one.open
    db.session.rollback()


def person_(login: str):
    db.session.rollback()
    return person(login)


def test_handlers_are_paged_by_key_without_gap_or_repeat(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        hire(f"extra{number}")
    story.reach("accepted")
    monkeypatch.setattr(load, "PAGE", 2)
    actor, seen, after = person("liaison"), [], ""
    while True:
        rows, after = load.people(db.session(), actor, None, after, now=NOW)
        seen += [one.id for one in rows]
        if not after:
            break
    db.session.rollback()
    with transaction() as session:
        everybody = session.scalars(select(User.id).where(User.role == "handler")).all()
        busiest = session.get_one(Case, story.case_id).handler_id
    assert sorted(seen) == sorted(everybody)
    assert seen[0] == busiest
    foreign, _after = load.people(db.session(), person_("foreign_handler"), None, now=NOW)
    assert {one.department for one in foreign} != set()
    assert all(one.department_id == person_("foreign_handler").department_id for one in foreign)


def test_the_page_leads_to_the_cases(sqlite_app: Flask) -> None:
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    with sqlite_app.app_context():
        story = Story()
        story.reach("accepted")
        handler, title = story.case.handler_id, story.case.title
        waiting = Story()
        waiting.reach("dispatched")
        number = waiting.case.number
    client = sqlite_app.test_client()
    client.post("/sign-in", data={"login": "liaison", "password": PASSWORD})
    assert client.get("/load").status_code == 200
    assert client.get("/load?sort=late&view=people&after=x|y").status_code == 200
    assert f"handler={handler}" in client.get("/load?view=people").text
    listed = client.get(f"/cases?handler={handler}&state=open").text
    assert title in listed
    assert 'name="handler"' in listed
    assert "建议由" in client.get(f"/cases/{number}").text
    client.post("/sign-out")
    client.post("/sign-in", data={"login": "approver", "password": PASSWORD})
    assert 'name="handler_id"' in client.get(f"/cases/{number}").text
