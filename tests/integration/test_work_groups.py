"""Chat groups of the ladder: what a robot's server does ends in the right visible state, and nothing leaks."""

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from opinion_service import pipeline
from opinion_service.adapters import group_robot
from opinion_service.adapters.mailer import Outcome
from opinion_service.domain.errors import Forbidden, InvalidInput
from opinion_service.domain.reminders.groups import check_address, group_notice
from opinion_service.domain.reminders.ladder_notices import RungFacts
from opinion_service.models import AuditEvent, OutboxMail, RungNotice, WorkGroup, db
from opinion_service.queries.reminders import proof
from opinion_service.services.reminders import groups
from opinion_service.services.transaction import transaction
from tests.integration.test_ladder import _duty, _fire_at, all_of, only, rungs_of, sweep
from tests.story import NOW, PASSWORD, Story, department, person

TOKEN = "7f3ac9e2d1b84c55"
SECRET = "SECd41d8cd98f00b204"
HOUR = timedelta(hours=1)
GOOD = {"dingtalk": '{"errcode":0,"errmsg":"ok"}', "wecom": '{"errcode":0,"errmsg":"ok"}', "feishu": '{"code":0,"msg":"success"}'}  # fmt: skip


class Server:
    """A TCP server on loopback that answers every request with the same bytes, or hangs up; it keeps what it got."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.answer: bytes | None = b""
        self.holds = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/robot/send?access_token={TOKEN}"

    def says(self, status: int, body: str = "", *headers: str) -> None:
        lines = "".join(f"{one}\r\n" for one in headers)
        content = body.encode()
        self.answer = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n{lines}\r\n".encode() + content

    def close(self) -> None:
        self.holds.set()
        if self._socket.fileno() >= 0:
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                data = b""
                while b"\r\n\r\n" not in data or len(data.partition(b"\r\n\r\n")[2]) < _length(data):
                    data += connection.recv(65536)
                self.got.append(data)
                if self.answer is None:
                    self.holds.wait(20)
                else:
                    connection.sendall(self.answer)


def _length(data: bytes) -> int:
    head = data.partition(b"\r\n\r\n")[0].decode().lower()
    return int(next(line.split(":")[1] for line in head.splitlines() if line.startswith("content-length")))


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def robot(server: Server, kind: str = "dingtalk", **changes: object) -> group_robot.Robot:
    return replace(
        group_robot.Robot(kind, server.url, SECRET, frozenset({"127.0.0.1"}), timeout_s=3.0), **changes
    )  # fmt: skip


MESSAGE = group_robot.Message("<1@desk.example>", "【催办】1 项", "案号 2026-0302-01", NOW)


@pytest.mark.parametrize(
    ("kind", "status", "body", "outcome", "words"),
    [
        ("dingtalk", 200, GOOD["dingtalk"], Outcome.SENT, "HTTP 200，0 ok"),
        ("wecom", 200, GOOD["wecom"], Outcome.SENT, "HTTP 200，0 ok"),
        ("feishu", 200, GOOD["feishu"], Outcome.SENT, "HTTP 200，0 success"),
        ("feishu", 200, '{"StatusCode":0,"StatusMessage":"success"}', Outcome.SENT, "HTTP 200，0 success"),
        ("webhook", 204, "", Outcome.SENT, "HTTP 204"),
        ("dingtalk", 200, '{"errcode":310000,"errmsg":"sign not match"}', Outcome.FAILED, "310000 sign not match"),
        ("dingtalk", 200, '{"errcode":130101,"errmsg":"send too fast"}', Outcome.RETRY, "130101"),
        ("wecom", 200, '{"errcode":93000,"errmsg":"invalid webhook url"}', Outcome.FAILED, "93000"),
        ("wecom", 200, '{"errcode":45009,"errmsg":"freq out of limit"}', Outcome.RETRY, "45009"),
        ("feishu", 200, '{"code":19024,"msg":"Key Words Not Found"}', Outcome.FAILED, "19024"),
        ("feishu", 200, '{"code":11232,"msg":"frequency limited"}', Outcome.RETRY, "11232"),
        ("dingtalk", 200, "<html>sign in</html>", Outcome.UNCERTAIN, "答复无法识别"),
        ("dingtalk", 200, "[0]", Outcome.UNCERTAIN, "答复无法识别"),
        ("dingtalk", 200, '{"errcode":true}', Outcome.UNCERTAIN, "答复无法识别"),
        ("webhook", 400, "", Outcome.FAILED, "HTTP 400"),
        ("webhook", 404, "", Outcome.FAILED, "HTTP 404"),
        ("webhook", 302, "", Outcome.FAILED, "HTTP 302"),
        ("webhook", 429, "", Outcome.RETRY, "HTTP 429"),
        ("webhook", 500, "", Outcome.RETRY, "HTTP 500"),
        ("wecom", 503, "", Outcome.RETRY, "HTTP 503"),
        ("webhook", 200, "x" * 100_000, Outcome.UNCERTAIN, "未收到答复"),
        (
            "dingtalk",
            200,
            f'{{"errcode":300001,"errmsg":"token {TOKEN} is wrong"}}',
            Outcome.FAILED,
            "token … is wrong",
        ),
    ],
)
def test_what_the_server_says_decides(
    server: Server, kind: str, status: int, body: str, outcome: Outcome, words: str
) -> None:
    server.says(status, body, "Location: http://127.0.0.1:1/")
    told: list[int] = []
    found = group_robot.send(MESSAGE, robot(server, kind), on_data=lambda: told.append(1))
    assert (found.outcome, told) == (outcome, [1])
    assert words in found.reply
    assert TOKEN not in found.reply
    assert len(server.got) == 1


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [(b"", Outcome.UNCERTAIN), (b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{", Outcome.UNCERTAIN), (None, Outcome.UNCERTAIN)],
    ids=["hangs up", "drops the answer", "never answers"],
)  # fmt: skip
def test_a_lost_answer_is_uncertain(server: Server, answer: bytes | None, outcome: Outcome) -> None:
    server.answer = answer
    found = group_robot.send(MESSAGE, robot(server, timeout_s=0.5), on_data=lambda: None)
    assert found.outcome is outcome
    assert TOKEN not in found.reply


def test_nobody_there_is_tried_again_and_nothing_was_handed_over(server: Server) -> None:
    there = robot(server)
    server.close()
    found = group_robot.send(MESSAGE, there, on_data=lambda: pytest.fail("nothing left the house"))
    assert found.outcome is Outcome.RETRY


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://hook.example/x", "10.0.0.8"), ("https://hook.example/x", "127.0.0.1"),
        ("https://hook.example/x", "169.254.169.254"), ("https://hook.example:22/x", "1.1.1.1"),
        ("http://hook.example/x", "1.1.1.1"), ("https://[::1]/x", "::1"),
    ],
)  # fmt: skip
def test_no_robot_leads_inward(url: str, address: str) -> None:
    where = group_robot.Robot("webhook", url)
    found = group_robot.send(
        MESSAGE, where, on_data=lambda: pytest.fail("dialled"), resolve=lambda _host, _port: (address,)
    )
    assert found.outcome is Outcome.FAILED


def test_each_kind_is_asked_in_its_own_words_and_signed(server: Server) -> None:
    for kind in ("dingtalk", "wecom", "feishu", "webhook"):
        server.says(200, GOOD.get(kind, ""))
        assert group_robot.send(MESSAGE, robot(server, kind), on_data=lambda: None).outcome is Outcome.SENT
    ding, wecom, feishu, plain = (json.loads(one.partition(b"\r\n\r\n")[2]) for one in server.got)
    text = f"{MESSAGE.subject}\n{MESSAGE.body}"
    assert ding == wecom == {"msgtype": "text", "text": {"content": text}}
    assert (feishu["msg_type"], feishu["content"]) == ("text", {"text": text})
    assert (plain["id"], plain["text"]) == (MESSAGE.message_id, MESSAGE.body)
    asked = parse_qs(urlsplit(server.got[0].split(b" ")[1].decode()).query)
    expected = hmac.new(SECRET.encode(), f"{asked['timestamp'][0]}\n{SECRET}".encode(), hashlib.sha256).digest()
    assert (asked["sign"], asked["access_token"]) == ([base64.b64encode(expected).decode()], [TOKEN])
    key = f"{feishu['timestamp']}\n{SECRET}".encode()
    assert feishu["sign"] == base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    content = server.got[3].partition(b"\r\n\r\n")[2]
    assert f"sha256={hmac.new(SECRET.encode(), content, hashlib.sha256).hexdigest()}".encode() in server.got[3]


@pytest.mark.parametrize(
    ("url", "is_right"),
    [
        ("https://oapi.dingtalk.com/robot/send?access_token=1", True), ("http://robot.internal/x", True),
        ("http://oapi.dingtalk.com/x", False), ("ftp://a.example/x", False), ("https://user:pw@a.example/x", False),
        ("https:///x", False), ("", False), (f"https://a.example/{'x' * 1000}", False), ("https://a.example/\n", False),
        ("https://[::1", False),
    ],
)  # fmt: skip
def test_which_addresses_are_taken(url: str, is_right: bool) -> None:
    if is_right:
        assert check_address(url, {"robot.internal"})
        return
    with pytest.raises(InvalidInput):
        check_address(url, {"robot.internal"})


def test_the_longest_message_fits_the_smallest_robot() -> None:
    wording = {"ending": "第" * 99, "ask": "", "after": ""}
    rows = [
        RungFacts(2, wording, "首次权威信息发布", "2026-0302-99", "标题" * 200, NOW, True, "", "https://" + "d" * 150, "单位" * 99)
        for _ in range(5000)
    ]  # fmt: skip
    said = group_notice(rows, "https://" + "d" * 150, now=NOW + 40 * HOUR)
    assert len(f"{said.subject}\n{said.body}".encode()) <= 2000
    assert "其余 4995 项" in said.body
    assert "标题" not in said.body


def _group(server: Server, name: str = "教育值班群", kind: str = "dingtalk", code: str | None = None) -> int:
    new = groups.NewGroup(name, kind, server.url, SECRET, department(code) if code else None)
    return groups.add(new, actor=person("admin"), now=NOW)


def _allow(app: Flask) -> None:
    app.config["DESK"] = replace(app.config["DESK"], private_robot_hosts=frozenset({"127.0.0.1"}))


def test_a_rung_is_told_to_its_groups_with_the_proof_of_each(app: Flask, server: Server) -> None:
    with app.app_context():
        _allow(app)
        story = Story()
        story.reach("accepted")
        ids = {
            name: _group(server, name, code=code)
            for name, code in (("全市群", None), ("教育群", "jyj"), ("卫健群", "wjw"))
        }
        groups.switch(_group(server, "停用群"), False, actor=person("admin"), now=NOW)
        clock = only(story, "closure")
        sweep(rungs_of(clock)[1].fire_at)
        assert all_of(RungNotice, RungNotice.channel == "robot") == []  # the first rung knows mail only
        at = rungs_of(clock)[2].fire_at
        sweep(at)
        told = all_of(OutboxMail, OutboxMail.channel == "robot")
        assert {(one.recipient, one.group_id) for one in told} == {(name, ids[name]) for name in ("全市群", "教育群")}
        assert all(story.case.number in one.body and story.case.title not in one.body + one.subject for one in told)
        server.says(200, GOOD["dingtalk"])
        pipeline.deliver(now=at)
        found = next(
            one
            for one in proof.case_ladder(db.session(), story.case, now=at).rungs
            if one.level == 2 and one.state == "fired"
        )
        assert (found.delivered, len(found.told)) == (5, 5)
        assert {one.reply for one in found.notices if one.name.endswith("群")} == {"HTTP 200，0 ok"}
        everything = " ".join(f"{one.summary} {one.detail}" for one in all_of(AuditEvent))
        with transaction() as session:
            kept = session.scalars(select(WorkGroup.sealed)).all()
        assert TOKEN not in everything + "".join(kept)
        assert SECRET not in everything + "".join(kept)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((200, GOOD["dingtalk"]), "sent"), ((200, '{"errcode":310000,"errmsg":"keywords"}'), "failed"),
        ((500, ""), "pending"), ((200, "?"), "uncertain"),
    ],
)  # fmt: skip
def test_a_message_ends_in_the_state_of_its_answer(
    sqlite_app: Flask, server: Server, answer: tuple, state: str
) -> None:
    with sqlite_app.app_context():
        _allow(sqlite_app)
        groups.test(_group(server), actor=person("admin"), now=NOW)
        server.says(*answer)
        assert pipeline.deliver(now=NOW) == 1
        assert [(one.state, one.attempts) for one in all_of(OutboxMail)] == [(state, 1)]
        if state in ("pending", "uncertain"):
            server.says(200, GOOD["dingtalk"])
            pipeline.deliver(now=NOW + HOUR)
            assert [one.state for one in all_of(OutboxMail)] == ["sent"]


def test_what_waits_for_a_group_that_is_off_fails_visibly(sqlite_app: Flask, server: Server) -> None:
    with sqlite_app.app_context():
        _allow(sqlite_app)
        number = _group(server)
        groups.test(number, actor=person("admin"), now=NOW)
        groups.switch(number, False, actor=person("admin"), now=NOW)
        pipeline.deliver(now=NOW)
        assert [(one.state, one.reply) for one in all_of(OutboxMail)] == [
            ("failed", "工作群已停用，或其地址无法解密。")
        ]
        assert server.got == []


def test_out_of_hours_a_group_waits_for_the_morning(story: Story, server: Server, app: Flask) -> None:
    from tests.integration.test_ladder import NIGHT

    _allow(app)
    story.reach("accepted")
    _group(server)
    _duty("liaison", None, NIGHT - HOUR, NIGHT + 10 * HOUR)
    _fire_at(story, NIGHT)
    assert all_of(OutboxMail, OutboxMail.channel == "robot") == []
    sweep(NIGHT + 11 * HOUR)
    assert len(all_of(OutboxMail, OutboxMail.channel == "robot")) == 1


def _write(row: OutboxMail) -> None:
    with transaction() as session:
        session.add(row)


def test_the_rules_stand_in_service_and_database(story: Story, server: Server, app: Flask) -> None:
    for url in (server.url, "https://a.example/x"):
        with pytest.raises(Forbidden):
            groups.add(groups.NewGroup("群", "wecom", url), actor=person("supervisor"), now=NOW)
    with pytest.raises(InvalidInput):
        _group(server)  # loopback over http, while nothing of the kind is allowed
    _allow(app)
    number = _group(server)
    for name, kind, unit in (
        ("教育值班群", "wecom", None),
        ("", "wecom", None),
        ("群", "fax", None),
        ("群", "wecom", 9999),
    ):
        with pytest.raises(InvalidInput):
            groups.add(groups.NewGroup(name, kind, server.url, department_id=unit), actor=person("admin"), now=NOW)
    mail = {"message_id": "<1@x>", "kind": "ladder", "recipient": "群", "subject": "", "body": "", "created_at": NOW, "next_try_at": NOW}  # fmt: skip
    for wrong in ({"channel": "robot"}, {"channel": "mail", "recipient_id": 1, "group_id": number}):
        with pytest.raises(IntegrityError):
            _write(OutboxMail(**mail, **wrong))


def _client(app: Flask, login: str):
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302
    return client


def test_the_page_sets_up_tries_and_switches_without_showing_the_token(sqlite_app: Flask, server: Server) -> None:
    _allow(sqlite_app)
    client = _client(sqlite_app, "admin")
    form = {"name": "教育值班群", "kind": "dingtalk", "robot_url": server.url, "secret": SECRET}
    assert client.post("/work-groups", data=form).status_code == 302
    refused = client.post("/work-groups", data={**form, "kind": "fax"})
    assert refused.status_code == 422
    assert client.post("/work-groups/1/test").status_code == 302
    with sqlite_app.app_context():
        server.says(200, '{"errcode":310000,"errmsg":"keywords not in content"}')
        with transaction() as session:
            at = session.scalars(select(OutboxMail.next_try_at)).one()
        pipeline.deliver(now=at)
    page = client.get("/work-groups")
    assert "310000 keywords not in content" in page.text
    assert client.get("/outbox?kind=robot").text.count("教育值班群") > 0
    assert client.post("/work-groups/1/switch", data={"on": "0"}).status_code == 302
    assert client.post("/work-groups/1/test").status_code == 404
    for text in (page.text, refused.text, client.get("/outbox").text, client.get("/ladder").text):
        assert TOKEN not in text
        assert SECRET not in text
    other = _client(sqlite_app, "supervisor")
    assert "robot_url" not in other.get("/work-groups").text
    assert other.post("/work-groups", data=form).status_code == 403
    assert _client(sqlite_app, "handler").get("/work-groups").status_code == 403
