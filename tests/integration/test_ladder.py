"""The ladder on both databases: frozen, fired in order, held with an end, grouped by reader, repaired."""

import copy
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from opinion_service import data, pipeline
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.errors import Forbidden, IllegalMove, InvalidInput, NotFound
from opinion_service.domain.people import SYSTEM
from opinion_service.models import (
    Absence,
    Acknowledgement,
    AuditEvent,
    AuditPass,
    Case,
    Clock,
    DutyShift,
    OutboxMail,
    Rung,
    RungNotice,
    User,
)
from opinion_service.services.reminders import escalation, holds, ladder_audit, ladder_book, reminders
from opinion_service.services.transaction import transaction
from tests.story import NOW, Story, department, person

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
KEPT = timedelta(days=30)


def all_of(model: type, *conditions) -> list:
    with transaction() as session:
        return list(session.scalars(select(model).where(*conditions).order_by(model.id)))


def only(story: Story, kind: str) -> Clock:
    """Stop every running clock of the case but one kind, so that its ladder stands alone."""
    with transaction() as session:
        clocks = session.scalars(select(Clock).where(Clock.case_id == story.case_id, Clock.state == "running")).all()
        for clock in clocks:
            if clock.kind != kind:
                clock.state = "stopped"
                ladder_book.disarm(session, clock)
        return next(clock for clock in clocks if clock.kind == kind)


def rungs_of(clock: Clock) -> dict[int, Rung]:
    return {rung.level: rung for rung in all_of(Rung, Rung.clock_id == clock.id)}


def sweep(now: datetime) -> None:
    while pipeline.escalate(now=now):
        pass


def mails(kind: str = "ladder") -> list[OutboxMail]:
    return all_of(OutboxMail, OutboxMail.kind == kind)


def told(found: Iterable[OutboxMail]) -> list[str]:
    return sorted(mail.recipient.partition("@")[0] for mail in found)


def test_each_rung_fires_at_its_instant_and_tells_its_roles(story: Story) -> None:
    story.reach("accepted")
    clock = only(story, "closure")
    expected = {
        1: ["handler"], 2: ["approver", "liaison", "liaison2"], 3: ["approver", "supervisor"], 4: ["supervisor"]
    }  # fmt: skip
    for level, rung in rungs_of(clock).items():
        before = {mail.id for mail in mails()}
        sweep(rung.fire_at - SECOND)
        assert rungs_of(clock)[level].state == "armed"
        sweep(rung.fire_at)
        assert (rungs_of(clock)[level].state, rungs_of(clock)[level].fired_at) == ("fired", rung.fire_at)
        new = [mail for mail in mails() if mail.id not in before]
        assert told(new) == expected[level]
        assert {mail.rung_id for mail in new} == {rung.id}
    sweep(NOW + 99 * DAY)
    assert len(mails()) == 7


def test_rungs_overdue_together_are_all_recorded_and_told_in_one_letter(story: Story) -> None:
    story.reach("accepted")
    clock = only(story, "closure")
    sweep(NOW + 99 * DAY)
    assert {rung.state for rung in rungs_of(clock).values()} == {"fired"}
    fired = all_of(AuditEvent, AuditEvent.kind == "rung_fired")
    assert [event.detail["planned"] for event in fired] == [
        rung.fire_at.isoformat() for rung in rungs_of(clock).values()
    ]
    assert told(mails()) == ["approver", "handler", "liaison", "liaison2", "supervisor"]
    assert {notice.state for notice in all_of(RungNotice)} == {"written"}


def test_a_clock_keeps_the_ladder_it_started_with(story: Story) -> None:
    story.reach("accepted")
    before = rungs_of(only(story, "closure"))
    record = copy.deepcopy(data.read_json("ladder.json"))
    record["version"] = "2026-2"
    record["ladders"][0]["rungs"][1].update(name="到期提醒", offset="due+1h", recipients=["approver"])
    for wrong, actor, note in ((Forbidden, "liaison", "改"), (InvalidInput, "supervisor", " ")):
        with pytest.raises(wrong):
            ladder_book.publish(record, note, actor=person(actor), now=NOW)
    ladder_book.publish(record, "到期一小时后再催办", actor=person("supervisor"), now=NOW)
    with pytest.raises(InvalidInput):
        ladder_book.publish(record, "再发一次", actor=person("supervisor"), now=NOW)
    assert {rung.ladder_version for rung in before.values()} == {"2026-1"}
    story.act("supervisor", CaseAction.REGRADE, note="影响扩大", grade="serious")
    clock = next(one for one in all_of(Clock, Clock.state == "running") if one.kind == "closure")
    after = rungs_of(clock)
    assert {rung.ladder_version for rung in after.values()} == {"2026-2"}
    assert (after[2].wording["name"], after[2].fire_at) == ("到期提醒", clock.due_at + HOUR)
    assert before[2].wording["name"] == "到期催办"


