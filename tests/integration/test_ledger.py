"""The ledger of concerns and the gate before review, on both databases and through the pages."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.errors import Forbidden, NotFound
from opinion_service.models import AuditEvent, Case, Concern, CoPart, Event, Item, Publication, Source
from opinion_service.services.casework import concerns, drafting, publication
from opinion_service.services.transaction import transaction
from tests.story import NOW, PASSWORD, REPLY, Story, department, person

PASSAGE = "已责令该校停用涉事车辆，并增开一班校车。"


def hear(case_id: int, *texts: str) -> list[int]:
    """Put items with these texts into the event of the case and return their ids."""
    with transaction() as session:
        event_id = session.get_one(Case, case_id).event_id
        source = session.scalars(select(Source)).first() or Source(
            name="论坛", url="https://forum.example/feed", next_check_at=NOW, created_at=NOW
        )
        session.add(source)
        session.flush()
        start = session.query(Item).count()
        rows = [
            Item(source_id=source.id, event_id=event_id, title=f"校车{start + n}", body=text, first_seen_at=NOW,
                 url=f"https://forum.example/{start + n}", fingerprint=f"{start + n}", identity=f"{start + n}",
                 content_hash=f"{start + n}")
            for n, text in enumerate(texts)
        ]  # fmt: skip
        session.add_all(rows)
        session.get_one(Event, event_id).item_count += len(rows)
        session.flush()
        return [row.id for row in rows]


def history(story: Story) -> list[AuditEvent]:
    with transaction() as session:
        return list(
            session.scalars(select(AuditEvent).where(AuditEvent.case_id == story.case_id).order_by(AuditEvent.id))
        )


def sign_in(app: Flask, login: str):
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302
    return client


def test_questions_are_taken_from_the_items_with_their_sources_and_once_only(story: Story) -> None:
    story.reach("accepted")
    ids = hear(story.case_id, "请问校车什么时候增开？", "校车到底什么时候增开？希望公布排查结果。")
    handler = person("handler")

    assert concerns.suggest_again(story.case_id, story.case.version, actor=handler, now=story.tick()) == 2
    assert {one.question: one.item_ids for one in story.concerns()} == {
        "校车什么时候增开？": ids,
        "希望公布排查结果": [ids[1]],
    }
    version = story.case.version
    assert concerns.suggest_again(story.case_id, version, actor=handler, now=story.tick()) == 0
    assert story.case.version == version, "nothing new is no act"


def test_the_history_keeps_what_a_question_was_before(story: Story) -> None:
    story.reach("drafting")
    (one,) = story.concerns()
    text = concerns.ConcernText("校车为何超员五人？", one.id, "answered", PASSAGE)
    concerns.save_concerns(story.case_id, story.case.version, (text,), actor=person("handler"), now=story.tick())
    (change,) = history(story)[-1].detail["changed"]
    assert (change["before"]["question"], change["after"]["question"]) == ("校车为什么超员？", "校车为何超员五人？")
    (same,) = story.concerns()
    again = concerns.ConcernText(same.question, same.id, same.outcome, same.passage)
    concerns.save_concerns(story.case_id, story.case.version, (again,), actor=person("handler"), now=story.tick())
    assert history(story)[-1].detail["changed"] == []


@pytest.mark.parametrize("login", ["approver", "supervisor", "auditor"])
def test_only_handler_and_liaison_edit_the_ledger(story: Story, login: str) -> None:
    story.reach("drafting")
    with pytest.raises(Forbidden):
        concerns.suggest_again(story.case_id, story.case.version, actor=person(login), now=NOW)


def test_a_question_of_another_case_is_not_reached(story: Story) -> None:
    story.reach("drafting")
    (foreign,) = story.concerns()
    other = Story()
    other.reach("drafting")
    text = concerns.ConcernText("改别人的", foreign.id)
    with pytest.raises(NotFound):
        concerns.save_concerns(other.case_id, other.case.version, (text,), actor=person("handler"), now=NOW)


def test_a_reply_goes_nowhere_while_a_question_is_open_or_its_passage_is_gone(story: Story) -> None:
    story.reach("drafting")
    story.draft(REPLY.__class__(**{**{f: getattr(REPLY, f) for f in REPLY.__slots__}, "measures": "已停用该车。"}))
    with pytest.raises(drafting.NotReady, match="所摘原文已不在回应稿中") as refused:
        story.submit()
    assert [one.field for one in refused.value.findings] == ["concerns"]
    assert story.case.state == "drafting"


def test_a_question_that_comes_up_during_review_has_to_be_settled_before_the_signature(story: Story) -> None:
    story.reach("in_review")
    new = concerns.ConcernText("还有别的线路超员吗？")
    concerns.save_concerns(story.case_id, story.case.version, (new,), actor=person("handler"), now=story.tick())
    with pytest.raises(drafting.NotReady, match="还有别的线路超员吗"):
        story.decide("approver", CaseAction.SIGN)
    asked = next(one for one in story.concerns() if one.outcome == "open")
    settled = concerns.ConcernText(asked.question, asked.id, "promised", "", date(2026, 4, 30))
    concerns.save_concerns(story.case_id, story.case.version, (settled,), actor=person("handler"), now=story.tick())
    story.decide("approver", CaseAction.SIGN)
    assert story.case.state == "signed"


def test_a_refused_submission_leads_to_the_list_of_what_is_missing(app: Flask) -> None:
    with app.app_context():
        story = Story()
        story.reach("assessed")
        story.draft()
        number, version = story.case.number, story.case.version
    client = sign_in(app, "handler")
    answer = client.post(f"/cases/{number}/submit", data={"version": version})
    assert answer.headers["Location"].endswith(f"/cases/{number}#checks")
    page = client.get(f"/cases/{number}").get_data(as_text=True)
    assert "还不能送审" in page
    assert "请先列出公众关切的问题" in page


def test_a_part_of_a_co_department_that_says_otherwise_is_a_hint_and_no_block(story: Story) -> None:
    story.reach("drafting", "gaj")
    part = CoPart(case_id=story.case_id, department_id=department("gaj"), version=1, text="该车核载38人。",
                  author_id=person("co_handler").user_id, written_at=NOW)  # fmt: skip
    with transaction() as session:
        session.add(part)
    story.submit()
    assert story.case.state == "countersigning"


def test_the_page_proposes_a_passage_and_takes_it_at_one_press(app: Flask) -> None:
    with app.app_context():
        story = Story()
        story.reach("assessed")
        hear(story.case_id, "请问涉事校车停用了吗？")
        concerns.suggest_again(story.case_id, story.case.version, actor=person("handler"), now=story.tick())
        story.draft()
        (one,), number, version = story.concerns(), story.case.number, story.case.version
    client = sign_in(app, "handler")
    page = client.get(f"/cases/{number}").get_data(as_text=True)
    assert "采用为第 1 问的回应" in page
    assert "尚未回应" in page
    form = {"version": version, "concern_id": [one.id, ""], "question": [one.question, ""], "outcome": ["open", "open"],
            "passage": ["", ""], "promised_on": ["", ""], "proposal": [PASSAGE, ""], "adopt": "0"}  # fmt: skip
    assert client.post(f"/cases/{number}/concerns", data=form).status_code == 302
    with app.app_context():
        (kept,) = story.concerns()
        assert (kept.outcome, kept.passage) == ("answered", PASSAGE)
        story.submit()


@pytest.mark.parametrize(("is_shown", "seen"), [(True, True), (False, False)])
def test_the_public_reads_the_table_only_when_it_was_ticked(app: Flask, is_shown: bool, seen: bool) -> None:
    with app.app_context():
        story = Story()
        story.reach("signed")
        published = publication.publish(
            story.case_id,
            story.case.version,
            is_cleared=True,
            shows_coverage=is_shown,
            actor=person("liaison"),
            now=NOW,
        )
    page = app.test_client().get(f"/responses/{published}").get_data(as_text=True)
    assert ("问题与回应对照" in page) is seen


def test_a_passage_that_a_correction_took_out_is_not_quoted_on(app: Flask) -> None:
    with app.app_context():
        story = Story()
        story.reach("signed")
        published = publication.publish(
            story.case_id, story.case.version, is_cleared=True, shows_coverage=True, actor=person("liaison"), now=NOW
        )
        with transaction() as session:
            row = session.get_one(Publication, published)
            row.body = row.body.replace(PASSAGE, "已停用涉事车辆。")
    page = app.test_client().get(f"/responses/{published}").get_data(as_text=True)
    assert PASSAGE not in page
    assert "见下文。" in page


def test_a_case_without_sources_suggests_nothing(story: Story) -> None:
    story.open()
    assert concerns.suggest_again(story.case_id, story.case.version, actor=person("liaison"), now=NOW) == 0
    with transaction() as session:
        assert session.scalars(select(Concern)).all() == []
