"""The pages of the ladder: proof on the case, acknowledging, silences, papers, the outbox and its second try."""

import io
from datetime import timedelta

import pytest
from docx import Document
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from opinion_service import clock, pipeline
from opinion_service.domain.reminders.papers import Lateness, PaperKind, circular, overdue, paper_number
from opinion_service.models import Acknowledgement, Clock, LadderDocument, OutboxMail, Rung, Silence
from opinion_service.services.reminders import outbox
from opinion_service.services.transaction import transaction
from tests.integration.test_ladder import all_of, only, rungs_of, sweep
from tests.integration.test_statements import counted
from tests.story import NOW, PASSWORD, Story, department, person

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def desk(sqlite_app: Flask) -> Flask:
    sqlite_app.config.update(WTF_CSRF_ENABLED=False)
    return sqlite_app


def client_of(app: Flask, login: str) -> FlaskClient:
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302
    return client


def overdue_case(levels: int = 4) -> tuple[str, Clock]:
    """Bring a case to where `levels` rungs of its closure have fired, mails and all, as of the present."""
    story = Story()
    story.at = clock.now() - 40 * DAY
    story.reach("accepted")
    one = only(story, "closure")
    sweep(rungs_of(one)[levels].fire_at)
    while pipeline.deliver(now=clock.now()):
        pass
    return story.case.number, one


def test_the_case_shows_what_was_delivered_and_who_confirmed(desk: Flask) -> None:
    with desk.app_context():
        number, one = overdue_case(2)
        rung = rungs_of(one)[2]
    client = client_of(desk, "handler")
    page = client.get(f"/cases/{number}").text
    assert "4/4 已送达，尚无人确认" in page
    assert f"/rungs/{rung.id}/acknowledge" in page
    data = {"hours": "4", "note": "今日办结", "number": number}
    answer = client.post(f"/rungs/{rung.id}/acknowledge", data=data)
    assert answer.location == f"/cases/{number}"
    page = client.get(answer.location).text
    assert "4/4 已送达，末次确认" in page
    assert "今日办结" in page
    assert f"/rungs/{rung.id}/acknowledge" not in page
    proof = client.get(f"/cases/{number}/ladder").text
    with desk.app_context():
        for mail in all_of(OutboxMail, OutboxMail.kind == "ladder"):
            assert mail.message_id.strip("<>") in proof
    assert "250 laid down in the spool" in proof
    assert client_of(desk, "foreign_handler").get(f"/cases/{number}/ladder").status_code == 404


def test_today_lists_what_told_the_reader_until_it_is_taken_in_hand(desk: Flask) -> None:
    with desk.app_context():
        _, one = overdue_case(3)
        rung = rungs_of(one)[3]
    assert "待您确认的催办" not in client_of(desk, "liaison").get("/").text  # the third rung told others
    client = client_of(desk, "approver")
    assert f"/rungs/{rung.id}/acknowledge" in client.get("/").text
    assert client.post(f"/rungs/{rung.id}/acknowledge", data={"hours": "1"}).location == "/"
    assert "待您确认的催办" not in client.get("/").text
    with desk.app_context():
        assert all_of(Acknowledgement)[0].rung_id == rung.id


@pytest.mark.parametrize(
    ("login", "data", "status"),
    [
        ("auditor", {"hours": "4"}, 403), ("handler", {"hours": "5"}, 422), ("handler", {}, 422),
        ("foreign_handler", {"hours": "4"}, 404),
    ],
)  # fmt: skip
def test_a_refused_acknowledgement_keeps_nothing(desk: Flask, login: str, data: dict, status: int) -> None:
    with desk.app_context():
        _, one = overdue_case(1)
        rung = rungs_of(one)[1]
    assert client_of(desk, login).post(f"/rungs/{rung.id}/acknowledge", data=data).status_code == status
    with desk.app_context():
        assert all_of(Acknowledgement) == []


def test_only_the_latest_rung_can_be_acknowledged(desk: Flask) -> None:
    with desk.app_context():
        _, one = overdue_case(2)
        first = rungs_of(one)[1]
    assert client_of(desk, "handler").post(f"/rungs/{first.id}/acknowledge", data={"hours": "1"}).status_code == 409


def test_a_supervisor_pauses_and_resumes_reminders(desk: Flask) -> None:
    with desk.app_context():
        number, _ = overdue_case(1)
    client = client_of(desk, "supervisor")
    form = {"case_number": number, "hours": "4", "reason": "系统演练"}
    assert client.post("/silences", data=form).status_code == 302
    assert "系统演练" in client.get("/silences?state=on").text
    assert "系统演练" in client.get(f"/cases/{number}").text
    with desk.app_context():
        silence = all_of(Silence)[0]
    assert client_of(desk, "liaison").post(f"/silences/{silence.id}/end").status_code == 403
    assert client.post(f"/silences/{silence.id}/end").status_code == 302
    assert "系统演练" not in client.get("/silences?state=on").text
    assert "系统演练" in client.get("/silences").text
    assert client.post("/silences", data={**form, "reason": ""}).status_code == 422


