"""Corrections by people, trained models that a person switches on, rules of the kinds, re-readings; both databases."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from opinion_service import pipeline, reading_line
from opinion_service.adapters import snownlp_model
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import SYSTEM
from opinion_service.domain.reading.nature_rules import SHIPPED
from opinion_service.models import AuditEvent, Case, NatureRuleSet, ReadingCorrection, Rereading, db
from opinion_service.services.reading import analysis, corrections, kinds, reading_models, rereading
from opinion_service.services.transaction import transaction
from tests.grouping import Line, event_of, item, negative
from tests.story import NOW, PASSWORD, Story, person

DUST = "投诉：赫山区泉交河镇搅拌站粉尘扰民，多次投诉推诿扯皮"
NEWS = "桃江县马迹塘镇举办龙舟赛"
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def fake_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snownlp_model, "score_many", negative)


def told() -> list[ReadingCorrection]:
    with transaction() as session:
        return list(session.scalars(select(ReadingCorrection).order_by(ReadingCorrection.id)))


def journal_of(kind: str) -> list[AuditEvent]:
    with transaction() as session:
        return list(session.scalars(select(AuditEvent).where(AuditEvent.kind == kind).order_by(AuditEvent.id)))


def test_a_correction_stands_is_told_and_counts_on_the_event(story: Story) -> None:
    (dust,) = Line().bring(DUST)
    assert (item(dust).band, event_of(dust).negative_count) == ("negative", 1)

    assert corrections.correct(dust, "band", "neutral", " 只是陈述 ", actor=person("liaison"), now=LATER)

    assert (item(dust).band, event_of(dust).negative_count) == ("neutral", 0)
    (one,) = told()
    assert (one.before, one.after, one.reason, one.model_version, one.at) == (
        "negative", "neutral", "只是陈述", "fake-1", LATER,
    )  # fmt: skip
    (entry,) = journal_of("reading_corrected")
    assert entry.summary.startswith("更正情感倾向：偏负面 → 中性")
    assert entry.reason == "只是陈述"


@pytest.mark.parametrize(("again", "is_new", "rows"), [("neutral", False, 1), ("positive", True, 2)])
def test_the_same_word_twice_is_one_row(story: Story, again: str, is_new: bool, rows: int) -> None:
    (dust,) = Line().bring(DUST)
    corrections.correct(dust, "band", "neutral", actor=person("liaison"), now=NOW)
    assert corrections.correct(dust, "band", again, actor=person("liaison2"), now=LATER) is is_new
    assert len(told()) == rows


def test_confirming_the_machine_is_kept_too(story: Story) -> None:
    (dust,) = Line().bring(DUST)
    assert corrections.correct(dust, "band", "negative", actor=person("liaison"), now=NOW)
    assert journal_of("reading_corrected")[0].summary.startswith("确认情感倾向：偏负面")
    assert corrections.corrected() == [(DUST, "", -1)]


@pytest.mark.parametrize("login", ["handler", "approver", "supervisor", "admin", "auditor"])
def test_only_the_liaison_corrects(story: Story, login: str) -> None:
    (dust,) = Line().bring(DUST)
    with pytest.raises(Forbidden):
        corrections.correct(dust, "band", "neutral", actor=person(login), now=NOW)
    assert told() == []


@pytest.mark.parametrize(
    ("aspect", "value", "problem"),
    [("band", "angry", InvalidInput), ("kind", "negative", InvalidInput), ("mood", "neutral", InvalidInput)],
)
def test_unknown_words_are_refused(story: Story, aspect: str, value: str, problem: type[Exception]) -> None:
    (dust,) = Line().bring(DUST)
    with pytest.raises(problem):
        corrections.correct(dust, aspect, value, actor=person("liaison"), now=NOW)
    with pytest.raises(NotFound):
        corrections.correct(dust + 99, "band", "neutral", actor=person("liaison"), now=NOW)


def test_a_kind_brings_its_band_and_the_opening_rules_look_again(story: Story) -> None:
    (news,) = Line().bring(NEWS)
    assert pipeline.open_cases(now=NOW) == 0
    corrections.correct(news, "kind", "complaint", actor=person("liaison"), now=NOW)
    assert (item(news).nature, item(news).band, event_of(news).nature) == ("complaint", "negative", "complaint")
    assert pipeline.open_cases(now=LATER) == 1
    with transaction() as session:
        assert session.scalars(select(Case.opening_reason)).one() == "规则“群众提出诉求”（第 1 版）：类型 投诉"


def test_rereading_changes_what_machines_read_and_nothing_that_people_said(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line()
    dust, news, calm = line.bring(DUST, NEWS, "资阳区举办花展")
    corrections.correct(calm, "band", "positive", actor=person("liaison"), now=NOW)
    corrections.correct(news, "kind", "praise", actor=person("liaison"), now=NOW)
    record = {**SHIPPED, "kinds": {**SHIPPED["kinds"], "advice": [{"weight": 20, "phrases": "搅拌站|花展"}]}}
    kinds.publish(record, "搅拌站归建议", 1, actor=person("supervisor"), now=NOW)
    monkeypatch.setattr(rereading, "BATCH", 2)

    run = rereading.start(30, actor=person("liaison"), now=LATER)
    assert [pipeline.reread(now=LATER) for _ in range(3)] == [2, 1, 0]

    assert (item(dust).nature, item(dust).band, item(dust).nature_version) == ("advice", "neutral", 2)
    assert (item(news).nature, item(news).band) == ("praise", "positive")
    assert (item(calm).nature, item(calm).band) == ("advice", "positive")
    assert event_of(dust).nature == "advice"
    with transaction() as session:
        done = session.get_one(Rereading, run)
        assert (done.state, done.done, done.total, done.changed, done.kept) == ("done", 3, 3, 2, 2)


def test_a_batch_that_comes_twice_or_late_changes_nothing(story: Story) -> None:
    (dust,) = Line().bring(DUST)
    rereading.start(30, actor=person("admin"), now=LATER)
    first = rereading.claim(now=LATER)
    assert first is not None
    assert rereading.claim(now=LATER) is None  # leased
    second = rereading.claim(now=LATER + rereading.LEASE + timedelta(seconds=1))
    assert second is not None
    tones = {dust: analysis.Tone(0.9, 9, "late")}
    assert rereading.record(first, tones, now=LATER) == 0
    assert item(dust).model_version == "fake-1"
    assert rereading.record(second, tones, now=LATER) == 1
    assert rereading.record(second, tones, now=LATER) == 0


def test_one_run_at_a_time_stopped_by_a_person_or_by_other_rules(story: Story) -> None:
    Line().bring(DUST)
    with pytest.raises(Forbidden):
        rereading.start(30, actor=person("supervisor"), now=LATER)
    for days in (0, 3651):
        with pytest.raises(InvalidInput):
            rereading.start(days, actor=person("liaison"), now=LATER)
    run = rereading.start(30, actor=person("liaison"), now=LATER)
    with pytest.raises(InvalidInput, match="正在进行"):
        rereading.start(30, actor=person("liaison"), now=LATER)
    rereading.stop(run, actor=person("admin"), now=LATER)
    with pytest.raises(NotFound):
        rereading.stop(run, actor=person("admin"), now=LATER)
    again = rereading.start(30, actor=person("liaison"), now=LATER)
    kinds.publish(SHIPPED, "另一版", 1, actor=person("liaison"), now=LATER)
    assert pipeline.reread(now=LATER) == 0
    with transaction() as session:
        assert session.get_one(Rereading, again).state == "stopped"


def test_rules_of_the_kinds_are_versions_and_decide_for_new_items(story: Story) -> None:
    record = {**SHIPPED, "kinds": {**SHIPPED["kinds"], "praise": [{"weight": 9, "phrases": "龙舟赛"}]}}
    line = Line()
    (before,) = line.bring(NEWS)
    tried = kinds.dry_run(db.session(), record, now=LATER)
    assert (tried.item_count, tried.changed, tried.matrix) == (1, 1, {("news", "praise"): 1})

    assert kinds.publish(record, "龙舟赛是喜事", 1, actor=person("liaison"), now=NOW) == 2
    (after,) = line.bring("沅江市举办龙舟赛")
    assert (item(before).nature, item(before).nature_version) == ("news", 1)
    assert (item(after).nature, item(after).nature_version) == ("praise", 2)
    assert kinds.revert(1, actor=person("supervisor"), now=NOW) == 3
    assert (reading_line.reader().rules_version, reading_line.reader().rules.version) == (3, "desk-3")
    with transaction() as session:
        assert session.scalars(select(NatureRuleSet.note).order_by(NatureRuleSet.version)).all() == [
            "龙舟赛是喜事", "恢复第 1 版",
        ]  # fmt: skip


def test_rules_of_the_kinds_are_refused_where_they_should_be(story: Story) -> None:
    for login in ("admin", "auditor", "handler", "approver"):
        with pytest.raises(Forbidden):
            kinds.publish(SHIPPED, "改", 1, actor=person(login), now=NOW)
    wrong = {**SHIPPED, "kinds": {**SHIPPED["kinds"], "advice": [{"weight": 3, "phrases": "好+"}]}}
    for record, note, based_on, says in (
        (SHIPPED, " ", 1, "修改说明"),
        (SHIPPED, "改", 0, "第 1 版"),
        (wrong, "改", 1, "第 1 条"),
    ):
        with pytest.raises(InvalidInput, match=says):
            kinds.publish(record, note, based_on, actor=person("liaison"), now=NOW)
    for version in (1, 9):
        with pytest.raises(NotFound):
            kinds.revert(version, actor=person("liaison"), now=NOW)


def test_kept_rules_that_could_run_for_ever_are_not_used_and_reading_goes_on(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    record = {**SHIPPED, "kinds": {**SHIPPED["kinds"], "advice": [{"weight": 9, "phrases": "a?" * 22 + "a" * 22}]}}
    who = person("liaison").user_id
    with transaction() as session:
        session.add(NatureRuleSet(version=2, record=record, note="旧版", created_at=NOW, created_by_id=who))

    (read,) = Line().bring("建议" + "a" * 21)

    assert (item(read).nature, item(read).nature_version) == ("advice", 1)
    assert "kind rules 2 are not used" in caplog.text
    assert kinds.revert(1, actor=person("liaison"), now=NOW) == 3


FIGURES = {
    "n": 4,
    "accuracy": 0.5,
    "macro_f1": 0.5,
    "auc": None,
    "calibration": 0.1,
    "confusion": {"-1": {"-1": 2, "1": 2}},
}


def kept(version: str = "m-1", second: bool = True) -> str:
    trial = {"new": FIGURES, "shipped": FIGURES, "second": FIGURES if second else None, "second_offered": second}
    reading_models.keep(reading_models.NewModel(version, "file", 4, b"x", trial), actor=SYSTEM, now=NOW)
    return version


@pytest.mark.parametrize("login", ["liaison", "admin"])
def test_a_model_reads_on_a_persons_word_and_back_again(story: Story, login: str) -> None:
    one, other = kept("m-1"), kept("m-2", second=False)
    assert reading_models.in_force().name == ""

    reading_models.switch_on(one, "更准", uses_second=True, actor=person(login), now=NOW)
    assert reading_models.in_force().name == "m-1/2"
    reading_models.switch_on(other, "再试", actor=person(login), now=NOW)
    reading_models.switch_on(other, "再试", actor=person(login), now=LATER)
    assert reading_models.in_force().name == "m-2"
    assert reading_models.switch_back("不如原来", actor=person(login), now=LATER) == "m-2"
    assert reading_models.in_force().name == ""
    assert [row.summary for row in journal_of("reading_model_on")] == [
        "启用判读模型 m-1/2，替换 随产品提供的模型", "启用判读模型 m-2，替换 m-1/2",
    ]  # fmt: skip
    assert journal_of("reading_model_off")[0].reason == "不如原来"


def test_nobody_else_switches_and_never_without_a_reason(story: Story) -> None:
    version, plain = kept(), kept("m-2", second=False)
    for actor in (*map(person, ("supervisor", "auditor", "handler", "approver")), SYSTEM):
        with pytest.raises(Forbidden):
            reading_models.switch_on(version, "更准", actor=actor, now=NOW)
        with pytest.raises(Forbidden):
            reading_models.switch_back("换回", actor=actor, now=NOW)
    liaison = person("liaison")
    with pytest.raises(InvalidInput, match="理由"):
        reading_models.switch_on(version, " ", actor=liaison, now=NOW)
    with pytest.raises(InvalidInput, match="第二意见"):
        reading_models.switch_on(plain, "好", uses_second=True, actor=liaison, now=NOW)
    with pytest.raises(NotFound):
        reading_models.switch_on("m-9", "好", actor=liaison, now=NOW)


def _client(app: Flask, login: str):
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302
    return client


def test_the_pages_correct_publish_switch_and_show_progress(app: Flask) -> None:
    with app.app_context():
        (dust,) = Line().bring(DUST)
        event_id, version = event_of(dust).id, kept()
    client = _client(app, "liaison")

    page = client.get(f"/events/{event_id}").get_data(as_text=True)
    assert f'action="/readings/{dust}"' in page
    assert 'value="kind:inquiry"' in page
    answer = client.post(f"/readings/{dust}", data={"set": "kind:inquiry", "event": event_id, "note": "其实是问"})
    assert answer.headers["Location"] == f"/events/{event_id}#item-{dust}"
    page = client.get(f"/events/{event_id}").get_data(as_text=True)
    assert "其实是问" in page
    assert "投诉 → 咨询" in page

    rules = {"kind-praise": "9 龙舟赛", "least": "3", "firm": "7", "question_lead": "5", "thanks_in_title": "感谢",
             "praise_is_over": "投诉", "based_on": "1"}  # fmt: skip
    tried = client.post("/kind-rules", data={**rules, "action": "text", "sample_title": NEWS}).get_data(as_text=True)
    assert "<mark" in tried
    assert "龙舟赛</mark>" in tried
    assert "现为与改为" in client.post("/kind-rules", data={**rules, "action": "try"}).get_data(as_text=True)
    wrong = client.post("/kind-rules", data={**rules, "kind-praise": "龙舟赛", "action": "publish", "note": "改"})
    assert wrong.status_code == 422
    assert "须先写分值" in wrong.get_data(as_text=True)
    assert client.post("/kind-rules", data={**rules, "action": "publish", "note": "改"}).status_code == 302
    assert "第 2 版生效" in client.get("/kind-rules").get_data(as_text=True)
    assert client.get("/kind-rules?version=9").status_code == 404
    assert client.post("/kind-rules/revert", data={"number": 1}).status_code == 302

    shown = client.get("/reading-models").get_data(as_text=True)
    assert version in shown
    assert "混淆矩阵" in shown
    assert client.post("/reading-models/reread", data={"days": 30}).status_code == 302
    running = client.get("/reading-models?watch=1")
    assert "<progress" in running.get_data(as_text=True)
    assert running.headers["Refresh"] == "4"
    assert client.post("/reading-models/stop", data={"run": 1}).status_code == 302
    assert client.post("/reading-models/switch", data={"model": version, "note": "更准"}).status_code == 302
    assert client.post("/reading-models/back", data={"note": "换回"}).status_code == 302


def test_a_case_page_shows_the_reading_to_all_and_the_buttons_to_the_liaison(app: Flask) -> None:
    with app.app_context():
        (dust,) = Line().bring(DUST)
        pipeline.open_cases(now=NOW)
        with transaction() as session:
            number = session.scalars(select(Case.number)).one()
    assert f'action="/readings/{dust}"' in _client(app, "liaison").get(f"/cases/{number}").get_data(as_text=True)
    seen = _client(app, "supervisor")
    assert f'action="/readings/{dust}"' not in seen.get(f"/cases/{number}").get_data(as_text=True)
    assert seen.post(f"/readings/{dust}", data={"set": "band:neutral", "case": number}).status_code == 403
    answer = _client(app, "liaison").post(f"/readings/{dust}", data={"set": "band:neutral", "case": number})
    assert answer.headers["Location"] == f"/cases/{number}#item-{dust}"


def test_a_trained_model_reads_new_items_by_its_own_name(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fake:
        second = None

        def judge_many(self, texts: Sequence[object], rules: object, *, with_words: bool) -> list[object]:
            scored = snownlp_model.Scored(0.97, None, 9, "m-1", (("喜", 2.25),))
            return [_Judged(scored) for _ in texts]

    monkeypatch.setattr(reading_line, "model", lambda version: Fake())
    monkeypatch.setattr(reading_line, "replace", lambda model, **_changes: model)
    reading_models.switch_on(kept(), "更准", actor=person("liaison"), now=NOW)
    (news,) = Line().bring(NEWS)
    read = item(news)
    assert (read.band, read.nature, read.model_version, read.score_words) == (
        "positive",
        "praise",
        "m-1",
        [["喜", 2.2]],
    )


class _Judged:
    def __init__(self, scored: snownlp_model.Scored) -> None:
        from opinion_service.domain.reading.sentiment import Band, Nature

        self.scored, self.band, self.kind = scored, Band.POSITIVE, Nature.PRAISE


MATTER = (
    "投诉泊兰苑旁搅拌站粉尘扰民，无人管",
    "家住泊兰苑二期，楼下混凝土搅拌站昼夜开工，粉尘飘进屋里，老人咳嗽，孩子无法入睡，向环保热线反映过几次仍未停工。",
)
AGAIN = (
    "泊兰苑附近搅拌站整夜施工，请查处",
    "我是泊兰苑业主，搅拌站离阳台不足五十米，罐车整夜进出，粉尘落满窗台，多次反映无人处理，孩子夜里无法入睡。",
)


@pytest.mark.parametrize(
    ("state", "days", "joins"),
    [("accepted", 25, True), ("accepted", 31, False), ("following", 25, True), ("closed", 25, False)],
)
def test_a_late_message_joins_the_matter_while_somebody_reads_its_case(
    story: Story, monkeypatch: pytest.MonkeyPatch, state: str, days: int, joins: bool
) -> None:
    line = Line()
    (first,) = line.bring(MATTER[0], body=MATTER[1])
    pipeline.open_cases(now=NOW)
    with transaction() as session:
        story.case_id = session.scalars(select(Case.id)).one()
    monkeypatch.setattr(story, "open", lambda: story.case_id)
    story.reach(state)

    (late,) = line.bring(AGAIN[0], body=AGAIN[1], now=NOW + timedelta(days=days))

    assert (event_of(late).id == event_of(first).id) is joins
    assert bool(journal_of("case_items_joined")) is joins
    assert pipeline.open_cases(now=NOW + timedelta(days=days)) == (not joins)
