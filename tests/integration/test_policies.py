"""A policy on its way through the register, on both databases: filed, asked, signed, released, watched, looked back on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from opinion_service.domain.errors import Forbidden, IllegalMove, InvalidInput, NotFound, StaleCase
from opinion_service.domain.policies.assessment import ForeseenConcern, PolicyRisk, PolicyText
from opinion_service.domain.policies.states import PolicyAction
from opinion_service.models import (
    AuditEvent,
    Event,
    Item,
    OutboxMail,
    Policy,
    PolicyConcern,
    PolicyHistory,
    PolicyLink,
    PolicyOpinion,
    PolicyReview,
    PolicyVersion,
    Source,
)
from opinion_service.queries.policies import register
from opinion_service.services.casework import triage
from opinion_service.services.policies import consulting, filing, reviewing, signing, watching
from opinion_service.services.policies.policy_book import Seen
from opinion_service.services.transaction import transaction
from tests.integration.test_access import client_of
from tests.integration.test_statements import counted
from tests.story import NOW, department, person

TEXT = PolicyText(
    title="中小学校服采购管理办法", edition="第二稿", groups="学生和家长", line="坚持自愿购买。", spokesperson="分管副局长",
    channels=("website", "press"), partners="市委宣传部、市委网信办", interpretation_plan="同步发布问答",
    interpretation_material="校服十问十答", is_organised=True, conclusion="controllable", keywords=("校服",),
    concerns=(ForeseenConcern("会不会强制购买？", "不会，自愿购买。", ("强制",)), ForeseenConcern("多少钱一套？", "按成本。")),
    risks=(PolicyRisk("误读为涨价", 2, 3, "开学季", "公示成本"),),
)  # fmt: skip
FORM = signing.Release("益教发〔2026〕8号", "https://www.example.gov.cn/8", is_rolled_out=True)

TYPED = {
    "title": "公交票价调整", "edition": "一稿", "groups": "乘客", "line": "公开成本", "spokesperson": "副局长",
    "channels": ["website"], "partners": "宣传部", "interpretation_plan": "问答", "interpretation_material": "图解",
    "is_organised": "1", "conclusion": "adjusted", "conclusion_note": "增加换乘优惠", "keywords": "票价 公交+涨价",
    "watch_days": "30", "concern_id": ["", ""], "question": ["涨多少？", ""], "answer": ["五角。", ""],
    "words": ["涨价", ""], "risk_description": ["集中投诉", ""], "likelihood": ["4", "3"], "impact": ["4", "3"],
    "risk_trigger": ["调价当日", ""], "measure": ["增派话务", ""],
}  # fmt: skip


class Desk:
    """The acts on one policy; every act takes one minute."""

    def __init__(self) -> None:
        self.id, self.at = 0, NOW

    def tick(self) -> datetime:
        self.at += timedelta(minutes=1)
        return self.at

    @property
    def policy(self) -> Policy:
        with transaction() as session:
            return session.get_one(Policy, self.id)

    @property
    def seen(self) -> Seen:
        return Seen(self.id, self.policy.version)

    def rows(self, model: type) -> list:
        with transaction() as session:
            return list(session.scalars(select(model).where(model.policy_id == self.id).order_by(model.id)))

    def file(self, text: PolicyText = TEXT, login: str = "handler") -> int:
        self.id = filing.file(text, actor=person(login), now=self.tick())
        return self.id

    def ask(self, *codes: str, with_desk: bool = False) -> None:
        asking = consulting.Asking(tuple(map(department, codes)), with_desk, "请看第三条", date(2026, 3, 10))
        consulting.ask(self.seen, asking, actor=person("handler"), now=self.tick())

    def answer(self, login: str, stance: str = "agreed", text: str = "") -> None:
        actor = person(login)
        row = next(one for one in self.rows(PolicyOpinion) if one.department_id == actor.department_id)
        consulting.answer(row.id, self.seen, stance, text, actor=actor, now=self.tick())

    def submit(self) -> None:
        signing.submit(self.seen, actor=person("handler"), now=self.tick())

    def sign(self, login: str = "approver", is_cosigned: bool = True) -> None:
        signing.sign(self.seen, is_cosigned=is_cosigned, note="", actor=person(login), now=self.tick())

    def release(self, form: signing.Release = FORM, login: str = "liaison") -> None:
        signing.release(self.seen, form, actor=person(login), now=self.tick())

    def reach(self, state: str) -> "Desk":
        order = ("drafting", "consulting", "in_review", "signed", "released")
        for name in order[: order.index(state) + 1]:
            match name:
                case "drafting":
                    self.file()
                case "consulting":
                    self.ask("gaj")
                    self.answer("co_handler")
                case "in_review":
                    self.submit()
                case "signed":
                    self.sign()
                case "released":
                    self.release()
        return self


@pytest.fixture
def desk(app: Flask) -> Iterator[Desk]:
    with app.app_context():
        yield Desk()


def heard(title: str, at: datetime, body: str = "") -> int:
    """Write down an analysed item in an event of its own and return the event's id."""
    with transaction() as session:
        source = session.scalar(select(Source).limit(1)) or Source(
            name="论坛", kind="import", created_at=NOW, next_check_at=NOW
        )
        event = Event(title=title, first_seen_at=at, last_item_at=at, item_count=1)
        session.add_all((source, event))
        session.flush()
        session.add(
            Item(
                source_id=source.id, identity=title, title=title, body=body, first_seen_at=at, content_hash="h",
                fingerprint=title, analysed_at=at, event_id=event.id, band="neutral", nature="news",
            )
        )  # fmt: skip
        return event.id