def test_papers_follow_the_rungs_in_order_with_numbers_of_their_own(desk: Flask) -> None:
    with desk.app_context():
        number, one = overdue_case(4)
        overdue_case(3)
        papers = all_of(LadderDocument)
        assert [(paper.kind, paper.serial) for paper in papers] == [
            ("reminder", 1), ("notice", 1), ("reminder", 2), ("notice", 2)
        ]  # fmt: skip
        assert papers[1].content["to"] == "市教育局："
        assert number in papers[1].content["paragraphs"][0]
        assert "仍未完成。" in papers[1].content["paragraphs"][0]
        last = rungs_of(one)[4]
    supervisor = client_of(desk, "supervisor")
    shown = supervisor.get("/papers?kind=notice").text
    assert f"催通〔{papers[1].year}〕1号" in shown
    assert "催办单</span>" not in shown
    assert papers[1].content["number"] in supervisor.get(f"/papers/{papers[1].id}").text
    file = supervisor.get(f"/papers/{papers[1].id}.docx")
    words = "\n".join(line.text for line in Document(io.BytesIO(file.data)).paragraphs)
    assert papers[1].content["number"] in words
    assert papers[1].content["paragraphs"][0] in words
    assert client_of(desk, "foreign_handler").get(f"/papers/{papers[1].id}").status_code == 404
    assert client_of(desk, "foreign_handler").get(f"/papers/{papers[1].id}.docx").status_code == 404
    assert f'value="{last.id}"' in supervisor.get("/circulars").text


def test_a_circular_takes_each_rung_once(desk: Flask) -> None:
    with desk.app_context():
        number, one = overdue_case(4)
        rungs = rungs_of(one)
    supervisor = client_of(desk, "supervisor")
    for wrong in ([], [rungs[3].id], [rungs[4].id, 10**6]):
        assert supervisor.post("/circulars", data={"rung_id": wrong}).status_code == 422
    assert client_of(desk, "liaison").post("/circulars", data={"rung_id": [rungs[4].id]}).status_code == 403
    answer = supervisor.post("/circulars", data={"rung_id": [rungs[4].id], "note": "请各单位引以为戒。"})
    page = supervisor.get(answer.location).text
    for words in (number, "请各单位引以为戒。", "已催办 3 次；未作说明", "市教育局"):
        assert words in page
    assert supervisor.post("/circulars", data={"rung_id": [rungs[4].id]}).status_code == 422
    assert "没有待通报事项" in supervisor.get("/circulars").text
    assert client_of(desk, "auditor").get(answer.location).status_code == 200
    assert client_of(desk, "handler").get(answer.location).status_code == 404
    file = supervisor.get(f"{answer.location}.docx")
    assert Document(io.BytesIO(file.data)).tables[0].rows[1].cells[2].text == number


def test_a_circular_is_ordered_by_department_and_lateness() -> None:
    rows = [
        Lateness("3", "丙", "", "研判", NOW - 9 * DAY, "内部"),
        Lateness("2", "乙", "市教育局", "办结", NOW - 8 * DAY, "内部"),
        Lateness("1", "甲", "市教育局", "办结", NOW - 9 * DAY, "内部", 3, "等待检测\n报告"),
    ]
    content = circular(paper_number(PaperKind.CIRCULAR, 2026, 7), rows, " ", now=NOW)
    assert content["number"] == "通报〔2026〕7号"
    assert [row[2] for row in content["rows"]] == ["1", "2", "3"]
    assert content["rows"][0][-1] == "已催办 3 次；说明：等待检测 报告"
    assert content["rows"][2][1] == "舆情联络员"
    assert len(content["paragraphs"]) == 2


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (timedelta(0), "已到期"), (timedelta(seconds=59), "已到期"), (timedelta(minutes=1), "已超 1 分钟"),
        (timedelta(hours=24), "已超 1 天"), (timedelta(days=2, hours=3, minutes=4), "已超 2 天 3 小时"),
        (timedelta(days=2, minutes=4), "已超 2 天 4 分钟"),
    ],
)  # fmt: skip
def test_lateness_reads_as_people_say_it(late: timedelta, words: str) -> None:
    assert overdue(NOW, NOW + late) == words


def _mail(number: int, **fields: object) -> None:
    now = clock.now()
    with transaction() as session:
        row = OutboxMail(
            message_id=f"<{number}@desk.example>", kind="ladder", recipient_id=person_id(session), recipient="a@desk.example",
            subject=f"催办 {number}", body="请办理。", created_at=now, next_try_at=now + timedelta(minutes=number),
        )  # fmt: skip
        for name, value in fields.items():
            setattr(row, name, value)
        session.add(row)


def person_id(session) -> int:
    from opinion_service.models import User

    return session.scalars(select(User.id).order_by(User.id)).first()


