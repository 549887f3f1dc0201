"""Returns and rulings on both databases: once, in time, with a duty of one's own; precedents and rules from them."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.errors import Forbidden, IllegalMove, InvalidInput
from opinion_service.models import Case, Clock, Dispute, OutboxMail, RuleDraft, Ruling, RulingWord, db
from opinion_service.queries.routing import rulings as queries
from opinion_service.services.routing import rule_drafts
from opinion_service.services.transaction import transaction
from tests.story import NOW, PASSWORD, Story, department, person

NOTE = "该事项属于交通秩序管理"


def send_back(story: Story, login: str = "handler", duty: str = "jyj-1", **fields) -> None:
    values = {"note": NOTE, "duty": duty, "reason_code": "not_our_duty", **fields}
    story.act(login, CaseAction.RETURN, **values)


def rule(story: Story, by: str = "liaison", to: str = "gaj", **fields) -> None:
    story.act(by, CaseAction.RULE, note="按职责分工由其牵头", department_id=department(to), **fields)


def clocks(story: Story) -> dict[str, Clock]:
    with transaction() as session:
        rows = session.scalars(select(Clock).where(Clock.case_id == story.case_id).order_by(Clock.id))
        return {row.kind: row for row in rows}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reason_code": "ping_pong"}, "reason_code"),
        ({"duty": ""}, "duty"),
        ({"duty": "gaj-1"}, "duty"),  # another department's list
        ({"duty": "三定规定"}, "duty"),
        ({"department_id": "own"}, "department_id"),
        ({"note": " "}, "note"),
    ],
)
def test_a_return_cites_a_duty_of_its_own_list(story: Story, fields: dict, field: str) -> None:
    story.reach("dispatched")
    if fields.get("department_id"):
        fields = {"department_id": department("jyj")}
    with pytest.raises(InvalidInput) as problem:
        send_back(story, **fields)
    assert problem.value.field == field
    with transaction() as session:
        assert session.scalars(select(Dispute)).all() == []


@pytest.mark.parametrize(("late", "is_open"), [(timedelta(0), True), (timedelta(seconds=1), False)])
def test_the_window_closes_at_its_exact_end(story: Story, late: timedelta, is_open: bool) -> None:
    story.reach("dispatched")
    story.at = clocks(story)["return_window"].due_at + late - timedelta(minutes=1)
    if is_open:
        send_back(story)
        assert story.case.state == "returned"
        return
    with pytest.raises(IllegalMove, match="退办期限已过"):
        send_back(story)


def test_the_ruling_has_two_hours_of_its_own_and_the_others_run_on(story: Story) -> None:
    story.reach("dispatched")
    before = clocks(story)
    send_back(story, department_id=department("gaj"))
    after = clocks(story)
    assert after["ruling"].due_at - story.at == timedelta(hours=2)
    assert not after["ruling"].is_legal
    assert after["response"].id == before["response"].id
    assert (after["response"].state, after["response"].due_at) == ("running", before["response"].due_at)
    rule(story)
    assert clocks(story)["ruling"].state == "met"
    assert story.case.lead_department_id == department("gaj")


def test_the_second_dispute_is_the_supervisors(story: Story) -> None:
    story.reach("dispatched")
    send_back(story)
    rule(story)
    send_back(story, "co_handler", "gaj-1")
    with transaction() as session:
        told = session.scalars(select(OutboxMail.recipient).where(OutboxMail.kind == "return").order_by(OutboxMail.id))
        assert set(told) == {"liaison@desk.example", "liaison2@desk.example", "supervisor@desk.example"}
    with pytest.raises(Forbidden, match="督查裁定"):
        rule(story, to="jyj")
    rule(story, by="supervisor", to="jyj", duty="jyj-1")
    with pytest.raises(IllegalMove, match="只能退办一次"):
        send_back(story)
    with transaction() as session:
        rows = session.scalars(select(Ruling).order_by(Ruling.id)).all()
        assert [(row.ordinal, row.level) for row in rows] == [(1, "liaison"), (2, "supervisor")]
        assert rows[1].duty_text


def test_a_ruling_cites_a_duty_of_the_department_it_names(story: Story) -> None:
    story.reach("dispatched")
    send_back(story)
    with pytest.raises(InvalidInput):
        rule(story, duty="jyj-1")
    assert story.case.state == "returned"
    rule(story, duty="gaj-1")


def test_the_database_knows_who_rules_and_how_often(story: Story) -> None:
    story.reach("dispatched")
    send_back(story)
    rule(story)
    me, unit = person("liaison").user_id, department("jyj")
    with transaction() as session:
        first = session.scalars(select(Dispute)).one()
        ruling = session.scalars(select(Ruling)).one()
    again = {"case_id": first.case_id, "round": 1, "reason_code": "not_our_duty", "note": "n", "returned_by_id": me}
    wrong = (
        Dispute(**again, ordinal=2, department_id=unit, duty_id="d", duty_text="t", returned_at=NOW),
        Dispute(**again, ordinal=1, department_id=department("wjw"), duty_id="d", duty_text="t", returned_at=NOW),
        Dispute(**again, ordinal=2, department_id=department("wjw"), duty_id="", duty_text="", returned_at=NOW),
        Ruling(dispute_id=ruling.dispute_id, case_id=first.case_id, ordinal=1, level="liaison", department_id=unit,
               reason="r", title="t", decided_by_id=me, decided_at=NOW),
        Ruling(dispute_id=ruling.dispute_id + 9, case_id=first.case_id, ordinal=2, level="liaison",
               department_id=unit, reason="r", title="t", decided_by_id=me, decided_at=NOW),
    )  # fmt: skip
    for row in wrong:
        with pytest.raises(IntegrityError), transaction() as session:
            session.add(row)


def test_precedents_are_found_shown_on_similar_cases_and_become_a_rule_once(story: Story) -> None:
    story.reach("dispatched")
    send_back(story)
    rule(story)
    with transaction() as session:
        ruling_id = session.scalars(select(Ruling.id)).one()
        words = set(session.scalars(select(RulingWord.word)))
    assert "校车" in words
    other = Story()
    other.reach("dispatched")
    evidence = [[word, "title", 1.0, "x"] for word in sorted(words)]
    decision = {"candidates": [{"department": "jyj", "score": 1, "evidence": evidence}]}
    with transaction() as session:
        case = session.get_one(Case, other.case_id)
    for login, count in (("liaison", 1), ("handler", 1), ("foreign_handler", 0)):
        found = queries.similar(db.session(), person(login), case.id, decision)
        db.session.rollback()
        assert [row.id for row in found] == [ruling_id] * count, login
    assert queries.similar(db.session(), person("liaison"), story.case.id, decision) == ()
    for text, count in (("校车", 1), (NOTE, 1), ("按职责分工", 1), ("%", 0), ("无此内容", 0)):
        assert len(queries.rulings(db.session(), person("liaison"), queries.RulingFilter(text))[0]) == count, text
    db.session.rollback()
    first = rule_drafts.rule_from_ruling(ruling_id, actor=person("liaison"), now=NOW)
    assert rule_drafts.rule_from_ruling(ruling_id, actor=person("supervisor"), now=NOW) == first
    with transaction() as session:
        made = session.scalars(select(RuleDraft)).one().record["ordered"]
    assert [(one["target"], one["ruling_id"]) for one in made] == [("gaj", ruling_id)]
    assert "校车" in made[0]["all"]
    # One of its words alone is not what was ruled on.
    assert not made[0]["any"]
    assert len(made[0]["all"]) <= 3


def test_the_pages_offer_the_pickers_and_keep_the_scope(sqlite_app: Flask) -> None:
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    with sqlite_app.app_context():
        story = Story()
        story.reach("dispatched")
        number = story.case.number
        with transaction() as session:
            # The pages read the real clock, for which the story is long over.
            session.execute(
                update(Clock).where(Clock.kind == "return_window").values(due_at=NOW + timedelta(days=36_500))
            )
    clients = {}
    for login in ("handler", "liaison", "foreign_handler"):
        clients[login] = sqlite_app.test_client()
        clients[login].post("/sign-in", data={"login": login, "password": PASSWORD})
    page = clients["handler"].get(f"/cases/{number}").text
    assert 'name="reason_code"' in page
    assert '<option value="jyj-1">' in page
    assert '<option value="gaj-1">' not in page
    with sqlite_app.app_context():
        send_back(story)
    page = clients["liaison"].get(f"/cases/{number}").text
    assert '<option value="gaj-1">' in page
    assert NOTE in page
    with sqlite_app.app_context():
        rule(story)
    assert number in clients["liaison"].get("/rulings").text
    assert NOTE not in clients["foreign_handler"].get("/rulings").text
    with sqlite_app.app_context(), transaction() as session:
        ruling_id = session.scalars(select(Ruling.id)).one()
    made = clients["liaison"].post(f"/rulings/{ruling_id}/rule")
    assert made.status_code == 302
    assert clients["liaison"].get(made.location).status_code == 200
