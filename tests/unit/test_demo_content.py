"""The demo content parses, agrees with itself and carries no personal data."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from opinion_service.domain.people import DEPARTMENT_ROLES, Role

DEMO = Path(__file__).resolve().parents[2] / "opinion_service" / "data" / "demo"
FEEDS = ("forum", "radio_tv", "evening_news", "county_forum", "hotline_12345", "parents")
ATOM = "{http://www.w3.org/2005/Atom}"
PLACEHOLDER = re.compile(r"\{\{hours_ago:([1-9]\d*)\}\}")
# Mobile and land-line numbers, identity numbers, e-mail addresses, @handles, flat numbers.
PERSONAL = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}|\d{17}[\dXx]|[\w.]+@[\w.]+|@\w+|\d+栋|\d+单元")


def load(name: str) -> Any:
    return json.loads((DEMO / name).read_text(encoding="utf-8"))


def entries(name: str) -> list[dict[str, str]]:
    root = ElementTree.fromstring((DEMO / "feeds" / f"{name}.xml").read_text(encoding="utf-8"))
    if root.tag == "rss":
        fields = {"title": "title", "url": "link", "body": "description", "at": "pubDate"}
        found = root.iter("item")
        return [{key: item.findtext(tag) or "" for key, tag in fields.items()} for item in found]
    fields = {"title": "title", "url": "id", "body": "summary", "at": "updated"}
    return [
        {key: item.findtext(ATOM + tag) or "" for key, tag in fields.items()}
        for item in root.iter(ATOM + "entry")
    ]


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
