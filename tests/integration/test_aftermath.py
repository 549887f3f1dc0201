"""After the answer: proposals, the 72 hours, promises, evaluation, a new round; on both databases."""

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.casework.evaluation import CRITERIA
from opinion_service.domain.errors import DomainError, Forbidden, IllegalMove, InvalidInput, NotFound
from opinion_service.models import (
    AuditEvent,
    Case,
    CaseProposal,
    EffectWatch,
    Evaluation,
    Event,
    EventHour,
    Item,
    OutboxMail,
    Promise,
    Source,
)
from opinion_service.queries.casework import aftermath as effect_queries
from opinion_service.services.casework import aftercare, evaluations, proposals, publication, weighing
from opinion_service.services.transaction import transaction
from tests.integration.test_access import client_of
from tests.integration.test_statements import MOST_STATEMENTS, counted
from tests.story import NOW, Story, person

POINTS = dict.fromkeys(CRITERIA, 4)
FORM = evaluations.EvaluationForm(POINTS, "solved", "处置得当")


def all_of(model: type) -> list:
    with transaction() as session:
        return list(session.scalars(select(model).order_by(model.id)))


def hear(story: Story, at: datetime, *titles: str) -> None:
    """Add items to the case's event at `at` and let its heat rise by two each."""
    with transaction() as session:
        source = session.scalar(select(Source).limit(1))
        if source is None:
            source = Source(name="论坛", kind="import", created_at=NOW, next_check_at=NOW)
            session.add(source)
            session.flush()
        event = session.get_one(Event, session.get_one(Case, story.case_id).event_id)
        for title in titles:
            session.add(
                Item(
                    source_id=source.id, identity=title, title=title, body="", first_seen_at=at, content_hash="h",
                    fingerprint=title, analysed_at=at, event_id=event.id,
                )
            )  # fmt: skip
        hour = at.replace(minute=0, second=0, microsecond=0)
        row = session.get(EventHour, (event.id, hour)) or EventHour(event_id=event.id, hour=hour, weight=0.0)
        row.weight += 2.0 * len(titles)
        session.add(row)
        event.heat, event.last_item_at = min(95.0, event.heat + 15.0 * len(titles)), at


def heat(story: Story, value: float) -> None:
    with transaction() as session:
        session.get_one(Event, session.get_one(Case, story.case_id).event_id).heat = value


def evaluate(story: Story, login: str = "liaison", form: evaluations.EvaluationForm = FORM) -> int:
    version, actor = story.case.version, person(login)
    return evaluations.evaluate(story.case_id, version, form, actor=actor, now=story.tick())


def test_a_higher_grade_is_proposed_once_and_followed_by_a_person(story: Story) -> None:
    story.reach("accepted")
    heat(story, 88.0)
    assert weighing.weigh_due(now=story.tick()) == 1
    assert weighing.weigh_due(now=story.tick()) == 0
    weighing.weigh_due(now=story.tick() + timedelta(minutes=20))
    row = all_of(CaseProposal)[0]
    assert [(one.kind, one.value, one.state) for one in all_of(CaseProposal)] == [("grade", "major", "open")]
    assert story.case.grade == "ordinary"

    story.act("liaison", CaseAction.REGRADE, grade="major", incident_level="none", note="热度高")

    kept = all_of(CaseProposal)[0]
    assert (kept.state, kept.decided_by_id) == ("accepted", person("liaison").user_id)
    kinds = [one.kind for one in all_of(AuditEvent) if one.case_id == story.case_id]
    assert kinds.index("case_proposed") < kinds.index("case_regrade")
    assert row.reasons == ["热度 88（≥ 85），已成为热点"]


