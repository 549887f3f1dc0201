"""The page of routing models: trained as a job on what people decided, compared, read, switched by an administrator."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from opinion_service import routing_training as line
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.errors import Forbidden
from opinion_service.models import AuditEvent, RoutingModelVersion, RoutingTraining
from opinion_service.services.casework import casework
from opinion_service.services.routing import routing_models, routing_training
from opinion_service.services.transaction import transaction
from tests.story import NOW, PASSWORD, department, open_case, person

MINUTE = timedelta(minutes=1)
ASKED = 76


def _client(app: Flask, login: str):
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302
    return client


def _decide_cases(count: int) -> None:
    """Let a person dispatch `count` cases: school buses to the police here, enrolment to the education bureau."""
    liaison, units = person("liaison"), (department("gaj"), department("jyj"))
    for number in range(count):
        title = f"{number}号{('校车太挤', '小学招生咨询')[number % 2]}"
        case_id = open_case(title, now=NOW)
        command = casework.CaseCommand(case_id, 1, CaseAction.DISPATCH, department_id=units[number % 2])
        casework.perform(command, actor=liaison, now=NOW + MINUTE)


def _training() -> RoutingTraining:
    with transaction() as session:
        return session.scalars(select(RoutingTraining).order_by(RoutingTraining.id.desc())).first()


def test_a_training_is_asked_for_once_and_reports_why_it_made_nothing(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(Forbidden):
            routing_training.ask(actor=person("supervisor"), now=NOW)
        assert not routing_training.waits(now=NOW)
        first = routing_training.ask(actor=person("admin"), now=NOW)
        assert routing_training.ask(actor=person("admin"), now=NOW) == first
        assert routing_training.waits(now=NOW)
        assert line.train_waiting(now=lambda: NOW) == 1
        found = _training()
        assert (found.state, found.slot, found.problem) == (
            "failed",
            None,
            "训练至少需要 75 条记录，其中五分之一留作比较。",
        )
        assert line.train_waiting(now=lambda: NOW) == 0
        assert routing_training.ask(actor=person("admin"), now=NOW) != first


def test_a_training_whose_worker_died_is_taken_up_again_once(app: Flask) -> None:
    with app.app_context():
        routing_training.ask(actor=person("admin"), now=NOW)
        first = routing_training.claim(now=NOW)
        assert first is not None
        routing_training.reached(first, 2, now=NOW)
        end = NOW + routing_training.LEASE
        assert routing_training.claim(now=end) is None
        second = routing_training.claim(now=end + MINUTE)
        assert second is not None
        routing_training.done(first, "model-late", now=end + MINUTE)
        assert (_training().state, _training().model_version) == ("running", "")
        assert routing_training.claim(now=end + 20 * MINUTE) is None
        assert (_training().state, "两次中断" in _training().problem) == ("failed", True)


@pytest.mark.parametrize(
    "wrong", [{"slot": 2}, {"slot": None}, {"state": "done", "slot": None}, {"state": "failed", "slot": None, "finished_at": NOW}]
)  # fmt: skip
def test_the_database_holds_the_rules_of_trainings(app: Flask, wrong: dict) -> None:
    with app.app_context():
        routing_training.ask(actor=person("admin"), now=NOW)
        with pytest.raises(IntegrityError):
            _change(wrong)


def _change(values: dict) -> None:
    with transaction() as session:
        session.execute(update(RoutingTraining).values(**values))


def test_from_decisions_to_a_model_in_force_and_off_again(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        _decide_cases(ASKED)
    admin, reader = _client(sqlite_app, "admin"), _client(sqlite_app, "supervisor")
    assert "没有训练过的模型" in reader.get("/rules/models").text
    assert reader.post("/rules/models/train").status_code == 403
    assert admin.post("/rules/models/train").status_code == 302
    waiting = admin.get("/rules/models?watch=1")
    assert "等待后台进程" in waiting.text
    assert waiting.headers["Refresh"] == "4"
    assert "Refresh" not in admin.get("/rules/models").headers
    steps: list[int] = []
    with sqlite_app.app_context():

        def now():
            steps.append(_training().step)
            return NOW

        assert line.train_waiting(now=now) == 1
        assert _training().problem == ""
        assert steps == [0, 0, 1, 2, 3, 3]
        version = _training().model_version
        with transaction() as session:
            model = session.scalars(select(RoutingModelVersion)).one()
            assert (model.version, model.row_count, model.is_active) == (version, ASKED, False)
    page = reader.get(f"/rules/models/{version}").text
    for words in ("留出比较", "仅规则", "该模型", "校车", "市公安局"):
        assert words in page
    assert reader.get("/rules/models/none").status_code == 404
    assert reader.post(f"/rules/models/{version}/switch", data={"on": "1"}).status_code == 403
    assert admin.post(f"/rules/models/{version}/switch", data={"on": "1"}).status_code == 302
    assert "启用中" in reader.get("/rules/models").text
    assert admin.post(f"/rules/models/{version}/switch", data={"on": "0"}).status_code == 302
    assert admin.post("/rules/models/none/switch", data={"on": "1"}).status_code == 404
    with sqlite_app.app_context():
        assert routing_models.in_force() == ""
        with transaction() as session:
            statement = select(AuditEvent.kind).where(AuditEvent.kind.like("routing_%")).order_by(AuditEvent.id)
            kinds = session.scalars(statement).all()
    assert list(kinds) == ["routing_training_asked", "routing_model_kept", "routing_model_on", "routing_model_off"]


def test_the_list_pages_by_key_in_both_directions(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        for number in range(25):
            source = ("file", "corrections")[number % 2]
            new = routing_models.NewModel(f"model-{number:02d}", "default", source, 80, ("jyj", "gaj"), b"x")
            routing_models.keep(new, actor=person("admin"), now=NOW)
    reader = _client(sqlite_app, "liaison")
    for way, first in (("desc", "model-24"), ("asc", "model-00")):
        seen: list[str] = []
        path = f"/rules/models?dir={way}"
        for after in ("", "&after=6" if way == "desc" else "&after=20"):
            text = reader.get(path + after).text
            seen += [f"model-{n:02d}" for n in range(25) if f'/rules/models/model-{n:02d}"' in text]
        assert first in reader.get(path).text
        assert sorted(seen) == [f"model-{n:02d}" for n in range(25)]
    assert reader.get("/rules/models?source=file").text.count("导入的文件") == 13 + 1
