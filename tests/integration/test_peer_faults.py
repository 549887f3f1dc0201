"""What other desks are known to get wrong with clocks and reminders, one row each, run through the real services.

A row is a story told to a case with one clock left running, and what must be true of its rungs and its mail after.
"""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from opinion_service import pipeline
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.clocks.calendar_days import parse_lines
from opinion_service.models import Clock, ClockPause, DutyShift, Event, OutboxMail, Rung, User
from opinion_service.services.casework import triage
from opinion_service.services.clocks import clock_moves, limit_changes
from opinion_service.services.clocks.clock_moves import ExtensionForm, PauseForm
from opinion_service.services.transaction import transaction
from tests.story import NOW, Story, department, person

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


def running(story: Story, kind: str) -> Clock:
    with transaction() as session:
        wanted = (Clock.case_id == story.case_id, Clock.kind == kind, Clock.state == "running")
        return session.scalars(select(Clock).where(*wanted)).one()


def rungs(clock: Clock) -> dict[int, Rung]:
    with transaction() as session:
        return {one.level: one for one in session.scalars(select(Rung).where(Rung.clock_id == clock.id))}


def sweep(now: datetime) -> None:
    while pipeline.escalate(now=now):
        pass


def told(story: Story, kind: str) -> list[int]:
    """Return the levels of a kind of clock that were told, in the order of telling, over all its rows."""
    with transaction() as session:
        statement = (
            select(Rung.level)
            .join(Clock, Clock.id == Rung.clock_id)
            .where(Clock.case_id == story.case_id, Clock.kind == kind, Rung.state == "fired")
            .order_by(Rung.fired_at, Rung.level)
        )
        return list(session.scalars(statement))


def letters(kind: str, since: int = 0) -> list[str]:
    """Return who got mail of a kind after the mail `since`, by the first part of the address."""
    with transaction() as session:
        statement = select(OutboxMail.recipient).where(OutboxMail.kind == kind, OutboxMail.id > since)
        return sorted(one.partition("@")[0] for one in session.scalars(statement))


def pause(story: Story, resume_on: date | None = None) -> None:
    form = PauseForm("expert", "等待检测报告", resume_on)
    clock_moves.pause(story.case_id, story.case.version, form, actor=person("liaison"), now=story.tick())


def resume(story: Story) -> None:
    clock_moves.resume(story.case_id, story.case.version, actor=person("liaison"), now=story.tick())


def regrade(story: Story, grade: str) -> None:
    story.act("supervisor", CaseAction.REGRADE, note="重新研判", grade=grade)


def to_first_rung(story: Story) -> None:
    """Go to the instant at which the first rung of 办结 is told, and tell it."""
    story.reach("accepted")
    story.at = rungs(running(story, "closure"))[1].fire_at
    sweep(story.at)
    assert told(story, "closure") == [1]


def pause_then_regrade(story: Story) -> None:
    story.reach("accepted")
    pause(story, date(2026, 3, 5))
    regrade(story, "serious")
    # Seven working days after Monday the 2nd; the 2nd to the 4th do not count.
    assert running(story, "closure").due_at == midnight("2026-03-14")


def pause_over_a_holiday(story: Story) -> None:
    story.at = midnight("2026-04-02") + 2 * HOUR
    story.reach("accepted")
    before = running(story, "assessment").due_at
    pause(story, date(2026, 4, 8))
    # 清明 (4 to 6 April) lies inside the pause and is not given back a second time: the 3rd and the 7th are.
    assert before == midnight("2026-04-08")
    assert running(story, "assessment").due_at == midnight("2026-04-10")


def paused_never_breaches(story: Story) -> None:
    story.reach("accepted")
    pause(story)
    until = clock_pause_end(story)
    for kind in ("assessment", "verification", "closure"):
        assert running(story, kind).due_at > until
    sweep(until - MINUTE)
    assert [told(story, kind) for kind in ("assessment", "verification", "closure")] == [[], [], []]


def every_rung_fires(story: Story) -> None:
    story.reach("accepted")
    for level in (1, 2, 3, 4):
        sweep(rungs(running(story, "closure"))[level].fire_at)
        assert told(story, "closure") == list(range(1, level + 1))


def escalation_keeps_duty_hours(story: Story) -> None:
    story.reach("accepted")
    night = datetime(2026, 3, 2, 14, tzinfo=UTC)  # 22:00 at the desk
    with transaction() as session:
        on_duty = session.scalars(select(User.id).where(User.login == "liaison")).one()
        session.add(DutyShift(user_id=on_duty, starts_at=night - HOUR, ends_at=night + 9 * HOUR))
        session.execute(update(Rung).where(Rung.state == "armed").values(wake_at=night + 99 * DAY))
        clock = select(Clock.id).where(Clock.kind == "closure", Clock.state == "running").scalar_subquery()
        session.execute(update(Rung).where(Rung.clock_id == clock, Rung.level == 2).values(wake_at=night))
    sweep(night)
    assert letters("ladder") == ["liaison"]
    sweep(night + 11 * HOUR)
    assert letters("ladder") == ["approver", "liaison", "liaison2"]


def a_holiday_is_the_desks_own_day(story: Story) -> None:
    # 16:30 UTC on 2 April is 00:30 of the 3rd at the desk: the 3rd is the day that does not count.
    story.at = datetime(2026, 4, 2, 16, 30, tzinfo=UTC)
    story.reach("accepted")
    assert running(story, "assessment").due_at == midnight("2026-04-09")


