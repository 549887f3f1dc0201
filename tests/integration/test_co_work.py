"""Several departments on one reply: own parts, countersignature by version, disagreement and the office's ruling."""

import pytest
from flask import Flask
from sqlalchemy import select

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.errors import Forbidden, IllegalMove, InvalidInput, NotFound
from opinion_service.models import AuditEvent, Clock, CoPart, CountersignDispute, OutboxMail
from opinion_service.services.casework import co_work, drafting
from opinion_service.services.casework.co_work import Settlement
from opinion_service.services.transaction import transaction
from tests.story import NOW, PASSWORD, Story, person


def disputes(story: Story) -> list[CountersignDispute]:
    with transaction() as session:
        return list(session.scalars(select(CountersignDispute).order_by(CountersignDispute.id)))


def settle(story: Story, login: str, decision: str, note: str = "经协调，以公安交管部门数据为准") -> None:
    word = Settlement(story.case_id, story.case.version, disputes(story)[-1].id, decision, note)
    drafting.settle(word, actor=person(login), now=story.tick())


@pytest.fixture
def two(story: Story) -> Story:
    """Return a case with one and another co-department whose draft is out for countersignature."""
    story.reach("drafting", "gaj", "wjw")
    story.submit()
    return story


@pytest.fixture
def disputed(two: Story) -> Story:
    two.decide("co_approver", CaseAction.OBJECT, "超员人数应为六人")
    return two


def test_a_disagreement_waits_for_the_office_and_tells_it(disputed: Story) -> None:
    assert disputed.case.state == "countersigning"
    with transaction() as session:
        told = set(session.scalars(select(OutboxMail.recipient).where(OutboxMail.kind == "object")))
    assert told == {"liaison@desk.example", "liaison2@desk.example", "supervisor@desk.example"}
    disputed.decide("foreign_approver", CaseAction.COUNTERSIGN)
    assert disputed.case.state == "countersigning", "nobody passes over an open disagreement"


@pytest.mark.parametrize("login", ["handler", "approver", "co_approver", "foreign_approver", "auditor"])
def test_only_the_office_rules(disputed: Story, login: str) -> None:
    with pytest.raises(Forbidden):
        settle(disputed, login, "stand")


@pytest.mark.parametrize(("decision", "note"), [("", "理由"), ("maybe", "理由"), ("stand", ""), ("stand", "  ")])
def test_a_ruling_has_a_result_and_a_reason(disputed: Story, decision: str, note: str) -> None:
    with pytest.raises(InvalidInput):
        settle(disputed, "supervisor", decision, note)
    assert disputes(disputed)[0].decision == ""


def test_a_draft_that_stands_goes_on_when_the_others_have_signed(disputed: Story) -> None:
    settle(disputed, "supervisor", "stand")
    assert disputed.case.state == "countersigning", "the third department is still missing"
    disputed.decide("foreign_approver", CaseAction.COUNTERSIGN)
    assert disputed.case.state == "in_review"
    with pytest.raises(IllegalMove):
        settle(disputed, "supervisor", "revise")


def test_the_last_ruling_sends_the_draft_on(disputed: Story) -> None:
    disputed.decide("foreign_approver", CaseAction.COUNTERSIGN)
    settle(disputed, "liaison", "stand")
    assert disputed.case.state == "in_review"
    with transaction() as session:
        asked = select(OutboxMail.recipient).where(OutboxMail.kind == "submit")
        assert set(session.scalars(asked)) == {"approver@desk.example"}
        told = set(session.scalars(select(OutboxMail.recipient).where(OutboxMail.kind == "settle")))
    assert told == {
        "handler@desk.example",
        "approver@desk.example",
        "co_handler@desk.example",
        "co_approver@desk.example",
    }


def test_a_revision_needs_a_new_version_and_new_countersignatures(disputed: Story) -> None:
    disputed.decide("foreign_approver", CaseAction.COUNTERSIGN)
    settle(disputed, "supervisor", "revise")
    assert disputed.case.state == "drafting"
    with pytest.raises(InvalidInput, match="新的回应稿"):
        disputed.submit()
    disputed.draft()
    with transaction() as session:
        last = session.scalars(select(AuditEvent.summary).order_by(AuditEvent.id.desc())).first()
    assert last == "保存回应稿第 2 版，第 1 版的会签作废"
    disputed.submit()
    disputed.decide("co_approver", CaseAction.COUNTERSIGN)
    assert disputed.case.state == "countersigning"
    disputed.decide("foreign_approver", CaseAction.COUNTERSIGN)
    assert disputed.case.state == "in_review"


