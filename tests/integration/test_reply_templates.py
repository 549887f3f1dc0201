"""Templates kept by the office with their history, put into the editor; past answers and sources beside the draft."""

import pytest
from flask import Flask
from sqlalchemy import select

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.models import DraftSight, ReplyTemplate, db
from opinion_service.queries.casework import reply_templates as queries
from opinion_service.services import maintenance
from opinion_service.services.casework import drafting
from opinion_service.services.casework import reply_templates as service
from opinion_service.services.transaction import transaction
from tests.story import NOW, PASSWORD, REPLY, Story, person

TEXT = service.TemplateText("template", "校车停运", {"facts": "经核实，{案件标题}。"}, "教育改革", "first", "hardship")


def client_of(app: Flask, login: str):
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302
    return client


def versions(code: str) -> list[ReplyTemplate]:
    with transaction() as session:
        statement = select(ReplyTemplate).where(ReplyTemplate.code == code).order_by(ReplyTemplate.version)
        return list(session.scalars(statement))


def test_every_change_is_a_version_with_a_note_and_the_shipped_ones_are_loaded_once(story: Story) -> None:
    maintenance.load_reference(now=NOW)
    assert [one.version for one in versions("hardship")] == [1]
    liaison = person("liaison")
    code = service.create(TEXT, actor=liaison, now=NOW)
    changed = service.TemplateText("template", "校车停运", {"facts": "改过的。"}, note="写得更短")
    with pytest.raises(InvalidInput, match="修改说明"):
        service.change(code, 1, TEXT, actor=liaison, now=NOW)
    service.change(code, 1, changed, actor=liaison, now=NOW)
    with pytest.raises(InvalidInput, match="刚被他人修改"):
        service.change(code, 1, changed, actor=liaison, now=NOW)
    service.retire(code, 2, "不再使用", actor=person("supervisor"), now=NOW)
    assert [(one.version, one.is_retired) for one in versions(code)] == [(1, False), (2, False), (3, True)]
    with pytest.raises(NotFound):
        service.change("no-such", 1, changed, actor=liaison, now=NOW)
    with app_session() as session:
        assert queries.in_force(session, code) is None
        assert queries.in_force(session, "hardship") is not None
    service.retire(code, 3, "仍需使用", actor=liaison, now=NOW)
    with app_session() as session:
        assert queries.in_force(session, code).version == 4


def app_session():
    from contextlib import contextmanager

    @contextmanager
    def opened():
        yield db.session()
        db.session.rollback()

    return opened()


@pytest.mark.parametrize("login", ["handler", "approver", "admin", "auditor"])
def test_only_the_office_edits(story: Story, login: str) -> None:
    with pytest.raises(Forbidden):
        service.create(TEXT, actor=person(login), now=NOW)


def test_the_choices_fit_topic_and_stage(story: Story) -> None:
    story.reach("assessed")
    case = story.case
    case.hot_topic = "教育改革"
    with app_session() as session:
        first = [row.code for row in queries.for_case(session, case, is_first=True)]
        later = [row.code for row in queries.for_case(session, case, is_first=False)]
    assert first[0] == "school-bus"
    assert "first-notice" in first
    assert "final" not in first
    assert {"final", "follow-up"} <= set(later)
    assert "first-notice" not in later


def test_a_template_fills_the_empty_fields_and_keeps_what_was_written(app: Flask) -> None:
    with app.app_context():
        story = Story()
        story.reach("drafting")
        number = story.case.number
    page = client_of(app, "handler").get(f"/cases/{number}?template=snippet-promise").get_data(as_text=True)
    assert REPLY.facts in page
    assert "【请填写：责任单位】" in page
    assert "已填入空白栏" in page


def test_a_past_answer_stands_beside_a_similar_question_and_not_beside_its_own_case(app: Flask) -> None:
    with app.app_context():
        Story().reach("published")
        story = Story()
        story.reach("assessed")
        number = story.case.number
    page = client_of(app, "handler").get(f"/cases/{number}").get_data(as_text=True)
    assert "类似问题的既往回应" in page
    assert REPLY.title in page


SOURCES = [
    ([{"fact": "核载三十六人", "source": "车辆登记台账"}], None),
    ([{"fact": "核载三十六人", "source": "https://jyj.example/list"}], None),
    ([{"fact": "核载三十六人", "source": ""}], "同时写明"),
    ([{"fact": "", "source": "台账"}], "同时写明"),
    ([{"fact": "核载三十六人", "source": "javascript://x"}], "http"),
    ([{"fact": "核载", "source": "台账"}] * 31, "最多"),
]


@pytest.mark.parametrize(("rows", "message"), SOURCES)
def test_a_source_has_a_fact_and_a_place(story: Story, rows: list[dict[str, str]], message: str | None) -> None:
    story.reach("assessed")
    keep = {"response_kind": "hardship", "sources": rows, "actor": person("handler"), "now": NOW}
    if message is None:
        drafting.save_draft(story.case_id, story.case.version, REPLY, **keep)
        assert story.latest_draft().sources == rows
        return
    with pytest.raises(InvalidInput, match=message):
        drafting.save_draft(story.case_id, story.case.version, REPLY, **keep)


def test_the_approver_sees_what_changed_since_the_version_they_looked_at(app: Flask) -> None:
    with app.app_context():
        story = Story()
        story.reach("drafting")
        story.submit()
        number = story.case.number
    approver = client_of(app, "approver")
    assert "首次送审" in approver.get(f"/cases/{number}/review").get_data(as_text=True)
    approver.get(f"/cases/{number}/review")
    client_of(app, "auditor").get(f"/cases/{number}/review")
    with app.app_context():
        with transaction() as session:
            seen = [row.user_id for row in session.scalars(select(DraftSight))]
        assert seen == [person("approver").user_id], "once, and not for those who decide nothing"
        story.decide("approver", drafting.CaseAction.REJECT, "补充依据")
        story.draft(type(REPLY)(**{**{f: getattr(REPLY, f) for f in REPLY.__slots__}, "basis": "依据第三十四条。"}))
        story.cover()
        story.submit()
    page = approver.get(f"/cases/{number}/review").get_data(as_text=True)
    assert "第 1 版 → 第 2 版" in page
    assert "<ins>" in page


def test_the_pages_of_templates(app: Flask) -> None:
    office, handler = client_of(app, "liaison"), client_of(app, "handler")
    assert "情况正在核查" in handler.get("/reply-templates?kind=template&stage=first&q=核查").get_data(as_text=True)
    assert handler.get("/reply-templates/hardship").status_code == 200
    assert handler.get("/reply-templates/new").status_code == 403
    assert handler.get("/reply-templates/none-such").status_code == 404
    form = {"name": "新的", "kind": "snippet", "facts": "常用的一句话。"}
    made = office.post("/reply-templates", data=form)
    assert made.status_code == 302
    code = made.headers["Location"].rsplit("/", 1)[1]
    assert office.post(f"/reply-templates/{code}", data={**form, "version": 1, "note": "改"}).status_code == 302
    assert "第 2 版" in office.get(f"/reply-templates/{code}").get_data(as_text=True)
    assert (
        office.post(f"/reply-templates/{code}", data={"action": "retire", "version": 2, "note": "旧"}).status_code
        == 302
    )
    assert "新的" in office.get("/reply-templates?retired=1").get_data(as_text=True)
