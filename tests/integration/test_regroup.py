"""Merging, splitting and moving by hand, taken back, and never undone by the machine; on both databases."""

from datetime import timedelta

import pytest
from flask import current_app
from sqlalchemy import func, select

from opinion_service import pipeline
from opinion_service.adapters import snownlp_model
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.models import AuditEvent, EventChange, EventHour
from opinion_service.services import journal
from opinion_service.services.casework import triage
from opinion_service.services.reading import regroup
from opinion_service.services.transaction import transaction
from tests.grouping import Line, event, event_of, item, negative
from tests.story import NOW, Story, person

BUS = "赫山区泉交河镇校车停运一周无人管"
WATER = "桃江县马迹塘镇自来水发黄三天"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def fake_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snownlp_model, "score_many", negative)


def hours(event_id: int) -> int:
    with transaction() as session:
        return session.scalar(select(func.sum(EventHour.item_count)).where(EventHour.event_id == event_id)) or 0


def change_of(event_id: int) -> int:
    with transaction() as session:
        return session.scalars(select(func.max(EventChange.id)).where(EventChange.event_id == event_id)).one()


def test_a_merge_adds_the_heat_and_is_taken_back(story: Story) -> None:
    line, liaison = Line(), person("liaison")
    bus, water = line.bring(BUS)[0], line.bring(WATER)[0]
    first, second = event_of(bus), event_of(water)
    assert first.id != second.id

    change = regroup.merge(second.id, first.id, "同一镇的民生问题", actor=liaison, now=NOW + HOUR)

    merged, gone = event(first.id), event(second.id)
    assert (merged.item_count, gone.item_count, gone.state, gone.merged_into_id) == (2, 0, "merged", first.id)
    assert merged.heat > first.heat
    assert (hours(first.id), hours(second.id)) == (2, 0)
    assert item(water).join_reason.startswith("人工合并")
    assert regroup.undo(change, actor=liaison, now=NOW + 2 * HOUR) == second.id
    back = event(second.id)
    assert (back.state, back.item_count, back.merged_into_id, hours(second.id)) == ("open", 1, None, 1)
    assert (item(water).join_reason, item(water).is_placed_by_hand) == ("首次出现", False)
    with pytest.raises(NotFound):
        regroup.undo(change, actor=liaison, now=NOW + 3 * HOUR)
    with transaction() as session:
        kinds = session.scalars(select(AuditEvent.summary).where(AuditEvent.kind == "event_merge")).all()
        assert len(kinds) == 2
        assert journal.verify(session, current_app.config["JOURNAL_KEY"]).broken_id is None


def test_what_repeats_a_moved_item_follows_it(story: Story) -> None:
    line, liaison = Line(), person("liaison")
    ids = line.bring(BUS, f"{BUS}，家长着急", f"{BUS}！！")
    origin = event_of(ids[0])
    assert origin.item_count == 3

    regroup.move(origin.id, [ids[1]], None, "说的是另一条线路", actor=liaison, now=NOW + HOUR)

    apart = event_of(ids[1])
    assert apart.id != origin.id
    later = line.bring(f"{BUS}，家长着急", BUS, now=NOW + 2 * HOUR)
    assert [event_of(one).id for one in later] == [apart.id, origin.id]
    assert item(later[0]).join_reason == "标题相同，随人工归并"
    assert not item(later[0]).is_placed_by_hand
    assert item(ids[1]).is_placed_by_hand


def test_changes_are_taken_back_last_first(story: Story) -> None:
    line, liaison = Line(), person("liaison")
    ids = line.bring(BUS, f"{BUS}！")
    other = event_of(line.bring(WATER)[0])
    origin = event_of(ids[0])
    split = regroup.move(origin.id, [ids[1]], None, "另一件事", actor=liaison, now=NOW)
    apart = event_of(ids[1])
    merge = regroup.merge(apart.id, other.id, "并入", actor=liaison, now=NOW)

    with pytest.raises(InvalidInput, match="先撤销之后"):
        regroup.undo(split, actor=liaison, now=NOW)
    regroup.undo(merge, actor=liaison, now=NOW)
    regroup.undo(split, actor=liaison, now=NOW)

    assert event(origin.id).item_count == 2
    assert event(apart.id).state == "merged"
    assert event(other.id).item_count == 1


