"""The acts on a case, on both databases: what is allowed, what is refused, and that a refusal keeps nothing."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.clocks.walk import ZONE
from opinion_service.domain.errors import Forbidden, IllegalMove, InvalidInput, NotFound, StaleCase
from opinion_service.domain.people import Actor, Role
from opinion_service.models import AuditEvent, Clock, Promise, Rung, db
from opinion_service.queries.desk import todos
from opinion_service.services.casework import drafting, publication
from opinion_service.services.reminders import escalation, ladder_audit
from opinion_service.services.transaction import transaction
from tests.story import NOW, ORDER, REPLY, Story, department, person

LATER = date(2026, 4, 30)


def rows(story: Story, model: type) -> list:
    with transaction() as session:
        return list(session.scalars(select(model).where(model.case_id == story.case_id).order_by(model.id)))


def running(story: Story) -> dict[str, Clock]:
    return {clock.kind: clock for clock in rows(story, Clock) if clock.state == "running"}


def test_whole_line_is_told_in_the_journal_state_by_state(story: Story) -> None:
    story.reach("archived")
    told = [row.to_state for row in rows(story, AuditEvent)]
    assert sorted(set(told), key=told.index) == list(ORDER)
    assert running(story) == {}
    assert [row.state for row in rows(story, Rung) if row.state == "armed"] == []


ILLEGAL = [
    ("new", "handler", CaseAction.ACCEPT, Forbidden),  # not the lead yet, so not even visible
    ("dispatched", "liaison", CaseAction.DISPATCH, IllegalMove),
    ("dispatched", "liaison", CaseAction.CLOSE, IllegalMove),
    ("accepted", "handler", CaseAction.ACCEPT, IllegalMove),
    ("accepted", "handler", CaseAction.RETURN, IllegalMove),
    ("in_review", "liaison", CaseAction.REROUTE, IllegalMove),
    ("signed", "liaison", CaseAction.FOLLOW, IllegalMove),
    ("published", "liaison", CaseAction.ARCHIVE, IllegalMove),
    ("closed", "liaison", CaseAction.CLOSE, IllegalMove),
    ("archived", "supervisor", CaseAction.REOPEN, IllegalMove),
    ("dispatched", "supervisor", CaseAction.DISPATCH, Forbidden),
    ("dispatched", "auditor", CaseAction.NOTE, Forbidden),
    ("dispatched", "admin", CaseAction.NOTE, NotFound),
    ("dispatched", "foreign_handler", CaseAction.ACCEPT, NotFound),
    ("dispatched", "liaison", CaseAction.PUBLISH, IllegalMove),  # has a page of its own
]


@pytest.mark.parametrize(("state", "login", "action", "error"), ILLEGAL)
def test_refused_acts_keep_nothing(story: Story, state: str, login: str, action: CaseAction, error: type) -> None:
    story.reach(state)
    version, told = story.case.version, len(rows(story, AuditEvent))
    expected = (error, NotFound) if state == "new" else error
    with pytest.raises(expected):
        story.act(login, action, note="理由", duty="依据")
    assert (story.case.state, story.case.version, len(rows(story, AuditEvent))) == (state, version, told)


def test_stale_form_is_refused(story: Story) -> None:
    story.reach("dispatched")
    seen = story.case.version
    story.act("liaison", CaseAction.NOTE, note="先动一步")
    with pytest.raises(StaleCase):
        story.act("handler", CaseAction.ACCEPT, version=seen)
    assert story.case.state == "dispatched"


def test_stale_is_not_told_to_a_foreign_department(story: Story) -> None:
    story.reach("dispatched")
    with pytest.raises(NotFound):
        story.act("foreign_handler", CaseAction.ACCEPT, version=99)


def test_nobody_signs_an_own_draft(story: Story) -> None:
    story.reach("in_review")
    author = person("handler")
    promoted = Actor(author.user_id, author.name, Role.APPROVER, author.department_id)
    with pytest.raises(Forbidden, match="起草人不能审签"):
        story.decide("approver", CaseAction.SIGN, actor=promoted)
    with pytest.raises(NotFound):
        story.decide("foreign_approver", CaseAction.SIGN)
    story.decide("approver", CaseAction.SIGN)
    assert story.latest_draft().approved_by_id == person("approver").user_id


def test_declining_takes_two_persons(story: Story) -> None:
    story.open()
    with pytest.raises(InvalidInput):
        story.act("liaison", CaseAction.CONFIRM_DECLINE)
    with pytest.raises(InvalidInput):
        story.act("liaison", CaseAction.PROPOSE_DECLINE, note="不属回应范围", review_on=NOW.date())
    story.act("liaison", CaseAction.PROPOSE_DECLINE, note="不属回应范围", review_on=LATER)
    with pytest.raises(Forbidden):
        story.act("liaison", CaseAction.CONFIRM_DECLINE)
    story.act("liaison2", CaseAction.CONFIRM_DECLINE)
    assert story.case.state == "declined"
    assert running(story) == {}


def test_a_department_returns_once_only_and_the_clocks_run_on(story: Story) -> None:
    story.reach("dispatched")
    legal = {kind: clock.due_at for kind, clock in running(story).items() if clock.is_legal}
    with pytest.raises(InvalidInput):
        story.act("handler", CaseAction.RETURN, note="非本单位职责", reason_code="not_our_duty")
    story.act("handler", CaseAction.RETURN, note="非本单位职责", duty="jyj-1", reason_code="not_our_duty")
    assert {kind: clock.due_at for kind, clock in running(story).items() if clock.is_legal} == legal
    story.act("supervisor", CaseAction.RULE, note="仍由教育局办理", department_id=department("jyj"))
    with pytest.raises(IllegalMove, match="只能退办一次"):
        story.act("handler", CaseAction.RETURN, note="再退", duty="jyj-1", reason_code="not_our_duty")
    assert story.case.state == "dispatched"


def test_reroute_keeps_the_legal_clocks_and_moves_the_case(story: Story) -> None:
    story.reach("accepted")
    legal = {kind: clock.id for kind, clock in running(story).items() if clock.is_legal}
    assert legal
    story.act("liaison", CaseAction.REROUTE, note="职责在卫健委", department_id=department("wjw"))
    assert {kind: clock.id for kind, clock in running(story).items() if clock.is_legal} == legal
    with pytest.raises(NotFound):
        story.act("handler", CaseAction.ACCEPT)
    story.act("foreign_handler", CaseAction.ACCEPT)
    assert story.case.state == "accepted"


@pytest.mark.parametrize(
    ("grade", "level", "minutes"),
    [
        ("ordinary", "none", 0),
        ("serious", "none", 0),  # 48 h stays the limit; the 24 h of the first word are the desk's own
        ("major", "none", -24 * 60),
        ("critical", "none", -24 * 60),
        ("ordinary", "major", -43 * 60),  # five hours to the first word
        ("critical", "critical", -43 * 60),
    ],
)
def test_regrade_keeps_the_start_and_reports_the_minutes(story: Story, grade: str, level: str, minutes: int) -> None:
    story.open()
    before = running(story)
    earliest = min(clock.due_at for clock in before.values() if clock.is_legal)
    story.act("supervisor", CaseAction.REGRADE, note="影响扩大", grade=grade, incident_level=level)
    after = running(story)
    assert {kind: after[kind].started_at for kind in before} == {kind: one.started_at for kind, one in before.items()}
    assert rows(story, AuditEvent)[-1].detail["minutes"] == minutes
    assert min(clock.due_at for clock in after.values() if clock.is_legal) == earliest + timedelta(minutes=minutes)


def test_regrade_to_a_major_incident_counts_from_its_occurrence(story: Story) -> None:
    story.open()
    occurred = NOW - timedelta(hours=3)
    story.act("liaison", CaseAction.REGRADE, note="突发", incident_level="major", occurred_at=occurred, grade="major")
    assert {clock.started_at for clock in running(story).values() if clock.is_legal} == {occurred}
    with pytest.raises(InvalidInput):
        story.act("liaison", CaseAction.REGRADE, note="突发", occurred_at=NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("part", "most", "label"),
    [
        ("facts", 20_000, "事实真相"),
        ("next_step", 20_000, "下一步安排"),
        ("title", 200, "标题"),
        ("contact", 120, "联系方式"),
    ],
)
def test_a_part_of_a_draft_has_a_greatest_length(story: Story, part: str, most: int, label: str) -> None:
    story.reach("assessed")

    with pytest.raises(InvalidInput, match=f"“{label}”超过 {most:,} 字") as refused:
        story.draft(replace(REPLY, **{part: "字" * (most + 1)}))
    assert refused.value.field == part
    story.draft(replace(REPLY, **{part: "字" * most}))


def test_a_draft_with_gaps_or_personal_data_is_not_submitted(story: Story) -> None:
    story.reach("assessed")
    story.draft()
    with pytest.raises(drafting.NotReady):
        story.submit()
    story.cover()
    unsafe = {name: REPLY.part(name) for name in REPLY.__dataclass_fields__}
    unsafe["next_step"] += "联系人手机13912345678。"
    story.draft(type(REPLY)(**unsafe))
    with pytest.raises(drafting.NotReady, match="个人信息"):
        story.submit()
    story.draft()
    story.submit()
    assert story.case.state == "in_review"


def test_co_departments_countersign_each_version(story: Story) -> None:
    story.reach("drafting", "gaj")
    story.submit()
    assert story.case.state == "countersigning"
    with pytest.raises(Forbidden):
        story.decide("approver", CaseAction.COUNTERSIGN)
    with pytest.raises(InvalidInput):
        story.decide("co_approver", CaseAction.OBJECT)
    story.decide("co_approver", CaseAction.COUNTERSIGN)
    assert story.case.state == "in_review"
    story.decide("approver", CaseAction.REJECT, "补充依据")
    story.draft()
    story.submit()
    assert story.case.state == "countersigning", "a new version has to be countersigned again"


def test_rejected_and_sent_back_drafts_lose_their_signature(story: Story) -> None:
    story.reach("signed")
    assert "publish" in running(story)
    story.decide("liaison", CaseAction.SEND_BACK, "标题须改")
    assert (story.case.state, story.case.signed_at, story.latest_draft().approved_by_id) == ("drafting", None, None)
    assert "publish" not in running(story)
    with pytest.raises(IllegalMove):
        story.publish()


def test_publication_needs_the_check_and_can_be_withdrawn_once(story: Story) -> None:
    story.reach("signed")
    liaison = person("liaison")
    with pytest.raises(InvalidInput):
        publication.publish(story.case_id, story.case.version, is_cleared=False, actor=liaison, now=NOW)
    number = story.publish()
    with pytest.raises(Forbidden):
        publication.withdraw(number, "有误", actor=person("supervisor"), now=NOW)
    publication.withdraw(number, "数字有误", actor=liaison, now=NOW)
    with pytest.raises(NotFound):
        publication.withdraw(number, "再撤", actor=liaison, now=NOW)


def test_open_promises_ask_for_a_day_to_look_again(story: Story) -> None:
    story.reach("published")
    liaison = person("liaison")
    publication.add_promise(story.case_id, story.case.version, "公布排查结果", LATER, actor=liaison, now=story.tick())
    with pytest.raises(InvalidInput):
        story.act("liaison", CaseAction.CLOSE)
    promise = rows(story, Promise)[0]
    publication.keep_promise(promise.id, story.case.version, "已公布", actor=liaison, now=story.tick())
    story.act("liaison", CaseAction.CLOSE)
    assert story.case.state == "closed"


def test_reopening_starts_a_new_round(story: Story) -> None:
    story.reach("closed")
    story.act("supervisor", CaseAction.REOPEN, note="问题再现")
    case = story.case
    assert (case.state, case.round, case.published_at, case.closed_at) == ("dispatched", 2, None, None)
    assert {clock.round for clock in running(story).values()} == {2}
    for step in (story.accept, story.assess, story.draft, story.submit):
        step()
    story.decide("approver", CaseAction.SIGN)
    story.publish()
    assert story.case.state == "published"


def test_a_refusal_comes_back_on_its_day_until_somebody_has_looked(story: Story) -> None:
    story.reach("new")
    day = timedelta(days=1)
    today = NOW.astimezone(ZONE).date()
    story.act("liaison", CaseAction.PROPOSE_DECLINE, note="不属回应范围", review_on=today + day)
    story.act("liaison2", CaseAction.CONFIRM_DECLINE)

    def waiting(at: datetime, login: str = "liaison") -> list[int]:
        with db.session() as session:
            return [one.count for one in todos(session, person(login), now=at) if "回访" in one.text]

    # Midnight of the desk's zone, not of UTC.
    morning = datetime.combine(today + day, time(), ZONE)
    assert [waiting(at) for at in (NOW, morning - timedelta(seconds=1), morning)] == [[], [], [1]]
    assert waiting(morning, "handler") == []
    for wrong in (today, today - day):
        with pytest.raises(InvalidInput):
            story.act("liaison", CaseAction.REVISIT, note="尚有争议", review_on=wrong)
    with pytest.raises(InvalidInput):
        story.act("liaison", CaseAction.REVISIT, note=" ")
    with pytest.raises(Forbidden):
        story.act("auditor", CaseAction.REVISIT, note="已看过")
    story.act("liaison", CaseAction.REVISIT, note="尚有争议", review_on=today + 3 * day)
    assert waiting(morning) == []
    assert waiting(morning + 2 * day) == [1]
    story.act("supervisor", CaseAction.REVISIT, note="无新情况")
    assert (waiting(morning + 9 * day), story.case.state) == ([], "declined")
    with pytest.raises(InvalidInput):
        story.act("liaison", CaseAction.REVISIT, note="再看一次")


def test_a_declined_case_can_be_taken_up(story: Story) -> None:
    story.open()
    story.act("liaison", CaseAction.PROPOSE_DECLINE, note="不属回应范围", review_on=LATER)
    story.act("supervisor", CaseAction.CONFIRM_DECLINE)
    with pytest.raises(InvalidInput):
        story.act("liaison", CaseAction.REOPEN, note="又有反映")
    story.act("liaison", CaseAction.REOPEN, note="又有反映", department_id=department("jyj"))
    assert (story.case.state, story.case.round, story.case.review_on) == ("dispatched", 2, None)


def test_merging_points_at_a_case_in_hand(story: Story) -> None:
    story.open()
    first = story.case.number
    story.open()
    for wrong in ("", "2026-0302-99", story.case.number):
        with pytest.raises(InvalidInput):
            story.act("liaison", CaseAction.MERGE, note="同一事件", target_number=wrong)
    story.act("liaison", CaseAction.MERGE, note="同一事件", target_number=first)
    assert (story.case.state, running(story)) == ("merged", {})


def test_a_reached_rung_fires_once(story: Story) -> None:
    story.reach("dispatched")
    late = NOW + timedelta(days=3)
    fired = escalation.raise_due(now=late)
    assert fired > 0
    assert escalation.raise_due(now=late) == 0
    assert sum(row.state == "fired" for row in rows(story, Rung)) == fired
    assert ladder_audit.examine(now=late).missed == 0


def test_a_rung_fires_at_its_instant_and_not_before(story: Story) -> None:
    story.open()
    first = min(row.fire_at for row in rows(story, Rung))
    assert escalation.raise_due(now=first - timedelta(microseconds=1)) == 0
    assert ladder_audit.examine(now=first + timedelta(seconds=90)).missed == 0
    assert ladder_audit.examine(now=first + timedelta(seconds=91)).missed >= 1
    assert escalation.raise_due(now=first) >= 1