def test_an_acknowledgement_holds_the_next_rung_until_it_runs_out(story: Story) -> None:
    story.reach("accepted")
    clock = only(story, "closure")
    rungs = rungs_of(clock)
    sweep(rungs[1].fire_at)
    with pytest.raises(InvalidInput):
        holds.acknowledge(rungs[1].id, 3, "", actor=person("handler"), now=clock.due_at - HOUR)
    for login, error in (("foreign_handler", NotFound), ("auditor", Forbidden)):
        with pytest.raises(error):
            holds.acknowledge(rungs[1].id, 4, "", actor=person(login), now=clock.due_at - HOUR)
    with pytest.raises(IllegalMove):
        holds.acknowledge(rungs[2].id, 4, "", actor=person("handler"), now=clock.due_at - HOUR)
    ends = holds.acknowledge(rungs[1].id, 4, "材料今日送审", actor=person("handler"), now=clock.due_at - HOUR)
    assert ends == clock.due_at + 3 * HOUR
    with pytest.raises(IllegalMove):
        holds.acknowledge(rungs[1].id, 4, "", actor=person("approver"), now=clock.due_at - HOUR)
    sweep(clock.due_at)
    held = rungs_of(clock)[2]
    assert (held.state, held.wake_at, held.fire_at, held.held_for) == ("armed", ends, clock.due_at, "已确认，等待办理")
    assert ladder_audit.examine(now=clock.due_at + HOUR).missed == 0
    sweep(ends - SECOND)
    assert rungs_of(clock)[2].state == "armed"
    sweep(ends)
    assert (rungs_of(clock)[2].state, rungs_of(clock)[2].held_for) == ("fired", "")


def test_a_legal_deadline_is_told_whatever_was_acknowledged(story: Story) -> None:
    story.reach("accepted")
    clock = only(story, "response")
    rungs = rungs_of(clock)
    sweep(rungs[1].fire_at)
    holds.acknowledge(rungs[1].id, 8, "", actor=person("handler"), now=clock.due_at - HOUR)
    sweep(clock.due_at)
    assert rungs_of(clock)[2].state == "fired"