def test_a_policy_goes_from_filing_to_its_last_look_back(desk: Desk) -> None:
    desk.reach("released")
    released = desk.policy.released_at
    hit = heard("学校强制买校服", released + timedelta(hours=1))
    miss = heard("校服颜色难看", released + timedelta(hours=2))
    heard("校服旧闻", released - timedelta(hours=1))
    heard("公交改线", released + timedelta(hours=3))
    later = released + timedelta(days=1)
    assert watching.look(now=later) == 3
    assert watching.look(now=later) == 0

    links = {link.event_id: link for link in desk.rows(PolicyLink)}
    assert set(links) == {hit, miss}
    concern = desk.rows(PolicyConcern)[0]
    assert links[hit].concern_id == concern.id
    assert "强制购买" in links[hit].reason
    for day in (7, 30):
        reviewing.review(
            desk.seen, day, "对照完毕", "", actor=person("handler"), now=released + timedelta(days=day, hours=2)
        )
    assert desk.policy.state == "reviewed"
    kept = desk.rows(PolicyReview)[0].comparison
    assert [one["question"] for one in kept["came"]] == ["会不会强制购买？"]
    assert kept["stayed_away"] == ["多少钱一套？"]
    assert [one["title"] for one in kept["unforeseen"]] == ["校服颜色难看"]
    with transaction() as session:
        ids = select(PolicyHistory.audit_event_id).where(PolicyHistory.policy_id == desk.id)
        told = list(session.scalars(select(AuditEvent.kind).where(AuditEvent.id.in_(ids)).order_by(AuditEvent.id)))
    assert told == [
        "policy_filed", "policy_ask", "policy_answer", "policy_submit", "policy_sign", "policy_release",
        "policy_linked", "policy_linked", "policy_review", "policy_review",
    ]  # fmt: skip


def test_a_link_taken_away_stays_away_and_can_be_brought_back(desk: Desk) -> None:
    desk.reach("released")
    heard("校服店开业", desk.at)
    watching.look(now=desk.at + timedelta(hours=1))
    link = desk.rows(PolicyLink)[0]
    with pytest.raises(InvalidInput):
        watching.take_away(link.id, desk.seen, " ", actor=person("handler"), now=desk.tick())
    watching.take_away(link.id, desk.seen, "商业广告", actor=person("handler"), now=desk.tick())
    with transaction() as session:
        session.execute(update(Policy).values(watched_to=Policy.released_at))
    watching.look(now=desk.at + timedelta(hours=2))
    assert desk.rows(PolicyLink)[0].removed_reason == "商业广告"

    watching.bring_back(link.id, desk.seen, actor=person("liaison"), now=desk.tick())
    concern = desk.rows(PolicyConcern)[1]
    watching.sort(link.id, desk.seen, concern.id, actor=person("handler"), now=desk.tick())
    row = desk.rows(PolicyLink)[0]
    assert (row.removed_at, row.concern_id, row.is_sorted_by_hand) == (None, concern.id, True)
    with pytest.raises((Forbidden, NotFound)):
        watching.sort(link.id, desk.seen, None, actor=person("foreign_handler"), now=desk.tick())