def reopening_mails_nothing_at_once(story: Story) -> None:
    story.reach("closed")
    story.at += 60 * DAY
    story.act("supervisor", CaseAction.REOPEN, note="问题再现")
    sweep(story.at)
    assert letters("ladder") == []
    assert letters("reopen") == ["approver", "handler"]


def a_due_time_set_by_hand_is_told(story: Story) -> None:
    to_first_rung(story)
    form = ExtensionForm("closure", 5, "排查线路较多")
    number = clock_moves.ask(story.case_id, story.case.version, form, actor=person("handler"), now=story.tick())
    clock_moves.decide(
        number, story.case.version, is_granted=True, note="", actor=person("supervisor"), now=story.tick()
    )
    clock = running(story, "closure")
    sweep(clock.due_at)
    # The end that was put off is due anew, from its first reminder on.
    assert told(story, "closure") == [1, 1, 2]


def the_new_owner_is_told(story: Story) -> None:
    owner = department("jyj")
    with transaction() as session:
        session.add(
            Event(
                title="校车超员", first_seen_at=NOW, last_item_at=NOW, item_count=1, needs_opening=True,
                nature="complaint", confidence=0.99, department_id=owner,
            )
        )  # fmt: skip
    assert triage.open_due(now=NOW) == 1
    assert letters("dispatch") == ["approver", "handler"]


def a_new_holiday_moves_open_cases(story: Story) -> None:
    story.reach("accepted")
    before = running(story, "assessment").due_at
    days = parse_lines("2026-03-04 休 试设假日\n2026-03-07 班 调休", "国办发明电〔2026〕9号")
    change = limit_changes.propose_days(days, actor=person("admin"), now=NOW)
    limit_changes.apply(change, actor=person("supervisor"), now=NOW)
    while limit_changes.carry_on(now=NOW):
        pass
    after = running(story, "assessment")
    assert (before, after.due_at) == (midnight("2026-03-05"), midnight("2026-03-06"))
    assert rungs(after)[2].fire_at == after.due_at


def a_pause_does_not_tell_again(story: Story) -> None:
    to_first_rung(story)
    pause(story)
    sweep(running(story, "closure").due_at - MINUTE)
    assert told(story, "closure") == [1]
    sweep(running(story, "closure").due_at)
    assert told(story, "closure") == [1, 2]


def ending_a_pause_does_not_tell_again(story: Story) -> None:
    to_first_rung(story)
    pause(story)
    story.at += DAY
    resume(story)
    sweep(running(story, "closure").due_at - MINUTE)
    assert told(story, "closure") == [1]


def a_second_regrade_does_not_tell_again(story: Story) -> None:
    to_first_rung(story)
    regrade(story, "serious")
    sweep(story.at)
    before = told(story, "closure")
    regrade(story, "ordinary")
    sweep(story.at)
    regrade(story, "serious")
    sweep(story.at)
    assert told(story, "closure") == before


def a_shorter_limit_is_told_at_its_own_stage(story: Story) -> None:
    story.reach("accepted")
    clock = running(story, "closure")
    story.at = rungs(clock)[1].fire_at - HOUR
    sweep(story.at)
    regrade(story, "serious")  # seven working days instead of fifteen: over already
    sweep(story.at)
    assert running(story, "closure").is_late_by_change
    assert told(story, "closure") == [1, 2, 3]


def midnight(day: str) -> datetime:
    """Return 00:00 at the desk of `day`."""
    return datetime.fromisoformat(f"{day}T00:00:00+08:00").astimezone(UTC)


def clock_pause_end(story: Story) -> datetime:
    with transaction() as session:
        return session.scalars(select(ClockPause.until).where(ClockPause.case_id == story.case_id)).one()


FAULTS: tuple[Callable[[Story], None], ...] = (
    pause_then_regrade,
    pause_over_a_holiday,
    paused_never_breaches,
    every_rung_fires,
    escalation_keeps_duty_hours,
    a_holiday_is_the_desks_own_day,
    reopening_mails_nothing_at_once,
    a_due_time_set_by_hand_is_told,
    the_new_owner_is_told,
    a_new_holiday_moves_open_cases,
    a_pause_does_not_tell_again,
    ending_a_pause_does_not_tell_again,
    a_second_regrade_does_not_tell_again,
    a_shorter_limit_is_told_at_its_own_stage,
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.__name__)
def test_a_fault_of_other_desks_is_not_ours(story: Story, fault: Callable[[Story], None]) -> None:
    fault(story)


@pytest.fixture(params=["UTC", "Asia/Kolkata", "America/Los_Angeles", "Pacific/Kiritimati"])
def host_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Let the process believe that it runs in another zone."""
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    assert os.environ.get("TZ") == before
    time.tzset()


def test_the_zone_of_the_host_moves_no_clock_and_no_rung(host_zone: str, sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        story = Story()
        story.at = datetime(2026, 9, 30, 16, 30, tzinfo=UTC)  # 国庆 begins at the desk, not yet in Greenwich
        story.reach("accepted")
        pause(story, date(2026, 10, 12))
        clock = running(story, "closure")
        planned = [one.fire_at for one in rungs(clock).values()]
    # Of fifteen working days only the 12th and those after it count; the last rung is five working days later.
    assert clock.due_at == midnight("2026-10-31")
    assert planned[1:] == [clock.due_at, clock.due_at + DAY, midnight("2026-11-07")]