def test_the_outbox_filters_sorts_and_tries_again(desk: Flask) -> None:
    ago, held = clock.now() - HOUR, clock.now() + HOUR
    with desk.app_context():
        _mail(1, state="failed", reply="550 no such user")
        _mail(2, state="pending", next_try_at=ago)
        _mail(3, state="sent", sent_at=ago, bounced_at=ago + HOUR / 2, bounce="550 5.1.1 unknown")
        _mail(4, state="sending", lease_until=ago, lease_token="gone")
        _mail(5, state="sent", sent_at=ago)
        _mail(6, state="sending", lease_until=held, lease_token="x")
        _mail(7, state="uncertain")
        _mail(8, state="pending")
        ids = {mail.message_id[1]: mail.id for mail in all_of(OutboxMail)}
    client = client_of(desk, "supervisor")

    def listed(query: str) -> list[str]:
        text = client.get(f"/outbox?{query}").text
        return sorted((n for n in "12345678" if f"催办 {n}<" in text), key=lambda n: text.index(f"催办 {n}<"))

    expected = {
        "": "87654321", "dir=asc": "12345678", "sort=next&dir=asc": "21345678"[:1] + "1345678", "state=failed": "1",
        "state=stuck": "42", "state=bounced": "3", "state=sent": "5", "state=trouble": "4321", "state=uncertain": "7",
        "state=sending": "64", "state=pending": "82", "q=%3C4%40": "4", "kind=act": "", "state=failed&q=nothing": "",
    }  # fmt: skip
    assert {query: "".join(listed(query)) for query in expected} == expected
    page = client.get("/outbox").text
    for words in ("滞留", "退信", "550 5.1.1 unknown", "待确认"):
        assert words in page
    for number, status in {"5": 404, "6": 404, "1": 302, "2": 302, "3": 302, "4": 302, "7": 302}.items():
        assert client.post(f"/outbox/{ids[number]}/retry").status_code == status, number
    assert client_of(desk, "auditor").post(f"/outbox/{ids['1']}/retry").status_code == 403
    with desk.app_context():
        states = {mail.message_id[1]: mail.state for mail in all_of(OutboxMail)}
        assert states == {**dict.fromkeys("12347", "pending"), "5": "sent", "6": "sending", "8": "pending"}


def test_everything_lost_is_tried_again_at_once(desk: Flask) -> None:
    ago = clock.now() - HOUR
    with desk.app_context():
        _mail(1, state="failed")
        _mail(2, state="sent", sent_at=ago, bounced_at=ago, bounce="550")
        _mail(3, state="sent", sent_at=ago)
    client = client_of(desk, "admin")
    assert "封邮件滞留、失败或被退回" in client.get("/").text
    assert "2 封邮件" in client.post("/outbox/retry", follow_redirects=True).text
    with desk.app_context():
        assert [mail.state for mail in all_of(OutboxMail)] == ["pending", "pending", "sent"]
        while pipeline.deliver(now=clock.now() + HOUR):
            pass
    assert "封邮件滞留、失败或被退回" not in client.get("/").text


@pytest.mark.parametrize("sort", ["", "sort=next&dir=asc", "dir=asc"])
def test_the_outbox_pages_by_key_and_shows_every_mail_once(desk: Flask, sort: str) -> None:
    with desk.app_context():
        for number in range(65):
            _mail(number)
    client, seen, url = client_of(desk, "admin"), [], f"/outbox?{sort}"
    for _ in range(4):
        text = client.get(url).text
        seen += [n for n in range(65) if f"催办 {n}<" in text]
        if 'rel="next"' not in text:
            break
        href = text.split('<a rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        url = href
    assert sorted(seen) == list(range(65))


def test_a_bounce_is_written_down_once_and_a_second_try_clears_it(desk: Flask) -> None:
    now = clock.now()
    with desk.app_context():
        _mail(1, state="sent", sent_at=now - HOUR)
        _mail(2, state="pending")
        assert outbox.bounced("<1@desk.example>", "550 5.1.1", now=now)
        assert not outbox.bounced("<1@desk.example>", "550 again", now=now)
        assert not outbox.bounced("<2@desk.example>", "550", now=now)
        assert not outbox.bounced("<9@desk.example>", "550", now=now)
        mail = all_of(OutboxMail)[0]
        outbox.retry(mail.id, actor=person("admin"), now=now + HOUR)
        (claimed,) = [one for one in outbox.claim(9, now=now + HOUR) if one.mail_id == mail.id]
        outbox.done(claimed.mail_id, claimed.token, "sent", "250", now=now + HOUR)
    assert "退信</span>" not in client_of(desk, "admin").get("/outbox").text


PAGES = ("/outbox", "/silences", "/papers", "/circulars", "/ladder", "CASE", "LADDER", "/")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_the_ladder_sends_no_more_statements_for_more_rows(desk: Flask, path: str) -> None:
    with desk.app_context():
        number, _ = overdue_case(1)
    client = client_of(desk, "supervisor")
    path = path.replace("CASE", f"/cases/{number}").replace("LADDER", f"/cases/{number}/ladder")

    def cost() -> int:
        client.get(path)
        with counted(desk) as statements:
            assert client.get(path).status_code == 200
        return len(statements)

    few = cost()
    with desk.app_context():
        for _ in range(3):
            overdue_case(4)
        with transaction() as session:
            session.execute(update(Rung).values(held_for=""))
        for _ in range(3):
            form = {"department_id": department("jyj"), "hours": 1, "reason": "演练"}
            client.post("/silences", data=form)
    assert cost() <= few + 1
