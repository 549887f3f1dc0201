"""Pauses, extensions, regrading and re-routing: what moves, what never does, and who may move it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.clocks.deadlines import Computation, recompute
from opinion_service.domain.errors import Forbidden, IllegalMove, InvalidInput
from opinion_service.models import AuditEvent, Clock, ClockExtension, ClockPause, OutboxMail, Rung, RungNotice
from opinion_service.services.clocks import clock_moves
from opinion_service.services.clocks.clock_moves import ExtensionForm, PauseForm
from opinion_service.services.reminders import escalation
from opinion_service.services.transaction import transaction
from tests.story import NOW, Story, department, person

HANDLING = ("assessment", "verification", "closure")


def rows(story: Story, model: type) -> list:
    with transaction() as session:
        return list(session.scalars(select(model).where(model.case_id == story.case_id).order_by(model.id)))


def running(story: Story) -> dict[str, Clock]:
    return {
        one.kind + (f"-{one.party}" if one.party else ""): one for one in rows(story, Clock) if one.state == "running"
    }


def dues(story: Story) -> dict[str, datetime]:
    return {kind: clock.due_at for kind, clock in running(story).items()}


def midnight(day: str) -> datetime:
    """Return 24:00 at the desk of the day before `day`."""
    return datetime.fromisoformat(f"{day}T00:00:00+08:00").astimezone(UTC)


def pause(story: Story, resume_on: date | None = None, login: str = "liaison", ground: str = "expert") -> None:
    form = PauseForm(ground, "等待校车检测报告", resume_on)
    clock_moves.pause(story.case_id, story.case.version, form, actor=person(login), now=story.tick())


def resume(story: Story, login: str = "liaison") -> None:
    clock_moves.resume(story.case_id, story.case.version, actor=person(login), now=story.tick())


def ask(story: Story, days: int = 5, kind: str = "closure", login: str = "handler") -> int:
    form = ExtensionForm(kind, days, "排查线路较多")
    return clock_moves.ask(story.case_id, story.case.version, form, actor=person(login), now=story.tick())


def decide(story: Story, number: int, *, is_granted: bool = True, login: str = "supervisor", note: str = "") -> None:
    clock_moves.decide(
        number, story.case.version, is_granted=is_granted, note=note, actor=person(login), now=story.tick()
    )


def test_a_pause_moves_the_handling_clocks_and_no_other(story: Story) -> None:
    story.reach("accepted")
    before = dues(story)
    pause(story, date(2026, 3, 5))
    after = dues(story)
    assert {kind for kind in before if after[kind] != before[kind]} == set(HANDLING)
    # Paused on Monday the 2nd, resumed on Thursday the 5th: the 2nd to the 4th do not count.
    assert after["assessment"] == midnight("2026-03-07")
    assert after["verification"] == midnight("2026-03-12")
    assert "暂停" in rows(story, AuditEvent)[-1].summary


def test_a_pause_that_is_ended_early_wins_only_what_it_lasted(story: Story) -> None:
    story.reach("accepted")
    pause(story)
    longest = dues(story)["verification"]
    story.at = NOW + timedelta(days=2)
    resume(story)
    assert dues(story)["verification"] == midnight("2026-03-11")
    assert longest > midnight("2026-03-11")


def test_a_forgotten_pause_ends_by_itself(story: Story) -> None:
    story.reach("accepted")
    pause(story)
    cap = rows(story, ClockPause)[0].until
    assert cap == midnight("2026-03-17")  # ten working days, the first day not counted
    # No working day of the ten counted: assessment owes two more from the 17th on.
    assert dues(story)["assessment"] == midnight("2026-03-19")
    story.at = cap + timedelta(minutes=1)
    with pytest.raises(InvalidInput):
        resume(story)
    pause(story)
    assert [row.ended_at for row in rows(story, ClockPause)] == [cap, None]


def test_paused_never_breaches_and_tells_nobody(story: Story) -> None:
    story.reach("accepted")
    pause(story)
    until = rows(story, ClockPause)[0].until
    ids = {clock.id for kind, clock in running(story).items() if kind in HANDLING}
    armed = [rung for rung in rows(story, Rung) if rung.clock_id in ids and rung.state == "armed"]
    assert {rung.level for rung in armed} == {1, 2, 3, 4}
    assert min(rung.fire_at for rung in armed) >= until
    while escalation.raise_due(now=until - timedelta(minutes=1)):
        pass
    assert not [rung for rung in rows(story, Rung) if rung.clock_id in ids and rung.state == "fired"]


@pytest.mark.parametrize(
    ("resume_on", "ground", "login", "error"),
    [
        (date(2026, 3, 2), "expert", "liaison", InvalidInput),  # today
        (date(2026, 3, 17), "expert", "liaison", None),  # the cap itself
        (date(2026, 3, 18), "expert", "liaison", InvalidInput),  # a day beyond
        (None, "weather", "liaison", InvalidInput),
        (None, "force", "supervisor", None),
        (None, "expert", "handler", Forbidden),
        (None, "expert", "approver", Forbidden),
    ],
)
def test_a_pause_has_a_ground_a_person_and_a_cap(
    story: Story, resume_on: date | None, ground: str, login: str, error: type | None
) -> None:
    story.reach("accepted")
    before = dues(story)
    if error is None:
        pause(story, resume_on, login, ground)
        assert dues(story) != before
        return
    with pytest.raises(error):
        pause(story, resume_on, login, ground)
    assert (dues(story), rows(story, ClockPause)) == (before, [])


def test_a_case_is_paused_twice_a_round_and_once_at_a_time(story: Story) -> None:
    story.reach("accepted")
    pause(story)
    with pytest.raises(InvalidInput, match="已处于暂停中"):
        pause(story)
    resume(story)
    pause(story)
    resume(story)
    with pytest.raises(InvalidInput, match="最多暂停 2 次"):
        pause(story)


def test_what_is_late_already_cannot_be_paused(story: Story) -> None:
    story.reach("accepted")
    story.at = max(dues(story).values())
    with pytest.raises(InvalidInput, match="没有可以暂停"):
        pause(story)


def test_an_extension_is_asked_by_the_unit_and_decided_by_another(story: Story) -> None:
    story.reach("accepted")
    before = dues(story)
    number = ask(story)
    assert dues(story) == before
    with pytest.raises(InvalidInput, match="待批复"):
        ask(story)
    with pytest.raises(Forbidden):
        decide(story, number, login="handler")
    with pytest.raises(InvalidInput, match="须填写理由"):
        decide(story, number, is_granted=False)
    decide(story, number)
    after = dues(story)
    assert {kind for kind in before if after[kind] != before[kind]} == {"closure"}
    assert after["closure"] == midnight("2026-03-31")  # 15 + 5 working days after the 2nd
    with pytest.raises(InvalidInput, match="已批复"):
        decide(story, number)
    with pytest.raises(InvalidInput, match="最多延期 1 次"):
        ask(story)


@pytest.mark.parametrize(
    ("kind", "days", "login", "error"),
    [
        ("closure", 0, "handler", InvalidInput),
        ("closure", 10, "handler", None),
        ("closure", 11, "handler", InvalidInput),
        ("verification", 1, "approver", None),
        ("response", 1, "handler", InvalidInput),  # 48 h are an answer limit
        ("first_release", 1, "handler", InvalidInput),
        ("assessment", 1, "handler", InvalidInput),
        ("closure", 1, "liaison", Forbidden),
        ("closure", 1, "co_handler", Forbidden),
    ],
)
def test_an_extension_is_limited(story: Story, kind: str, days: int, login: str, error: type | None) -> None:
    story.reach("accepted", "gaj")
    if error is None:
        assert ask(story, days, kind, login)
        return
    with pytest.raises(error):
        ask(story, days, kind, login)
    assert rows(story, ClockExtension) == []


def test_an_extension_comes_before_the_end(story: Story) -> None:
    story.reach("accepted")
    story.at = dues(story)["verification"] - timedelta(minutes=1)
    with pytest.raises(InvalidInput, match="到期前申请"):
        ask(story, kind="verification")


def test_the_database_holds_the_rules_of_extensions(story: Story) -> None:
    story.reach("accepted")
    handler = person("handler").user_id
    fields = {"case_id": story.case_id, "round": 1, "days": 5, "reason": "x", "asked_by_id": handler, "asked_at": NOW}
    bad = [
        {**fields, "kind": "response"},
        {**fields, "kind": "closure", "days": 61},
        {**fields, "kind": "closure", "state": "granted", "decided_by_id": handler, "decided_at": NOW},
        {**fields, "kind": "closure", "state": "granted"},
    ]
    for row in bad:
        with pytest.raises(IntegrityError), transaction() as session:
            session.add(ClockExtension(**row))


def test_closing_settles_what_is_still_asked_for(story: Story) -> None:
    story.reach("published")
    ask(story)
    story.act("liaison", CaseAction.CLOSE)
    assert [row.state for row in rows(story, ClockExtension)] == ["refused"]
    story.act("liaison", CaseAction.REOPEN, note="又有反映")
    story.accept()
    assert ask(story)


def test_the_unit_and_the_desk_are_told(story: Story) -> None:
    story.reach("accepted")
    seen = len(rows(story, OutboxMail))
    decide(story, ask(story))
    told = {(mail.kind, mail.recipient.partition("@")[0]) for mail in rows(story, OutboxMail)[seen:]}
    assert told == {
        ("extend", "liaison"), ("extend", "liaison2"), ("decide_extension", "handler"), ("decide_extension", "approver"),
    }  # fmt: skip


def test_a_regrade_keeps_pause_and_extension(story: Story) -> None:
    """Peers lose the pause when the grade changes."""
    story.reach("accepted")
    pause(story, date(2026, 3, 5))
    decide(story, ask(story, 3))
    story.act("liaison", CaseAction.REGRADE, note="关注上升", grade="serious")
    # Seven working days after the 2nd, the 3rd and 4th paused, and three more.
    assert dues(story)["closure"] == midnight("2026-03-19")
    assert dues(story)["verification"] == midnight("2026-03-07")


def test_a_regrade_that_makes_a_clock_late_says_so_apart(story: Story) -> None:
    story.reach("accepted")
    story.at = NOW + timedelta(hours=30)
    story.act("supervisor", CaseAction.REGRADE, note="影响扩大", grade="major")
    late = {kind for kind, clock in running(story).items() if clock.is_late_by_change}
    assert late == {"first_release", "response", "assessment"}
    story.at = NOW + timedelta(hours=60)
    story.act("supervisor", CaseAction.REGRADE, note="再调整", grade="critical")
    late = {kind for kind, clock in running(story).items() if clock.is_late_by_change}
    assert late == {"first_release", "response", "assessment"}  # verification ended by itself meanwhile


def test_a_regrade_leaves_met_clocks_and_unmoved_rows_alone(story: Story) -> None:
    story.reach("accepted")
    story.act("liaison", CaseAction.REGRADE, note="突发", incident_level="major", grade="major")
    story.act("liaison", CaseAction.PRESS, note="已举行")
    before = {clock.id for clock in running(story).values()}
    story.act("liaison", CaseAction.REGRADE, note="同级", incident_level="major", grade="major")
    assert {clock.id for clock in running(story).values()} == before
    assert "press_conference" not in running(story)


def test_a_rung_told_once_is_not_told_again_after_a_regrade(story: Story) -> None:
    story.reach("accepted")
    story.at = NOW + timedelta(hours=40)
    escalation.raise_due(now=story.at)
    assert any(rung.state == "fired" for rung in rows(story, Rung))
    story.act("supervisor", CaseAction.REGRADE, note="较大", grade="serious")
    escalation.raise_due(now=story.at)
    response = [
        rung for rung in rows(story, Rung)
        if rung.state == "fired" and rung.level == 1 and rung.clock_id == running(story)["response"].id
    ]  # fmt: skip
    assert len(response) == 1  # 48 h either way: the row and its rungs stayed


def test_a_new_unit_has_its_own_receipt_and_the_first_dispatch_for_the_rest(story: Story) -> None:
    story.reach("accepted")
    first = running(story)
    story.at = NOW + timedelta(days=1)
    story.act("liaison", CaseAction.REROUTE, note="职责在卫健委", department_id=department("wjw"))
    after = running(story)
    assert after["sign_receipt"].started_at == story.at
    assert {after[kind].started_at for kind in ("assessment", "verification")} == {first["verification"].started_at}
    assert {after[kind].department_id for kind in HANDLING} == {department("wjw")}


def test_a_co_department_has_its_own_clock_counted_back_from_the_lead(story: Story) -> None:
    story.reach("dispatched", "gaj", "wjw")
    parties = {department("gaj"), department("wjw")}
    co = {one.party: one for one in running(story).values() if one.party}
    answer = min(clock.due_at for clock in running(story).values() if clock.is_legal)
    assert set(co) == parties
    assert {clock.due_at for clock in co.values()} == {answer - timedelta(hours=12)}
    assert {clock.department_id for clock in co.values()} == parties
    with pytest.raises(Forbidden):
        story.act("handler", CaseAction.CO_REPLY, note="牵头单位不提交协办意见")
    story.act("co_handler", CaseAction.CO_REPLY, note="公安交警已核查")
    assert {one.party for one in running(story).values() if one.party} == {department("wjw")}
    story.act("liaison", CaseAction.REROUTE, note="改派", department_id=department("jyj"))
    assert not [one for one in running(story).values() if one.party]


def test_a_co_departments_clock_follows_the_grade_and_tells_its_own_people(story: Story) -> None:
    story.reach("dispatched", "gaj")
    story.act("liaison", CaseAction.REGRADE, note="突发", incident_level="major", grade="major")
    co = next(one for one in running(story).values() if one.party)
    answer = min(clock.due_at for clock in running(story).values() if clock.is_legal)
    assert co.due_at == answer - timedelta(hours=1)
    while escalation.raise_due(now=co.due_at):
        pass
    rungs = {rung.id for rung in rows(story, Rung) if rung.clock_id == co.id}
    told = {notice.address.partition("@")[0] for notice in rows(story, RungNotice) if notice.rung_id in rungs}
    assert {"co_handler", "co_approver"} <= told
    assert not told & {"handler", "approver"}


def test_countersigning_meets_the_co_departments_clock(story: Story) -> None:
    story.reach("in_review", "gaj")
    assert not [one for one in running(story).values() if one.party]
    assert [one.state for one in rows(story, Clock) if one.kind == "co_opinion"] == ["met"]


def test_a_grave_case_owes_further_news_until_it_is_closed(story: Story) -> None:
    story.reach("signed")
    story.act("liaison", CaseAction.REGRADE, note="影响扩大", grade="major")
    story.publish()
    first = running(story)["follow_up"]
    assert first.due_at - first.started_at == timedelta(hours=24)
    story.act("liaison", CaseAction.CONTINUE, note="在政府网站发布续报")
    assert running(story)["follow_up"].generation == 2
    story.act("liaison", CaseAction.CLOSE)
    assert "follow_up" not in running(story)


def test_an_ordinary_case_owes_further_news_only_when_followed(story: Story) -> None:
    story.reach("published")
    assert "follow_up" not in running(story)
    story.act("liaison", CaseAction.FOLLOW)
    assert "follow_up" in running(story)


def test_every_stored_computation_gives_its_minute_again(story: Story) -> None:
    story.reach("accepted", "gaj")
    pause(story, date(2026, 3, 5))
    decide(story, ask(story, 4))
    story.act("liaison", CaseAction.REGRADE, note="突发", incident_level="major", grade="serious")
    for clock in rows(story, Clock):
        kept = Computation.from_record(clock.computation)
        assert recompute(kept) == kept
        assert (kept.due_at, kept.start) == (clock.due_at, clock.started_at)
        assert clock.profile_version == "default-2"
        assert clock.computation["event"] in ("首次发现", "交办", "审签", "上次发布")


def test_paused_acts_are_closed_to_a_case_that_rests(story: Story) -> None:
    story.reach("closed")
    with pytest.raises(IllegalMove):
        pause(story)
    with pytest.raises(IllegalMove):
        ask(story)


def test_only_one_running_clock_of_a_kind(story: Story) -> None:
    story.reach("accepted")
    clock = running(story)["closure"]
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(
            Clock(
                case_id=clock.case_id, kind="closure", round=1, generation=9, is_legal=False, basis="x",
                allowance="1wd", started_at=clock.started_at, due_at=clock.due_at, computation={},
            )
        )  # fmt: skip
