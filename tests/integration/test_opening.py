"""Rules as data: cases say which rule opened them, versions are kept, dry runs change nothing; both databases."""

from datetime import timedelta

import pytest
from flask import current_app
from sqlalchemy import func, select

from opinion_service import data, pipeline
from opinion_service.adapters import snownlp_model
from opinion_service.domain.casework.inbox_acts import InboxAct
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.models import AuditEvent, Case, Event, OpeningRuleSet, Source, db
from opinion_service.services.casework import inbox, triage
from opinion_service.services.reading import opening
from opinion_service.services.transaction import transaction
from tests.grouping import Line, event, event_of, negative
from tests.story import NOW, PASSWORD, Story, person

ASKED = "投诉：赫山区泉交河镇校车停运，无人管，多次投诉推诿扯皮"
NEWS = "桃江县马迹塘镇举办龙舟赛"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def fake_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snownlp_model, "score_many", negative)


def shipped() -> dict:
    return data.read_json("opening_rules.json")


def only(**rule: object) -> dict:
    return {"rules": [{"code": "only", "name": "唯一规则", **rule}]}


def cases() -> list[Case]:
    with transaction() as session:
        return list(session.scalars(select(Case).order_by(Case.id)))


def test_the_case_says_which_rule_and_which_figures(story: Story) -> None:
    line = Line()
    line.bring(ASKED)
    line.bring(NEWS)

    assert pipeline.open_cases(now=NOW) == 1

    (case,) = cases()
    assert case.opening_reason == "规则“群众提出诉求”（第 1 版）：类型 投诉"
    with transaction() as session:
        entry = session.scalars(select(AuditEvent).where(AuditEvent.kind == "case_opened")).one()
    assert entry.detail == {"rule": "asked", "version": 1, "figures": ["类型 投诉"]}


def test_a_new_version_decides_from_then_on(story: Story) -> None:
    supervisor = person("supervisor")
    record = only(words=["龙舟"], must_answer=[])

    version = opening.save(record, "只看龙舟", 1, actor=supervisor, now=NOW)
    line = Line()
    line.bring(ASKED, NEWS)
    pipeline.open_cases(now=NOW)

    assert version == 2
    assert [case.title for case in cases()] == [NEWS]
    assert cases()[0].opening_reason == "规则“唯一规则”（第 2 版）：命中“龙舟”"
    assert opening.restore(1, actor=supervisor, now=NOW) == 3
    with transaction() as session:
        newest = session.scalars(select(OpeningRuleSet).order_by(OpeningRuleSet.version.desc())).first()
        assert newest.record["rules"] == shipped()["rules"]


def test_the_class_that_must_be_answered_is_written_on_the_case(story: Story) -> None:
    opening.save({**shipped(), **only(must_answer=[4])}, "只看突发", 1, actor=person("liaison"), now=NOW)
    Line().bring("赫山区一居民楼发生火灾")
    pipeline.open_cases(now=NOW)
    (case,) = cases()
    assert case.must_answer_class == 4
    assert "61号第 4 类（突发事件和灾害），命中“火灾”" in case.opening_reason


def test_two_people_do_not_overwrite_each_other_and_others_may_not(story: Story) -> None:
    opening.save(shipped(), "一", 1, actor=person("liaison"), now=NOW)
    with pytest.raises(InvalidInput, match="刚被他人改为第 2 版"):
        opening.save(shipped(), "二", 1, actor=person("liaison2"), now=NOW)
    with pytest.raises(InvalidInput, match="修改说明"):
        opening.save(shipped(), " ", 2, actor=person("liaison"), now=NOW)
    for login in ("admin", "auditor", "handler", "approver"):
        with pytest.raises(Forbidden):
            opening.save(shipped(), "三", 2, actor=person(login), now=NOW)
    for number in (2, 9):
        with pytest.raises(NotFound):
            opening.restore(number, actor=person("liaison"), now=NOW)


def test_a_dry_run_tells_gains_and_losses_and_changes_nothing(story: Story) -> None:
    line = Line()
    line.bring(ASKED, NEWS)
    pipeline.open_cases(now=NOW)
    later = NOW + timedelta(days=20)

    tried = opening.dry_run(db.session(), only(words=["龙舟"]), now=later)

    assert (tried.event_count, tried.opened, tried.gained_count, tried.lost_count) == (2, 1, 1, 1)
    assert tried.by_rule == (("唯一规则", 1),)
    assert tried.gained[0].title == NEWS
    assert tried.lost[0].case_number == cases()[0].number
    # The heat that counts is the highest each event had, not what is left after twenty days.
    assert opening.dry_run(db.session(), only(least_heat=14), now=later).opened == 2
    assert opening.dry_run(db.session(), only(least_heat=16), now=later).opened == 0
    assert opening.dry_run(db.session(), only(words=["龙舟"]), now=NOW + timedelta(days=31)).event_count == 0
    db.session.rollback()
    with transaction() as session:
        assert session.scalar(select(func.count(OpeningRuleSet.id))) == 1
        assert session.scalar(select(func.count(Case.id))) == 1