def test_a_refused_proposal_comes_back_only_for_new_reasons(story: Story) -> None:
    story.reach("accepted")
    heat(story, 61.0)
    weighing.weigh_due(now=story.tick())
    row = all_of(CaseProposal)[0]
    for login, note, error in (("handler", "不必", Forbidden), ("liaison", " ", InvalidInput)):
        with pytest.raises(error):
            proposals.refuse(row.id, note, actor=person(login), now=story.tick())
    proposals.refuse(row.id, "只是转载", actor=person("supervisor"), now=story.tick())
    with pytest.raises(NotFound):
        proposals.refuse(row.id, "再次", actor=person("liaison"), now=story.tick())

    weighing.weigh_due(now=story.at + timedelta(minutes=11))
    assert [one.state for one in all_of(CaseProposal)] == ["refused"]
    weighing.weigh_due(now=story.at + timedelta(days=3))  # the answer is overdue by now

    assert [(one.state, one.basis) for one in all_of(CaseProposal)] == [
        ("refused", ["hot"]), ("open", ["hot", "late"]),
    ]  # fmt: skip


def test_a_proposal_that_nothing_speaks_for_any_longer_is_superseded(story: Story) -> None:
    story.reach("accepted")
    heat(story, 61.0)
    weighing.weigh_due(now=story.tick())
    heat(story, 5.0)
    weighing.weigh_due(now=story.at + timedelta(minutes=11))
    assert [one.state for one in all_of(CaseProposal)] == ["superseded"]


@pytest.mark.parametrize(
    "values",
    [
        {"state": "accepted"}, {"state": "refused", "decided_at": NOW, "decided_by_id": 1, "note": ""}, {"kind": "round"},
        {"kind": "colour"},
    ],
)  # fmt: skip
def test_the_database_keeps_a_decision_whole(story: Story, values: dict) -> None:
    story.reach("accepted")
    heat(story, 61.0)
    weighing.weigh_due(now=story.tick())
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(update(CaseProposal).values(values))


def test_an_answer_is_watched_for_72_hours_and_a_resurge_proposes_a_new_round(story: Story) -> None:
    story.open()
    hear(story, story.at, "校车停运")
    story.at += timedelta(minutes=1)
    story.dispatch()
    for step in (story.accept, story.assess, story.draft, story.cover, story.submit):
        step()
    story.decide("approver", CaseAction.SIGN)
    story.publish()
    published = story.at
    assert aftercare.watch_due(now=published) == 1
    hear(story, published + timedelta(hours=5), "回应太敷衍，校车到底哪天恢复？")
    assert aftercare.watch_due(now=published + timedelta(hours=6)) == 1
    assert aftercare.watch_due(now=published + timedelta(hours=6)) == 0
    watch = all_of(EffectWatch)[0]
    assert (watch.items_before, watch.items_after, watch.complaints_after, watch.ended_at) == (1, 1, 1, None)
    assert len(watch.questions) == 1
    assert watch.heat_peak > watch.heat_before
    story.act("liaison", CaseAction.CLOSE)
    aftercare.watch_due(now=published + timedelta(hours=72))
    assert all_of(EffectWatch)[0].ended_at == published + timedelta(hours=72)
    assert all_of(CaseProposal) == []

    later = published + timedelta(hours=80)
    hear(story, later, "校车又停了", "校车第二次停运", "家长再次反映校车")
    aftercare.watch_due(now=later + timedelta(minutes=11))

    kept = all_of(EffectWatch)[0]
    assert (kept.items_after, kept.ended_at) == (1, published + timedelta(hours=72))
    row = all_of(CaseProposal)[0]
    assert (row.kind, row.state) == ("round", "open")
    assert row.reasons[0].startswith("发布后复燃：热度")
    story.at = later + timedelta(minutes=20)
    story.act("supervisor", CaseAction.REOPEN, note="采纳系统建议")
    assert (story.case.round, all_of(CaseProposal)[0].state) == (2, "accepted")
    with transaction() as session:
        shown = effect_queries.effects(session, session.get_one(Case, story.case_id), now=later)
    assert [(one.items, one.complaints) for one in shown[0].windows] == [(0, 0), (0, 0), (1, 0), (1, 1), (0, 0), (0, 0)]
    assert len(shown[0].line) == 145


@pytest.mark.parametrize("state", ["published", "following"])
def test_an_answered_case_can_begin_a_new_round(story: Story, state: str) -> None:
    story.reach(state)
    story.act("supervisor", CaseAction.REOPEN, note="复燃")
    case = story.case
    assert (case.state, case.round, case.published_at) == ("dispatched", 2, None)
    for step in (story.accept, story.assess, story.draft, story.submit):
        step()
    story.decide("approver", CaseAction.SIGN)
    story.publish()
    aftercare.watch_due(now=story.at)
    assert [one.round for one in all_of(EffectWatch)] == [2]


