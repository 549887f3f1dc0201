"""What a liaison reads about a routing: the reasons in the inbox and on the case, rulings beside them, the replay."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from opinion_service.data import routing_data
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.routing import RuleSet, duty_words, route
from opinion_service.models import (
    Case,
    Clock,
    Department,
    Event,
    RoutingRecord,
    RuleVersion,
    Ruling,
    RulingWord,
)
from opinion_service.services.casework import triage
from opinion_service.services.transaction import transaction
from tests.grouping import negative
from tests.integration.test_rules import arrive
from tests.story import NOW, PASSWORD, Story, department, person

NOISE = "朝阳街道工地夜间施工噪音太大怎么办"


@pytest.fixture
def desk(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr("opinion_service.adapters.snownlp_model.score_many", negative)
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    return sqlite_app


def client_of(app: Flask, login: str) -> FlaskClient:
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302
    return client


def returned_and_ruled(*words: str) -> int:
    """Take a case routed by `words` through a return and the ruling on it, and return the ruling's id."""
    story = Story()
    story.reach("dispatched")
    with transaction() as session:
        session.execute(
            update(RoutingRecord)
            .where(RoutingRecord.case_id == story.case_id)
            .values(decision={"candidates": [_candidate(word, "body") for word in words]})
        )
        session.execute(update(Clock).where(Clock.kind == "return_window").values(due_at=NOW + timedelta(days=9)))
    story.act("handler", CaseAction.RETURN, note="不归教育", duty="jyj-1", reason_code="not_our_duty")
    story.act("liaison", CaseAction.RULE, note="噪声查处归城管", department_id=department("cgj"))
    with transaction() as session:
        return session.scalars(select(Ruling.id).order_by(Ruling.id.desc())).first() or 0


def _candidate(word: str, field: str) -> dict:
    return {"department": "cgj", "score": 4, "evidence": [[word, field, 4, "cgj-2.1"], ["相似来件", "model", 0.4, "m"]]}


def test_the_inbox_says_why_and_shows_what_was_ruled_before(desk: Flask) -> None:
    with desk.app_context():
        event_id = arrive(NOISE, "夜间施工噪音扰民，环保局说归城管，派出所也不来")
        with transaction() as session:
            words = duty_words(session.get_one(Event, event_id).routing)
        ruling_id = returned_and_ruled(*words[:2])
    page = client_of(desk, "liaison").get(f"/triage?event={event_id}").text
    preview = page[page.index('id="preview"') :]
    for words in (
        "推荐市生态环境局：标题中有", "；属于其职责“", "次选市", "（得分 ", "<b>职责交叉</b> 噪声看声音从哪里来", "建议协办：",
        "“环保局”是2019年1月1日前的名称，现由市生态环境局承担。", "属地：益阳高新区", "<b>属地待核实</b> 赫山区也有同名或交叉管辖",
        "类似事项的裁定", f"/rulings?id={ruling_id}", "市教育局退办，裁定市城管综合执法局承办",
    ):  # fmt: skip
        assert words in preview, words


def test_what_the_model_heard_is_no_word_of_a_ruling(desk: Flask) -> None:
    assert duty_words({"candidates": [_candidate("噪音", "body")]}) == ("噪音",)
    with desk.app_context():
        returned_and_ruled("噪音", "夜间施工")
        with transaction() as session:
            words = set(session.scalars(select(RulingWord.word)))
    assert "噪音" in words
    assert "相似来件" not in words


def test_a_ruling_is_offered_as_a_rule_where_it_was_made(desk: Flask) -> None:
    with desk.app_context():
        ruling_id = returned_and_ruled("噪音", "夜间施工")
        with transaction() as session:
            number = session.scalars(select(Case.number).join(Ruling, Ruling.case_id == Case.id)).one()
    liaison, handler = client_of(desk, "liaison"), client_of(desk, "handler")
    page = liaison.get(f"/cases/{number}").text
    assert "裁定由市城管综合执法局承办：噪声查处归城管" in page
    assert f'action="/rulings/{ruling_id}/rule"' in page
    assert "把这项裁定转为交办规则" in page
    assert f"/rulings/{ruling_id}/rule" not in handler.get(f"/cases/{number}").text
    liaison.post(f"/rulings/{ruling_id}/rule")
    assert "查看据此生成的规则" in liaison.get(f"/cases/{number}").text


def test_a_body_under_vertical_management_names_its_superior(desk: Flask) -> None:
    with desk.app_context():
        number = triage.open_by_hand(arrive("开发票难，税务局怎么不管"), actor=person("liaison"), now=NOW)
    client = client_of(desk, "liaison")
    assert "国家税务总局湖南省税务局办公室" in client.get(f"/cases/{number}").text
    with desk.app_context(), transaction() as session:
        session.execute(update(Department).where(Department.code == "swuj").values(is_vertical=False))
    assert "国家税务总局湖南省税务局办公室" not in client.get(f"/cases/{number}").text