def test_what_is_not_ready_is_named_and_stops_the_signature(desk: Desk) -> None:
    desk.file(replace(TEXT, spokesperson="", keywords=()))

    with pytest.raises(signing.PolicyNotReady) as refused:
        desk.submit()

    assert [gap.words for gap in refused.value.missing] == [
        "应对处置预案未明确发言人", "未填写出台后观察用的关键词", "尚未征求其他单位或联络员的意见",
    ]  # fmt: skip
    assert desk.policy.state == "drafting"


@pytest.mark.parametrize("login", ["handler", "liaison", "supervisor", "foreign_approver", "co_approver"])
def test_only_the_units_own_approver_signs(desk: Desk, login: str) -> None:
    desk.reach("in_review")
    with pytest.raises((Forbidden, NotFound)):
        desk.sign(login)
    with pytest.raises(InvalidInput):
        desk.sign("approver", is_cosigned=False)
    assert desk.policy.signed_at is None


def test_the_database_refuses_a_signature_by_the_author(desk: Desk) -> None:
    desk.reach("signed")
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(update(Policy).values(signed_by_id=Policy.author_id))


@pytest.mark.parametrize(
    "values",
    [
        {"signed_at": None, "signed_by_id": None}, {"released_at": None, "watch_until": None}, {"conclusion": "uncontrollable"},
        {"document_number": ""}, {"watch_days": 29}, {"state": "drafting"},
    ],
)  # fmt: skip
def test_the_database_keeps_the_facts_of_a_release(desk: Desk, values: dict) -> None:
    desk.reach("released")
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(update(Policy).values(values))


@pytest.mark.parametrize(
    ("form", "error"),
    [
        (replace(FORM, document_number=" "), InvalidInput), (replace(FORM, is_rolled_out=False), InvalidInput),
        (replace(FORM, url="javascript:alert(1)"), InvalidInput),
        (replace(FORM, released_at=NOW - timedelta(days=1)), InvalidInput),
        (replace(FORM, released_at=NOW + timedelta(days=9)), InvalidInput),
    ],
)  # fmt: skip
def test_a_release_needs_its_number_its_time_and_its_interpretation(
    desk: Desk, form: signing.Release, error: type
) -> None:
    desk.reach("signed")
    with pytest.raises(error):
        desk.release(form)
    assert desk.policy.released_at is None


def test_a_signature_taken_back_has_to_be_given_again(desk: Desk) -> None:
    desk.reach("signed")
    signing.send_back(desk.seen, PolicyAction.TAKE_BACK, "文字有误", actor=person("approver"), now=desk.tick())
    assert (desk.policy.state, desk.policy.signed_by_id) == ("consulting", None)
    with pytest.raises(IllegalMove):
        desk.release()


def test_every_saved_version_is_kept_and_an_old_form_is_refused(desk: Desk) -> None:
    desk.file()
    old = desk.seen
    concerns = tuple(
        ForeseenConcern(row.question, row.answer, tuple(row.words), row.id) for row in desk.rows(PolicyConcern)
    )
    changed = replace(TEXT, line="自愿、公开。", concerns=concerns[:1])
    assert filing.save(desk.seen, changed, "改口径", actor=person("handler"), now=desk.tick()) == 2

    with pytest.raises(StaleCase):
        filing.save(old, TEXT, "", actor=person("handler"), now=desk.tick())
    kept = desk.rows(PolicyVersion)
    assert [row.content["line"] for row in kept] == ["坚持自愿购买。", "自愿、公开。"]
    assert [row.id for row in desk.rows(PolicyConcern)] == [concerns[0].id]


