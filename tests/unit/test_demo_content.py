"""The demo content parses, agrees with itself and carries no personal data."""

import csv
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from opinion_service.domain.casework.case_states import CaseState
from opinion_service.domain.casework.coverage import ConcernState, ReplyText, ResponseKind, gaps
from opinion_service.domain.clocks.sla import IncidentLevel, OpinionGrade
from opinion_service.domain.listening.scrub import scrub
from opinion_service.domain.people import DEPARTMENT_ROLES, Role
from opinion_service.domain.reading.events import group
from opinion_service.domain.reading.sentiment import Nature

DEMO = Path(__file__).resolve().parents[2] / "opinion_service" / "data" / "demo"
DEPARTMENTS = DEMO.parent / "departments.json"
NATIONAL_LIMIT = 48  # hours; 国办发〔2016〕61号
FEEDS = ("forum", "radio_tv", "evening_news", "county_forum", "hotline_12345", "parents")
ATOM = "{http://www.w3.org/2005/Atom}"
PLACEHOLDER = re.compile(r"\{\{hours_ago:([1-9]\d*)\}\}")
# Mobile and land-line numbers, identity numbers, e-mail addresses, @handles, flat numbers.
PERSONAL = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}|\d{17}[\dXx]|[\w.]+@[\w.]+|@\w+|\d+栋|\d+单元")


def load(name: str) -> Any:
    return json.loads((DEMO / name).read_text(encoding="utf-8"))


def entries(name: str) -> list[dict[str, str]]:
    root = ET.fromstring((DEMO / "feeds" / f"{name}.xml").read_text(encoding="utf-8"))
    if root.tag == "rss":
        fields = {"title": "title", "url": "link", "body": "description", "at": "pubDate"}
        found = root.iter("item")
        return [{key: item.findtext(tag) or "" for key, tag in fields.items()} for item in found]
    fields = {"title": "title", "url": "id", "body": "summary", "at": "updated"}
    return [{key: item.findtext(ATOM + tag) or "" for key, tag in fields.items()} for item in root.iter(ATOM + "entry")]


def hours(text: str) -> int:
    match = PLACEHOLDER.fullmatch(text)
    assert match, f"not a placeholder: {text!r}"
    return int(match.group(1))


ALL_ENTRIES = [entry for name in FEEDS for entry in entries(name)]


@pytest.mark.parametrize("name", FEEDS)
def test_feed_has_twenty_to_thirty_whole_entries(name: str) -> None:
    found = entries(name)
    assert 20 <= len(found) <= 30
    for entry in found:
        assert 12 <= len(entry["title"]) <= 30, entry["title"]
        assert 60 <= len(entry["body"]) <= 250, entry["title"]
        assert entry["url"].startswith(("https://forum.example/", "https://news.example/"))
        assert hours(entry["at"]) >= 1


def test_every_date_of_a_feed_is_a_placeholder() -> None:
    for name in FEEDS:
        text = (DEMO / "feeds" / f"{name}.xml").read_text(encoding="utf-8")
        dates = re.findall(r"<(?:pubDate|published|updated)>([^<]*)<", text)
        assert dates
        assert all(PLACEHOLDER.fullmatch(date) for date in dates)


def test_addresses_and_titles_of_entries_are_unique() -> None:
    for key in ("url", "title"):
        twice = [value for value, count in Counter(entry[key] for entry in ALL_ENTRIES).items() if count > 1]
        assert twice == []


def test_hot_list_is_ranked_by_heat() -> None:
    found = load("feeds/hot_list.json")
    assert [entry["rank"] for entry in found] == list(range(1, len(found) + 1))
    assert [entry["hot"] for entry in found] == sorted((entry["hot"] for entry in found), reverse=True)
    assert len({entry["url"] for entry in found}) == len(found)


def test_every_role_has_users_with_unique_logins() -> None:
    users = load("users.json")
    assert len({user["login"] for user in users}) == len(users)
    counts = Counter(user["role"] for user in users)
    assert set(counts) == {role.value for role in Role}
    assert counts["liaison"] >= 2
    assert counts["handler"] >= 6
    assert counts["approver"] >= 6