def test_promises_are_reminded_of_moved_and_kept_after_closing(story: Story) -> None:
    story.reach("published")
    due = date(2026, 3, 20)
    liaison = person("liaison")
    publication.add_promise(story.case_id, story.case.version, "公布排查结果", due, actor=liaison, now=story.tick())
    story.act("liaison", CaseAction.CLOSE, review_on=date(2026, 3, 21))
    at = datetime.fromisoformat("2026-03-16T15:59:59+00:00")  # the last second of the 16th in Beijing
    assert aftercare.remind_of_promises(now=at) == 0
    assert aftercare.remind_of_promises(now=at + timedelta(seconds=1)) == 1
    assert aftercare.remind_of_promises(now=at + timedelta(seconds=1)) == 0
    assert aftercare.remind_of_promises(now=at + timedelta(days=4, seconds=1)) == 1  # the day after
    told = [mail for mail in all_of(OutboxMail) if mail.kind == "promise"]
    assert sorted(mail.recipient.partition("@")[0] for mail in told) == [
        "approver", "approver", "handler", "handler", "liaison", "liaison2", "supervisor",
    ]  # fmt: skip
    promise = all_of(Promise)[0]
    assert promise.reminded == 3
    story.at = at + timedelta(days=5)
    moved = aftercare.Postponement(promise.id, story.case.version, date(2026, 4, 30), "设备未到货")
    for wrong in (date(2026, 3, 20), None):
        form = aftercare.Postponement(promise.id, story.case.version, wrong, "设备未到货")
        with pytest.raises(InvalidInput):
            aftercare.postpone(form, actor=liaison, now=story.tick())
    aftercare.postpone(moved, actor=liaison, now=story.tick())
    kept = all_of(Promise)[0]
    assert (kept.due_on, kept.first_due_on, kept.reminded) == (date(2026, 4, 30), due, 0)
    publication.keep_promise(promise.id, story.case.version, "已公布", actor=liaison, now=story.tick())
    assert all_of(Promise)[0].kept_note == "已公布"


@pytest.mark.parametrize(
    ("state", "login", "form", "error"),
    [
        ("closed", "handler", FORM, Forbidden), ("closed", "auditor", FORM, Forbidden),
        ("published", "liaison", FORM, IllegalMove),
        ("closed", "liaison", evaluations.EvaluationForm(POINTS, "wonderful"), InvalidInput),
        ("closed", "liaison", evaluations.EvaluationForm({**POINTS, "timely": 6}, "solved"), InvalidInput),
    ],
)  # fmt: skip
def test_an_evaluation_is_refused(story: Story, state: str, login: str, form: object, error: type) -> None:
    story.reach(state)
    with pytest.raises(error):
        evaluate(story, login, form)
    assert all_of(Evaluation) == []


def test_a_case_is_evaluated_before_it_is_archived(story: Story) -> None:
    story.reach("closed")
    with pytest.raises(DomainError, match="评估"):
        story.act("liaison", CaseAction.ARCHIVE)
    assert evaluate(story) == 80
    assert evaluate(story, "supervisor", evaluations.EvaluationForm(dict.fromkeys(CRITERIA, 3), "partly")) == 60
    row = all_of(Evaluation)[0]
    assert (row.total, row.is_timely, row.figures["concerns"], row.figures["answered"]) == (60, True, 1, 1)
    told = [one.summary for one in all_of(AuditEvent) if one.kind == "case_evaluated"]
    assert told == ["办结评估 80 分：问题已解决", "办结评估 60 分：部分解决，余下有期限"]
    story.act("liaison", CaseAction.ARCHIVE)
    with pytest.raises(IllegalMove):
        evaluate(story)


@pytest.fixture
def desk(sqlite_app: Flask) -> Flask:
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    return sqlite_app


def _number(story: Story) -> str:
    return story.case.number


