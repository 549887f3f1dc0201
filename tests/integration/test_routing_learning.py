"""From what people decided to a model in force, and from a stored decision back to the same decision."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from opinion_service import pipeline, routing_line
from opinion_service.adapters import snownlp_model
from opinion_service.data import routing_data
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.errors import Forbidden, NotFound
from opinion_service.domain.people import SYSTEM
from opinion_service.models import AuditEvent, Case, RoutingModelVersion, RoutingRecord, RuleVersion
from opinion_service.services.listening import ingest
from opinion_service.services.routing import routing_log, routing_models
from opinion_service.services.transaction import transaction
from tests.story import NOW, Story, department, person


@pytest.fixture(autouse=True)
def fake_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fake(texts: Sequence[str], **_options: object) -> tuple[SimpleNamespace, ...]:
        return tuple(SimpleNamespace(score=0.05, known_words=9, model_version="fake-1", words=()) for _ in texts)

    monkeypatch.setattr(snownlp_model, "score_many", fake)


PLACES = ("东街", "西街", "南门", "北门", "桥头", "河边", "新村", "老城")


def _new(version: str, content: bytes = b"x") -> routing_models.NewModel:
    return routing_models.NewModel(version, "default", "file", 80, ("jyj", "gaj"), content)


def _write_lessons(path: Path) -> Path:
    """Write a hundred letters; the school bus is a matter of the police here, against the rules."""
    names = {one.code: one.name for one in routing_data.departments()}
    rows = []
    for number in range(100):
        place = f"{PLACES[number % 8]}{number}号"
        code = ("gaj", "jyj")[number % 2]
        title = f"{place}校车太挤" if code == "gaj" else f"{place}小学招生咨询"
        rows.append({"title": title, "content": "请答复", "department": names[code]})
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


def _invoke(app: Flask, *words: str) -> tuple[int, list[dict[str, Any]], str]:
    result = app.test_cli_runner().invoke(args=["routing", *words])
    rows = [json.loads(line) for line in result.output.splitlines() if line.startswith("{")]
    return result.exit_code, rows, result.output


def _case_from_the_line(title: str) -> str:
    """Let one letter run through the line and return the number of its case."""
    source_id = ingest.add_source(ingest.NewSource("信箱", kind="import"), actor=SYSTEM, now=NOW)
    letter = ingest.Incoming("1", title, "请尽快答复，谢谢。", "")
    ingest.store(source_id, ingest.Haul("ok", (letter,)), token=None, now=NOW)
    pipeline.analyse(now=NOW)
    pipeline.open_cases(now=NOW)
    with transaction() as session:
        return session.scalars(select(Case.number)).one()


def test_a_model_comes_in_force_by_a_person_and_only_one(app: Flask) -> None:
    with app.app_context():
        admin = person("admin")
        assert routing_models.keep(_new("model-a"), actor=admin, now=NOW)
        assert not routing_models.keep(_new("model-a"), actor=admin, now=NOW)
        assert routing_models.in_force() == ""
        routing_models.keep(_new("model-b"), actor=admin, now=NOW)
        for version in ("model-a", "model-b", "model-b"):
            routing_models.switch_on(version, actor=admin, now=NOW)
            assert routing_models.in_force() == version
        assert routing_models.switch_off(actor=admin, now=NOW) == "model-b"
        assert routing_models.switch_off(actor=admin, now=NOW) == ""
        with transaction() as session:
            statement = select(AuditEvent.kind).where(AuditEvent.kind.like("routing_model%")).order_by(AuditEvent.id)
            kinds = list(session.scalars(statement))
        assert kinds == [f"routing_model_{one}" for one in ("kept", "kept", "on", "on", "off")]


@pytest.mark.parametrize("login", ["liaison", "supervisor", "auditor", "handler"])
def test_others_may_not(app: Flask, login: str) -> None:
    with app.app_context():
        actor = person(login)
        routing_models.keep(_new("model-a"), actor=person("admin"), now=NOW)
        for act in (
            lambda: routing_models.keep(_new("model-b"), actor=actor, now=NOW),
            lambda: routing_models.switch_on("model-a", actor=actor, now=NOW),
            lambda: routing_models.switch_off(actor=actor, now=NOW),
        ):
            with pytest.raises(Forbidden):
                act()
        assert routing_models.in_force() == ""
        with pytest.raises(NotFound):
            routing_models.switch_on("model-none", actor=person("admin"), now=NOW)


def test_the_database_holds_one_model_in_force(app: Flask) -> None:
    with app.app_context():
        for version in ("model-a", "model-b"):
            routing_models.keep(_new(version), actor=person("admin"), now=NOW)
        routing_models.switch_on("model-a", actor=person("admin"), now=NOW)
        for values in ({"is_active": True}, {"is_active": True, "switched_by_name": "某人"}):
            statement = update(RoutingModelVersion).where(RoutingModelVersion.version == "model-b").values(**values)
            with pytest.raises(IntegrityError), transaction() as session:
                session.execute(statement)


def test_only_the_word_of_people_is_a_lesson(story: Story) -> None:
    story.open()
    assert routing_log.confirmed() == []
    story.dispatch()
    assert [(one.title, one.department) for one in routing_log.confirmed()] == [("校车超员被拍，家长要求说明", "jyj")]
    story.act("handler", CaseAction.RETURN, note="不属我局职责", duty="jyj-1", reason_code="not_our_duty")
    assert routing_log.confirmed() == []  # disputed
    story.act("supervisor", CaseAction.RULE, note="由公安局牵头", department_id=department("gaj"))
    assert [one.department for one in routing_log.confirmed()] == ["gaj"]


def test_what_the_desk_dispatched_by_itself_is_no_lesson(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        _case_from_the_line("小学招生学区划分咨询，幼升小入学条件是什么？")
        with transaction() as session:
            record = session.scalars(select(RoutingRecord)).one()
            assert record.is_automatic
            assert record.decision["inputs"]["body"] == "请尽快答复，谢谢。"
        assert routing_log.confirmed() == []


def test_train_switch_decide_replay(sqlite_app: Flask, tmp_path: Path) -> None:
    path = str(_write_lessons(tmp_path / "lessons.jsonl"))
    code, rows, said = _invoke(sqlite_app, "train", path, "--json")
    assert code == 0, said
    assert rows[0]["model@1"] > rows[0]["rules@1"]
    assert rows[0]["switched_on"] is True
    with sqlite_app.app_context():
        number = _case_from_the_line("南门校车太挤，怎么办？")
        with transaction() as session:
            record = session.scalars(select(RoutingRecord)).one()
        assert record.model_version == rows[0]["model"]
        assert record.decision["winner"] == "gaj"
    assert _invoke(sqlite_app, "replay", number, "--json")[1][0]["same"] == "yes"
    code, again, _ = _invoke(sqlite_app, "train", path, "--json")
    assert (code, again[0]["model"]) == (0, rows[0]["model"])
    assert _invoke(sqlite_app, "models", "--json")[1][0]["is_active"] is True
    assert _invoke(sqlite_app, "switch-off", "--by", "liaison")[0] == 1
    assert _invoke(sqlite_app, "switch-off", "--by", "admin")[0] == 0
    replayed = _invoke(sqlite_app, "replay", number, "--json")[1][0]
    assert (replayed["same"], replayed["today"]) == ("yes", "jyj")
    assert "winner: gaj → jyj" in replayed["changes_today"]


def test_a_replay_that_comes_out_otherwise_is_said(app: Flask) -> None:
    with app.app_context():
        number = _case_from_the_line("小学招生学区划分咨询，幼升小入学条件是什么？")
        assert routing_line.replay(number, today=NOW.date())[0].is_same
        with transaction() as session:
            rules = session.scalars(select(RuleVersion).where(RuleVersion.kind == "routing")).one()
            record = dict(rules.record)
            record["departments"] = {**record["departments"], "jyj": [{"weight": 1, "words": ["小学"]}]}
            rules.record = record
        found = routing_line.replay(number, today=NOW.date())[0]
        assert not found.is_same
        assert "confidence" in {one.part for one in found.changes}
        with pytest.raises(NotFound):
            routing_line.replay("2000-0101-01", today=NOW.date())


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("train",), 1),  # nothing has been decided by people yet
        (("replay", "2000-0101-01"), 1),
        (("switch-on", "model-none"), 1),
        (("evaluate", "{file}", "--folds", "1"), 2),
        (("evaluate", "{file}", "--label", "title"), 1),
        (("evaluate", "{file}", "--json"), 0),
    ],
)
def test_commands_say_what_is_wrong(sqlite_app: Flask, tmp_path: Path, words: tuple[str, ...], status: int) -> None:
    path = str(_write_lessons(tmp_path / "lessons.jsonl"))
    code, _, said = _invoke(sqlite_app, *(word.format(file=path) for word in words))
    assert code == status, said
    assert "Traceback" not in said