def test_first_user_of_a_role_has_the_bare_login() -> None:
    first: dict[str, dict[str, Any]] = {}
    for user in load("users.json"):
        first.setdefault(user["role"], user)
    assert {user["login"] for user in first.values()} == {role.value for role in Role}
    assert first["handler"]["department"] == first["approver"]["department"] == "jyj"


def test_departments_belong_to_department_roles_only() -> None:
    for user in load("users.json"):
        assert (user["role"] in DEPARTMENT_ROLES) == (user["department"] is not None)
        assert user["email"] == f"{user['login']}@desk.example"


@pytest.mark.parametrize("name", ["declined_reasons.json", "return_reasons.json"])
def test_reasons_have_unique_codes_and_labels(name: str) -> None:
    reasons = load(name)
    assert len({reason["code"] for reason in reasons}) == len(reasons) >= 5
    assert all(reason["label"] for reason in reasons)


def test_no_personal_data_in_any_text() -> None:
    for path in sorted(DEMO.rglob("*")):
        if path.suffix in {".xml", ".json", ".csv"} and path.name != "users.json":
            found = PERSONAL.findall(path.read_text(encoding="utf-8"))
            assert found == [], (path.name, found)


PETITION_COLUMNS = ["title", "content", "url", "published_at", "external_id", "territory"]
PLACES = {"", "资阳区", "赫山区", "沅江市", "南县", "桃江县", "安化县", "大通湖区", "益阳高新区"}
CASES = load("cases.json")
NO_PAPERS = ("new", "declined", "merged", "dispatched", "returned", "accepted")
PUBLIC = ("published", "following", "closed", "archived")
FINISHED_DRAFT = ("countersigning", "in_review", "signed", *PUBLIC)
DRAFT_PARTS = {"title", "facts", "basis", "measures", "result", "next_step", "unit", "contact"}
PUBLISHED_HOURS = {entry["title"]: hours(entry["at"]) for entry in ALL_ENTRIES}


def by_title(case: dict[str, Any]) -> str:
    return str(case["event_title"])


each_case = pytest.mark.parametrize("case", CASES, ids=by_title)