def test_the_pages_show_what_follows_an_answer(desk: Flask) -> None:
    with desk.app_context():
        story = Story()
        story.reach("closed")
        publication.add_promise(
            story.case_id, story.case.version, "公布结果", date(2026, 3, 9), actor=person("liaison"), now=story.tick()
        )
        aftercare.watch_due(now=story.tick())
        other = Story()
        other.reach("accepted")
        heat(other, 70.0)
        weighing.weigh_due(now=other.tick())
        number, weighed = _number(story), _number(other)
        proposal = all_of(CaseProposal)[0].id
    liaison, handler, foreign = (client_of(desk, login) for login in ("liaison", "handler", "foreign_handler"))
    assert "发布前后 72 小时热度" in liaison.get(f"/cases/{number}/effect").text
    assert foreign.get(f"/cases/{number}/effect").status_code == 404
    assert "公布结果" in handler.get("/promises?state=late&q=公布").text
    assert "公布结果" not in foreign.get("/promises").text
    assert "较大" in liaison.get("/proposals?kind=grade").text
    assert "查看影响并采纳" in liaison.get(f"/cases/{weighed}").text
    assert "不采纳" not in handler.get(f"/cases/{weighed}").text
    refused = liaison.post(f"/cases/{weighed}/proposals/{proposal}/refuse", data={"note": "转载"})
    assert refused.status_code == 302
    assert "转载" in liaison.get("/proposals?state=refused").text

    form = liaison.get(f"/cases/{number}/evaluation").text
    assert "按统计数字建议 5 分" in form
    version = _version(desk, story)
    filed = {"version": version, "outcome": "solved", **dict.fromkeys(CRITERIA, "4")}
    assert handler.post(f"/cases/{number}/evaluation", data=filed).status_code == 403
    assert liaison.post(f"/cases/{number}/evaluation", data={**filed, "version": 1}).status_code == 409
    assert liaison.post(f"/cases/{number}/evaluation", data=filed).status_code == 302
    shown = client_of(desk, "supervisor").get("/evaluations?timely=yes&outcome=solved&sort=total").text
    assert number in shown
    assert "80" in shown
    assert number not in foreign.get("/evaluations").text
    page = liaison.get("/").text
    assert "项承诺已超过兑现日期" in page


def _version(desk: Flask, story: Story) -> int:
    with desk.app_context():
        return story.case.version


def test_the_lists_send_a_bounded_number_of_statements(desk: Flask) -> None:
    paths = ("/promises", "/proposals?state=", "/evaluations", "/")

    def fill() -> str:
        with desk.app_context():
            story = Story()
            story.reach("closed")
            publication.add_promise(
                story.case_id, story.case.version, "公布", date(2026, 3, 9), actor=person("liaison"), now=story.tick()
            )
            aftercare.watch_due(now=story.tick())
            evaluate(story)
            other = Story()
            other.reach("accepted")
            heat(other, 70.0)
            weighing.weigh_due(now=other.tick())
            return _number(story)

    number = fill()
    client = client_of(desk, "liaison")

    def cost(path: str) -> int:
        client.get(path)
        with counted(desk) as statements:
            assert client.get(path).status_code == 200
        return len(statements)

    few = [cost(path) for path in (*paths, f"/cases/{number}/effect")]
    for _ in range(4):
        fill()
    assert [cost(path) for path in (*paths, f"/cases/{number}/effect")] == few
    assert max(few) <= MOST_STATEMENTS


def test_an_open_proposal_learns_new_reasons_without_being_made_again(story: Story) -> None:
    story.reach("accepted")
    heat(story, 61.0)
    weighing.weigh_due(now=story.tick())
    weighing.weigh_due(now=story.at + timedelta(days=3))
    assert [(one.state, one.basis) for one in all_of(CaseProposal)] == [("open", ["hot", "late"])]
    assert sum(one.kind == "case_proposed" for one in all_of(AuditEvent)) == 1


def test_a_merged_cases_proposals_are_superseded(story: Story) -> None:
    story.reach("accepted")
    heat(story, 61.0)
    weighing.weigh_due(now=story.tick())
    first = story.case_id
    story.reach("accepted")
    target, story.case_id = story.case.number, first
    story.act("liaison", CaseAction.MERGE, note="同一件事", target_number=target)
    weighing.weigh_due(now=story.tick())
    assert [one.state for one in all_of(CaseProposal)] == ["superseded"]
