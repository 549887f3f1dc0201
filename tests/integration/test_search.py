"""Full text over items, events, cases and responses, on both databases, scoped, marked, paged by key."""

from datetime import timedelta

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from opinion_service.adapters import snownlp_model
from opinion_service.domain.people import Actor
from opinion_service.models import Case, Event, SearchText, db
from opinion_service.queries.reading.search import PAGE, Wanted, search
from opinion_service.services.casework import triage
from opinion_service.services.listening import ingest
from opinion_service.services.transaction import transaction
from tests.grouping import Line, event_of, negative
from tests.story import NOW, PASSWORD, Story, person

BUS = "赫山区泉交河镇校车停运一周"


@pytest.fixture(autouse=True)
def fake_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snownlp_model, "score_many", negative)


def found(actor: Actor, query: str, **narrow: object) -> dict[str, list[str]]:
    groups = search(db.session(), actor, Wanted(query, **narrow))
    db.session.rollback()
    return {group.kind: [hit.title for hit in group.hits] for group in groups}


def signed_in(login: str) -> FlaskClient:
    current_app.config["WTF_CSRF_ENABLED"] = False
    client = current_app.test_client()
    client.post("/sign-in", data={"login": login, "password": PASSWORD})
    return client


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("校车", True),
        ("停运", True),
        ("校", True),  # one character is the beginning of a pair
        ("校车停运", True),
        ("停运 校车", True),
        ("校车 GB7258", True),
        ("ｇｂ7258", True),  # full width
        ("forum.example", True),
        ("校车 停电", False),
        ("运停", False),
        ("", False),
        ("，。！", False),
        ('" OR *', False),
        ("') & !'x", False),
        ("NEAR(校车", False),
        ("tokens:校车", False),
        ("镇", True),
        ("周", True),  # the last of its run begins no pair
        ("校车" * 100, False),
    ],
)
def test_chinese_is_found_by_its_pairs(story: Story, query: str, is_found: bool) -> None:
    Line().bring(BUS, body="车辆不符合 GB7258 的要求。")
    assert (BUS in found(person("liaison"), query).get("item", [])) is is_found


def test_each_kind_is_kept_in_the_transaction_that_writes_it(story: Story) -> None:
    story.reach("published")
    liaison = person("liaison")

    kinds = found(liaison, "校车")

    assert set(kinds) == {"case", "event", "response"}
    assert found(liaison, "核载三十六人")["response"] == ["关于校车超员问题的回应"]
    assert found(liaison, "为什么超员")["case"] == ["校车超员被拍，家长要求说明"]  # a concern
    with transaction() as session:
        session.get_one(Case, story.case_id).title = "渡船停航"
    assert found(liaison, "渡船")["case"] == ["渡船停航"]
    assert found(liaison, "家长要求").get("case") is None


def test_what_is_rolled_back_is_not_found(story: Story) -> None:
    def build_and_fail() -> None:
        with transaction() as session:
            session.add(Event(title="不存在的彩虹桥", first_seen_at=NOW, last_item_at=NOW))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        build_and_fail()
    assert found(person("liaison"), "彩虹桥") == {}


def test_an_edited_item_is_found_by_its_new_words_only(story: Story) -> None:
    line, liaison = Line(), person("liaison")
    line.bring(BUS)
    entry = ingest.Incoming(f"{line.source_id}-1", "泉交河镇渡船停航", "", "https://forum.example/t/1")
    ingest.store(line.source_id, ingest.Haul("ok", (entry,)), token=None, now=NOW)
    assert found(liaison, "渡船")["item"] == ["泉交河镇渡船停航"]
    assert "item" not in found(liaison, "校车停运")


def test_numbers_are_found_by_prefix(story: Story) -> None:
    line, liaison = Line(), person("liaison")
    (first, second) = line.bring(BUS, "桃江县马迹塘镇停水三天")
    number = triage.open_by_hand(event_of(first).id, actor=liaison, now=NOW)
    assert found(liaison, f"id:{number}") == {"case": [BUS]}
    assert found(liaison, f"ID：{second}")["item"] == ["桃江县马迹塘镇停水三天"]
    assert found(liaison, f"ref:{line.source_id}-2") == {"item": ["桃江县马迹塘镇停水三天"]}
    assert found(liaison, "id:none") == {}
    assert found(liaison, number)["case"] == [BUS]  # without the prefix, among the words


@pytest.mark.parametrize(
    ("login", "kinds"),
    [
        ("liaison", {"item", "event", "case"}),
        ("auditor", {"item", "event", "case"}),
        ("handler", {"item", "case"}),  # its own case, and what was said about it
        ("foreign_handler", set()),
        ("admin", set()),
    ],
)
def test_everybody_finds_what_is_theirs(story: Story, login: str, kinds: set[str]) -> None:
    line = Line()
    triage.open_by_hand(event_of(line.bring(BUS)[0]).id, actor=person("liaison"), now=NOW)
    line.bring("沅江市另一条校车线路改线", now=NOW)
    with transaction() as session:
        story.case_id = session.scalars(select(Case.id)).one()
    story.dispatch()
    seen = found(person(login), "校车")
    assert set(seen) == kinds
    if login == "handler":
        assert seen["item"] == [BUS]
    if login != "admin":
        assert signed_in(login).get("/search?q=校车").status_code == 200


def test_pages_follow_each_other_by_key(story: Story) -> None:
    titles = [f"第{number}号路口的路灯不亮" for number in range(PAGE + 3)]
    Line().bring(*titles)
    liaison = person("liaison")
    groups = search(db.session(), liaison, Wanted("路灯", "item"))
    (first,) = groups
    (second,) = search(db.session(), liaison, Wanted("路灯", "item", after=first.after))
    assert (first.count, len(first.hits), len(second.hits), second.after) == (PAGE + 3, PAGE, 3, "")
    assert [hit.title for hit in (*first.hits, *second.hits)] == titles[::-1]


def test_time_bounds_the_search(story: Story) -> None:
    line, liaison = Line(), person("liaison")
    line.bring(BUS, now=NOW)
    day = timedelta(days=1)
    assert "item" in found(liaison, "校车", since=NOW, until=NOW + day)
    assert found(liaison, "校车", since=NOW + day) == {}
    assert found(liaison, "校车", until=NOW) == {}


def test_the_page_marks_the_words_and_escapes_the_rest(story: Story) -> None:
    Line().bring(BUS, body="听说<校车>还要停运一个月")
    page = signed_in("liaison").get("/search?q=校车").text
    assert "泉交河镇<mark>校车</mark>停运" in page
    assert "<校车>" not in page
    assert signed_in("liaison").get("/search?q=校车&kind=item&after=99999999999999999999").status_code == 200


def test_reindex_lays_everything_anew(story: Story, app: Flask) -> None:
    story.reach("published")
    Line().bring(BUS)
    with transaction() as session:
        before = sorted(session.execute(select(SearchText.kind, SearchText.ref_id, SearchText.tokens)).all())
        session.execute(delete(SearchText))
    assert found(person("liaison"), "校车") == {}
    result = app.test_cli_runner().invoke(args=["search", "reindex"])
    assert result.exit_code == 0, result.output
    assert app.test_cli_runner().invoke(args=["search", "reindex"]).exit_code == 0
    with transaction() as session:
        assert sorted(session.execute(select(SearchText.kind, SearchText.ref_id, SearchText.tokens)).all()) == before
    assert set(found(person("liaison"), "校车")) == {"item", "event", "case", "response"}