def test_a_stored_decision_is_made_again_on_its_page(desk: Flask) -> None:
    with desk.app_context():
        number = triage.open_by_hand(arrive(NOISE, "夜间施工噪音扰民"), actor=person("liaison"), now=NOW)
    client = client_of(desk, "liaison")
    assert f"/cases/{number}/routing" in client.get(f"/cases/{number}").text
    page = client.get(f"/cases/{number}/routing").text
    assert "<mark>" in page
    assert "按当时的规则和输入重算，结果与记录一致。" in page
    assert "按现行规则和今天的职责分工重算，结果相同。" in page
    assert client_of(desk, "foreign_handler").get(f"/cases/{number}/routing").status_code == 404
    with desk.app_context(), transaction() as session:
        rules = session.scalars(select(RuleVersion).where(RuleVersion.kind == "routing")).one()
        rules.record = {**rules.record, "departments": {"gaj": [{"weight": 4, "words": ["噪音"]}]}}
    page = client.get(f"/cases/{number}/routing").text
    assert "按当时的规则和输入重算，结果与记录不同：" in page
    assert "推荐市公安局，与记录的差异如下" in page
    for change, said in (
        ({"model_version": "model-x"}, "flask routing replay"),
        ({"model_version": "model-x", "winner_reason": ""}, "学习模型依据以往的人工决定把它排在首位。 职责词有“"),
        ({"inputs": {}}, "没有保存当时的输入"),
    ):
        with desk.app_context(), transaction() as session:
            record = session.scalars(select(RoutingRecord)).one()
            record.decision = {**record.decision, **change}
        assert said in client.get(f"/cases/{number}/routing").text
    with desk.app_context(), transaction() as session:
        record = session.scalars(select(RoutingRecord)).one()
        kept = {**record.decision, "model_version": "", "inputs": {"title": NOISE, "body": ""}}
        record.decision, record.rule_set_version = kept, "gone-1"
    assert "当时的规则版本已不在库中" in client.get(f"/cases/{number}/routing").text


def test_the_inbox_dispatches_with_those_who_share_the_duty(desk: Flask) -> None:
    with desk.app_context():
        event_id = arrive(NOISE, "夜间施工噪音扰民，环保局说归城管，派出所也不来")
    client = client_of(desk, "liaison")
    page = client.get(f"/triage?event={event_id}").text
    form = page[page.index('id="f-dispatch-co"') :]
    form = form[: form.index("</fieldset>")]
    offered = [int(one) for one in re.findall(r'name="co_department_ids" value="(\d+)"', form)]
    assert len(offered) > 0
    assert "checked" not in form  # a person says who takes part
    with desk.app_context():
        lead = department("sthjj")
        assert lead not in offered
    order = {"action": "dispatch", "version": "0", "department_id": str(lead), "co_department_ids": ["x", *offered]}
    assert client.post(f"/triage/{event_id}/act", data=order).status_code == 302
    with desk.app_context(), transaction() as session:
        case = session.scalars(select(Case).where(Case.event_id == event_id)).one()
        assert (case.lead_department_id, sorted(one.department_id for one in case.co_departments)) == (
            lead,
            sorted(offered),
        )


def test_a_new_lead_keeps_those_who_take_part_unless_somebody_unticks_them(desk: Flask) -> None:
    with desk.app_context():
        story = Story()
        story.open()
        story.dispatch("gaj")
        number, police = story.case.number, department("gaj")
    page = client_of(desk, "liaison").get(f"/cases/{number}").text
    form = page[page.index('id="co-reroute"') :]
    form = form[: form.index("</fieldset>")]
    assert re.findall(r'value="(\d+)" checked', form) == [str(police)]


@pytest.mark.parametrize("score", [0.01, 0.99])
def test_sentiment_has_no_say_in_the_routing(desk: Flask, monkeypatch: pytest.MonkeyPatch, score: float) -> None:
    def feel(texts: list, **_options: object) -> tuple[SimpleNamespace, ...]:
        return tuple(SimpleNamespace(score=score, known_words=9, model_version="fake-1", words=()) for _ in texts)

    monkeypatch.setattr("opinion_service.adapters.snownlp_model.score_many", feel)
    body = "夜间施工噪音扰民"
    with desk.app_context():
        event_id = arrive(NOISE, body)
        with transaction() as session:
            routing = dict(session.get_one(Event, event_id).routing)
    del routing["inputs"]
    rules = RuleSet.from_record(routing_data.read_rules())
    assert routing == route(rules, NOISE, body, as_of=NOW.date()).as_record()
