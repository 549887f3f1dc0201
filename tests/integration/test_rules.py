"""Rules from draft to force on both databases: two persons, one click back, hits, simulation."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from opinion_service import pipeline
from opinion_service.adapters import snownlp_model
from opinion_service.data import routing_data
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.errors import Forbidden, IllegalMove, InvalidInput, NotFound, StaleCase
from opinion_service.domain.people import SYSTEM
from opinion_service.domain.routing import OrderedRule
from opinion_service.domain.routing.rule_edits import PutDuty, PutRule
from opinion_service.models import (
    AuditEvent,
    Case,
    Department,
    Event,
    Item,
    RuleDraft,
    RuleHit,
    RuleRelease,
    RuleSimulation,
    RuleVersion,
    SimulatedCase,
    Source,
    db,
)
from opinion_service.queries.routing import rules as queries
from opinion_service.queries.routing import simulations
from opinion_service.services import maintenance
from opinion_service.services.casework import triage
from opinion_service.services.listening import ingest
from opinion_service.services.routing import rule_drafts, rule_releases, simulation
from opinion_service.services.transaction import transaction
from tests.story import NOW, PASSWORD, Story, department, open_case, person

BUS = OrderedRule(id="", name="校车归公安", target="gaj", any=("校车",))
MINUTE = timedelta(minutes=1)


def live() -> RuleDraft:
    with transaction() as session:
        return session.scalars(select(RuleDraft).where(RuleDraft.slot == 1)).one()


def put(rule: OrderedRule = BUS, by: str = "liaison") -> str:
    rule_drafts.open_draft(actor=person(by), now=NOW)
    return rule_drafts.change(live().revision, PutRule(rule), "季度核对", actor=person(by), now=NOW)


def publish(rule: OrderedRule = BUS) -> int:
    put(rule)
    rule_drafts.propose(live().revision, "校车事项归公安交警", actor=person("liaison"), now=NOW)
    return rule_releases.confirm(live().revision, actor=person("supervisor"), now=NOW)


def in_force() -> str:
    with transaction() as session:
        return session.scalars(
            select(RuleVersion.version).where(RuleVersion.kind == "routing", RuleVersion.is_active)
        ).one()


def _fake(texts: Sequence[str], **_options: object) -> tuple[SimpleNamespace, ...]:
    return tuple(SimpleNamespace(score=0.05, known_words=9, model_version="fake-1", words=()) for _ in texts)


@pytest.fixture(autouse=True)
def fake_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snownlp_model, "score_many", _fake)


def arrive(title: str = "校车超员，家长投诉", body: str = "学校的校车每天超员，请教育局管一管") -> int:
    """Bring one complaint in through the line, as far as its event, and return the event's id."""
    with transaction() as session:
        source_id = session.scalar(select(Source.id).limit(1))
    source_id = source_id or ingest.add_source(ingest.NewSource("热线", kind="import"), actor=SYSTEM, now=NOW)
    entry = ingest.Incoming(hashlib.sha256(title.encode()).hexdigest(), title, body, "", NOW)
    ingest.store(source_id, ingest.Haul("ok", (entry,)), token=None, now=NOW)
    pipeline.analyse(now=NOW)
    with transaction() as session:
        return session.scalars(select(Item.event_id).where(Item.title == title)).one() or 0


def test_publishing_takes_a_note_and_a_second_person(story: Story) -> None:
    before = in_force()
    put()
    with pytest.raises(InvalidInput):
        rule_drafts.propose(live().revision, "  ", actor=person("liaison"), now=NOW)
    with pytest.raises(IllegalMove):
        rule_releases.confirm(live().revision, actor=person("supervisor"), now=NOW)
    rule_drafts.propose(live().revision, "校车事项归公安", actor=person("liaison"), now=NOW)
    with pytest.raises(Forbidden, match="另一人"):
        rule_releases.confirm(live().revision, actor=person("liaison"), now=NOW)
    with pytest.raises(Forbidden):
        rule_releases.confirm(live().revision, actor=person("handler"), now=NOW)
    assert in_force() == before
    rule_releases.confirm(live().revision, actor=person("admin"), now=NOW)
    assert in_force() == "routing-desk-1"
    liaison, admin = person("liaison").user_id, person("admin").user_id
    with transaction() as session:
        release = session.scalars(select(RuleRelease)).one()
        assert (release.proposed_by_id, release.confirmed_by_id) == (liaison, admin)
        kinds = session.scalars(
            select(AuditEvent.kind).where(AuditEvent.kind.like("rules_%")).order_by(AuditEvent.id)
        ).all()
    assert kinds[-4:] == ["rules_drafted", "rules_changed", "rules_changed", "rules_publish"]