def test_opinions_are_answered_by_those_who_were_asked(desk: Desk) -> None:
    desk.file()
    desk.ask("gaj", with_desk=True)
    rows = desk.rows(PolicyOpinion)
    with pytest.raises(NotFound):
        consulting.answer(rows[1].id, desk.seen, "agreed", "", actor=person("co_handler"), now=desk.tick())
    with pytest.raises(InvalidInput):
        desk.answer("co_handler", "opposed")
    desk.answer("co_handler", "opposed", "价格未公示")
    desk.answer("liaison")
    with pytest.raises(InvalidInput, match="不重复"):
        desk.ask("jyj")
    with pytest.raises(signing.PolicyNotReady):
        desk.submit()
    consulting.reply(rows[0].id, desk.seen, "已增加公示条款", actor=person("handler"), now=desk.tick())
    desk.submit()
    assert desk.policy.state == "in_review"


@pytest.mark.parametrize(("hours", "error"), [(-25, IllegalMove), (-24, None), (5, None)])
def test_a_look_back_opens_on_its_day(desk: Desk, hours: int, error: type | None) -> None:
    desk.reach("released")
    at = desk.rows(PolicyReview)[0].due_at + timedelta(hours=hours)
    with pytest.raises(IllegalMove):
        reviewing.review(desk.seen, 30, "抢先", "", actor=person("handler"), now=at)
    if error:
        with pytest.raises(error):
            reviewing.review(desk.seen, 7, "完成", "", actor=person("handler"), now=at)
    else:
        reviewing.review(desk.seen, 7, "完成", "", actor=person("handler"), now=at)


def test_a_look_back_is_announced_once(desk: Desk) -> None:
    desk.reach("released")
    due = desk.rows(PolicyReview)[0].due_at
    assert watching.remind(now=due - timedelta(days=1, seconds=1)) == 0
    assert watching.remind(now=due - timedelta(days=1)) == 2
    assert watching.remind(now=due) == 0
    with transaction() as session:
        mails = session.scalars(select(OutboxMail).where(OutboxMail.kind == "policy_review")).all()
    assert sorted(mail.recipient for mail in mails) == ["approver@desk.example", "handler@desk.example"]
    assert all("口径" not in mail.body for mail in mails)


def test_a_role_finds_what_waits_for_it(desk: Desk) -> None:
    desk.file()
    desk.ask("gaj", with_desk=True)
    actors = {login: person(login) for login in ("liaison", "co_handler", "approver", "handler", "supervisor")}

    def found(login: str, at: datetime | None = None) -> list[str]:
        with transaction() as session:
            return [todo.url for todo in register.todos(session, actors[login], now=at or desk.at) if todo.count]

    assert found("liaison") == found("co_handler") == ["/policies?waiting=opinion"]
    assert found("handler") == []
    desk.answer("co_handler")
    desk.answer("liaison")
    desk.submit()
    assert found("approver") == ["/policies?waiting=sign"]
    desk.sign()
    assert found("handler") == found("liaison") == ["/policies?waiting=release"]
    desk.release()
    due = desk.rows(PolicyReview)[0].due_at
    assert found("handler", due - timedelta(days=1, seconds=1)) == []
    assert found("handler", due) == found("supervisor", due) == ["/policies?waiting=review"]


@pytest.mark.parametrize(
    ("login", "status"),
    [("handler", 200), ("co_handler", 200), ("foreign_handler", 404), ("auditor", 200), ("admin", 403)],
)
def test_a_department_sees_its_own_and_what_it_was_asked(sqlite_app: Flask, login: str, status: int) -> None:
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    with sqlite_app.app_context():
        desk = Desk().reach("released")
    client = client_of(sqlite_app, login)

    assert client.get(f"/policies/{desk.id}").status_code == status
    assert client.get(f"/policies/{desk.id}/versions").status_code == status
    assert (TEXT.title in client.get("/policies").text) is (status == 200)
    if status != 200:
        sent = client.post(f"/policies/{desk.id}/links/1", data={"action": "place", "version": 9})
        assert sent.status_code == status


