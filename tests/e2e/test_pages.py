"""Every page a role can reach by its links: it comes, it fits, it says nothing in the console, and axe-core finds nothing."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.stage import PICTURES, ROLES, Desk, Person

pytestmark = pytest.mark.browser

SKIPPED = ("/static/", "/bootstrap/", "/language/", "/sign-", "/healthz", "/readyz")
DOWNLOADS = (".docx", ".opml", ".csv", ".xlsx", ".atom", ".json")
MOST_PAGES = 60
# Cases look different in every state; of other pages one of a kind is enough.
MOST_CASES = 8
# Kinds of page that axe-core has looked at; case pages differ by role, of the others the first role's will do.
LOOKED_AT: set[str] = set()


def _kind(path: str) -> str:
    """Return the path with what names one record taken out."""
    return re.sub(r"/(\d[\d-]*|[0-9a-f]{8,})(?=/|$)", "/N", urlsplit(path).path)


def _links(person: Person) -> list[str]:
    found = person.page.eval_on_selector_all(
        "a[href]:not([download])", "nodes => nodes.map(n => n.getAttribute('href'))"
    )
    pages = [href for href in found if href.startswith("/") and not href.startswith(SKIPPED)]
    return [href for href in pages if not urlsplit(href).path.endswith(DOWNLOADS)]


def _walk(person: Person) -> Iterator[str]:
    """Go to each kind of page once, breadth first, and say where we are."""
    waiting, counts = ["/"], {}
    while waiting and sum(counts.values()) < MOST_PAGES:
        path = waiting.pop(0).split("#")[0]
        kind = _kind(path)
        if counts.get(kind, 0) >= (MOST_CASES if kind == "/cases/N" else 1):
            continue
        counts[kind] = counts.get(kind, 0) + 1
        answer = person.page.goto(person.desk.url + path)
        assert answer.status == 200, f"{path}: {answer.status}"
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        yield path
        waiting.extend(_links(person))


def _violations(person: Person, kind: str) -> list[str]:
    if kind in LOOKED_AT and not kind.startswith("/cases/N"):
        return []
    LOOKED_AT.add(kind)
    found = Axe().run(person.page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['target']} {one['nodes'][0]['html'][:160]}" for one in found]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_a_role_is_in_order(desk: Desk, browser, role: str) -> None:
    person = Person(browser, desk, role)
    narrow = Person(browser, desk, role, 390)
    wrong: dict[str, list[str]] = {}
    for path in _walk(person):
        found = _violations(person, _kind(path))
        if not person.fits():
            found.append("wider than 1280 px")
        narrow.go(path)
        if not narrow.fits():
            found.append("wider than 390 px")
        if PICTURES:
            name = f"{role}{path.split('?')[0].replace('/', '-')}".rstrip("-")
            person.page.screenshot(path=PICTURES / f"{name}-1280.png", full_page=True)
            narrow.page.screenshot(path=PICTURES / f"{name}-390.png", full_page=True)
        if found:
            wrong[path] = found
    assert wrong == {}
    assert person.problems + narrow.problems == []


def test_every_story_of_the_demo_city_is_told_to_its_end(desk: Desk) -> None:
    told = desk.log.read_text()
    assert "Demo sign-ins" in told
    assert "story_stopped" not in told
