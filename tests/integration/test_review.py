"""The way of a reply to its signature: step by step, each by another person, and again after a rejection."""

import pytest
from flask import Flask
from sqlalchemy import select

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.casework.coverage import ReplyText
from opinion_service.domain.errors import DomainError, Forbidden, InvalidInput
from opinion_service.domain.people import Actor, Role
from opinion_service.models import OutboxMail, Publication, db
from opinion_service.queries.casework import case_page
from opinion_service.services.casework import drafting, review_route
from opinion_service.services.transaction import transaction
from opinion_service.web.casework import case_forms
from tests.story import NOW, REPLY, Story, department, person

STEPS = ["section", "legal", "publicity", "leader"]


def second_handler() -> Actor:
    """Return another handler of the education bureau; the desk need not know this one."""
    return Actor(person("foreign_handler").user_id, "科长", Role.HANDLER, department("jyj"))


def legal() -> Actor:
    return Actor(person("foreign_approver").user_id, "法规科长", Role.APPROVER, department("jyj"))


@pytest.fixture
def long_way(story: Story) -> Story:
    """Return a case whose reply has to take every step."""
    review_route.save({"ordinary": STEPS}, actor=person("admin"), now=NOW)
    story.reach("drafting")
    story.submit()
    return story


def clear(story: Story, actor: Actor) -> None:
    story.decide("", CaseAction.CLEAR, actor=actor)


def mails_of(story: Story) -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(OutboxMail.recipient).where(OutboxMail.case_id == story.case_id)))


def test_every_step_by_another_person_then_the_leader(long_way: Story) -> None:
    with pytest.raises(Forbidden, match="科室审核"):
        long_way.decide("approver", CaseAction.SIGN)
    clear(long_way, second_handler())
    with pytest.raises(Forbidden, match="另一人"):
        clear(long_way, second_handler())
    clear(long_way, legal())
    with pytest.raises(Forbidden, match="宣传审核"):
        clear(long_way, person("approver"))
    before = mails_of(long_way).count("approver@desk.example")
    clear(long_way, person("liaison"))
    assert mails_of(long_way).count("approver@desk.example") == before + 1
    with pytest.raises(Forbidden, match="分管领导审签"):
        clear(long_way, person("liaison2"))
    assert long_way.case.state == "in_review"
    long_way.decide("approver", CaseAction.SIGN)
    assert long_way.case.state == "signed"


@pytest.mark.parametrize("login", ["handler", "foreign_handler", "co_handler", "liaison"])
def test_the_first_step_is_not_for_the_author_nor_for_strangers(long_way: Story, login: str) -> None:
    with pytest.raises(DomainError):
        clear(long_way, person(login))
    assert long_way.case.state == "in_review"


def save(story: Story, actor: Actor) -> None:
    drafting.save_draft(
        story.case_id, story.case.version, REPLY, response_kind="hardship", actor=actor, now=story.tick()
    )


def first_author(role: Role) -> Actor:
    """Return who wrote the first version, perhaps promoted since."""
    return Actor(person("handler").user_id, "承办人", role, department("jyj"))


@pytest.mark.parametrize(("steps", "action", "role"), [
    (["section", "leader"], CaseAction.CLEAR, Role.HANDLER),
    (["legal", "leader"], CaseAction.CLEAR, Role.APPROVER),
    (["leader"], CaseAction.SIGN, Role.APPROVER),
])  # fmt: skip
def test_a_colleagues_later_save_frees_no_author(
    app: Flask, story: Story, steps: list[str], action: CaseAction, role: Role
) -> None:
    review_route.save({"ordinary": steps}, actor=person("admin"), now=NOW)
    story.reach("drafting")
    save(story, second_handler())
    story.submit()
    with pytest.raises(Forbidden, match="任何一版"):
        story.decide("", action, actor=first_author(role))
    author, approver, number = first_author(role), person("approver"), story.case.number
    with app.test_request_context():
        view = case_page.case_view(db.session(), approver, number, now=story.at)
        assert action.value not in case_forms.page_of(view, author, story.at).may
        assert action.value in case_forms.page_of(view, approver, story.at).may
        db.session.rollback()
    story.decide("", action, actor=person("approver"))


def test_an_author_before_the_last_publication_may_sign_the_next_reply(story: Story) -> None:
    story.reach("published")
    story.act("handler", CaseAction.FOLLOW_UP, note="线路排查已有结果")
    save(story, second_handler())
    story.submit()
    story.decide("", CaseAction.SIGN, actor=first_author(Role.APPROVER))
    assert story.case.state == "signed"


def test_a_rejection_in_the_middle_starts_the_way_again(long_way: Story) -> None:
    clear(long_way, second_handler())
    with pytest.raises(InvalidInput):
        long_way.decide("", CaseAction.REJECT, actor=legal())
    long_way.decide("", CaseAction.REJECT, "依据须写明条款", actor=legal())
    assert long_way.case.state == "drafting"
    long_way.submit()
    with pytest.raises(Forbidden, match="科室审核"):
        long_way.decide("approver", CaseAction.SIGN)
    clear(long_way, second_handler())


def test_the_way_is_fixed_at_submission(long_way: Story) -> None:
    review_route.save({"ordinary": ["leader"]}, actor=person("admin"), now=NOW)
    with pytest.raises(Forbidden, match="科室审核"):
        long_way.decide("approver", CaseAction.SIGN)


@pytest.mark.parametrize("login", ["liaison", "supervisor", "approver", "auditor"])
def test_only_the_administrator_changes_the_way(story: Story, login: str) -> None:
    with pytest.raises(Forbidden):
        review_route.save({"ordinary": STEPS}, actor=person(login), now=NOW)


def test_a_department_without_enough_people_is_named(story: Story) -> None:
    assert review_route.short_of_people() == []
    review_route.save({"ordinary": STEPS}, actor=person("admin"), now=NOW)
    assert ("市教育局", 2, 4) in review_route.short_of_people()


def test_a_follow_up_needs_a_new_text_and_a_new_signature(story: Story) -> None:
    story.reach("published")
    story.act("handler", CaseAction.FOLLOW_UP, note="线路排查已有结果")
    assert story.case.state == "drafting"
    with pytest.raises(InvalidInput, match="新的回应稿"):
        story.submit()
    later = ReplyText(title="关于校车线路排查结果的续报", facts="全市一百二十条校车线路已于三月底前全部完成排查，结果如下。", basis=REPLY.basis, measures="停用不合格车辆六台。", result="已全部整改。", next_step="", unit=REPLY.unit, contact=REPLY.contact)  # fmt: skip
    story.draft(later)
    story.submit()
    with pytest.raises(Forbidden):
        drafting.decide(
            drafting.Decision(story.case_id, story.case.version, CaseAction.SIGN), actor=person("handler"), now=NOW
        )
    story.decide("approver", CaseAction.SIGN)
    story.publish()
    with transaction() as session:
        stages = session.scalars(
            select(Publication.stage).where(Publication.case_id == story.case_id).order_by(Publication.id)
        )
        assert list(stages) == ["first", "follow_up"]
