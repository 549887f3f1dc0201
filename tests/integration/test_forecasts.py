"""The forecast at the desk: counted from ended clocks, ordering the at-risk page, in everybody's own scope."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from opinion_service.models import AuditEvent, Case, Clock, Setting
from opinion_service.queries.clocks import forecasts as queries
from opinion_service.services.clocks import forecasts
from opinion_service.services.transaction import transaction
from tests.integration.test_statements import counted
from tests.story import NOW, PASSWORD, Story, department, person

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def _past(count: int, unit: int, share: float, prefix: str) -> None:
    """Write `count` ended clocks of 办结 that were met after `share` of their ten days."""
    rows = [
        {"number": f"{prefix}-{n:04d}", "title": "旧案", "state": "dispatched", "lead_department_id": unit,
         "detected_at": NOW - 90 * DAY, "opened_at": NOW - 90 * DAY}
        for n in range(count)
    ]  # fmt: skip
    with transaction() as session:
        session.execute(insert(Case), rows)
        ids = session.scalars(select(Case.id).where(Case.number.like(f"{prefix}-%"))).all()
        session.execute(
            insert(Clock),
            [
                {"case_id": case_id, "kind": "closure", "is_legal": False, "basis": "内部", "allowance": "10d",
                 "started_at": NOW - (80 - n % 40) * DAY, "due_at": NOW - (70 - n % 40) * DAY, "computation": {},
                 "state": "met", "met_at": NOW - (80 - n % 40) * DAY + 10 * DAY * share}
                for n, case_id in enumerate(ids)
            ],
        )  # fmt: skip


def _due_soon(case_id: int) -> None:
    """Let 办结 of a case end in two days, half of its time used, and nothing else run."""
    with transaction() as session:
        mine = (Clock.case_id == case_id, Clock.state == "running")
        session.execute(update(Clock).where(*mine, Clock.kind != "closure").values(state="stopped"))
        session.execute(update(Clock).where(*mine).values(started_at=NOW - 2 * DAY, due_at=NOW + 2 * DAY))


def _two_cases() -> tuple[Story, Story]:
    stories, other = (Story(), Story()), department("wjw")
    for story in stories:
        story.reach("accepted")
        _due_soon(story.case_id)
    with transaction() as session:
        session.execute(update(Case).where(Case.id == stories[1].case_id).values(lead_department_id=other))
    return stories


def test_the_at_risk_list_puts_the_least_likely_first_and_changes_nothing(app: Flask) -> None:
    with app.app_context():
        first, second = (story.case.number for story in _two_cases())
        _past(30, department("jyj"), 0.9, "J")
        _past(30, department("wjw"), 1.5, "W")
        assert forecasts.refresh(now=NOW) >= 60
        assert forecasts.refresh(now=NOW + 6 * HOUR - timedelta(seconds=1)) == 0
        assert forecasts.refresh(now=NOW + 6 * HOUR) >= 60
        liaison, handler = person("liaison"), person("handler")
        with transaction() as session:
            before = session.scalars(select(AuditEvent.id)).all()
            page = queries.at_risk(session, liaison, queries.RiskFilter(), now=NOW)
            assert [row.number for row in page.rows] == [second, first]
            low, high = (row.found for row in page.rows)
            assert low.chance < 0.3 < 0.7 < high.chance
            assert (low.city.n, low.department.n, low.department.on_time) == (60, 30, 0)
            by_due = queries.RiskFilter(sort="due")
            assert [row.number for row in queries.at_risk(session, liaison, by_due, now=NOW).rows] == [
                first, second,
            ]  # fmt: skip
            own = queries.at_risk(session, handler, queries.RiskFilter(), now=NOW)
            assert [row.number for row in own.rows] == [first]
            assert session.scalars(select(AuditEvent.id)).all() == before


def test_what_is_missing_is_said(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        number = _two_cases()[0].case.number
        _past(10, department("jyj"), 0.9, "J")
        forecasts.refresh(now=NOW)
        with transaction() as session:
            found = queries.of_case(session, number, now=NOW)
        assert [(one.chance, one.missing, one.stage) for one in found.values()] == [(None, 20, 50)]


def _client(app: Flask, login: str):
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.parametrize(("login", "status"), [("liaison", 200), ("handler", 200), ("auditor", 200), ("admin", 403)])
def test_who_sees_the_pages(sqlite_app: Flask, login: str, status: int) -> None:
    client = _client(sqlite_app, login)
    for path in ("/at-risk", "/at-risk/calibration", "/at-risk?sort=due&dir=desc&kind=closure&after=9999&department=1"):
        assert client.get(path).status_code == status


def test_the_page_pages_through_every_clock_once(sqlite_app: Flask) -> None:
    from opinion_service import clock

    with sqlite_app.app_context():
        _past(40, department("jyj"), 0.5, "J")
        now = clock.now()
        with transaction() as session:
            ids = session.scalars(select(Clock.id).order_by(Clock.id)).all()
            for place, clock_id in enumerate(ids):
                values = {
                    "state": "running",
                    "met_at": None,
                    "started_at": now - HOUR,
                    "due_at": now + HOUR * (place + 2),
                }
                session.execute(update(Clock).where(Clock.id == clock_id).values(**values))
    client, seen, path = _client(sqlite_app, "liaison"), [], "/at-risk?sort=due"
    while path:
        text = client.get(path).text
        seen += dict.fromkeys(re.findall(r"J-\d{4}", text))
        following = re.search(r"after=(\d+)", text)
        path = f"/at-risk?sort=due&after={following[1]}" if following else ""
    assert sorted(seen) == [f"J-{n:04d}" for n in range(40)]
    assert seen == sorted(seen)
    with counted(sqlite_app) as statements:
        client.get("/at-risk")
    assert len(statements) <= 24


def test_calibration_is_shown_on_page_and_by_command(sqlite_app: Flask) -> None:
    runner = sqlite_app.test_cli_runner()
    assert "too little history" in runner.invoke(args=["forecast", "check"]).output
    with sqlite_app.app_context():
        _past(60, department("jyj"), 0.9, "J")
        _past(60, department("wjw"), 1.5, "W")
        forecasts.refresh(now=NOW)
        with transaction() as session:
            assert '"back_test": {' in session.get_one(Setting, "forecast").value
    assert "brier" in runner.invoke(args=["forecast", "check"]).output
    assert "ended clocks counted" in runner.invoke(args=["forecast", "count"]).output
    with sqlite_app.app_context():
        forecasts.refresh(now=NOW, anyhow=True)
    page = _client(sqlite_app, "supervisor").get("/at-risk/calibration").text
    assert "各档把握与实际" in page
