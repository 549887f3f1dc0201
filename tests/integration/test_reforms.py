"""A reform of offices on both databases: duties and names turn on their day, in the line, on the pages, in a replay."""

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from opinion_service import pipeline, routing_line
from opinion_service.adapters import snownlp_model
from opinion_service.domain.people import SYSTEM
from opinion_service.domain.routing.rule_edits import Edit, PutPhrases
from opinion_service.models import Case, Event, Item, RoutingRecord, RuleDraft, SimulatedCase, Source
from opinion_service.services.casework import triage
from opinion_service.services.listening import ingest
from opinion_service.services.routing import rule_drafts, rule_releases, simulation
from opinion_service.services.transaction import transaction
from tests.story import NOW, PASSWORD, Story, person

DAY = timedelta(days=1)
TURN = date(2026, 3, 3)  # the day after NOW
MATTER = "低空飞行器扰民怎么投诉"


@pytest.fixture(autouse=True)
def fake_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    def score(texts: Sequence[str], **_options: object) -> tuple[SimpleNamespace, ...]:
        return tuple(SimpleNamespace(score=0.05, known_words=9, model_version="fake-1", words=()) for _ in texts)

    monkeypatch.setattr(snownlp_model, "score_many", score)


def change(edit: Edit) -> None:
    rule_drafts.open_draft(actor=person("liaison"), now=NOW)
    rule_drafts.change(_draft().revision, edit, "机构改革", actor=person("liaison"), now=NOW)


def publish_a_reform() -> None:
    """Give a matter to the police until TURN, and to the transport office from then on."""
    change(PutPhrases("gaj", "gaj-4", "", ("低空飞行器",), 6.0, until=TURN))
    change(PutPhrases("jtj", "jtj-1", "", ("低空飞行器",), 6.0, since=TURN))
    rule_drafts.propose(_draft().revision, "职责划转", actor=person("liaison"), now=NOW)
    rule_releases.confirm(_draft().revision, actor=person("supervisor"), now=NOW)


def arrive(title: str = MATTER) -> int:
    with transaction() as session:
        source_id = session.scalar(select(Source.id).limit(1))
    source_id = source_id or ingest.add_source(ingest.NewSource("热线", kind="import"), actor=SYSTEM, now=NOW)
    entry = ingest.Incoming(hashlib.sha256(title.encode()).hexdigest(), title, title, "", NOW)
    ingest.store(source_id, ingest.Haul("ok", (entry,)), token=None, now=NOW)
    pipeline.analyse(now=NOW)
    with transaction() as session:
        return session.scalars(select(Item.event_id).where(Item.title == title)).one() or 0


def test_a_duty_moves_on_its_day_and_the_record_keeps_the_day(story: Story) -> None:
    publish_a_reform()
    event_id = arrive()
    with transaction() as session:
        event = session.get_one(Event, event_id)
        assert event.routing["winner"] == "gaj"
        assert event.routing["inputs"]["as_of"] == "2026-03-02"
    # Opened after midnight of the desk's day: the same rules, another division of duties.
    number = triage.open_by_hand(event_id, actor=person("liaison"), now=NOW + 14 * timedelta(hours=1))
    with transaction() as session:
        record = session.scalars(select(RoutingRecord)).one()
        assert (record.decision["winner"], record.decision["inputs"]["as_of"]) == ("jtj", "2026-03-03")
        assert record.decision["notes"] == ["“低空飞行器”原属市公安局的职责，2026年3月3日起由市交通运输局承担。"]
    for today, changed in ((TURN, False), (TURN - DAY, True)):
        found = routing_line.replay(number, today=today)[0]
        assert found.is_same, found.changes
        assert ("winner" in {one.part for one in found.changes_today}) is changed


def test_before_its_midnight_nothing_moves(story: Story) -> None:
    publish_a_reform()
    number = triage.open_by_hand(arrive(), actor=person("liaison"), now=NOW + 13 * timedelta(hours=1, minutes=4))
    with transaction() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        assert (
            session.scalars(select(RoutingRecord).where(RoutingRecord.case_id == case.id)).one().decision["winner"]
            == "gaj"
        )


def test_a_simulation_judges_a_case_by_the_duties_of_its_day(story: Story) -> None:
    publish_a_reform()
    event_id = arrive()
    triage.open_by_hand(event_id, actor=person("liaison"), now=NOW)
    change(PutPhrases("jtj", "jtj-1", "", ("飞行器扰民",), 8.0, since=TURN))
    simulation.start(actor=person("liaison"), now=NOW + 3 * DAY)
    pipeline.simulate(now=NOW + 3 * DAY)
    with transaction() as session:
        row = session.scalars(select(SimulatedCase)).one()
        assert (row.old_code, row.new_code) == ("gaj", "gaj")


def test_the_page_shows_and_changes_names_and_days(sqlite_app: Flask) -> None:
    client = _signed_in(sqlite_app, "liaison")
    page = client.get("/rules/duties/department?code=sthjj").text
    assert "环保局" in page
    assert "2019-01-01起失效" in page
    assert "国家税务总局湖南省税务局办公室" in client.get("/rules/duties/department?code=swuj").text
    client.post("/rules/draft")
    wrong = {"version": 1, "name": "生态局", "since": "2026-05-02", "until": "2026-05-02"}
    refused = client.post("/rules/duties/sthjj/name", data=wrong)
    assert refused.status_code == 422
    assert "失效日期须晚于生效日期。" in refused.text
    assert "生态局" in refused.text
    saved = client.post("/rules/duties/sthjj/name", data={**wrong, "until": "2026-05-03"})
    assert saved.status_code == 302
    words = {"version": 2, "duty": "sthjj-1", "words": "低空飞行器", "weight": "4", "since": "2099-01-01"}
    assert client.post("/rules/duties/sthjj/words", data=words).status_code == 302
    assert client.post("/rules/duties/sthjj/words", data={**words, "version": 3, "since": "x"}).status_code == 422
    with sqlite_app.app_context():
        record = _draft().record
        assert record["aliases"]["sthjj"][-1] == {"name": "生态局", "since": "2026-05-02", "until": "2026-05-03"}
        group = record["departments"]["sthjj"][-1]
        assert (group["words"], group["since"], "until" in group) == (["低空飞行器"], "2099-01-01", False)
    assert "2099-01-01起生效" in client.get("/rules/duties/department?code=sthjj").text
    diff = client.get("/rules/diff").text
    assert "生态局（2026-05-02 起，2026-05-03 止）" in diff
    assert "（2099-01-01 起）" in diff
    assert client.post("/rules/duties/sthjj/name/drop", data={"version": 3, "name": "生态局"}).status_code == 302
    assert client.post("/rules/duties/sthjj/name/drop", data={"version": 4, "name": "市生态环境局"}).status_code == 422
    assert client.post("/rules/duties/none/name", data={"version": 4, "name": "某局"}).status_code == 404


def test_a_text_is_tried_by_the_duties_of_a_chosen_day(sqlite_app: Flask) -> None:
    client = _signed_in(sqlite_app, "liaison")
    for day, unit in (("2018-12-31", "推荐市人力资源社会保障局"), ("2019-01-01", "推荐市医保局"), ("", "推荐市医保局")):
        assert unit in client.post("/rules/trial", data={"title": "职工医保报销比例", "on": day}).text, day


def _draft() -> RuleDraft:
    with transaction() as session:
        return session.scalars(select(RuleDraft).where(RuleDraft.slot == 1)).one()


def _signed_in(app: Flask, login: str) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/sign-in", data={"login": login, "password": PASSWORD})
    return client