@pytest.mark.parametrize("scope", ["case", "department"])
def test_a_silence_holds_every_rung_and_its_end_lets_them_go(story: Story, scope: str) -> None:
    story.reach("accepted")
    clock = only(story, "response")
    where = {"case_number": story.case.number} if scope == "case" else {"department_id": department("jyj")}
    start = clock.due_at - HOUR
    supervisor = person("supervisor")
    for wrong in (
        holds.NewSilence("", 4, **where), holds.NewSilence("演练", 0, **where), holds.NewSilence("演练", 73, **where),
        holds.NewSilence("演练", 4), holds.NewSilence("演练", 4, story.case.number, department("jyj")),
        holds.NewSilence("演练", 4, "2026-0000-00"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            holds.silence(wrong, actor=supervisor, now=start)
    with pytest.raises(Forbidden):
        holds.silence(holds.NewSilence("演练", 4, **where), actor=person("liaison"), now=start)
    silence_id = holds.silence(holds.NewSilence("演练", 4, **where), actor=supervisor, now=start)
    sweep(clock.due_at)
    assert rungs_of(clock)[2].wake_at == start + 4 * HOUR
    assert rungs_of(clock)[2].held_for == "暂停提醒：演练"
    assert mails() == []
    holds.end_silence(silence_id, actor=supervisor, now=clock.due_at + HOUR)
    with pytest.raises(NotFound):
        holds.end_silence(silence_id, actor=supervisor, now=clock.due_at + HOUR)
    sweep(clock.due_at + HOUR)
    assert rungs_of(clock)[2].state == "fired"
    assert mails() != []


def test_several_cases_to_one_person_are_one_letter_with_the_worst_first(story: Story) -> None:
    numbers = []
    for hours in (3, 0, 6):
        other = Story()
        other.at = NOW + hours * HOUR
        other.reach("accepted")
        only(other, "response")
        numbers.append(other.case.number)
    sweep(NOW + 2 * DAY + 7 * HOUR)
    letters = [mail for mail in mails() if mail.recipient.startswith("approver@")]
    assert len(letters) == 1
    places = [letters[0].body.index(number) for number in (numbers[1], numbers[0], numbers[2])]
    assert places == sorted(places)
    assert (letters[0].case_id, letters[0].rung_id) == (None, None)
    sweep(NOW + 2 * DAY + 7 * HOUR)
    assert len([mail for mail in mails() if mail.recipient.startswith("approver@")]) == 1


def _duty(login: str, code: str | None, start: datetime, end: datetime) -> None:
    with transaction() as session:
        session.add(
            DutyShift(
                user_id=person_id(session, login), starts_at=start, ends_at=end,
                department_id=None if code is None else department_id(session, code),
            )
        )  # fmt: skip


def person_id(session, login: str) -> int:
    return session.scalars(select(User.id).where(User.login == login)).one()


def department_id(session, code: str) -> int:
    from opinion_service.models import Department

    return session.scalars(select(Department.id).where(Department.code == code)).one()


NIGHT = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)  # 22:00 at the desk; offices open at 01:00 UTC


def _fire_at(story: Story, at: datetime) -> Clock:
    """Let the second rung of the case's only clock be reached at `at`."""
    clock = only(story, "closure")
    with transaction() as session:
        session.execute(update(Rung).where(Rung.clock_id == clock.id, Rung.level != 2).values(state="cancelled"))
        session.execute(update(Rung).where(Rung.clock_id == clock.id, Rung.level == 2).values(fire_at=at, wake_at=at))
    sweep(at)
    return clock


def test_out_of_hours_only_the_duty_person_is_told_and_the_others_in_the_morning(story: Story) -> None:
    story.reach("accepted")
    _duty("liaison", None, NIGHT - HOUR, NIGHT + 10 * HOUR)
    _duty("handler", "jyj", NIGHT - HOUR, NIGHT + 10 * HOUR)
    _duty("supervisor", None, NIGHT - 9 * HOUR, NIGHT)  # just over
    _fire_at(story, NIGHT)
    assert told(mails()) == ["handler", "liaison"]
    assert "值班" in next(mail for mail in mails() if mail.recipient.startswith("handler@")).body
    opening = NIGHT + 11 * HOUR
    sweep(opening - SECOND)
    assert len(mails()) == 2
    sweep(opening)
    assert told(mails()) == ["approver", "handler", "liaison", "liaison2"]


def test_without_a_turn_of_duty_everybody_is_told_at_once(story: Story) -> None:
    story.reach("accepted")
    _fire_at(story, NIGHT)
    assert told(mails()) == ["approver", "liaison", "liaison2"]


def test_what_is_met_over_night_is_not_told_in_the_morning(story: Story) -> None:
    story.reach("accepted")
    _duty("liaison", None, NIGHT - HOUR, NIGHT + 10 * HOUR)
    clock = _fire_at(story, NIGHT)
    with transaction() as session:
        session.execute(update(Clock).where(Clock.id == clock.id).values(state="met", met_at=NIGHT + HOUR))
    sweep(NIGHT + 11 * HOUR)
    assert told(mails()) == ["liaison"]
    assert sorted(notice.state for notice in all_of(RungNotice)) == ["moot", "moot", "written"]


def test_the_stand_in_is_told_and_nobody_twice(story: Story) -> None:
    story.reach("accepted")
    with transaction() as session:
        session.add(
            Absence(
                user_id=person_id(session, "approver"), stand_in_id=person_id(session, "liaison"),
                starts_at=NOW, ends_at=NOW + 9 * DAY,
            )
        )  # fmt: skip
    _fire_at(story, NOW + 3 * DAY)
    assert told(mails()) == ["liaison", "liaison2"]


def test_a_rung_without_anybody_goes_to_the_desk(story: Story) -> None:
    story.reach("accepted")
    with transaction() as session:
        session.execute(update(User).where(User.role == "approver").values(is_active=False))
        session.execute(update(User).where(User.role == "liaison").values(email=""))
    _fire_at(story, NOW + 3 * DAY)
    assert told(mails()) == ["supervisor"]
    assert "没有可告知的承办人员" in mails()[0].body


def _storm(count: int) -> list[str]:
    """Open `count` cases whose second rung is due at the same instant, in bulk."""
    with transaction() as session:
        lead = department_id(session, "jyj")
        rows = [
            {"number": f"S-{n:05d}", "title": f"第{n}件", "state": "dispatched", "lead_department_id": lead,
             "detected_at": NOW, "opened_at": NOW}
            for n in range(count)
        ]  # fmt: skip
        session.execute(insert(Case), rows)
        ids = dict(session.execute(select(Case.number, Case.id).where(Case.number.like("S-%"))).all())
        session.execute(
            insert(Clock),
            [
                {"case_id": one, "kind": "response", "is_legal": True, "basis": "国办发〔2016〕61号", "allowance": "48h",
                 "started_at": NOW, "due_at": NOW + 2 * DAY, "computation": {"steps": []}}
                for one in ids.values()
            ],
        )  # fmt: skip
        wording = ladder_book.in_force(session).rules_for("response")[1].wording
        clocks = session.execute(select(Clock.id, Clock.case_id).where(Clock.case_id.in_(ids.values()))).all()
        session.execute(
            insert(Rung),
            [
                {"clock_id": row.id, "case_id": row.case_id, "level": 2, "fire_at": NOW + 2 * DAY, "wake_at": NOW + 2 * DAY,
                 "offset": "due", "recipients": ["approver", "liaison"], "channels": ["mail"], "wording": wording,
                 "ladder_version": "2026-1"}
                for row in clocks
            ],
        )  # fmt: skip
        return sorted(ids)


@pytest.mark.parametrize("count", [450])
def test_a_storm_becomes_digests_and_loses_nothing(story: Story, count: int) -> None:
    numbers = _storm(count)
    sweep(NOW + 2 * DAY)
    assert {rung.state for rung in all_of(Rung)} == {"fired"}
    letters = mails()
    assert told(letters) == sorted(["approver", "liaison", "liaison2"] * -(-count // reminders.MOST_IN_ONE))
    for login in ("approver", "liaison", "liaison2"):
        body = "".join(mail.body for mail in letters if mail.recipient.startswith(f"{login}@"))
        assert sorted(body.count(f"案号 {number}（") for number in numbers) == [1] * count
    assert {notice.state for notice in all_of(RungNotice)} == {"written"}


def _untell(clock: Clock) -> None:
    with transaction() as session:
        rungs = select(Rung.id).where(Rung.clock_id == clock.id)
        session.execute(delete(RungNotice).where(RungNotice.rung_id.in_(rungs)))
        session.execute(delete(OutboxMail).where(OutboxMail.kind == "ladder"))


def _lose_rungs(clock: Clock) -> None:
    with transaction() as session:
        session.execute(delete(Rung).where(Rung.clock_id == clock.id))


def _orphan(clock: Clock) -> None:
    with transaction() as session:
        session.execute(update(Clock).where(Clock.id == clock.id).values(state="stopped"))


@pytest.mark.parametrize(
    ("harm", "finding"), [(None, "missed"), (_untell, "untold"), (_lose_rungs, "unarmed"), (_orphan, "orphaned")]
)
def test_the_auditor_finds_and_mends(story: Story, harm, finding: str) -> None:
    story.reach("accepted")
    clock = only(story, "closure")
    at = rungs_of(clock)[1].fire_at
    if harm is _untell:
        sweep(at)
    if harm is not None:
        harm(clock)
    now = at + 91 * SECOND if harm is None else at
    found = ladder_audit.examine(now=now)
    assert getattr(found, finding) > 0
    assert pipeline.audit(now=now).is_clean
    assert pipeline.audit(now=now).is_clean
    passes = all_of(AuditPass)
    assert passes[0].findings["before"][finding] > 0
    assert passes[0].is_clean
    if harm in (None, _untell):
        assert [mail.state for mail in mails()] == ["sent"]
    if harm is _lose_rungs:
        assert sorted(rungs_of(clock)) == [1, 2, 3, 4]


def test_a_clean_pass_is_kept_once_an_hour(story: Story) -> None:
    for minutes in (0, 1, 59, 60, 61):
        pipeline.audit(now=NOW + timedelta(minutes=minutes))
    assert [row.at for row in all_of(AuditPass)] == [NOW, NOW + HOUR]


def test_one_auditor_holds_the_lease_until_it_runs_out(story: Story) -> None:
    def take(token: str, at: datetime) -> bool:
        return ladder_audit.take_lease("auditor", token, now=at, until=at + 2 * HOUR)

    assert take("a", NOW)
    assert not take("b", NOW + HOUR)
    assert take("a", NOW + HOUR)
    assert not take("b", NOW + 3 * HOUR - SECOND)
    assert take("b", NOW + 3 * HOUR)
    assert not take("a", NOW + 3 * HOUR)


def test_the_history_says_who_took_it_in_hand(story: Story) -> None:
    story.reach("accepted")
    clock = only(story, "closure")
    rung = rungs_of(clock)[1]
    sweep(rung.fire_at)
    holds.acknowledge(rung.id, 4, "已派员", actor=person("handler"), now=rung.fire_at)
    event = all_of(AuditEvent)[-1]
    assert (event.kind, event.summary, event.reason) == (
        "rung_acknowledged",
        "确认临期提醒：办结，4 小时内有效",
        "已派员",
    )
    assert len(all_of(Acknowledgement)) == 1
    assert SYSTEM.name == all_of(AuditEvent, AuditEvent.kind == "rung_fired")[0].actor_name
    assert escalation.raise_due(now=rung.fire_at) == 0