def test_petitions_are_sixty_whole_rows() -> None:
    with (DEMO / "petitions.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == PETITION_COLUMNS
    assert len(rows) == 60
    assert len({row["external_id"] for row in rows}) == len({row["title"] for row in rows}) == 60
    for row in rows:
        assert hours(row["published_at"]) >= 1
        assert row["territory"] in PLACES
        assert len(row["content"]) >= 30


def test_every_department_is_known() -> None:
    known = {row["code"] for row in json.loads(DEPARTMENTS.read_text(encoding="utf-8"))}
    named = {user["department"] for user in load("users.json")} - {None}
    for case in CASES:
        named |= {case["department"], *case["co_departments"]}
    assert named - known == set()


@each_case
def test_case_finds_its_entry(case: dict[str, Any]) -> None:
    assert PUBLISHED_HOURS[case["event_title"]] >= case["hours_ago"]
    assert case.get("occurred_hours_ago", case["hours_ago"]) >= case["hours_ago"]


@each_case
def test_case_uses_the_words_of_the_product(case: dict[str, Any]) -> None:
    assert CaseState(case["reach_state"])
    assert OpinionGrade(case["grade"])
    assert IncidentLevel(case["incident_level"])
    assert ResponseKind(case["response_kind"])
    assert Nature(case["nature"])
    assert 0 <= case["must_answer_class"] <= 5
    assert case["territory"] in PLACES
    assert 1 <= len(case["concerns"]) <= 4


@each_case
def test_papers_go_as_far_as_the_story(case: dict[str, Any]) -> None:
    state = case["reach_state"]
    assert (case["assessment"] is None) == (state in NO_PAPERS)
    assert (case["draft"] is None) == (state in (*NO_PAPERS, "assessed"))
    assert ("answered_after_hours" in case) == (state in PUBLIC)
    assert case.get("answered_after_hours", 0) < case["hours_ago"]
    if case["draft"] is not None:
        assert set(case["draft"]) == DRAFT_PARTS
        assert [entry["question"] for entry in case["coverage"]] == case["concerns"]
    for point in (case["assessment"] or {}).get("risk_points", []):
        assert {point["likelihood"], point["impact"]} <= set(range(1, 6))


@pytest.mark.parametrize("case", [case for case in CASES if case["draft"]], ids=by_title)
def test_draft_passes_the_gate_once_it_is_submitted(case: dict[str, Any]) -> None:
    reply = ReplyText(**case["draft"])
    concerns = [
        ConcernState(entry["question"], entry["outcome"], entry.get("passage", "")) for entry in case["coverage"]
    ]
    found = gaps(reply, concerns, case["response_kind"])
    assert (found == ()) == (case["reach_state"] in FINISHED_DRAFT), found
    assert all(scrub(part).counts == {} for part in case["draft"].values())
    for entry in case["coverage"]:
        if entry["outcome"] == "promised":
            assert entry["days"] >= 1
        elif entry["outcome"] == "answered":
            assert entry["passage"] in reply.whole


def test_departments_that_act_have_people() -> None:
    staffed = {(user["role"], user["department"]) for user in load("users.json")}
    for case in CASES:
        acting = set() if case["reach_state"] in ("new", "declined", "dispatched") else {case["department"]}
        if case["reach_state"] in FINISHED_DRAFT:
            acting |= set(case["co_departments"])
        for code in acting:
            assert {("handler", code), ("approver", code)} <= staffed, (case["event_title"], code)


def test_reasons_and_targets_exist() -> None:
    declined = {None, *(reason["code"] for reason in load("declined_reasons.json"))}
    returned = {None, *(reason["code"] for reason in load("return_reasons.json"))}
    seen: set[str] = set()
    for case in CASES:
        state = case["reach_state"]
        assert ("declined_reason" in case) == (state == "declined")
        assert ("return_reason" in case) == (state == "returned")
        assert ("merged_into" in case) == (state == "merged")
        assert case.get("declined_reason") in declined
        assert case.get("return_reason") in returned
        assert case.get("merged_into") in {None, *seen}
        seen.add(case["event_title"])


def test_the_demo_shows_every_state_and_topic() -> None:
    assert len({case["event_title"] for case in CASES}) == len(CASES) >= 24
    states = Counter(case["reach_state"] for case in CASES)
    assert set(states) == {state.value for state in CaseState}
    assert min(states["published"], states["following"], states["closed"]) >= 3
    assert len({case["hot_topic"] for case in CASES}) == 15
    assert {case["grade"] for case in CASES} == {grade.value for grade in OpinionGrade}
    assert {case["response_kind"] for case in CASES} == {kind.value for kind in ResponseKind}


def test_at_least_five_answers_are_late_by_different_hours() -> None:
    late = {
        case["hours_ago"] - NATIONAL_LIMIT
        for case in CASES
        if case["reach_state"] not in (*PUBLIC, "declined", "merged") and case["hours_ago"] > NATIONAL_LIMIT
    }
    assert len(late) >= 5
    assert any(case.get("answered_after_hours", 0) > NATIONAL_LIMIT for case in CASES)


def test_the_scrubber_finds_nothing_in_the_entries() -> None:
    found = {entry["url"]: scrub(entry["title"] + "\n" + entry["body"]).counts for entry in ALL_ENTRIES}
    assert {url: counts for url, counts in found.items() if counts} == {}


def test_several_feeds_tell_at_least_twelve_events() -> None:
    now = datetime(2025, 5, 22, tzinfo=UTC)
    told = sorted((now - timedelta(hours=hours(entry["at"])), entry["title"]) for entry in ALL_ENTRIES)
    sizes = Counter(group([(title, at) for at, title in told])).values()
    assert sum(3 <= size <= 6 for size in sizes) >= 12
    assert max(sizes) <= 6