def test_an_edit_withdraws_the_proposal_and_a_stale_form_is_refused(story: Story) -> None:
    put()
    seen = live().revision
    rule_drafts.propose(seen, "理由", actor=person("liaison"), now=NOW)
    with pytest.raises(StaleCase):
        rule_drafts.change(seen, PutRule(BUS), actor=person("admin"), now=NOW)
    rule_drafts.change(live().revision, PutDuty("jyj", "", "管理学生接送"), actor=person("admin"), now=NOW)
    assert (live().state, live().proposed_by_id) == ("open", None)
    with pytest.raises(Forbidden):
        rule_drafts.change(live().revision, PutRule(BUS), actor=person("approver"), now=NOW)
    rule_drafts.discard(live().revision, actor=person("admin"), now=NOW)
    with pytest.raises(NotFound):
        rule_drafts.discard(1, actor=person("admin"), now=NOW)


def test_the_database_holds_one_draft_one_set_in_force_and_two_persons(story: Story) -> None:
    version = publish()
    put()
    me = person("liaison").user_id
    with transaction() as session:
        kept = session.get_one(RuleVersion, version)
        base, record = kept.id, kept.record
    rows = (
        RuleDraft(slot=1, base_version_id=base, record=record, created_by_id=me, created_at=NOW, updated_at=NOW),
        RuleVersion(kind="routing", version="routing-x", record=record, is_active=True, created_at=NOW),
        RuleRelease(kind="publish", version_id=base, note="n", proposed_by_id=me, confirmed_by_id=me, at=NOW),
        RuleRelease(kind="publish", version_id=base, note="n", proposed_by_id=None, confirmed_by_id=me, at=NOW),
        RuleRelease(kind="revert", version_id=base, note="", confirmed_by_id=me, at=NOW),
    )
    for row in rows:
        with pytest.raises(IntegrityError), transaction() as session:
            session.add(row)


def test_the_line_uses_the_rules_in_force_at_once_and_one_click_takes_them_back(story: Story) -> None:
    first = arrive()
    with transaction() as session:
        assert session.get_one(Event, first).department_id == _department(session, "jyj")
        shipped = session.scalars(
            select(RuleVersion.id).where(RuleVersion.is_active, RuleVersion.kind == "routing")
        ).one()
    version = publish()
    # Read before the publication, opened after it: routed by what is in force when it is opened.
    number = triage.open_by_hand(first, actor=person("liaison"), now=NOW)
    with transaction() as session:
        event, case = session.get_one(Event, first), session.scalars(select(Case).where(Case.number == number)).one()
        assert event.department_id == _department(session, "gaj")
        assert event.routing["rule_set_version"] == "desk-1"
        assert event.routing["path"] == [{"rule": "r1", "match": True, "words": ["校车"], "then": "stop"}]
        hits = session.scalars(select(RuleHit.rule_id).where(RuleHit.case_id == case.id).order_by(RuleHit.id)).all()
    assert hits[0] == "r1"
    rule_releases.revert(shipped, actor=person("liaison2"), now=NOW)
    second = arrive("校车又超员，请处理", "学校门口的校车超员，请教育局处理")
    with transaction() as session:
        assert session.get_one(Event, second).department_id == _department(session, "jyj")
    with pytest.raises(IllegalMove):
        rule_releases.revert(shipped, actor=person("liaison2"), now=NOW)
    rule_releases.revert(version, actor=person("liaison2"), now=NOW)
    assert in_force() == "routing-desk-1"
    rows, _before = queries.releases(db.session())
    assert [(row.kind, row.version) for row in rows] == [
        ("revert", "desk-1"),
        ("revert", routing_data.read_rules()["version"]),
        ("publish", "desk-1"),
    ]
    assert queries.hits(db.session(), ["r1"], now=NOW + timedelta(days=30) - MINUTE) == {"r1": 1}
    assert queries.hits(db.session(), ["r1"], now=NOW + timedelta(days=30)) == {}


def _department(session: Session, code: str) -> int:
    return session.scalars(select(Department.id).where(Department.code == code)).one()