def test_the_pages_send_a_bounded_number_of_statements(sqlite_app: Flask) -> None:
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    with sqlite_app.app_context():
        desk = Desk().reach("released")
        for number in range(3):
            heard(f"校服第 {number} 件", desk.at)
        watching.look(now=desk.at + timedelta(hours=1))
    client = client_of(sqlite_app, "handler")
    paths = ("/policies", "/policies?sort=filed&dir=asc&waiting=review&q=校服", f"/policies/{desk.id}", "/")

    def cost(path: str) -> int:
        client.get(path)
        with counted(sqlite_app) as statements:
            assert client.get(path).status_code == 200
        return len(statements)

    few = [cost(path) for path in paths]
    with sqlite_app.app_context():
        for number in range(10):
            heard(f"校服新 {number} 件", desk.at)
            Desk().reach("in_review")
        watching.look(now=desk.at + timedelta(hours=2))
    assert [cost(path) for path in paths] == few
    assert max(few) < 25


def test_a_linked_event_and_its_case_name_the_policy(sqlite_app: Flask) -> None:
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    with sqlite_app.app_context():
        desk = Desk().reach("released")
        event_id = heard("学校强制买校服", desk.at)
        watching.look(now=desk.at + timedelta(hours=1))
        number = triage.open_by_hand(event_id, actor=person("liaison"), now=desk.at + timedelta(hours=2))
    client = client_of(sqlite_app, "liaison")
    for path in (f"/events/{event_id}", f"/cases/{number}"):
        assert f'href="/policies/{desk.id}"' in client.get(path).text
    assert number in client.get(f"/policies/{desk.id}").text
    assert number not in client_of(sqlite_app, "co_handler").get(f"/policies/{desk.id}").text


def test_the_list_is_paged_by_key(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        for _ in range(register.PAGE + 2):
            Desk().file()
        actor = person("handler")
        with transaction() as session:
            for descending in (True, False):
                for sort in register.SORTS:
                    wanted = register.PolicyFilter(sort=sort, descending=descending)
                    first = register.list_policies(session, actor, wanted, now=NOW)
                    rest = register.list_policies(session, actor, replace(wanted, after=first.after), now=NOW)
                    assert (len(first.rows), len(rest.rows), rest.after) == (register.PAGE, 2, "")
                    assert not {row.id for row in first.rows} & {row.id for row in rest.rows}


def test_the_forms_take_a_policy_through_over_http(sqlite_app: Flask) -> None:
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    handler, approver, liaison = (client_of(sqlite_app, login) for login in ("handler", "approver", "liaison"))
    handler.post("/scratch", data={"form": "policy-new", "title": "公交票价"})
    assert "公交票价" in handler.get("/policies/new").text
    made = handler.post("/policies/new", data=TYPED)
    assert "公交票价" not in handler.get("/policies/new").text
    assert made.status_code == 302
    path = made.location.partition("#")[0]
    page = handler.get(path).text
    assert "尚未征求其他单位或联络员的意见" in page
    assert "高 16" in page

    ask = {"version": 1, "with_desk": "1", "due_on": "2099-01-01", "about": "请看"}
    assert handler.post(f"{path}/opinions", data=ask).status_code == 302
    with sqlite_app.app_context(), transaction() as session:
        opinion_id = session.scalars(select(PolicyOpinion.id)).one()
    stale = liaison.post(f"{path}/opinions/{opinion_id}", data={"version": 1, "stance": "agreed", "text": "看过"})
    assert stale.status_code == 409
    assert f'href="{path}"' in stale.text
    assert "看过" in stale.text
    assert liaison.post(f"{path}/opinions/{opinion_id}", data={"version": 2, "stance": "agreed"}).status_code == 302
    assert handler.post(f"{path}/decide", data={"version": 3, "action": "submit"}).status_code == 302
    assert handler.post(f"{path}/decide", data={"version": 4, "action": "sign", "is_cosigned": "1"}).status_code == 403
    assert approver.post(f"{path}/decide", data={"version": 4, "action": "sign"}).status_code == 422
    signed = {"version": 4, "action": "sign", "is_cosigned": "1"}
    assert approver.post(f"{path}/decide", data=signed).status_code == 302
    assert approver.post(f"{path}/decide", data=signed).status_code == 409
    released = {"version": 5, "document_number": "益交发〔2026〕1号", "is_rolled_out": "1"}
    assert liaison.post(f"{path}/release", data=released).status_code == 302
    shown = handler.get(path).text
    assert "出台观察中" in shown
    assert "未出现" in shown
    assert handler.get(f"{path}/edit").status_code == 403