def test_who_may_not_and_what_cannot(story: Story) -> None:
    line, liaison = Line(), person("liaison")
    ids = line.bring(BUS, f"{BUS}！")
    here = event_of(ids[0]).id
    other = event_of(line.bring(WATER)[0]).id
    for login in ("handler", "approver", "admin", "auditor", "supervisor"):
        with pytest.raises(Forbidden):
            regroup.merge(here, other, "理由", actor=person(login), now=NOW)
        with pytest.raises(Forbidden):
            regroup.undo(1, actor=person(login), now=NOW)
    wrong = [
        lambda: regroup.merge(here, here, "理由", actor=liaison, now=NOW),
        lambda: regroup.merge(here, other, " ", actor=liaison, now=NOW),
        lambda: regroup.move(here, [], None, "理由", actor=liaison, now=NOW),
        lambda: regroup.move(here, ids, None, "理由", actor=liaison, now=NOW),
        lambda: regroup.move(here, ids[:1], here, "理由", actor=liaison, now=NOW),
    ]
    for attempt in wrong:
        with pytest.raises(InvalidInput):
            attempt()
    with pytest.raises(NotFound):
        regroup.merge(here, 999_999, "理由", actor=liaison, now=NOW)
    assert (event(here).item_count, event(other).item_count) == (2, 1)


def test_an_event_with_a_case_takes_in_and_is_not_taken(story: Story) -> None:
    line, liaison = Line(), person("liaison")
    bus, water = event_of(line.bring(BUS)[0]).id, event_of(line.bring(WATER)[0]).id
    number = triage.open_by_hand(bus, actor=liaison, now=NOW)

    with pytest.raises(InvalidInput, match="已立案"):
        regroup.merge(bus, water, "理由", actor=liaison, now=NOW)
    regroup.merge(water, bus, "同一件事", actor=liaison, now=NOW + HOUR)

    with transaction() as session:
        told = session.scalars(select(AuditEvent.summary).where(AuditEvent.kind == "case_items_joined")).all()
    assert told == ["新增 1 条来源，共 2 条"]
    assert number
    with pytest.raises(NotFound):
        triage.open_by_hand(water, actor=liaison, now=NOW + HOUR)


def test_a_late_item_joins_the_event_of_an_open_case_and_shows_on_it(story: Story) -> None:
    line = Line()
    bus = event_of(line.bring(BUS)[0]).id
    number = triage.open_by_hand(bus, actor=person("liaison"), now=NOW)

    late = line.bring(f"{BUS}，孩子上不了学", now=NOW + 30 * HOUR)

    assert event_of(late[0]).id == bus
    current_app.config["WTF_CSRF_ENABLED"] = False
    client = current_app.test_client()
    client.post("/sign-in", data={"login": "liaison", "password": "Window-seat-27"})
    page = client.get(f"/cases/{number}").text
    assert "立案后新增" in page
    assert "孩子上不了学" in page
    assert "新增 1 条来源，共 2 条" in page


def test_a_closed_case_hears_nothing(story: Story) -> None:
    line = Line()
    bus = event_of(line.bring(BUS)[0]).id
    triage.open_by_hand(bus, actor=person("liaison"), now=NOW)
    with transaction() as session:
        from opinion_service.models import Case

        story.case_id = session.scalars(select(Case.id)).one()
    story.act("liaison", CaseAction.PROPOSE_DECLINE, note="重复", review_on=(NOW + timedelta(days=9)).date())
    story.act("supervisor", CaseAction.CONFIRM_DECLINE, note="同意")

    line.bring(f"{BUS}！", now=NOW + HOUR)

    with transaction() as session:
        assert session.scalar(select(func.count()).where(AuditEvent.kind == "case_items_joined")) == 0


def test_the_page_offers_undo_and_the_button_works(story: Story) -> None:
    line = Line()
    bus, water = event_of(line.bring(BUS)[0]).id, event_of(line.bring(WATER)[0]).id
    current_app.config["WTF_CSRF_ENABLED"] = False
    client = current_app.test_client()
    client.post("/sign-in", data={"login": "liaison", "password": "Window-seat-27"})

    answer = client.post(f"/events/{water}/merge", data={"target_number": bus, "note": "同一件事"})

    assert answer.location == f"/events/{bus}"
    page = client.get(f"/events/{bus}").text
    undo = f"/events/changes/{change_of(water)}/undo"
    assert undo in page
    assert "人工合并：同一件事" in page
    assert client.post(undo).location == f"/events/{water}"
    assert "已撤销" in client.get(f"/events/{bus}").text
    assert pipeline.open_cases(now=NOW) >= 0