def test_a_draft_on_old_ground_must_be_moved_first(story: Story) -> None:
    publish()
    put(OrderedRule(id="", name="另一条规则", target="jyj", any=("接送车",)))
    with transaction() as session:
        old = session.scalars(select(RuleRelease.replaced_id)).one() or 0
    rule_releases.revert(old, actor=person("admin"), now=NOW)
    rule_drafts.propose(live().revision, "理由", actor=person("liaison"), now=NOW)
    with pytest.raises(IllegalMove, match="现行规则已变更"):
        rule_releases.confirm(live().revision, actor=person("admin"), now=NOW)
    rule_drafts.rebase(live().revision, actor=person("admin"), now=NOW)
    assert [one["name"] for one in live().record["ordered"]] == ["另一条规则"]
    rule_drafts.propose(live().revision, "理由", actor=person("liaison"), now=NOW)
    rule_releases.confirm(live().revision, actor=person("admin"), now=NOW)
    assert in_force() == "routing-desk-2"


def test_a_newer_shipped_version_is_offered_and_keeps_what_the_desk_changed(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    newer = routing_data.read_rules() | {"version": "default-99"}
    newer["departments"] = {**newer["departments"], "jyj": newer["departments"]["jyj"] + [
        {"id": "jyj-1.99", "weight": 4.0, "words": ["校园餐公示"]}]}  # fmt: skip
    monkeypatch.setattr(routing_data, "read_rules", lambda: newer)
    maintenance.load_reference(now=NOW)
    assert in_force() == "routing-desk-1"
    desk = queries.rule_desk(db.session())
    db.session.rollback()
    assert desk is not None
    assert [name for _id, name in desk.offers] == ["default-99"]
    rule_drafts.open_from_shipped(desk.offers[0][0], actor=person("admin"), now=NOW)
    record = live().record
    assert [one["name"] for one in record["ordered"]] == ["校车归公安"]
    assert "校园餐公示" in [word for group in record["departments"]["jyj"] for word in group["words"]]
    assert record["shipped"] == "default-99"
    with pytest.raises(IllegalMove):
        rule_drafts.open_from_shipped(desk.offers[0][0], actor=person("admin"), now=NOW)
    rule_drafts.propose(live().revision, "采用新版本", actor=person("liaison"), now=NOW)
    rule_releases.confirm(live().revision, actor=person("admin"), now=NOW)
    desk = queries.rule_desk(db.session())
    assert desk is not None
    assert desk.offers == ()


def test_a_simulation_counts_what_would_move_and_every_figure_has_its_cases(story: Story) -> None:
    moved = arrive()
    stayed = arrive("小区物业乱收费", "物业公司乱收停车费，请住建局管管")
    numbers = [triage.open_by_hand(one, actor=person("liaison"), now=NOW) for one in (moved, stayed)]
    open_case("无事件词", now=NOW - timedelta(days=90, minutes=1))
    # The liaison had corrected the first by hand: the draft now agrees.
    with transaction() as session:
        case = session.scalars(select(Case).where(Case.number == numbers[0])).one()
    story.case_id, story.at = case.id, NOW
    story.act("liaison", CaseAction.DISPATCH, department_id=department("gaj"))
    put()
    run_id = simulation.start(actor=person("liaison"), now=NOW + MINUTE)
    assert simulation.start(actor=person("liaison"), now=NOW + MINUTE) == run_id
    assert pipeline.simulate(now=NOW + MINUTE) == 2
    assert pipeline.simulate(now=NOW + MINUTE) == 0
    run = simulations.run(db.session(), run_id)
    assert run is not None
    assert (run.state, run.total, run.done) == ("done", 2, 2)
    found = simulations.findings(db.session(), run_id)
    assert found.moves == (("jyj", "gaj", 1),)
    assert {name: found.counts[name] for name in ("moved", "corrected", "corrected_old", "corrected_new", "won", "lost")} == {
        "moved": 1, "corrected": 1, "corrected_old": 0, "corrected_new": 1, "won": 1, "lost": 0,
    }  # fmt: skip
    for show, count in found.counts.items():
        rows, _next = simulations.cases(db.session(), person("liaison"), run_id, simulations.Wanted(show))
        assert len(rows) == count, show
    assert sum(before for _code, before, _after in found.load) == sum(after for *_rest, after in found.load) == 2
    hidden, _next = simulations.cases(db.session(), person("admin"), run_id, simulations.Wanted())
    assert hidden == ()


def test_a_simulation_goes_on_where_a_dead_worker_left_it(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        arrive(f"第 {number} 辆校车超员投诉", f"学校 {number} 的校车超员")
    with transaction() as session:
        events = session.scalars(select(Event.id)).all()
    for event_id in events:
        triage.open_by_hand(event_id, actor=person("liaison"), now=NOW)
    monkeypatch.setattr(simulation, "BATCH", 2)
    put()
    run_id = simulation.start(actor=person("liaison"), now=NOW + MINUTE)
    dead = simulation.claim(now=NOW + MINUTE)
    assert dead is not None
    assert simulation.claim(now=NOW + MINUTE) is None
    later = NOW + MINUTE + simulation.LEASE + timedelta(seconds=1)
    assert pipeline.simulate(now=later) == min(2, len(events))
    assert simulation.record(dead, simulation.work_out(dead), now=later) == 0
    while pipeline.simulate(now=later):
        pass
    with transaction() as session:
        run = session.get_one(RuleSimulation, run_id)
        rows = session.scalars(select(SimulatedCase.case_id).where(SimulatedCase.simulation_id == run_id)).all()
    assert (run.state, run.done) == ("done", len(events))
    assert len(set(rows)) == len(rows) == len(events)


def _signed_in(app: Flask, login: str) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/sign-in", data={"login": login, "password": PASSWORD})
    return client


def test_the_pages_show_the_way_from_draft_to_force(sqlite_app: Flask) -> None:
    liaison, second = _signed_in(sqlite_app, "liaison"), _signed_in(sqlite_app, "supervisor")
    assert liaison.post("/rules/draft").status_code == 302
    form = {
        "version": 1,
        "name": "校车归公安",
        "target": "gaj",
        "any": "校车 接送车、校巴",
        "then": "stop",
        "is_on": "1",
    }
    refused = liaison.post("/rules/rule", data={**form, "any": "一"})
    assert refused.status_code == 422
    assert 'value="校车归公安"' in refused.text
    assert liaison.post("/rules/rule", data=form).status_code == 302
    page = liaison.get("/rules").text
    assert "含“校车”“接送车”“校巴”之一" in page
    assert "新增" in page
    trial = liaison.post("/rules/trial", data={"title": "校车超员", "body": "学校的校车"}).text
    assert "<mark>校车</mark>" in trial
    assert "草稿会把它从市教育局改交市公安局。" in trial
    assert liaison.get("/rules/trial?case=none").status_code == 422
    assert liaison.get("/rules/diff").text.count("<tr>") == 2
    run = liaison.post("/rules/simulations")
    watched = liaison.get(run.location)
    assert watched.headers["Refresh"] == "4"
    assert "Refresh" not in liaison.get(run.location.split("?")[0]).headers
    liaison.post("/rules/draft/act/propose", data={"version": 2, "note": "归口明确"})
    assert liaison.post("/rules/draft/act/confirm", data={"version": 3}).status_code == 403
    assert second.post("/rules/draft/act/confirm", data={"version": 3}).status_code == 302
    history = second.get("/rules/history").text
    assert "desk-1" in history
    assert "归口明确" in history
    with sqlite_app.app_context(), transaction() as session:
        release = session.scalars(select(RuleRelease)).one()
    assert second.get("/rules/duties/department?code=jyj").status_code == 200
    assert second.get("/rules/duties?q=校车").status_code == 200
    assert second.get("/rules/hits?rule_id=r1").status_code == 200
    assert second.get(f"/rules/versions/{release.version_id}?against={release.replaced_id}").status_code == 200


def test_a_rule_is_carried_over_several_others_at_once(sqlite_app: Flask) -> None:
    liaison = _signed_in(sqlite_app, "liaison")
    liaison.post("/rules/draft")
    for version, name in enumerate(("甲规则", "乙规则", "丙规则"), 1):
        form = {"version": version, "name": name, "target": "gaj", "any": "校车", "then": "stop", "is_on": "1"}
        assert liaison.post("/rules/rule", data=form).status_code == 302
    assert 'data-order="move-r1"' in liaison.get("/rules").text
    moved = {"version": 4, "action": "move", "by": "2"}
    assert liaison.post("/rules/rule/r3/step", data=moved).status_code == 302
    assert liaison.post("/rules/rule/r3/step", data=moved).status_code == 409  # the order that was shown has changed
    assert liaison.post("/rules/rule/r3/step", data={**moved, "version": 5, "by": "x"}).status_code == 302
    with sqlite_app.app_context():
        assert [one["id"] for one in live().record["ordered"]] == ["r2", "r1", "r3"]