def test_a_second_disagreement_falls_with_the_revision(disputed: Story) -> None:
    disputed.decide("foreign_approver", CaseAction.OBJECT, "应写明送医情况")
    settle(disputed, "supervisor", "revise")
    assert sorted(one.decision for one in disputes(disputed)) == ["revise", "superseded"]


def test_a_department_that_comes_round_signs_and_its_disagreement_falls(disputed: Story) -> None:
    disputed.decide("co_approver", CaseAction.COUNTERSIGN)
    assert disputes(disputed)[0].decision == "superseded"
    disputed.decide("foreign_approver", CaseAction.COUNTERSIGN)
    assert disputed.case.state == "in_review"


def test_a_department_disagrees_once_a_version(disputed: Story) -> None:
    with pytest.raises(InvalidInput, match="已提交或已裁定"):
        disputed.decide("co_approver", CaseAction.OBJECT, "再次不同意")


def test_a_rejected_version_that_all_have_signed_is_not_sent_round_again(two: Story) -> None:
    for login in ("co_approver", "foreign_approver"):
        two.decide(login, CaseAction.COUNTERSIGN)
    two.decide("approver", CaseAction.REJECT, "请核对单位名称")
    two.submit()
    assert two.case.state == "in_review"


def test_a_ruling_on_another_case_is_refused(disputed: Story) -> None:
    other = Story()
    other.reach("drafting", "gaj")
    other.submit()
    word = Settlement(other.case_id, other.case.version, disputes(disputed)[-1].id, "stand", "理由")
    with pytest.raises(NotFound):
        drafting.settle(word, actor=person("supervisor"), now=NOW)


def test_a_co_department_keeps_its_own_part_in_versions_and_meets_its_clock(story: Story) -> None:
    story.reach("accepted", "gaj")
    story.act("co_handler", CaseAction.CO_REPLY, note="该车核载38人。")
    story.act("co_handler", CaseAction.CO_REPLY, note="该车核载36人，实载41人。")
    with transaction() as session:
        parts = list(session.scalars(select(CoPart).order_by(CoPart.version)))
        clock = session.scalars(select(Clock).where(Clock.kind == "co_opinion")).one()
    assert [(one.version, one.text) for one in parts] == [(1, "该车核载38人。"), (2, "该车核载36人，实载41人。")]
    assert clock.state == "met"
    with pytest.raises(InvalidInput):
        story.act("co_handler", CaseAction.CO_REPLY, note="长" * (co_work.LONGEST_PART + 1))


def test_the_pages_show_the_parts_and_only_the_office_gets_the_ruling_form(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        story = Story()
        story.reach("drafting", "gaj")
        story.act("co_handler", CaseAction.CO_REPLY, note="该车核载38人。")
        story.submit()
        story.decide("co_approver", CaseAction.OBJECT, "超员人数应为六人")
        number = story.case.number
    pages = {}
    for login in ("supervisor", "handler", "co_approver"):
        client = app.test_client()
        client.post("/sign-in", data={"login": login, "password": PASSWORD})
        pages[login] = client.get(f"/cases/{number}").get_data(as_text=True)
    assert all("超员人数应为六人" in page and "该车核载38人。" in page for page in pages.values())
    assert [login for login, page in pages.items() if "作出裁定" in page] == ["supervisor"]
    assert [login for login, page in pages.items() if '/part"' in page] == ["co_approver"]
    client = app.test_client()
    client.post("/sign-in", data={"login": "supervisor", "password": PASSWORD})
    assert "件会签分歧待裁定" in client.get("/").get_data(as_text=True)
    assert number in client.get("/cases?state=countersigning&disputed=1").get_data(as_text=True)
    with app.app_context():
        settle(story, "supervisor", "stand")
    assert number not in client.get("/cases?disputed=1").get_data(as_text=True)