def test_dismissed_stays_dismissed_unless_it_surges(story: Story) -> None:
    line, liaison = Line(), person("liaison")
    here = event_of(line.bring(NEWS)[0])
    inbox.settle(inbox.Order(here.id, 0, InboxAct.DISMISS, "与本市政务无关"), actor=liaison, now=NOW)

    line.bring(f"{NEWS}！", f"{NEWS}。", now=NOW + HOUR)
    assert event(here.id).state == "dismissed"  # two more: not enough items
    assert pipeline.open_cases(now=NOW + HOUR) == 0
    line.bring(f"{NEWS}？", now=NOW + 2 * HOUR)

    back = event(here.id)
    assert (back.state, back.needs_opening) == ("open", True)
    with transaction() as session:
        entry = session.scalars(select(AuditEvent).where(AuditEvent.kind == "event_resurfaced")).one()
    assert "新增 3 条" in entry.summary


def test_a_person_puts_a_dismissed_event_back_and_no_rule_opens_it(story: Story) -> None:
    line, liaison = Line(), person("liaison")
    here = event_of(line.bring(ASKED)[0])
    inbox.settle(inbox.Order(here.id, 0, InboxAct.DISMISS, "重复"), actor=liaison, now=NOW)
    with pytest.raises(Forbidden):
        triage.restore(here.id, actor=person("supervisor"), now=NOW)
    triage.restore(here.id, actor=liaison, now=NOW)
    assert pipeline.open_cases(now=NOW) == 0
    assert event(here.id).state == "open"
    with pytest.raises(NotFound):
        triage.restore(here.id, actor=liaison, now=NOW)


def test_the_page_tries_saves_and_keeps_what_was_typed(story: Story) -> None:
    Line().bring(NEWS)
    current_app.config["WTF_CSRF_ENABLED"] = False
    client = current_app.test_client()
    client.post("/sign-in", data={"login": "supervisor", "password": PASSWORD})
    typed = {
        "based_on": "1", "count": "1", "name-0": "龙舟", "is_on-0": "1", "words-0": "龙舟、端午", "code-0": "boat",
        "least_heat-0": "0", "least_items-0": "1", "scope-0": "all", "factor": "2", "surge_items": "3",
    }  # fmt: skip

    assert "立案规则" in client.get("/opening-rules").text
    page = client.post("/opening-rules", data={**typed, "action": "try"})
    assert page.status_code == 200
    wrong = client.post("/opening-rules", data={**typed, "action": "save", "least_heat-0": "viel", "note": "x"})
    nameless = client.post("/opening-rules", data={**typed, "action": "save", "words-0": "", "note": "x"})
    saved = client.post("/opening-rules", data={**typed, "action": "save", "note": "只看龙舟"})

    assert (wrong.status_code, nameless.status_code, saved.status_code) == (422, 422, 302)
    assert "不是数字" in wrong.text
    assert "没有任何条件" in nameless.text
    with transaction() as session:
        newest = session.scalars(select(OpeningRuleSet).order_by(OpeningRuleSet.version.desc())).first()
        assert newest.record["rules"][0]["words"] == ["龙舟", "端午"]
        assert session.scalar(select(func.count(Event.id))) == 1
    assert "第 2 版生效" in client.get("/opening-rules").text
    assert "第 1 版" in client.get("/opening-rules?version=1").text


@pytest.mark.parametrize(
    ("kind", "title", "opens"),
    [
        ("hotlist", "猫为什么总爱盯着窗外", 0), ("feed", "猫为什么总爱盯着窗外", 0),
        ("import", "猫为什么总爱盯着窗外", 1), ("hotlist", "小区物业乱收费，谁来管", 0),
        ("feed", "小区物业乱收费，谁来管", 1), ("hotlist", "赫山区小区物业乱收费，谁来管", 1),
    ],
)  # fmt: skip
def test_who_asks_nobody_here_opens_no_case(story: Story, kind: str, title: str, opens: int) -> None:
    line = Line()
    with transaction() as session:
        session.get_one(Source, line.source_id).kind = kind
    line.bring(title)
    assert pipeline.open_cases(now=NOW) == opens
