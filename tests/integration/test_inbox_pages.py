"""The pages of the inbox and what lies beside a case: what they show, what they cost, and where they lead."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from opinion_service import clock
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.casework.inbox_acts import InboxAct
from opinion_service.models import Case, Draft, Item, Presence, db
from opinion_service.queries.casework import history
from opinion_service.queries.casework.history import HistoryFilter
from opinion_service.services.casework import attachments, inbox, presence, saved_views, tasks
from opinion_service.services.transaction import transaction
from tests.grouping import Line, negative
from tests.integration.test_inbox import case_of, event_of, new_event, settle
from tests.integration.test_statements import counted
from tests.story import NOW, PASSWORD, REPLY, Story, department, person

MOST_STATEMENTS, MOST_OF_A_CASE = 55, 80


@pytest.fixture
def desk(sqlite_app: Flask) -> Flask:
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    return sqlite_app


def client_of(app: Flask, login: str) -> FlaskClient:
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302
    return client


def cost(app: Flask, path: str) -> int:
    client = client_of(app, "liaison")
    client.get(path)
    with counted(app) as statements:
        assert client.get(path).status_code == 200
    return len(statements)


def lay_events(monkeypatch, count: int) -> None:
    monkeypatch.setattr("opinion_service.adapters.snownlp_model.score_many", negative)
    line = Line(f"论坛{count}")
    for number in range(count):
        line.bring(f"资江二桥{number}号墩施工扬尘扰民，夜间仍在作业", body="扬尘什么时候能治住？")


def lay_beside(case_id: int, count: int) -> None:
    liaison, at = person("liaison"), clock.now()
    for number in range(count):
        tasks.add(
            case_id,
            tasks.NewTask(f"任务{number}", liaison.user_id, at.date() + timedelta(days=2)),
            actor=liaison,
            now=at,
        )
        attachments.attach(case_id, f"{number}.txt", f"附件{number}".encode(), actor=liaison, now=at)
    for login in ("liaison2", "supervisor", "handler", "approver")[:count]:
        presence.look(case_id, is_writing=True, actor=person(login), now=at)


def test_the_inbox_costs_the_same_however_much_waits(desk: Flask, monkeypatch) -> None:
    measured = {}
    for count in (1, 9):
        with desk.app_context():
            lay_events(monkeypatch, count)
            liaison = person("liaison")
            for number in range(count):
                event_id = new_event(f"长椅{count}-{number}", unit="jyj")
                inbox.settle(inbox.Order(event_id, 0, InboxAct.OPEN), actor=liaison, now=NOW)
                view = saved_views.NewView("triage", f"{count}-{number}", "state=events", False)
                saved_views.save(view, actor=liaison, now=NOW)
            with transaction() as session:
                first = session.scalars(select(Item.event_id).order_by(Item.id)).first()
        measured[count] = (cost(desk, "/triage"), cost(desk, f"/triage?event={first}"))
    assert "扬尘什么时候能治住" in client_of(desk, "liaison").get(f"/triage?event={first}").text
    # A todo that is one case only leads straight to it, which is one statement more.
    assert measured[9] <= measured[1]
    assert max(measured[9]) <= MOST_STATEMENTS


def test_the_case_page_costs_the_same_however_much_lies_beside_it(desk: Flask) -> None:
    measured = {}
    for count in (1, 4):
        with desk.app_context():
            story = Story()
            lay_beside(story.reach("published"), count)
            number = story.case.number
        measured[count] = cost(desk, f"/cases/{number}")
    assert measured[1] == measured[4]
    assert measured[4] <= MOST_OF_A_CASE


def test_the_first_row_is_shown_and_an_act_leads_back_to_the_same_list(desk: Flask) -> None:
    with desk.app_context():
        event_id, unit = new_event("<b>长椅</b>损坏", heat=90.0, unit="jyj"), department("jyj")
    client = client_of(desk, "liaison")
    page = client.get("/triage?q=长椅").text
    assert "&lt;b&gt;长椅&lt;/b&gt;损坏" in page
    assert "<b>长椅</b>" not in page
    back = re.search(r'name="back" value="([^"]*)"', page)[1].replace("&amp;", "&")
    data = {"action": "dispatch", "version": 0, "department_id": unit, "back": f"{back}&event={event_id}"}
    answer = client.post(f"/triage/{event_id}/act", data=data)
    assert (answer.status_code, answer.location) == (302, "/triage?q=%E9%95%BF%E6%A4%85")
    assert client.get(f"/triage?event={event_id}").status_code == 200
    assert client.get("/triage?event=999999").status_code == 404


@pytest.mark.parametrize(("query", "first"), [("state=cases", "急件"), ("state=cases&sort=heat", "最热"), ("", "最热")])
def test_cases_that_wait_come_by_deadline_until_sorted_otherwise(desk: Flask, query: str, first: str) -> None:
    with desk.app_context():
        for title, heat, hours in (("最热", 9.0, 20), ("急件", 1.0, 2)):
            event_id = new_event(title, heat=heat)
            settle(event_id, InboxAct.OPEN)
            case_id = case_of(event_id).id
            with transaction() as session:
                session.get_one(Case, case_id).next_due_at = NOW + timedelta(hours=hours)
    page = client_of(desk, "liaison").get(f"/triage?{query}").text
    assert min(("最热", "急件"), key=page.index) == first


def test_an_act_leads_on_to_the_row_after_and_from_the_last_to_the_one_before(desk: Flask) -> None:
    with desk.app_context():
        first, second, third = (new_event(f"长椅{heat}", heat=heat) for heat in (9.0, 8.0, 7.0))
    client = client_of(desk, "liaison")
    for here, following in ((first, second), (second, third), (third, second)):
        page = client.get(f"/triage?sort=heat&event={here}").text
        assert set(re.findall(r'name="next" value="(\d*)"', page)) == {str(following)}
    data = {"action": "open", "version": 0, "back": f"sort=heat&after=9|1&event={second}", "next": third}
    answer = client.post(f"/triage/{second}/act", data=data)
    assert answer.location == f"/triage?sort=heat&after=9%7C1&event={third}"


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/?a=1", "a=1\r\nSet-Cookie: x=1"])
def test_an_act_never_leads_away(desk: Flask, back: str) -> None:
    with desk.app_context():
        event_id = new_event()
    data = {"action": "open", "version": 0, "back": back}
    answer = client_of(desk, "liaison").post(f"/triage/{event_id}/act", data=data)
    assert re.fullmatch(r"/triage(\?[\w%+.=&-]*)?", answer.location)


def test_many_at_once_are_summed_up_before_anything_happens(desk: Flask) -> None:
    with desk.app_context():
        sure, unsure, gone = new_event("有单位", unit="jyj"), new_event("无单位"), new_event("已移出", unit="jyj")
        order = inbox.Order(gone, 0, InboxAct.DISMISS, "无关")
        inbox.settle(order, actor=person("liaison"), now=NOW)
        unit = department("jyj")
    client = client_of(desk, "liaison")
    summary = client.post("/triage/bulk", data={"action": "dispatch", "row": [sure, unsure]}).text
    assert "将办理 1 条，跳过 1 条" in summary
    assert "没有建议承办单位，请单独交办。" in summary
    rows = re.findall(r'name="row" value="([^"]+)"', summary)
    assert rows == [f"{sure}:0:{unit}"]
    with desk.app_context():
        assert case_of(sure) is None
    done = client.post("/triage/bulk/run", data={"action": "dispatch", "row": [*rows, f"{gone}:5:", "x:y"]}).text
    assert "已办理 1 条，未办理 1 条" in done
    with desk.app_context():
        assert (case_of(sure).state, event_of(gone).state) == ("dispatched", "dismissed")
    again = client.post("/triage/bulk/run", data={"action": "dispatch", "row": rows}).text
    assert "已办理 0 条，未办理 1 条" in again


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("/triage/bulk", {"action": "dispatch"}, 422),
        ("/triage/bulk", {"action": "erase", "row": 1}, 400),
        ("/triage/bulk/run", {"action": "open", "row": "junk"}, 422),
        ("/triage/1/act", {"action": ""}, 400),
        ("/views", {"page": "cases", "name": ""}, 422),
        ("/views", {"page": "elsewhere", "name": "甲"}, 422),
        ("/views/7/drop", {}, 404),
        ("/triage/bulk", {"action": "open", "row": "9" * 30}, 200),
        ("/triage/bulk/run", {"action": "open", "row": f"{'9' * 30}:0:"}, 422),
        (f"/triage/{'9' * 30}/act", {"action": "open"}, 404),
        ("/triage/99999/act", {"action": "dispatch", "department_id": "9" * 30}, 404),
    ],
)
def test_a_wrong_form_is_refused(desk: Flask, path: str, data: dict, status: int) -> None:
    assert client_of(desk, "liaison").post(path, data=data).status_code == status


def test_a_view_is_a_tab_with_its_count(desk: Flask) -> None:
    with desk.app_context():
        Story().reach("accepted")
        new_event("长椅损坏")
    client = client_of(desk, "liaison")
    saved = client.post("/views", data={"page": "cases", "name": "已签收的", "query": "state=accepted&after=1|2"})
    assert saved.location == "/cases?state=accepted"
    assert re.search(
        r'href="/cases\?state=accepted" aria-current="true">已签收的<span class="n">1<', client.get(saved.location).text
    )
    client.post("/views", data={"page": "triage", "name": "长椅", "query": "q=长椅"})
    assert re.search(r'>长椅<span class="n">1<', client.get("/triage").text)
    assert client.post("/views/1/drop").location == "/cases"


def test_the_second_to_save_sees_both_texts_and_saves_what_was_typed_after_all(desk: Flask) -> None:
    with desk.app_context():
        story = Story()
        case_id = story.reach("drafting")
        number, shown = story.case.number, story.case.version
        story.draft()
    handler = client_of(desk, "handler")
    typed = {
        "response_kind": "hardship", "title": REPLY.title, "facts": REPLY.facts.replace("五人", "六人"),
        "measures": REPLY.measures, "unit": REPLY.unit, "contact": REPLY.contact, "result": "<i>停岗</i>",
    }  # fmt: skip
    answer = handler.post(f"/cases/{number}/draft", data={**typed, "version": shown})
    assert answer.status_code == 409
    assert "<del>五</del><ins>六</ins>人" in answer.text
    assert REPLY.facts in answer.text
    assert "&lt;i&gt;停岗&lt;/i&gt;" in answer.text
    version = re.search(r'name="version" value="(\d+)"', answer.text)[1]
    kept = {name: text for name, text in typed.items() if f'name="{name}"' in answer.text}
    assert kept == typed

    assert handler.post(f"/cases/{number}/draft", data={**kept, "version": version}).status_code == 302
    with desk.app_context(), transaction() as session:
        latest = session.scalars(select(Draft.facts).where(Draft.case_id == case_id).order_by(Draft.id.desc())).first()
    assert latest == typed["facts"]


def test_a_list_of_concerns_that_came_too_late_is_compared_row_by_row(desk: Flask) -> None:
    with desk.app_context():
        story = Story()
        story.reach("accepted")
        shown = story.case.version
        story.cover()
        number, concern = story.case.number, story.concerns()[0]
    typed = {
        "concern_id": [str(concern.id), ""], "question": ["校车为什么会超员？", "谁负责？"], "outcome": ["open", "open"],
        "passage": [concern.passage, ""], "promised_on": ["", ""], "proposal": ["", ""], "version": shown,
    }  # fmt: skip
    handler = client_of(desk, "handler")
    answer = handler.post(f"/cases/{number}/concerns", data=typed)
    assert answer.status_code == 409
    assert "校车为什么<ins>会</ins>超员？" in answer.text
    assert re.findall(r"<textarea[^>]* name=\"question\"[^>]*>\n([^<]*)<", answer.text) == typed["question"]
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', answer.text)
    assert [value for name, value in hidden if name == "concern_id"] == typed["concern_id"]
    typed["version"] = dict(hidden)["version"]
    assert handler.post(f"/cases/{number}/concerns", data=typed).status_code == 302
    with desk.app_context():
        assert [one.question for one in story.concerns()] == typed["question"]


def test_a_note_that_came_too_late_is_kept_and_what_happened_meanwhile_is_told(desk: Flask) -> None:
    with desk.app_context():
        story = Story()
        story.reach("accepted")
        number, shown = story.case.number, story.case.version
        story.act("liaison", CaseAction.NOTE, note="已电话提醒")
    data = {"action": "note", "note": "请核对<人数>", "version": shown}
    answer = client_of(desk, "handler").post(f"/cases/{number}/act", data=data)
    assert answer.status_code == 409
    assert "请核对&lt;人数&gt;</textarea>" in answer.text
    assert "已电话提醒" in answer.text
    foreign = client_of(desk, "foreign_handler").post(f"/cases/{number}/act", data=data)
    assert foreign.status_code == 404
    assert "已电话提醒" not in foreign.text


def test_the_history_is_narrowed_by_kind_person_and_round(story: Story) -> None:
    case_id = story.reach("closed")
    story.act("liaison", CaseAction.NOTE, note="回访满意")
    story.act("supervisor", CaseAction.REOPEN, note="群众再次反映")
    story.accept()

    def told(**wanted) -> list[str]:
        page = history.history(db.session(), case_id, HistoryFilter(**wanted))
        db.session.rollback()
        return [entry.code for entry in page.entries]

    everything = told()
    assert told(kind="internal") == ["case_note"]
    assert told(kind="public") == ["case_publish"]
    assert sorted(told(kind="person") + told(kind="system") + told(kind="internal") + told(kind="public")) == sorted(
        everything
    )
    assert told(person_id=person("supervisor").user_id) == ["case_reopen"]
    assert told(round=2) == ["case_reopen", "case_accept"]
    assert told(round=1) == everything[:-2]
    assert told(round=3) == told(kind="nonsense") == everything


def test_the_history_is_paged_from_the_end(story: Story, monkeypatch) -> None:
    monkeypatch.setattr(history, "PAGE", 2)
    case_id = story.reach("drafting")
    seen, before = [], ""
    for _ in range(20):
        page = history.history(db.session(), case_id, HistoryFilter(before=before))
        seen = [entry.id for entry in page.entries] + seen
        before = page.earlier
        if not before:
            break
    assert len(seen) > 4
    assert seen == sorted(set(seen))


def test_technical_details_and_what_is_beside_are_on_the_page(desk: Flask) -> None:
    with desk.app_context():
        story = Story()
        lay_beside(story.reach("accepted"), 1)
        number = story.case.number
    page = client_of(desk, "liaison").get(f"/cases/{number}?hk=person&hr=1#history").text
    assert "任务0" in page
    assert "0.txt" in page
    assert "正在填写本案" in page
    assert re.search(r"<code class=\"break\">[0-9a-f]{64}</code>", page)
    reader = client_of(desk, "auditor").get(f"/cases/{number}").text
    assert "任务0" in reader
    assert f"/cases/{number}/tasks" not in reader


def test_a_sign_of_life_says_who_else_is_there_and_keeps_no_session_alive(desk: Flask) -> None:
    with desk.app_context():
        story = Story()
        story.reach("accepted")
        number = story.case.number
    handler, liaison = client_of(desk, "handler"), client_of(desk, "liaison")
    assert "联络员·liaison" not in handler.post(f"/cases/{number}/presence").text
    assert "联络员·liaison" not in liaison.post(f"/cases/{number}/presence", data={"writing": "1"}).text
    assert "联络员·liaison正在填写本案" in handler.post(f"/cases/{number}/presence").text
    with handler.session_transaction() as cookie:
        cookie["touched"] = 0
    handler.post(f"/cases/{number}/presence")
    with handler.session_transaction() as cookie:
        assert cookie["touched"] == 0
    assert client_of(desk, "foreign_handler").post(f"/cases/{number}/presence").status_code == 404
    assert liaison.post(f"/cases/{number}/presence", data={"left": "1"}).status_code == 204
    with desk.app_context(), transaction() as session:
        assert len(session.scalars(select(Presence.user_id)).all()) == 1


def test_the_keys_can_be_read_without_a_script_and_turned_off(desk: Flask) -> None:
    client = client_of(desk, "handler")
    assert "<kbd>j / k</kbd>" in client.get("/keys").text
    client.post("/keys", data={"off": "1"})
    assert 'data-keys="off"' in client.get("/").text
    client.post("/keys", data={"off": ""})
    assert 'data-keys="off"' not in client.get("/").text


def test_only_a_liaison_acts_and_others_only_read(desk: Flask) -> None:
    with desk.app_context():
        event_id = new_event()
    for login, status in (("supervisor", 200), ("auditor", 200), ("handler", 403), ("admin", 403)):
        client = client_of(desk, login)
        answer = client.get("/triage")
        assert (login, answer.status_code) == (login, status)
        assert f"/triage/{event_id}/act" not in answer.text
        assert client.post(f"/triage/{event_id}/act", data={"action": "open", "version": 0}).status_code == 403
    with desk.app_context(), transaction() as session:
        assert session.scalars(select(Case.id)).all() == []
